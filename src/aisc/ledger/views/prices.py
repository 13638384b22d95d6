"""The list prices: for everybody, with earlier versions and what changed; and a budget's move to newer ones."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from aisc.core import access
from aisc.core.errors import Conflict, NotFound
from aisc.ledger import actions, forms, lookups, queries
from aisc.ledger.displays import prices as displays
from aisc.ledger.views.shared import act_by_form, sent


def prices(request: HttpRequest) -> HttpResponse:
    """``?version=`` shows that list, ``?compare=`` sets another one beside it."""
    access.require(request.actor, "ledger.view_prices")
    lists = list(displays.published())
    by_version = {each.version: each for each in lists}
    # Before the first list takes effect, what is to come is what there is to show.
    current = queries.current_price_list() or (lists[-1] if lists else None)
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
            "may_publish": access.may(request.actor, "ledger.publish_price_list"),
        },
    )


def move(request: HttpRequest, uid: str) -> HttpResponse:
    """To a newer list that favours the budget's holder, by default the latest such; ``?to=`` names one.

    Says for each price what it was and will be; for a list that makes something dearer, why it cannot be.
    """
    budget = lookups.budget(request.actor, uid)
    access.require(request.actor, "ledger.move_to_price_list", budget)
    newer = {each.version: each for each in queries.newer_price_lists(budget)}
    if not newer:
        raise Conflict(
            _("No price list that is newer than this budget's is in force. It keeps its prices."),
            code="price_list.none_newer",
        )
    best = queries.favourable_price_lists(budget).first() or next(iter(newer.values()))
    # Sent, it is the list that was shown; a list published in between changes nothing.
    shown = newer.get(request.POST.get("price_list") or request.GET.get("to") or best.version)
    if shown is None:
        raise NotFound
    rows = displays.rows(shown, budget.price_list)
    return act_by_form(
        request,
        form=forms.MoveForm(sent(request), initial={"price_list": shown.version}),
        action=actions.move_to_price_list,
        rule="ledger.move_to_price_list",
        target=budget,
        arguments={"budget": budget, "price_list": shown},
        leave_out=("price_list",),
        done=_("The budget has the prices of %(version)s from now on.") % {"version": shown.version},
        to=reverse("ledger:budget", args=[budget.uid]),
        template="ledger/budget_prices.html",
        page_title=_("Move to lower prices"),
        caption=budget.name,
        submit=_("Move to %(version)s") % {"version": shown.version},
        budget=budget,
        shown=shown,
        others=[each for each in newer.values() if each != shown],
        rows=rows,
        dearer=[row.meter.name for row in rows if row.dearer],
    )
