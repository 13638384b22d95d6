"""What may be done to a budget: one form, one action; refusals change nothing and keep what was typed."""

from __future__ import annotations

import pytest

from aisc.core.models import AuditEvent
from aisc.ledger.models import Budget, Entry, Hold


@pytest.fixture
def post(browser, place):
    """``post("officer", path, **typed)``"""

    def send(who: str, path: str, **typed):
        return browser(getattr(place, who)).post(path, typed)

    return send


def sums(budget) -> tuple[int, int, int, int, str]:
    budget.refresh_from_db()
    return budget.released, budget.charged, budget.held, budget.entry_count, budget.state


def test_a_tranche_is_released(budget, post):
    answer = post("officer", f"/budgets/{budget.uid}/release", amount="HK$250.50", reason="report accepted")
    assert (answer.status_code, answer["Location"]) == (302, f"/budgets/{budget.uid}/")
    assert sums(budget) == (125_050, 0, 0, 2, "active")
    assert budget.entries.get(seq=2).reason == "report accepted"
    assert AuditEvent.objects.filter(action="ledger.release_tranche", actor="Officer").count() == 1


@pytest.mark.parametrize(
    ("amount", "reason", "words"),
    [
        ("", "x", "This field is required"),
        ("abc", "x", "Write an amount"),
        ("-5", "x", "Write an amount"),
        ("1.234", "x", "Write an amount"),
        ("٣", "x", "Write an amount"),
        ("0", "x", "There is a problem"),
        ("500.01", "x", "HK$500.00"),
        ("1", "", "This field is required"),
        ("1", "x" * 301, "at most 300 characters"),
    ],
)
def test_a_tranche_that_makes_no_sense(budget, post, amount, reason, words):
    before = sums(budget)
    answer = post("officer", f"/budgets/{budget.uid}/release", amount=amount, reason=reason)
    assert answer.status_code == 422
    html = answer.content.decode()
    assert words in html
    assert amount in html  # nothing typed is lost
    assert sums(budget) == before


def test_who_may_not_release_cannot_by_sending_the_form_either(budget, post):
    before = sums(budget)
    assert post("owner", f"/budgets/{budget.uid}/release", amount="1", reason="x").status_code == 403
    assert post("stranger", f"/budgets/{budget.uid}/release", amount="1", reason="x").status_code == 404
    assert sums(budget) == before


def test_the_secretariat_steers_awards_and_not_own_money(budget, own, post):
    assert post("secretary", f"/budgets/{budget.uid}/suspend", reason="late report").status_code == 302
    assert post("secretary", f"/budgets/{own.uid}/suspend", reason="late report").status_code == 403
    assert (sums(budget)[-1], sums(own)[-1]) == ("suspended", "active")


def test_suspended_resumed_closed(budget, post):
    url = f"/budgets/{budget.uid}"
    assert post("officer", f"{url}/suspend", reason="report late").status_code == 302
    assert sums(budget)[-1] == "suspended"
    assert post("officer", f"{url}/suspend", reason="again").status_code == 422
    assert post("officer", f"{url}/resume", reason="report came").status_code == 302
    assert sums(budget)[-1] == "active"
    assert post("officer", f"{url}/close", reason="over", confirm_name="award budget").status_code == 422
    assert sums(budget)[-1] == "active"
    assert post("officer", f"{url}/close", reason="over", confirm_name=" Award budget ").status_code == 302
    assert sums(budget) == (0, 0, 0, 2, "closed")


def test_a_budget_with_open_holds_is_not_closed(budget, hold, post):
    hold(budget, "a")
    answer = post("officer", f"/budgets/{budget.uid}/close", reason="over", confirm_name="Award budget")
    assert answer.status_code == 422
    assert "1 holds are open" in answer.content.decode()
    assert sums(budget)[-1] == "active"


def test_a_hold_is_released_by_an_operator(budget, hold, post):
    made = hold(budget, "a")
    url = f"/budgets/{budget.uid}/holds/{made.uid}/release"
    assert post("member", url, reason="x").status_code == 403
    assert post("operator", url, reason="engine lost it").status_code == 302
    assert Hold.objects.get(pk=made.pk).state == "released"
    assert sums(budget)[2] == 0
    assert post("operator", url, reason="again").status_code == 404


def test_a_charge_is_reversed_once(budget, use, post):
    entry = use(budget, "a")
    url = f"/budgets/{budget.uid}/entries/{entry.seq}/reverse"
    assert post("officer", url, reason="").status_code == 422
    assert post("officer", url, reason="node failed").status_code == 302
    assert sums(budget) == (100_000, 0, 0, 3, "active")
    assert Entry.objects.get(budget=budget, seq=3).reason == "node failed"
    assert post("officer", url, reason="again").status_code == 409


@pytest.mark.parametrize(("seq", "status"), [(1, 409), (99, 404), (10**30, 404)])
def test_what_is_no_charge_is_not_reversed(budget, post, seq, status):
    assert post("officer", f"/budgets/{budget.uid}/entries/{seq}/reverse", reason="x").status_code == status
    assert sums(budget) == (100_000, 0, 0, 1, "active")


def test_owners_ask_for_more_of_their_own_money(own, budget, post):
    url = f"/budgets/{own.uid}/ceiling"
    assert post("member", url, ceiling="900", reason="x").status_code == 403
    assert post("owner", url, ceiling="800", reason="x").status_code == 422
    assert post("finance", url, ceiling="1,200", reason="two more months").status_code == 302
    assert Budget.objects.get(pk=own.pk).ceiling == 120_000
    assert post("owner", f"/budgets/{budget.uid}/ceiling", ceiling="9000", reason="x").status_code == 422
    assert Budget.objects.get(pk=budget.pk).ceiling == 150_000
