"""The list prices: for everybody, with earlier versions and what changed."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from aisc.core import access
from aisc.core.errors import NotFound
from aisc.ledger.displays import prices as displays
from aisc.ledger.queries import current_price_list


def prices(request: HttpRequest) -> HttpResponse:
    """``?version=`` shows that list, ``?compare=`` sets another one beside it."""
    access.require(request.actor, "ledger.view_prices")
    lists = list(displays.published())
    by_version = {each.version: each for each in lists}
    # Before the first list takes effect, what is to come is what there is to show.
    current = current_price_list() or (lists[-1] if lists else None)
    asked, compared = request.GET.get("version", ""), request.GET.get("compare", "")
    if any(version and version not in by_version for version in (asked, compared)):
        raise NotFound
    shown = by_version.get(asked, current)
    other = by_version.get(compared) if compared != asked else None
    return render(
        request,
        "ledger/prices.html",
        {
            "lists": lists,
            "current": current,
            "shown": shown,
            "other": other,
            "rows": displays.rows(shown, other) if shown else [],
        },
    )
