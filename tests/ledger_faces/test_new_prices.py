"""Finance publishes new prices: about the list, the amounts, compared with today's, then published once."""

from __future__ import annotations

from datetime import date

import pytest
from django.utils import translation

from aisc.centre.models import AcceleratorType
from aisc.core.models import AuditEvent
from aisc.ledger.models import Meter, Price, PriceList
from aisc.ledger.queries import current_price_list

ABOUT = {
    "version": "2026-2",
    "effective_from": "2026-07-01",
    "illustrative": "no",
    "note_en": "July",
    "note_zh": "七月",
}
AMOUNTS = {"price-accelerator:cpu": "0.50", "price-accelerator:h800": "1,800.5"}


@pytest.fixture
def client(place, browser):
    return browser(place.officer)


def fill(client, about=ABOUT, amounts=AMOUNTS) -> str:
    assert client.post("/prices/new/list", about)["Location"] == "/prices/new/amounts"
    assert client.post("/prices/new/amounts", amounts)["Location"] == "/prices/new/check"
    return client.get("/prices/new/check").content.decode()


def published(version: str = "2026-2") -> dict[str, int]:
    return dict(PriceList.objects.get(version=version).prices.values_list("meter__code", "cents"))


def test_from_the_first_question_to_the_list(prices, client):
    assert client.get("/prices/new")["Location"] == "/prices/new/list"
    assert "Step 1 of 2" in client.get("/prices/new/list").content.decode()
    client.post("/prices/new/list", ABOUT)
    html = client.get("/prices/new/amounts").content.decode()
    assert 'value="20.00"' in html  # the H800 begins with its price today
    assert f"the prices of {prices.version}" in html
    html = fill(client)
    for words in ("2026-2", "1 July 2026", "July", "七月", "HK$20.00", "HK$1,800.50", "HK$1,780.50", "no change"):
        assert words in html, words
    assert "no longer offered" not in html
    answer = client.post("/prices/new/check", follow=True)
    assert answer.redirect_chain == [("/prices/?version=2026-2", 302)]
    assert "The price list 2026-2 is published." in answer.content.decode()
    made = PriceList.objects.get(version="2026-2")
    assert published() == {"accelerator:cpu": 50, "accelerator:h800": 180_050}
    assert (made.effective_from, made.illustrative, made.note_en, made.note_zh) == (
        date(2026, 7, 1),
        False,
        "July",
        "七月",
    )
    assert AuditEvent.objects.filter(action="ledger.publish_price_list", actor="Officer").count() == 1
    assert current_price_list() == prices
    assert current_price_list(date(2026, 7, 1)) == made


def test_sent_twice_it_is_one_list(prices, client):
    fill(client)
    client.post("/prices/new/check")
    assert client.post("/prices/new/check")["Location"] == "/prices/new/list"  # the answers are used up
    assert PriceList.objects.count() == 2


def test_answers_stay_and_a_changed_one_leads_back_to_the_check(prices, client):
    fill(client)
    assert 'value="1,800.5"' in client.get("/prices/new/amounts").content.decode()
    html = client.get("/prices/new/check").content.decode()
    assert "/prices/new/list?back=check" in html
    assert "/prices/new/amounts?back=check" in html
    answer = client.post("/prices/new/list?back=check", ABOUT | {"version": "2026-3", "illustrative": "yes"})
    assert answer["Location"] == "/prices/new/check"
    assert "2026-3" in client.get("/prices/new/check").content.decode()
    client.post("/prices/new/check")
    assert PriceList.objects.get(version="2026-3").illustrative


def test_what_is_left_empty_is_not_offered_and_a_new_accelerator_gets_its_meter(prices, client):
    AcceleratorType.objects.create(code="b300", name="NVIDIA B300", vendor="x", fp16_gflops=1, memory_mb=1, power_w=1)
    html = fill(
        client, amounts={"price-accelerator:cpu": "", "price-accelerator:h800": "20", "price-accelerator:b300": "50"}
    )
    assert "Budgets opened with 2026-2 cannot use: CPU core." in html
    assert html.count("no longer offered") == 2  # in the table and in the warning
    assert ">new</td>" in html
    client.post("/prices/new/check")
    assert published() == {"accelerator:h800": 2000, "accelerator:b300": 5000}
    meter = Meter.objects.get(code="accelerator:b300")
    assert (meter.accelerator.code, meter.name_en, meter.unit, meter.per) == ("b300", "NVIDIA B300", "ms", 3_600_000)


def test_the_first_list_of_all(place, client, noon):
    AcceleratorType.objects.create(code="cpu", name="CPU core", vendor="x", fp16_gflops=1, memory_mb=1, power_w=1)
    client.post("/prices/new/list", ABOUT)
    assert "Leave empty what is not offered." in client.get("/prices/new/amounts").content.decode()
    assert "HK$3.60" in fill(client, amounts={"price-accelerator:cpu": "3.60"})
    client.post("/prices/new/check")
    assert published() == {"accelerator:cpu": 360}


def test_what_is_no_accelerator_says_what_its_price_is_for(prices, client):
    tokens = Meter.objects.create(code="tokens:x", name_en="Tokens", unit="token", per=1_000_000)
    Price.objects.create(price_list=prices, meter=tokens, cents=30)
    assert "For 1000000 of the unit “token”." in client.get("/prices/new/amounts").content.decode()
    fill(client, amounts={"price-tokens:x": "0.25"})
    client.post("/prices/new/check")
    assert published() == {"tokens:x": 25}


@pytest.mark.parametrize(
    ("step", "typed", "words"),
    [
        ("list", ABOUT | {"version": ""}, "This field is required"),
        ("list", ABOUT | {"version": "x" * 33}, "at most 32 characters"),
        ("list", ABOUT | {"effective_from": "1/7/26"}, "Enter a valid date"),
        ("list", ABOUT | {"illustrative": ""}, "Say whether these prices are an example"),
        ("list", ABOUT | {"illustrative": "perhaps"}, "Select a valid choice"),
        ("list", ABOUT | {"note_en": "x" * 301}, "at most 300 characters"),
        ("amounts", {}, "Give at least one price"),
        ("amounts", {"price-accelerator:cpu": "cheap"}, "Write an amount"),
        ("amounts", {"price-accelerator:cpu": "-1"}, "Write an amount"),
    ],
)
def test_an_answer_that_cannot_be_used(prices, client, step, typed, words):
    answer = client.post(f"/prices/new/{step}", typed)
    assert answer.status_code == 422
    assert words in answer.content.decode()


@pytest.mark.parametrize(
    ("about", "amounts", "words"),
    [
        ({"effective_from": "2026-06-14"}, {}, "New prices take effect today at the earliest"),
        ({"version": "2026/2"}, {}, "Use letters, digits, hyphens and full stops"),
        ({"version": ".."}, {}, "Use letters, digits, hyphens and full stops"),
        ({}, {"price-accelerator:cpu": "1,000,000.01"}, "not an amount from zero to a million"),
    ],
)
def test_what_the_action_refuses_is_shown_on_the_check_page(prices, client, about, amounts, words):
    fill(client, ABOUT | about, AMOUNTS | amounts)
    answer = client.post("/prices/new/check")
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert PriceList.objects.get() == prices


def test_a_version_is_there_once(prices, client):
    fill(client, ABOUT | {"version": prices.version})
    answer = client.post("/prices/new/check")
    assert (answer.status_code, PriceList.objects.count()) == (422, 1)
    assert f"There is a price list {prices.version} already." in answer.content.decode()


def test_questions_left_out_and_steps_that_do_not_exist(prices, client):
    assert client.get("/prices/new/rubbish").status_code == 404
    assert client.get("/prices/new/check")["Location"] == "/prices/new/list"
    client.post("/prices/new/list", ABOUT)
    assert client.get("/prices/new/check")["Location"] == "/prices/new/amounts"


def test_only_who_may_publish_sees_the_link_and_can_send(place, prices, browser):
    for who in ("officer", "secretary", "operator", "owner", "stranger"):
        html = browser(getattr(place, who)).get("/prices/").content.decode()
        assert ('href="/prices/new"' in html) == (who == "officer"), who
    assert 'href="/prices/new"' not in browser().get("/prices/").content.decode()
    for path in ("/prices/new", "/prices/new/list", "/prices/new/amounts", "/prices/new/check"):
        assert browser(place.secretary).post(path, ABOUT).status_code == 403
        assert browser().post(path, ABOUT).status_code == 302


def test_the_pages_in_chinese(prices, client):
    with translation.override("zh-hant"):
        assert client.get("/prices/new/list?lang=zh-hant").status_code == 200
        assert "2026-2" in fill(client)


def test_the_number_of_queries_does_not_grow(prices, client, django_assert_max_num_queries):
    for number in range(20):
        AcceleratorType.objects.create(
            code=f"x{number}", name=f"X{number}", vendor="x", fp16_gflops=1, memory_mb=1, power_w=1
        )
        meter = Meter.objects.create(code=f"tokens:{number}", name_en=f"{number}", unit="token", per=1)
        Price.objects.create(price_list=prices, meter=meter, cents=number)
    fill(client)
    with django_assert_max_num_queries(14):
        client.get("/prices/new/check")
