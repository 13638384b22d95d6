"""The centre publishes new prices: about the list, its amounts, a comparison with today's, then confirmed."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from aisc.core import access
from aisc.core.errors import NotFound
from aisc.core.forms import attempt
from aisc.ledger import actions, forms, queries
from aisc.ledger.displays import prices as displays
from aisc.ledger.views.shared import sent

STEPS = ("list", "amounts")
KEPT = "ledger.new_prices"  # answers so far, in the session, as typed


def start(request: HttpRequest) -> HttpResponse:
    access.require(request.actor, "ledger.publish_price_list")
    return redirect("ledger:price-list-new-step", step=STEPS[0])


def step(request: HttpRequest, step: str) -> HttpResponse:
    access.require(request.actor, "ledger.publish_price_list")
    if step == "check":
        return _check(request)
    if step not in STEPS:
        raise NotFound
    answers = request.session.get(KEPT, {})
    form = _form(step, sent(request), answers)
    at = STEPS.index(step) + 1
    if request.method == "POST" and form.is_valid():
        # As typed, so that coming back shows what was written; the check page reads it again.
        request.session[KEPT] = answers | {name: request.POST.get(name, "") for name in form.fields}
        following = "check" if at == len(STEPS) or request.GET.get("back") == "check" else STEPS[at]
        return redirect("ledger:price-list-new-step", step=following)
    context = {
        "form": form,
        "page_title": _("Publish new prices") if step == "list" else _("The amounts"),
        "current": queries.current_price_list(),
        "back_url": reverse("ledger:prices") if step == "list" else _at("list"),
        "step": at,
        "steps": len(STEPS),
        "at": step,
    }
    return render(request, "ledger/new_prices_step.html", context, status=422 if form.errors else 200)


def _at(step: str) -> str:
    return reverse("ledger:price-list-new-step", args=[step])


def _form(step: str, data: Any, answers: dict[str, str]) -> Any:
    """The step's form; the amounts begin with those of the list in force."""
    if step == "list":
        return forms.PriceListStep(data, initial=answers)
    current = queries.current_price_list()
    rows = displays.rows(current) if current else []
    now = {f"price-{row.meter.code}": row.cents for row in rows}
    return forms.AmountsStep(data, initial=now | answers, meters=displays.priceable())


def _check(request: HttpRequest) -> HttpResponse:
    answers = request.session.get(KEPT, {})
    about, amounts = (_form(each, answers, answers) for each in STEPS)
    for name, form in zip(STEPS, (about, amounts), strict=True):
        if not form.is_valid():
            return redirect("ledger:price-list-new-step", step=name)
    given, prices = about.cleaned_data, amounts.prices()
    confirm = Form(sent(request))
    if confirm.is_valid():
        worked, made = attempt(confirm, actions.publish_price_list, request.actor, prices=prices, **given)
        if worked:
            del request.session[KEPT]
            messages.success(request, _("The price list %(version)s is published.") % {"version": made.version})
            return redirect(f"{reverse('ledger:prices')}?{urlencode({'version': made.version})}")
    current = queries.current_price_list()
    rows = displays.proposed(prices, current)
    context = {
        "form": confirm,
        "given": given,
        "answers": _answers(given),
        "current": current,
        "rows": rows,
        "dropped": [row.meter.name for row in rows if row.cents is None],
        "amounts_url": f"{_at('amounts')}?back=check",
        "page_title": _("Check your answers"),
        "back_url": _at("amounts"),
    }
    return render(request, "ledger/new_prices_check.html", context, status=422 if confirm.errors else 200)


def _answers(given: dict[str, Any]) -> list[dict[str, Any]]:
    rows = [
        (_("Version"), given["version"]),
        (_("In force from"), date_format(given["effective_from"], "j F Y")),
        (_("Only an example"), _("yes") if given["illustrative"] else _("no")),
        (_("Note in English"), given["note_en"]),
        (_("Note in Chinese"), given["note_zh"]),
    ]
    change = f"{_at('list')}?back=check"
    return [{"label": label, "value": value, "change_url": change} for label, value in rows]
