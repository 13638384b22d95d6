"""What budgets will have been charged at their end: a straight line through the last four weeks."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aisc.core import clock
from aisc.core.actions import system
from aisc.ledger.actions import UsageItem, close_budget, record_usage, reverse_entry
from aisc.ledger.forecast import forecasts, may_overrun
from aisc.ledger.models import Entry, Price
from aisc.ledger.queries import budget_view

HOUR = 3_600_000
WORKER = system("test")


@pytest.fixture
def used(make_organisation, make_project, make_budget, prices, noon):
    """``used(begun, left, charges)``: a budget begun and ending so many days from now, and hours used days ago."""
    price = Price.objects.filter(price_list=prices).order_by("pk").first()

    def make(begun: int, left: int, charges: dict[int, int]):
        with clock.fixed(noon - timedelta(days=begun)):
            dates = {"starts_on": clock.today(), "ends_on": clock.today() + timedelta(days=begun + left)}
            budget = make_budget(make_project(make_organisation()), released=100_000_00, **dates)
        for ago, hours in charges.items():
            with clock.fixed(noon - timedelta(days=ago)):
                ended = clock.now_ms()
                item = UsageItem(
                    source_id=f"{budget.uid}-{ago}",
                    quantity=hours * HOUR,
                    started_ms=ended - HOUR,
                    ended_ms=ended,
                    budget_id=budget.pk,
                    price_id=price.pk,
                )
                record_usage(WORKER, source="test", items=[item])
        budget.refresh_from_db()
        return budget

    return make


def test_use_goes_on_at_the_pace_of_the_last_four_weeks(used):
    budget = used(40, 56, {35: 100, 27: 3, 0: 4})
    recent = sum(entry.amount for entry in Entry.objects.filter(budget=budget, kind="charge").order_by("-seq")[:2])
    assert forecasts([budget]) == {budget.pk: budget.charged + recent * 56 // 28}
    assert budget_view(budget).forecast_end == budget.charged + recent * 2


def test_a_young_budget_is_measured_since_it_began(used):
    budget = used(3, 8, {1: 6})
    assert forecasts([budget]) == {budget.pk: budget.charged + budget.charged * 8 // 4}


def test_what_was_reversed_is_no_use(used):
    budget = used(10, 10, {5: 6})
    reverse_entry(WORKER, entry=Entry.objects.get(budget=budget, kind="charge"), reason="outage")
    budget.refresh_from_db()
    assert forecasts([budget]) == {}


@pytest.mark.parametrize(
    ("begun", "left", "charges"), [(1, 50, {0: 5}), (40, 0, {3: 5}), (90, 50, {60: 5}), (20, 20, {})]
)
def test_nothing_is_said_where_it_would_mean_nothing(begun, left, charges, used):
    budget = used(begun, left, charges)
    assert forecasts([budget]) == {}
    assert budget_view(budget).forecast_end is None


def test_a_closed_budget_has_no_forecast(used):
    budget = used(10, 10, {5: 6})
    close_budget(WORKER, budget=budget, reason="done")
    budget.refresh_from_db()
    assert forecasts([budget]) == {}


def test_a_list_of_budgets_is_one_query(used, django_assert_num_queries):
    budgets = [used(10, 20, {4: 2}), used(10, 20, {4: 3}), used(10, 20, {})]
    with django_assert_num_queries(1):
        assert set(forecasts(budgets)) == {budget.pk for budget in budgets[:2]}
    with django_assert_num_queries(0):
        assert forecasts([]) == {}


def test_each_budget_has_its_own_days_in_one_query(used, django_assert_num_queries):
    young, old = used(3, 8, {1: 6}), used(40, 56, {35: 100, 27: 3, 0: 4})
    alone = forecasts([young]) | forecasts([old])
    with django_assert_num_queries(1):
        assert forecasts([young, old]) == alone
    assert set(alone) == {young.pk, old.pk}


@pytest.mark.parametrize(("times", "may"), [(10, False), (2, True)])
def test_what_cannot_overrun_is_not_added_up(times, may, used, django_assert_num_queries):
    """A budget is left out only where no pace that it can have had would take it to its ceiling."""
    budget = used(10, 20, {9: 2, 4: 3})
    budget.ceiling = budget.charged * times
    with django_assert_num_queries(0):
        assert may_overrun(budget) is may
    assert (forecasts([budget])[budget.pk] > budget.ceiling) is may


def test_a_budget_without_a_forecast_cannot_overrun(used):
    assert not may_overrun(used(1, 50, {0: 5}))
