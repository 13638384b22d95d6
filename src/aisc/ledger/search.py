"""What of the money can be found: budgets, statements, price lists."""

from __future__ import annotations

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from aisc.core.actions import Actor
from aisc.core.search.kinds import PUBLIC, Document, Kind, Shown, register
from aisc.ledger.models import Budget, PriceList, Statement
from aisc.ledger.queries import budgets_visible_to
from aisc.people.search import in_project


def _statements(actor: Actor) -> QuerySet[Statement]:
    return Statement.objects.filter(budget__in=budgets_visible_to(actor))


def _show_budget(row: Budget) -> Shown:
    return Shown(row.name, row.reference, reverse("ledger:budget", args=[row.uid]), str(row.project), row.created_at)


def _show_statement(row: Statement) -> Shown:
    period = f"{row.period_start} – {row.period_end}"
    url = reverse("ledger:statement", args=[row.number])
    return Shown(row.number, row.budget.name, url, period, row.issued_at)


register(
    Kind(
        "budget",
        Budget,
        _("Budgets"),
        describe=lambda row: Document(title=[row.name], keys=[row.uid, row.reference], marks=in_project(row.project)),
        visible=budgets_visible_to,
        show=_show_budget,
        watched=("name", "reference", "project"),
        related=("project",),
    ),
    Kind(
        "statement",
        Statement,
        _("Statements"),
        describe=lambda row: Document(
            title=[row.number], body=[row.budget.name], keys=[row.number], marks=in_project(row.budget.project)
        ),
        visible=_statements,
        show=_show_statement,
        watched=("number", "budget"),
        moment="issued_at",
        related=("budget__project",),
    ),
    Kind(
        "price-list",
        PriceList,
        _("Price lists"),
        describe=lambda row: Document(
            title=[row.version], body=[row.note_en, row.note_zh], keys=[row.version], marks=[PUBLIC]
        ),
        visible=lambda _actor: PriceList.objects.all(),
        show=lambda row: Shown(row.version, row.note_en, reverse("ledger:prices"), str(row.effective_from)),
        watched=("version", "note_en", "note_zh", "published_at"),
        moment="effective_from",
        rows=lambda rows: rows.filter(published_at__isnull=False),
    ),
)
