"""The list of budgets and one budget: what stands there, and how many queries it takes."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from aisc.core import clock
from aisc.core.actions import system
from aisc.ledger import actions, evidence


def get(browser, person, path: str) -> str:
    answer = browser(person).get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def rows(html: str) -> list[str]:
    return re.findall(r'href="/budgets/(bud-[0-9a-z]+)/"', html)


# The list


def test_one_sees_the_budgets_of_ones_own_projects_alone(place, budget, own, make_budget, browser):
    other = make_budget(place.elsewhere, name="Theirs")
    assert set(rows(get(browser, place.member, "/budgets/"))) == {budget.uid, own.uid}
    assert rows(get(browser, place.stranger, "/budgets/")) == [other.uid]
    assert set(rows(get(browser, place.auditor, "/budgets/"))) == {budget.uid, own.uid, other.uid}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("q=award", ["award"]),
        ("q=AISS-2026", ["award"]),
        ("q=示例大學", ["own", "award"]),
        ("q=nothing", []),
        ("state=active", ["own", "award"]),
        ("state=closed", []),
        ("source=own", ["own"]),
        ("q=Own&source=award", []),
        ("sort=name", ["award", "own"]),
        ("sort=-name", ["own", "award"]),
        ("sort=available", ["own", "award"]),
        ("sort=-available", ["award", "own"]),
        ("sort=rubbish", ["own", "award"]),
        ("state=rubbish", ["own", "award"]),
        ("page=99", ["own", "award"]),
    ],
)
def test_filters_and_order_stand_in_the_address(place, budget, own, browser, query, expected):
    uids = {"award": budget.uid, "own": own.uid}
    assert rows(get(browser, place.owner, f"/budgets/?{query}")) == [uids[name] for name in expected]


def test_a_uid_finds_its_budget(place, budget, own, browser):
    assert rows(get(browser, place.owner, f"/budgets/?q={own.uid}")) == [own.uid]


def test_several_budgets_are_added_up(place, budget, own, use, browser):
    use(budget, "a")
    html = get(browser, place.owner, "/budgets/")
    assert "2 budgets together" in html
    assert "HK$1,480.00 free of HK$2,300.00" in html


def test_empty_lists_say_what_to_do(place, browser, budget):
    assert "clear the filters" in get(browser, place.owner, "/budgets/?q=nothing")
    assert "Use your own money" in get(browser, place.stranger, "/budgets/")
    assert "comes with an award" in get(browser, place.stranger, "/budgets/")


def test_who_cannot_ask_is_told_who_can(place, make_person, browser):
    html = get(browser, make_person(), "/budgets/")
    assert "an owner or finance member" in html
    assert "/budgets/new" not in html


def test_the_list_takes_the_same_queries_for_any_number(place, make_budget, browser, django_assert_max_num_queries):
    make_budget(place.project)
    client = browser(place.owner)
    client.get("/budgets/")
    with django_assert_max_num_queries(14) as few:
        client.get("/budgets/")
    for _ in range(6):
        make_budget(place.project)
    with django_assert_max_num_queries(len(few) + 1):  # the sums are for several budgets
        assert client.get("/budgets/").status_code == 200


# One budget


def test_both_payers_and_what_is_held(place, budget, use, hold, browser):
    use(budget, "a")
    hold(budget, "b", 2 * 3_600_000)
    html = get(browser, place.member, f"/budgets/{budget.uid}/")
    for words in (
        "HK$940.00",  # 1,000 released, 20 charged, 40 held
        "The scheme pays 70%",
        "HK$14.00",
        "The applicant pays 30%",
        "HK$6.00",
        "hold b",
        "HK$40.00",
        "2.0000",
        "job a",
        "AISS-2026-0001",
        budget.head_hash,
    ):
        assert words in html, words
    assert "hold a" not in html  # settled
    assert "Release a tranche" not in html


def test_own_money_has_one_payer(place, own, use, browser):
    use(own, "a")
    html = get(browser, place.owner, f"/budgets/{own.uid}/")
    assert "The scheme pays" not in html
    assert "The applicant pays 100%" in html
    assert "Ask for more money" in html


def test_a_hold_past_its_time_is_marked_and_an_officer_may_release_it(place, budget, hold, browser):
    made = hold(budget, "late", expires_at=clock.now() - timedelta(hours=1))
    assert "past</span>" in get(browser, place.member, f"/budgets/{budget.uid}/")
    url = f"/budgets/{budget.uid}/holds/{made.uid}/release"
    assert url not in get(browser, place.member, f"/budgets/{budget.uid}/")
    assert url in get(browser, place.officer, f"/budgets/{budget.uid}/")


def test_a_budget_says_what_stops_work(place, make_budget, browser):
    empty = make_budget(place.project, released=0, ceiling=1000)
    assert "No money is released yet" in get(browser, place.owner, f"/budgets/{empty.uid}/")
    assert "Nothing has happened" in get(browser, place.owner, f"/budgets/{empty.uid}/")
    assert "The journal is empty" in get(browser, place.owner, f"/budgets/{empty.uid}/journal/")
    assert "Nothing is released yet" in get(browser, place.owner, f"/budgets/{empty.uid}/releases/")
    actions.suspend_budget(system("test"), budget=empty, reason="report late")
    assert "This budget is suspended" in get(browser, place.owner, f"/budgets/{empty.uid}/")
    actions.close_budget(system("test"), budget=empty, reason="over")
    html = get(browser, place.officer, f"/budgets/{empty.uid}/")
    assert "This budget is closed" in html
    assert "Release a tranche" not in html


def test_what_an_officer_may_do_follows_the_state(place, budget, browser):
    html = get(browser, place.officer, f"/budgets/{budget.uid}/")
    assert all(f"/budgets/{budget.uid}/{verb}" in html for verb in ("release", "suspend", "close", "issue"))
    assert f"/budgets/{budget.uid}/resume" not in html
    actions.suspend_budget(system("test"), budget=budget, reason="x")
    html = get(browser, place.officer, f"/budgets/{budget.uid}/")
    assert f"/budgets/{budget.uid}/resume" in html
    assert f'/budgets/{budget.uid}/suspend"' not in html


def test_nothing_is_left_to_release(place, make_budget, browser):
    full = make_budget(place.project, released=1000, ceiling=1000)
    assert f'/budgets/{full.uid}/release"' not in get(browser, place.officer, f"/budgets/{full.uid}/")


def test_the_journal_with_its_evidence(place, budget, use, browser, monkeypatch):
    entry = use(budget, "a")
    actions.reverse_entry(system("test"), entry=entry, reason="node failed")
    monkeypatch.setattr(evidence, "_resolvers", {})
    evidence.register(
        "engine:", lambda records: {each.pk: evidence.Evidence("job-1", "/jobs/job-1/") for each in records}
    )
    evidence.register("gateway", lambda records: pytest.fail("asked for records that are not its own"))
    html = get(browser, place.member, f"/budgets/{budget.uid}/journal/")
    assert f'href="/usage/{entry.usage_id}/"' in html
    assert 'href="/jobs/job-1/"' in html
    assert "Reversal of line 2" in html
    assert "node failed" in html
    assert "−HK$20.00" in html
    assert "reversed</span>" in html
    assert "/reverse" not in html
    assert "/entries/2/reverse" not in get(browser, place.officer, f"/budgets/{budget.uid}/journal/")


def test_the_journal_of_one_kind(place, budget, use, browser):
    use(budget, "a")
    url = f"/budgets/{budget.uid}/journal/"
    assert "/entries/2/reverse" in get(browser, place.officer, f"{url}?kind=charge")
    assert "became usable" not in get(browser, place.officer, f"{url}?kind=charge")
    assert "no lines of this kind" in get(browser, place.officer, f"{url}?kind=reversal")
    assert "became usable" in get(browser, place.officer, f"{url}?kind=rubbish")


def test_releases_and_what_lapsed(place, budget, browser):
    actions.release_tranche(system("test"), budget=budget, amount=20_000, reason="second tranche")
    actions.close_budget(system("test"), budget=budget, reason="ended early")
    html = get(browser, place.reader, f"/budgets/{budget.uid}/releases/")
    assert "second tranche" in html
    assert "HK$1,200.00" in html
    assert "−HK$1,200.00" in html
    assert "Unused money lapsed: ended early" in html
    assert "no longer usable" in get(browser, place.reader, f"/budgets/{budget.uid}/journal/")


@pytest.mark.parametrize("path", ["", "journal/", "releases/", "statements/", "interim"])
def test_a_budget_takes_the_same_queries_for_any_number_of_lines(
    place, budget, use, hold, browser, django_assert_max_num_queries, path
):
    use(budget, "a")
    hold(budget, "b")
    client = browser(place.officer)
    client.get(f"/budgets/{budget.uid}/{path}")
    with django_assert_max_num_queries(24) as few:
        client.get(f"/budgets/{budget.uid}/{path}")
    for number in range(5):
        actions.reverse_entry(system("test"), entry=use(budget, f"u{number}"), reason="x")
        hold(budget, f"h{number}")
    with django_assert_max_num_queries(len(few)):
        assert client.get(f"/budgets/{budget.uid}/{path}").status_code == 200
