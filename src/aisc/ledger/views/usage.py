"""One use and how its price came about; uses that nobody pays for yet."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from aisc.core import access, clock
from aisc.core.paging import page_of
from aisc.ledger import actions, evidence, forms, lookups, queries
from aisc.ledger.displays import usage as displays
from aisc.ledger.models import Budget, Price, UsageRecord
from aisc.ledger.views.shared import act_by_form, crumbs, sent


def usage(request: HttpRequest, pk: int) -> HttpResponse:
    record = lookups.usage(request.actor, pk=pk)
    items = [(_("Budgets"), reverse("ledger:budgets"))]
    if record.budget:
        items.append((record.budget.name, reverse("ledger:budget-journal", args=[record.budget.uid])))
    else:
        items = [(_("Uses without a payer"), reverse("ledger:unattributed"))]
    context = {
        "usage": record,
        "rating": displays.rating(record),
        "origin": evidence.origins([record]).get(record.pk),
        "started": clock.from_ms(record.started_ms),
        "ended": clock.from_ms(record.ended_ms),
        "recorded": clock.from_ms(record.recorded_ms),
        "may_attribute": record.budget is None and access.may(request.actor, "ledger.attribute_usage", record),
        "crumbs": crumbs(*items, (_("Use %(number)s") % {"number": record.pk}, "")),
    }
    return render(request, "ledger/usage.html", context)


def usage_of(request: HttpRequest, source: str, source_id: str) -> HttpResponse:
    return redirect("ledger:usage", pk=lookups.usage(request.actor, source=source, source_id=source_id).pk)


def unattributed(request: HttpRequest) -> HttpResponse:
    """What was used and nobody pays for: shown until somebody does, never lost."""
    access.require(request.actor, "ledger.view_unattributed")
    page = page_of(request, queries.unattributed_usage())
    context = {
        "page": page,
        "origins": evidence.origins(page.object_list),
        "may_attribute": access.may(request.actor, "ledger.attribute_usage"),
    }
    return render(request, "ledger/unattributed.html", context)


def attribute(request: HttpRequest, pk: int) -> HttpResponse:
    record: UsageRecord = lookups.usage(request.actor, pk=pk)
    budgets = Budget.objects.exclude(state="closed").select_related("organisation").order_by("name", "id")
    prices = None if record.price else Price.objects.filter(price_list=queries.current_price_list())
    form = forms.AttributeForm(sent(request), budgets=budgets, prices=prices)
    return act_by_form(
        request,
        form=form,
        action=actions.attribute_usage,
        rule="ledger.attribute_usage",
        target=record,
        arguments={"usage": record},
        done=_("The use is charged to the budget."),
        to=reverse("ledger:unattributed"),
        page_title=_("Say who pays for this use"),
        caption=str(record),
        text=_("It is charged at once, at the budget's own prices and shares. The budget must have enough money."),
        submit=_("Charge it to this budget"),
    )
