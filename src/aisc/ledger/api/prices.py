"""Prices, for everybody, and estimates. No ``from __future__ import annotations`` here: ninja reads the annotations."""

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Schema

from aisc.centre.models import AcceleratorType
from aisc.core import access
from aisc.core.api import idempotent, with_etag
from aisc.core.errors import BadInput, NotFound
from aisc.ledger import actions, lookups, queries
from aisc.ledger.api.routing import router
from aisc.ledger.displays import prices as displays
from aisc.ledger.models import PriceList
from aisc.ledger.schemas import EstimateIn, EstimateOut, PriceListIn, PriceListOut, PriceOut, PricesOut


class AllPricesOut(Schema):
    """The list in force, and every version. `current` is null before the first list takes effect."""

    current: PricesOut | None
    versions: list[PriceListOut]


def _prices(price_list: PriceList, current: PriceList | None) -> PricesOut:
    rows = displays.rows(price_list)
    return PricesOut.of(price_list, current, prices=[PriceOut.of(row) for row in rows])


@router.get("/prices", response=AllPricesOut, auth=None, summary="The list prices in force, and every version")
def prices(request: HttpRequest):
    access.require(request.actor, "ledger.view_prices")
    current = queries.current_price_list()
    versions = [PriceListOut.of(each, current) for each in displays.published()]
    return with_etag(request, AllPricesOut(current=_prices(current, current) if current else None, versions=versions))


@router.post("/prices", response={201: PricesOut}, summary="Publish a new price list")
@idempotent
def publish(request: HttpRequest, body: PriceListIn):
    """For finance officers. New budgets get it from `effective_from` on; open ones keep the list they have."""
    made = actions.publish_price_list(
        request.actor,
        version=body.version,
        effective_from=body.effective_from,
        prices=body.prices,
        note_en=body.note_en,
        note_zh=body.note_zh,
        illustrative=body.illustrative,
    )
    return 201, _prices(made, queries.current_price_list())


@router.get("/prices/{version}", response=PricesOut, auth=None, summary="One published price list")
def price_list(request: HttpRequest, version: str):
    access.require(request.actor, "ledger.view_prices")
    found = next((each for each in displays.published() if each.version == version), None)
    if found is None:
        raise NotFound
    return _prices(found, queries.current_price_list())


@router.post("/estimates", response=EstimateOut, summary="The most that a job can cost, and who would pay what")
def estimate(request: HttpRequest, body: EstimateIn):
    """Nothing is held: asking is free and can be repeated."""
    budget = lookups.budget(request.actor, body.budget)
    accelerator = AcceleratorType.objects.filter(code=body.accelerator).first()
    if accelerator is None:
        raise BadInput(_("There is no such accelerator; see /accelerators."), field="accelerator")
    found = queries.estimate(
        budget=budget,
        accelerator=accelerator,
        count=body.count,
        time_limit_ms=body.time_limit_ms,
        runs=body.runs,
    )
    return EstimateOut.of(found)
