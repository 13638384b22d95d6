"""From what stands in an address to the row, for those who may see it; the same for pages and the API."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from aisc.core import access
from aisc.core.actions import Actor
from aisc.core.errors import NotFound, SignInNeeded
from aisc.core.question import Question
from aisc.ledger.models import Budget, Entry, Hold, Statement, UsageRecord

BIGGEST_ID = 2**63 - 1


def budget(actor: Actor, uid: str) -> Budget:
    """Raises SignInNeeded or NotFound; a stranger cannot tell a budget of others from one that is not there."""
    return _seen(actor, "ledger.view_budget", _budget, uid=uid)


_budget = Question(
    lambda uid: (
        Budget.objects.select_related("organisation", "project__organisation", "price_list")
        .filter(uid=uid)
        .order_by("pk")[:1]
    )
)


def statement(actor: Actor, number: str) -> Statement:
    found = Statement.objects.select_related(
        "budget__organisation", "budget__project__organisation", "budget__price_list"
    )
    return _seen(actor, "ledger.view_statement", found, number=number)


def usage(actor: Actor, **where: Any) -> UsageRecord:
    """One usage record, by ``pk`` or by ``source`` and ``source_id``: of a budget that the actor may see.

    What nobody pays for yet is shown to the centre's staff alone.
    """
    found = UsageRecord.objects.select_related(
        "budget__organisation", "budget__project__organisation", "price__meter", "hold__price__meter"
    )
    record = _found(actor, found, **where)
    access.require(actor, "ledger.view_usage", record)
    return record


def hold(of: Budget, uid: str) -> Hold:
    """An open hold of a budget that the actor was already shown to see."""
    found = of.holds.filter(uid=uid, state=Hold.State.OPEN).first()
    if found is None:
        raise NotFound
    return found


def entry(of: Budget, seq: int) -> Entry:
    """Line ``seq`` of a budget that the actor was already shown to see."""
    found = of.entries.select_related("usage__price__meter", "reversed_by").filter(seq=min(seq, BIGGEST_ID)).first()
    if found is None:
        raise NotFound
    return found


def _seen(actor: Actor, rule: str, rows: QuerySet | Question, **where: Any) -> Any:
    row = _found(actor, rows, **where)
    access.require(actor, rule, row)
    return row


def _found(actor: Actor, rows: QuerySet | Question, **where: Any) -> Any:
    if actor.person is None and not actor.is_system:
        # Before looking: whether it exists is nobody's business who is not signed in.
        raise SignInNeeded
    if where.get("pk", 0) > BIGGEST_ID or any("\0" in value for value in where.values() if isinstance(value, str)):
        raise NotFound  # no database could even look for it
    found = rows(*where.values()) if isinstance(rows, Question) else rows.filter(**where)[:1]
    for row in found:
        return row
    raise NotFound
