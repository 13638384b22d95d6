"""An open budget moves to newer prices that favour its holder; dearer ones are refused, on every face."""

from __future__ import annotations

from datetime import date

import pytest

from aisc.core.models import AuditEvent
from aisc.ledger.models import Meter, Price, PriceList
from aisc.ledger.queries import favourable_price_lists, newer_price_lists
from aisc.people.models import Notice

LOWER = {"cpu": 50, "h800": 1500}
DEARER = {"cpu": 60, "h800": 1500}


@pytest.fixture
def newer(prices, noon):
    """``newer("B", {"cpu": 50, "h800": 1500})``: a published list, in force from today unless said otherwise."""

    def make(version: str, cents: dict[str, int], effective_from: date = date(2026, 6, 15), **fields) -> PriceList:
        fields = {"published_at": noon} | fields
        made = PriceList.objects.create(version=version, effective_from=effective_from, **fields)
        for code, amount in cents.items():
            meter, _ = Meter.objects.get_or_create(
                code=f"accelerator:{code}", defaults={"name_en": code, "unit": "ms", "per": 3_600_000}
            )
            Price.objects.create(price_list=made, meter=meter, cents=amount)
        return made

    return make


def state(budget) -> tuple[str, int, int]:
    budget.refresh_from_db()
    return budget.price_list.version, budget.held, budget.charged


# Which lists come into question


@pytest.mark.parametrize(
    ("cents", "favourable"),
    [
        (LOWER, True),
        ({"cpu": 0, "h800": 0}, True),
        ({"cpu": 50, "h800": 2000, "b300": 9000}, True),  # nothing dearer, and something new
        ({"cpu": 50, "h800": 2000}, False),  # the same
        (DEARER, False),
        ({"h800": 1500}, False),  # the CPU is missing
        ({}, False),
    ],
)
def test_what_favours_a_holder(budget, newer, cents, favourable):
    made = newer("B", cents)
    assert list(newer_price_lists(budget)) == [made]
    assert list(favourable_price_lists(budget)) == ([made] if favourable else [])


@pytest.mark.parametrize(
    "fields",
    [
        {"effective_from": date(2026, 6, 16)},
        {"effective_from": date(2025, 12, 31)},
        {"published_at": None},
        {"currency": "USD"},
    ],
)
def test_what_is_not_a_newer_list_in_force(budget, newer, fields):
    newer("B", LOWER, **fields)
    assert not newer_price_lists(budget).exists()
    assert not favourable_price_lists(budget).exists()


def test_of_two_lists_of_one_day_the_second_is_newer(budget, newer):
    second = newer("B", LOWER, effective_from=budget.price_list.effective_from)
    third = newer("C", LOWER)
    assert list(newer_price_lists(budget)) == [third, second]


# The page


def test_finance_moves_a_budget(place, budget, hold, use, newer, browser):
    use(budget, "a")
    hold(budget, "b")
    newer("B", LOWER)
    client = browser(place.officer)
    assert f"/budgets/{budget.uid}/prices" in client.get(f"/budgets/{budget.uid}/").content.decode()
    html = client.get(f"/budgets/{budget.uid}/prices").content.decode()
    for words in ("HK$20.00", "HK$15.00", "\N{MINUS SIGN}HK$5.00", "no change", "Move to B"):
        assert words in html, words
    answer = client.post(f"/budgets/{budget.uid}/prices", {"price_list": "B", "reason": "prices fell"}, follow=True)
    assert answer.redirect_chain == [(f"/budgets/{budget.uid}/", 302)]
    html = answer.content.decode()
    assert "The budget has the prices of B from now on." in html
    assert f"/budgets/{budget.uid}/prices" not in html
    assert state(budget) == ("B", 1500, 2000)
    event = AuditEvent.objects.get(action="ledger.move_to_price_list")
    assert (event.actor, event.reason) == ("Officer", "prices fell")
    assert {notice.person for notice in Notice.objects.filter(message__contains="lower prices")} == {
        place.owner,
        place.finance,
    }


def test_it_moves_to_the_list_that_was_shown(place, budget, newer, browser):
    newer("B", LOWER)
    client = browser(place.officer)
    assert 'value="B"' in client.get(f"/budgets/{budget.uid}/prices").content.decode()
    newer("C", {"cpu": 50, "h800": 1000})
    html = client.get(f"/budgets/{budget.uid}/prices").content.decode()
    assert 'value="C"' in html
    assert 'href="?to=B"' in html
    assert 'value="B"' in client.get(f"/budgets/{budget.uid}/prices?to=B").content.decode()
    client.post(f"/budgets/{budget.uid}/prices", {"price_list": "B", "reason": "x"})
    assert state(budget)[0] == "B"


def test_dearer_prices_are_refused_in_words(place, budget, newer, browser):
    before = state(budget)
    newer("B", DEARER)
    newer("C", {"cpu": 50})
    client = browser(place.officer)
    assert f"/budgets/{budget.uid}/prices" not in client.get(f"/budgets/{budget.uid}/").content.decode()
    html = client.get(f"/budgets/{budget.uid}/prices").content.decode()
    assert f"Dearer or missing in C: NVIDIA H800. It keeps the prices of {before[0]}." in html
    assert "no longer offered" in html
    html = client.get(f"/budgets/{budget.uid}/prices?to=B").content.decode()
    assert "Dearer or missing in B: CPU core." in html
    assert '<textarea name="reason"' not in html
    for version in "BC":
        answer = client.post(f"/budgets/{budget.uid}/prices", {"price_list": version, "reason": "x"})
        assert answer.status_code == 422
        assert f"Dearer or missing in {version}:" in answer.content.decode()
    assert state(budget) == before


@pytest.mark.parametrize(
    ("typed", "status"),
    [
        ({"price_list": "B"}, 422),
        ({"price_list": "B", "reason": "x" * 301}, 422),
        ({"reason": "x"}, 422),
        ({"price_list": "NONE", "reason": "x"}, 404),
        ({"price_list": "\0", "reason": "x"}, 404),
    ],
)
def test_a_form_that_cannot_be_used(place, budget, newer, browser, typed, status):
    before = state(budget)
    newer("B", LOWER)
    assert browser(place.officer).post(f"/budgets/{budget.uid}/prices", typed).status_code == status
    assert state(budget) == before


def test_without_a_newer_list_and_for_a_closed_budget(place, budget, make_budget, newer, browser):
    client = browser(place.officer)
    answer = client.get(f"/budgets/{budget.uid}/prices")
    assert answer.status_code == 409
    assert "It keeps its prices." in answer.content.decode()
    newer("B", LOWER)
    client.post(f"/budgets/{budget.uid}/close", {"reason": "over", "confirm_name": budget.name})
    assert f"/budgets/{budget.uid}/prices" not in client.get(f"/budgets/{budget.uid}/").content.decode()
    answer = client.post(f"/budgets/{budget.uid}/prices", {"price_list": "B", "reason": "x"})
    assert answer.status_code == 422
    assert "This budget is closed." in answer.content.decode()


def test_who_may_move_a_budget(place, budget, newer, browser):
    newer("B", LOWER)
    url = f"/budgets/{budget.uid}/prices"
    everybody = ("owner", "finance", "member", "reader", "secretary", "auditor", "operator", "stranger")
    expected = dict.fromkeys(everybody, 403) | {"stranger": 404}
    for method in ("get", "post"):
        found = {who: getattr(browser(getattr(place, who)), method)(url).status_code for who in everybody}
        assert found == expected
    assert browser().get(url).status_code == 302
    assert url not in browser(place.owner).get(f"/budgets/{budget.uid}/").content.decode()


# The API

LIST = {
    "version": "2026-2",
    "effective_from": "2026-06-15",
    "note_en": "Lower",
    "prices": {"accelerator:cpu": 50, "accelerator:h800": 1500},
}


def test_a_list_is_published_by_the_api(place, prices, noon, call):
    answer = call(place.officer, "POST", "/prices", LIST, **{"Idempotency-Key": "k1"})
    assert answer.status_code == 201
    found = answer.json()
    assert [(each["meter"], each["cents"]) for each in found.pop("prices")] == [
        ("accelerator:cpu", 50),
        ("accelerator:h800", 1500),
    ]
    assert found == {
        "version": "2026-2",
        "currency": "HKD",
        "effective_from": "2026-06-15",
        "in_force": True,
        "illustrative": False,
        "note_en": "Lower",
        "note_zh": "",
    }
    again = call(place.officer, "POST", "/prices", LIST, **{"Idempotency-Key": "k1"})
    assert (again.status_code, again.json()["version"], again["Idempotency-Replayed"]) == (201, "2026-2", "true")
    assert call(place.officer, "POST", "/prices", LIST).status_code == 422
    assert PriceList.objects.count() == 2


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"version": "a/b"}, "version"),
        ({"effective_from": "2026-06-14"}, "effective_from"),
        ({"prices": {}}, "prices"),
        ({"prices": {"accelerator:none": 1}}, "prices"),
        ({"prices": {"accelerator:cpu": -1}}, "prices"),
        ({"prices": {"accelerator:cpu": 10**8 + 1}}, "prices"),
    ],
)
def test_a_list_that_makes_no_sense(place, prices, noon, call, changes, field):
    answer = call(place.officer, "POST", "/prices", LIST | changes)
    assert answer.status_code == 422
    assert [each["field"] for each in answer.json()["errors"]] == [field]
    assert PriceList.objects.get() == prices


@pytest.mark.parametrize("changes", [{"version": "a\0"}, {"prices": {"a\0": 1}}, {"prices": None}, {"note_zh": "\0"}])
def test_a_list_that_cannot_be_read(place, prices, noon, call, changes):
    assert call(place.officer, "POST", "/prices", LIST | changes).status_code == 422
    assert PriceList.objects.get() == prices


def test_a_budget_is_moved_by_the_api(place, budget, hold, newer, call):
    hold(budget, "b")
    newer("B", LOWER)
    url, body = f"/budgets/{budget.uid}/price-list", {"version": "B", "reason": "prices fell"}
    answer = call(place.officer, "POST", url, body, **{"Idempotency-Key": "k1"})
    found = answer.json()
    assert (answer.status_code, found["price_list"], found["held_cents"]) == (200, "B", 1500)
    again = call(place.officer, "POST", url, body, **{"Idempotency-Key": "k1"})
    assert again.json() == found
    assert AuditEvent.objects.filter(action="ledger.move_to_price_list").count() == 1


def test_a_move_that_is_refused_by_the_api(place, budget, newer, call):
    before = state(budget)
    newer("B", DEARER)
    newer("DRAFT", LOWER, published_at=None)
    newer("LATER", LOWER, effective_from=date(2026, 6, 16))
    url = f"/budgets/{budget.uid}/price-list"
    answers = {
        version: call(place.officer, "POST", url, {"version": version, "reason": "x"})
        for version in ("B", "DRAFT", "LATER", "NONE")
    }
    assert {version: answer.status_code for version, answer in answers.items()} == {
        "B": 409,
        "DRAFT": 422,
        "LATER": 422,
        "NONE": 422,
    }
    assert answers["B"].json()["code"] == "price_list.not_favourable"
    assert "CPU core" in answers["B"].json()["detail"]
    assert call(place.officer, "POST", url, {"version": "B", "reason": ""}).status_code == 422
    assert state(budget) == before


def test_who_may_publish_and_move_by_the_api(place, budget, newer, call):
    newer("B", LOWER)
    url, body = f"/budgets/{budget.uid}/price-list", {"version": "B", "reason": "x"}
    others = ("owner", "finance", "member", "secretary", "auditor", "operator", "stranger")
    assert {who: call(getattr(place, who), "POST", "/prices", LIST).status_code for who in others} == dict.fromkeys(
        others, 403
    )
    assert {who: call(getattr(place, who), "POST", url, body).status_code for who in others} == dict.fromkeys(
        others, 403
    ) | {"stranger": 404}
    assert call(place.officer, "POST", "/prices", LIST, scopes=("read",)).status_code == 403
    assert call(place.officer, "POST", url, body, scopes=("read",)).status_code == 403
    assert call(None, "POST", "/prices", LIST).status_code == 401
    assert call(None, "POST", url, body).status_code == 401
    assert PriceList.objects.count() == 2
