"""What budgets will have been charged when they end, if use goes on at the pace of the last four weeks.

A straight line, on purpose: it is easily explained and checked, and a reader sees at once why it moved.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta

from django.db.models import Q, QuerySet, Sum

from aisc.core import clock
from aisc.core.money import round_half_up
from aisc.core.question import Question
from aisc.ledger.models import Budget, Entry

PACE_DAYS = 28
LEAST_DAYS = 3  # a pace taken from less would say more about one job than about the project
_CHARGES = (Entry.Kind.CHARGE, Entry.Kind.REVERSAL)


def forecasts(budgets: Iterable[Budget]) -> dict[int, int]:
    """Cents charged at the end date, by the budget's id; one SQL query.

    Left out are budgets for which a forecast would say nothing: not active, ended or not begun, in use for
    fewer than ``LEAST_DAYS`` days, or without a charge in the last ``PACE_DAYS`` days.
    """
    today = clock.today()
    windows = {budget.pk: (budget, window) for budget in budgets if (window := _window(budget, today))}
    if not windows:
        return {}
    by_days: dict[int, list[int]] = defaultdict(list)  # nearly all have the same
    for budget, days in windows.values():
        by_days[days].append(budget.pk)
    since = {days: clock.day_bounds_ms(today - timedelta(days=days - 1))[0] for days in by_days}
    if len(by_days) == 1:
        rows = _spent_since(frozenset(windows), *since.values())
    else:
        asked = Q()
        for days, of in by_days.items():
            asked |= Q(budget__in=of, at_ms__gte=since[days])
        rows = _spent(Entry.objects.filter(asked))
    ends = {}
    for pk, spent in rows:
        budget, days = windows[pk]
        if spent > 0:
            left = (budget.ends_on - today).days
            ends[budget.pk] = budget.charged + round_half_up(spent * left, days)
    return ends


def _spent(entries: QuerySet[Entry]) -> QuerySet:
    # Without the model's own order, which would make each line a group of its own.
    return entries.filter(kind__in=_CHARGES).order_by().values_list("budget").annotate(Sum("amount"))


_spent_since = Question(lambda budgets, since: _spent(Entry.objects.filter(budget__among=budgets, at_ms__gte=since)))


def _window(budget: Budget, today: date) -> int:
    """How many days, today among them, the pace is taken from; 0 when there is no forecast."""
    used = (today - budget.starts_on).days + 1
    if budget.state != Budget.State.ACTIVE or budget.ends_on <= today or used < LEAST_DAYS:
        return 0
    return min(used, PACE_DAYS)


def may_overrun(budget: Budget) -> bool:
    """Whether the forecast could lie above the ceiling at all; no SQL query. What was charged of late is no more than
    what was ever charged, so if that much again would not reach the ceiling, nothing need be added up."""
    today = clock.today()
    days = _window(budget, today)
    if not days:
        return False
    return budget.charged + round_half_up(budget.charged * (budget.ends_on - today).days, days) > budget.ceiling
