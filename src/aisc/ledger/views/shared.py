"""What several pages of this room need: pages of rows, what may be done to a budget, one form that acts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from aisc.core import access, addresses
from aisc.core.forms import attempt
from aisc.ledger import queries
from aisc.ledger.models import Budget


def sent(request: HttpRequest) -> Any:
    """What was sent, even if it is empty; None when the form is only asked for."""
    return request.POST if request.method == "POST" else None


def crumbs(*items: tuple[Any, str]) -> list[dict[str, Any]]:
    return [{"label": label, "url": url} for label, url in items]


def budget_tabs(budget: Budget, current: str) -> list[dict[str, Any]]:
    """Views of one budget."""
    return [
        {"label": label, "url": addresses.to(f"ledger:{name}", budget.uid), "current": name == current}
        for label, name in [
            (_("Overview"), "budget"),
            (_("Journal"), "budget-journal"),
            (_("Releases"), "budget-releases"),
            (_("Statements"), "budget-statements"),
        ]
    ]


def budget_frame(request: HttpRequest, budget: Budget, current: str) -> dict[str, Any]:
    """Context that every view of one budget shares: tabs, crumbs, and what the reader may do to it."""
    actor, state = request.actor, budget.state
    may = {
        name: state in states and access.may(actor, f"ledger.{rule}", budget)
        for name, rule, states in [
            ("release", "release_tranche", ("active", "suspended")),
            ("suspend", "suspend_budget", ("active",)),
            ("resume", "resume_budget", ("suspended",)),
            ("close", "close_budget", ("active", "suspended")),
            ("ceiling", "raise_ceiling", ("active", "suspended")),
            ("issue", "issue_statements", ("active", "suspended", "closed")),
        ]
    }
    may["ceiling"] = may["ceiling"] and budget.source == Budget.Source.OWN
    may["prices"] = (
        budget.state != Budget.State.CLOSED
        and access.may(actor, "ledger.move_to_price_list", budget)
        and queries.favourable_price_lists(budget).exists()
    )
    may["release"] = may["release"] and budget.released < budget.ceiling
    tabs = budget_tabs(budget, current)
    return {
        "budget": budget,
        "may": may,
        "tabs": tabs,
        "part": next((each["label"] for each in tabs[1:] if each["current"]), ""),
        "crumbs": crumbs((_("Budgets"), addresses.to("ledger:budgets")), (budget.name, "")),
    }


def act_by_form(
    request: HttpRequest,
    *,
    form: forms.Form,
    action: Callable[..., Any],
    rule: str,
    target: Any,
    arguments: dict[str, Any],
    done: Any,
    to: str,
    leave_out: tuple[str, ...] = (),
    template: str = "ledger/act.html",
    **context: Any,
) -> HttpResponse:
    """One form that calls one action: asked for, it shows; sent, it acts and goes to ``to`` saying ``done``.

    The rule is asked before the form is shown: nobody fills in what they may not send.
    """
    access.require(request.actor, rule, target)
    if request.method == "POST" and form.is_valid():
        given = {name: value for name, value in form.cleaned_data.items() if name not in leave_out}
        worked, _result = attempt(form, action, request.actor, **arguments, **given)
        if worked:
            messages.success(request, done)
            return redirect(to)
    status = 422 if request.method == "POST" else 200
    return render(request, template, {"form": form, "back_url": to, **context}, status=status)
