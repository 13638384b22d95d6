"""Measured use. No ``from __future__ import annotations`` here: ninja reads the annotations."""

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Query

from aisc.core import access
from aisc.core.api import Page, idempotent, paginate
from aisc.core.errors import BadInput
from aisc.ledger import actions, lookups, queries
from aisc.ledger.api.routing import Cursor, Limit, router, storable
from aisc.ledger.displays import usage as displays
from aisc.ledger.models import UsageRecord
from aisc.ledger.schemas import AttributeIn, EntryOut, RatingOut, UsageDetailOut, UsageOut


@router.get("/usage", response=Page[UsageOut], summary="Measured uses one may see, newest first")
def usages(
    request: HttpRequest,
    budget: str = Query("", description="uid; left out: of every budget"),
    source: str = Query("", description="such as `engine:local`"),
    source_id: str = Query("", description="the source's own number"),
    unattributed: bool = Query(False, description="those that nobody pays for yet; for the centre's staff"),
    cursor: str | None = Cursor,
    limit: int = Limit,
):
    storable(budget=budget, source=source, source_id=source_id)
    if unattributed:
        access.require(request.actor, "ledger.view_unattributed")
        rows = queries.unattributed_usage()
    elif budget:
        rows = UsageRecord.objects.filter(budget=lookups.budget(request.actor, budget))
    else:
        access.require(request.actor, "ledger.view_budgets")
        rows = UsageRecord.objects.filter(budget__in=queries.budgets_visible_to(request.actor))
    for name, value in [("source", source), ("source_id", source_id)]:
        rows = rows.filter(**{name: value}) if value else rows
    found, following = paginate(rows.select_related("budget", "price__meter"), cursor=cursor, limit=limit)
    return Page(items=[UsageOut.of(each) for each in found], next=following)


@router.get("/usage/{usage_id}", response=UsageDetailOut, summary="One use, with the arithmetic of its charge")
def usage(request: HttpRequest, usage_id: int):
    record = lookups.usage(request.actor, pk=usage_id)
    rating = displays.rating(record)
    return UsageDetailOut.of(record, rating=RatingOut.of(rating) if rating else None)


@router.post("/usage/{usage_id}/attribute", response={201: EntryOut}, summary="Say who pays for a use")
@idempotent
def attribute(request: HttpRequest, usage_id: int, body: AttributeIn):
    """For operators and finance officers: of a use that came without a payer. It is charged at once."""
    record = lookups.usage(request.actor, pk=usage_id)
    budget = lookups.budget(request.actor, body.budget)
    price = budget.price_list.prices.filter(meter__code=body.meter).first() if body.meter else None
    if body.meter and price is None:
        raise BadInput(_("This budget's price list has no price for what was used."), field="meter")
    entry = actions.attribute_usage(request.actor, usage=record, budget=budget, reason=body.reason, price=price)
    return 201, EntryOut.of(queries.entries_of(budget).get(pk=entry.pk))
