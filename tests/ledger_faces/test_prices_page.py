"""The list prices, for everybody."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils import translation

from aisc.core import clock
from aisc.ledger.models import Meter, Price, PriceList


@pytest.fixture
def later(prices, noon):
    """A list to come: the H800 dearer, no CPU any more, and something new without an accelerator."""
    made = PriceList.objects.create(
        version="NEXT", effective_from=clock.today() + timedelta(days=30), published_at=noon, note_en="From July"
    )
    Price.objects.create(price_list=made, meter=Meter.objects.get(code="accelerator:h800"), cents=2150)
    tokens = Meter.objects.create(code="tokens:x", name_en="Tokens", unit="token", per=1_000_000)
    Price.objects.create(price_list=made, meter=tokens, cents=30)
    return made


def page(browser, query: str = "") -> str:
    answer = browser().get(f"/prices/{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_list_in_force_with_its_prices(prices, later, browser):
    html = page(browser)
    assert f"Prices of {prices.version}" in html
    assert "HK$20.00" in html
    assert "HK$20.21" in html  # 2,000 cents × 1,000,000 ÷ 989,500 GFLOPS, for a PFLOPS-hour
    assert "HK$21.50" not in html
    assert "in force</span>" in html
    assert 'class="illustrative"' in html


def test_a_list_to_come(prices, later, browser):
    html = page(browser, "?version=NEXT")
    assert "HK$21.50" in html
    assert "to come</span>" in html
    assert "From July" in html
    assert ">—</td>" in html  # tokens have no PFLOPS


def test_an_earlier_list(prices, noon, browser):
    PriceList.objects.create(version="OLD", effective_from=date(2020, 1, 1), published_at=noon)
    assert "earlier</span>" in page(browser, "?version=OLD")


def test_two_lists_compared(prices, later, browser):
    html = page(browser, f"?version=NEXT&compare={prices.version}")
    assert f"NEXT compared with {prices.version}" in html
    assert "HK$1.50" in html
    assert html.count("not offered") == 2  # the CPU in one, tokens in the other


def test_a_list_compared_with_an_equal_one_and_with_itself(prices, noon, browser):
    same = PriceList.objects.create(version="SAME", effective_from=date(2020, 1, 1), published_at=noon)
    for price in prices.prices.all():
        Price.objects.create(price_list=same, meter=price.meter, cents=price.cents)
    assert page(browser, f"?version=SAME&compare={prices.version}").count("no change") == 2
    assert "compared with" not in page(browser, "?version=SAME&compare=SAME")


@pytest.mark.parametrize("query", ["?version=NONE", "?compare=NONE", "?version=%00", "?version=DRAFT"])
def test_a_list_that_is_not_there(prices, browser, query):
    PriceList.objects.create(version="DRAFT", effective_from=date(2020, 1, 1))
    assert browser().get(f"/prices/{query}").status_code == 404


def test_before_the_first_list(db, browser):
    assert "No prices are published yet" in page(browser)


def test_before_the_first_list_takes_effect(noon, browser, db):
    PriceList.objects.create(version="FIRST", effective_from=clock.today() + timedelta(days=9), published_at=noon)
    assert "Prices of FIRST" in page(browser)


def test_the_note_in_chinese(prices, browser):
    PriceList.objects.filter(pk=prices.pk).update(note_en="Example", note_zh="示例價目")
    with translation.override("zh-hant"):
        assert "示例價目" in page(browser, "?lang=zh-hant")
    assert "Example" in page(browser)


def test_the_number_of_queries_does_not_grow(prices, later, browser, django_assert_max_num_queries):
    for number in range(20):
        meter = Meter.objects.create(code=f"tokens:{number}", name_en=f"{number}", unit="token", per=1)
        Price.objects.create(price_list=prices, meter=meter, cents=number)
    with django_assert_max_num_queries(5):
        page(browser, "?compare=NEXT")
