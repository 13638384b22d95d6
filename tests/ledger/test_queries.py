"""Readings: what they say, what they leave out, and how many queries they take."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aisc.centre.models import AcceleratorType
from aisc.core import clock
from aisc.core.actions import ANYONE, Actor
from aisc.core.errors import BadInput
from aisc.ledger import actions, queries
from aisc.ledger.models import Budget

from .conftest import HOUR, SYSTEM, item


def h800() -> AcceleratorType:
    return AcceleratorType.objects.get(code="h800")


def test_an_estimate_is_what_the_holds_will_be(bank, django_assert_num_queries):
    budget, accelerator = bank.budget, h800()
    budget.price_list  # noqa: B018 - the page has it already
    with django_assert_num_queries(1):
        estimate = queries.estimate(budget=budget, accelerator=accelerator, count=2, time_limit_ms=1_001, runs=3)
    holds = bank.hold("a", "b", "c", quantity=estimate.quantity)
    assert estimate.list == sum(hold.amount for hold in holds) == 6
    assert (estimate.scheme, estimate.applicant, estimate.available) == (4, 2, 100_000)
    assert (estimate.price, estimate.quantity, estimate.runs, estimate.enough) == (bank.price, 2_002, 3, True)


def test_an_estimate_beyond_the_budget_says_so(bank):
    estimate = queries.estimate(budget=bank.budget, accelerator=h800(), count=51, time_limit_ms=HOUR)
    assert (estimate.list, estimate.enough) == (102_000, False)


@pytest.mark.parametrize("wrong", [{"count": 0}, {"runs": 0}, {"time_limit_ms": 0}])
def test_an_estimate_of_nothing_is_refused(wrong, bank):
    with pytest.raises(BadInput):
        queries.estimate(
            **({"budget": bank.budget, "accelerator": h800(), "count": 1, "time_limit_ms": 1, "runs": 1} | wrong)
        )


def test_an_accelerator_without_a_price_is_refused(bank):
    other = AcceleratorType.objects.create(code="b200", name="B200", vendor="x", fp16_gflops=1, memory_mb=1, power_w=1)
    with pytest.raises(BadInput) as refused:
        queries.estimate(budget=bank.budget, accelerator=other, count=1, time_limit_ms=1)
    assert refused.value.field == "accelerator"


def test_the_money_bar(make_bank, noon):
    bank = make_bank(released=50_000, ceiling=80_000)
    bank.charge("a")
    bank.hold("b")
    view = queries.budget_view(bank.budget)
    assert (view.ceiling, view.released, view.unreleased) == (80_000, 50_000, 30_000)
    assert (view.charged_scheme, view.charged_applicant, view.held) == (1_400, 600, 2_000)
    assert (view.available, view.currency) == (46_000, "HKD")


def test_budgets_are_seen_by_those_in_the_project_and_by_staff(
    bank, make_bank, make_person, make_project, make_budget, member
):
    other = make_bank()
    sibling = make_budget(make_project(bank.project.organisation))
    colleague, stranger = make_person(), make_person()
    member(colleague, bank.project)

    def seen(actor) -> set[int]:
        return {budget.pk for budget in queries.budgets_visible_to(actor)}

    assert seen(Actor(person=bank.owner)) == {bank.pk, sibling.pk}
    assert seen(Actor(person=colleague)) == {bank.pk}
    assert seen(Actor(person=stranger)) == set()
    assert seen(ANYONE) == set()
    for role in ["secretariat", "operator", "finance", "auditor", "administrator"]:
        assert seen(Actor(person=make_person(role))) == {bank.pk, sibling.pk, other.pk}
    assert seen(Actor(person=make_person("assessor", "committee"))) == set()


def test_the_list_takes_one_query_and_one_for_the_roles(bank, django_assert_num_queries):
    with django_assert_num_queries(2):
        for budget in queries.budgets_visible_to(Actor(person=bank.owner)):
            assert str(budget.organisation)
            assert str(budget.project)
            assert str(budget.price_list)


def test_usable_budgets_are_active_and_within_their_days(bank, make_bank):
    today = clock.today()
    suspended = make_bank()
    actions.suspend_budget(SYSTEM, budget=suspended.budget, reason="x")
    make_bank(starts_on=today + timedelta(days=1), ends_on=today + timedelta(days=2))
    make_bank(starts_on=today - timedelta(days=2), ends_on=today - timedelta(days=1))
    assert [budget.pk for budget in queries.usable_budgets(Budget.objects.all())] == [bank.pk]
    assert queries.usable_budgets(Budget.objects.all(), today + timedelta(days=1)).count() == 2


def test_the_journal_newest_first(bank, django_assert_num_queries):
    bank.charge("a")
    budget = bank.budget
    with django_assert_num_queries(1):
        entries = list(queries.entries_of(budget))
        assert [entry.kind for entry in entries] == ["charge", "release"]
        assert entries[0].usage.price.meter.code == "accelerator:h800"


def test_holds_and_those_past_their_expiry(bank):
    bank.hold("a", "b")
    actions.release_holds(SYSTEM, keys=["b"], reason="x")
    assert [hold.key for hold in queries.holds_of(bank.budget)] == ["b", "a"]
    assert not queries.overdue_holds().exists()
    with clock.fixed(clock.now() + timedelta(hours=3)):
        assert [hold.key for hold in queries.overdue_holds()] == ["a"]


def test_unattributed_usage(bank):
    bank.use(item("x"), item("y", budget_id=bank.pk, price_id=bank.price.pk))
    assert [record.source_id for record in queries.unattributed_usage()] == ["x"]
