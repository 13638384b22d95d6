"""One use with its arithmetic, and uses that nobody pays for yet."""

from __future__ import annotations

import pytest

from aisc.core.actions import system
from aisc.ledger import actions, evidence
from aisc.ledger.models import Entry, UsageRecord

THIRD = 1_200_000  # a third of an hour of the H800: HK$6.67, HK$6.66 or HK$6.67


def get(browser, person, path: str) -> str:
    answer = browser(person).get(path)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_the_arithmetic_step_by_step(place, budget, use, browser):
    use(budget, "a", THIRD)
    second = use(budget, "b", THIRD)
    html = get(browser, place.member, f"/usage/{second.usage_id}/")
    for words in (
        "HK$20.00 for 3,600,000 ms (one hour) of NVIDIA H800",
        "Used at this price before: 1,200,000 ms. With this use of 1,200,000 ms: 2,400,000 ms.",
        "2,400,000 × HK$20.00 ÷ 3,600,000, rounded to the cent, halves up = HK$13.33.",
        "Charged before: HK$6.67. This charge at list price: HK$13.33 − HK$6.67 = <strong>HK$6.66</strong>.",
        "70% of HK$13.33, rounded = HK$9.33; before: HK$4.67.",
        "The scheme pays HK$9.33 − HK$4.67 = <strong>HK$4.66</strong>",
        "HK$6.66 − HK$4.66 = <strong>HK$2.00</strong>",
        "it agrees with the journal to the cent",
        second.hash,
        budget.entries.get(seq=second.seq - 1).hash,
        "Held for it before",
    ):
        assert words in html, words


def test_own_money_pays_all_of_it(place, own, use, browser):
    html = get(browser, place.owner, f"/usage/{use(own, 'a').usage_id}/")
    assert "it pays all of it, <strong>HK$20.00</strong>" in html
    assert "The scheme's share" not in html


def test_a_charge_that_was_taken_back(place, budget, use, browser):
    entry = use(budget, "a")
    actions.reverse_entry(system("test"), entry=entry, reason="node failed")
    html = get(browser, place.member, f"/usage/{entry.usage_id}/")
    assert "by line 3: node failed" in html


@pytest.mark.parametrize("changed", [{"amount": 1999, "applicant_share": 599}, {"hash": "0" * 64}])
def test_a_journal_that_was_tampered_with_is_said_to_differ(place, budget, use, browser, changed):
    entry = use(budget, "a")
    Entry.objects.filter(pk=entry.pk).update(**changed)
    html = get(browser, place.member, f"/usage/{entry.usage_id}/")
    assert "this charge differs from the journal" in html
    assert "it agrees" not in html


def test_the_jobs_page_is_one_link_away(place, budget, use, browser, monkeypatch):
    entry = use(budget, "a")
    monkeypatch.setattr(evidence, "_resolvers", {})
    evidence.register("engine:", lambda records: {records[0].pk: evidence.Evidence("job-1", "/jobs/job-1/")})
    assert 'href="/jobs/job-1/"' in get(browser, place.member, f"/usage/{entry.usage_id}/")


def test_a_room_links_by_what_it_measured(place, budget, use, browser):
    entry = use(budget, "a")
    path = f"/usage/{entry.usage.source}/{entry.usage.source_id}"
    assert browser(place.member).get(path)["Location"] == f"/usage/{entry.usage_id}/"
    assert browser(place.stranger).get(path).status_code == 404
    assert browser(place.member).get("/usage/engine:local/none").status_code == 404
    assert browser().get(path).status_code == 302


def test_use_of_others_is_absent(place, budget, use, browser):
    entry = use(budget, "a")
    statuses = {
        who: browser(getattr(place, who)).get(f"/usage/{entry.usage_id}/").status_code
        for who in ("owner", "reader", "officer", "auditor", "stranger")
    }
    assert statuses == {"owner": 200, "reader": 200, "officer": 200, "auditor": 200, "stranger": 404}


# Without a payer


def test_what_nobody_pays_for_is_listed_and_shown(place, stray, prices, browser):
    record = stray("x", price=prices.prices.get(meter__code="accelerator:h800"))
    html = get(browser, place.operator, "/usage/unattributed/")
    assert "stray x" in html
    assert f"/usage/{record.pk}/attribute" in html
    assert "/attribute" not in get(browser, place.auditor, "/usage/unattributed/")
    html = get(browser, place.operator, f"/usage/{record.pk}/")
    assert "nobody pays for this yet" in html
    assert "It has not been charged" in html
    assert browser(place.owner).get(f"/usage/{record.pk}/").status_code == 404


def test_everything_has_a_payer(place, browser):
    assert "Every use has a payer" in get(browser, place.operator, "/usage/unattributed/")


def test_it_is_charged_to_the_budget_chosen(place, stray, budget, browser):
    record = stray("x", price=budget.price_list.prices.get(meter__code="accelerator:h800"))
    url = f"/usage/{record.pk}/attribute"
    html = get(browser, place.officer, url)
    assert "Award budget – Example University" in html
    assert "What was used" not in html
    answer = browser(place.officer).post(url, {"budget": budget.uid, "reason": "their sbatch"})
    assert (answer.status_code, answer["Location"]) == (302, "/usage/unattributed/")
    entry = Entry.objects.get(usage=record)
    assert (entry.budget, entry.amount, entry.reason) == (budget, 2000, "their sbatch")
    assert browser(place.officer).post(url, {"budget": budget.uid, "reason": "again"}).status_code == 422


def test_what_was_used_is_asked_for_when_nobody_said(place, stray, budget, browser):
    record = stray("x")
    url = f"/usage/{record.pk}/attribute"
    assert "CPU core" in get(browser, place.officer, url)
    assert browser(place.officer).post(url, {"budget": budget.uid, "reason": "x"}).status_code == 422
    price = budget.price_list.prices.get(meter__code="accelerator:cpu")
    answer = browser(place.officer).post(url, {"budget": budget.uid, "reason": "x", "price": price.pk})
    assert answer.status_code == 302
    assert Entry.objects.get(usage=record).amount == 50


def test_refusals_leave_it_without_a_payer(place, stray, make_budget, prices, browser):
    poor = make_budget(place.project, released=100)
    record = stray("x", price=prices.prices.get(meter__code="accelerator:h800"))
    url = f"/usage/{record.pk}/attribute"
    answer = browser(place.officer).post(url, {"budget": poor.uid, "reason": "x"})
    assert answer.status_code == 422
    assert "HK$1.00 left" in answer.content.decode()
    assert browser(place.officer).post(url, {"budget": "bud-000000000000", "reason": "x"}).status_code == 422
    assert browser(place.auditor).post(url, {"budget": poor.uid, "reason": "x"}).status_code == 403
    assert browser(place.owner).post(url, {"budget": poor.uid, "reason": "x"}).status_code == 404
    assert UsageRecord.objects.get(pk=record.pk).budget is None


def test_the_number_of_queries_does_not_grow(place, stray, budget, use, browser, django_assert_max_num_queries):
    stray("first")
    entry = use(budget, "a")
    client = browser(place.operator)
    client.get("/usage/unattributed/")
    with django_assert_max_num_queries(10) as few:
        client.get("/usage/unattributed/")
    for number in range(8):
        stray(f"n{number}")
        use(budget, f"n{number}")
    with django_assert_max_num_queries(len(few)):
        client.get("/usage/unattributed/")
    with django_assert_max_num_queries(14):
        client.get(f"/usage/{entry.usage_id}/")
