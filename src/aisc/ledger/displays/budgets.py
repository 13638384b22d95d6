"""What a budget's page shows beyond the budget itself: its holds, its journal, and lists that can be filtered."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, F, Q, QuerySet, Sum

from aisc.core.question import Question
from aisc.ledger.models import Budget, Entry, Hold
from aisc.ledger.queries import entries_of, holds_of

# Sort keys of the list, as they stand in the address.
SORTS = {
    "name": "name",
    "available": F("released") - F("charged") - F("held"),
    "charged": "charged",
    "ceiling": "ceiling",
    "ends": "ends_on",
}


def listed(budgets: QuerySet[Budget], *, q: str = "", state: str = "", source: str = "", sort: str = "") -> QuerySet:
    """``budgets`` that match, in the order asked for (``-`` for descending), newest first by default."""
    if q:
        budgets = budgets.filter(
            Q(name__icontains=q)
            | Q(reference__icontains=q)
            | Q(uid=q)
            | Q(organisation__name_en__icontains=q)
            | Q(organisation__name_zh__icontains=q)
            | Q(project__name_en__icontains=q)
            | Q(project__name_zh__icontains=q)
        )
    if state:
        budgets = budgets.filter(state=state)
    if source:
        budgets = budgets.filter(source=source)
    budgets = budgets.select_related("organisation", "project", "price_list")
    key, backwards = sort.removeprefix("-"), sort.startswith("-")
    if key not in SORTS:
        return budgets.order_by("-id")
    column = SORTS[key]
    column = F(column) if isinstance(column, str) else column
    return budgets.order_by(column.desc() if backwards else column.asc(), "-id")


@dataclass(frozen=True)
class Totals:
    """Sums of a list of budgets, in cents at list price, and how many they are."""

    count: int
    ceiling: int
    released: int
    charged_scheme: int
    charged_applicant: int
    held: int
    currency: str = "HKD"


def totals(budgets: QuerySet[Budget]) -> Totals:
    """One bar for all of ``budgets`` together."""
    found = budgets.order_by().aggregate(
        Count("pk"),
        *(Sum(column, default=0) for column in ("ceiling", "released", "charged", "charged_scheme", "held")),
    )
    return Totals(
        count=found["pk__count"],
        ceiling=found["ceiling__sum"],
        released=found["released__sum"],
        charged_scheme=found["charged_scheme__sum"],
        charged_applicant=found["charged__sum"] - found["charged_scheme__sum"],
        held=found["held__sum"],
    )


def open_holds(budget: Budget) -> QuerySet[Hold]:
    """Holds that are open now, oldest first."""
    return holds_of(budget).filter(state=Hold.State.OPEN).order_by("id")


def journal(budget: Budget, *, kind: str = "") -> QuerySet[Entry]:
    """The budget's entries, newest first; of one kind, if given."""
    entries = entries_of(budget)
    return entries.filter(kind=kind) if kind else entries


def latest(budget: Budget) -> list[Entry]:
    """The last lines of the journal."""
    return _latest(budget.pk)


_latest = Question(lambda budget: entries_of(budget)[:10])


def releases(budget: Budget) -> QuerySet[Entry]:
    """Tranches released, and money that lapsed unused, in order."""
    return budget.entries.filter(kind__in=[Entry.Kind.RELEASE, Entry.Kind.LAPSE]).order_by("seq")
