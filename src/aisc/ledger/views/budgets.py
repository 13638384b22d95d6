"""The list of budgets, one budget with its journal, and what may be done to it."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from aisc.core import access, spreadsheet
from aisc.core.clock import now
from aisc.core.errors import Conflict
from aisc.core.money import format_cents
from aisc.core.paging import page_of
from aisc.ledger import actions, evidence, forms, lookups, queries
from aisc.ledger.displays import budgets as displays
from aisc.ledger.displays import statements as bills
from aisc.ledger.models import Budget, Entry
from aisc.ledger.views.shared import act_by_form, budget_frame, sent
from aisc.people.access import PAYERS
from aisc.people.queries import projects_where


def index(request: HttpRequest) -> HttpResponse:
    """Every budget that the reader may see; filters and order stand in the address."""
    access.require(request.actor, "ledger.view_budgets")
    form = forms.FilterForm(request.GET)
    asked = form.cleaned_data if form.is_valid() else {}
    visible = queries.budgets_visible_to(request.actor)
    rows = displays.listed(visible, **asked)
    if "csv" in request.GET:
        return _as_csv(rows)
    page = page_of(request, rows, size=25)
    return render(
        request,
        "ledger/budgets.html",
        {
            "form": form,
            "filtered": any(asked.get(name) for name in ("q", "state", "source")),
            "page": page,
            "totals": displays.totals(rows) if page.paginator.count > 1 else None,
            "may_request": projects_where(request.actor, PAYERS).exists(),
        },
    )


def _as_csv(rows: QuerySet[Budget]) -> HttpResponse:
    """The list as a file. Money in cents: what a program computes with."""
    columns = ("uid", "name", "reference", "source", "state", "organisation", "project", "starts_on", "ends_on")
    money = ("ceiling", "released", "charged", "charged_scheme", "charged_applicant", "held", "available")
    lines = (
        (*(str(getattr(budget, each)) for each in columns), *(getattr(budget, each) for each in money), budget.currency)
        for budget in rows[: spreadsheet.MOST]
    )
    return spreadsheet.download("budgets", (*columns, *(f"{each}_cents" for each in money), "currency"), lines)


def overview(request: HttpRequest, uid: str) -> HttpResponse:
    budget = lookups.budget(request.actor, uid)
    latest = displays.latest(budget)
    holds = displays.open_holds(budget)
    return render(
        request,
        "ledger/budget.html",
        {
            **budget_frame(request, budget, "budget"),
            "view": queries.budget_view(budget),
            "holds": page_of(request, holds),
            "now": now(),
            "may_release_holds": access.may(request.actor, "ledger.release_holds"),
            "entries": latest,
            "origins": _origins(latest),
        },
    )


def journal(request: HttpRequest, uid: str) -> HttpResponse:
    """Every line, newest first; ``?kind=`` keeps one kind."""
    budget = lookups.budget(request.actor, uid)
    kind = request.GET.get("kind", "")
    page = page_of(request, displays.journal(budget, kind=kind if kind in Entry.Kind.values else ""))
    return render(
        request,
        "ledger/journal.html",
        {
            **budget_frame(request, budget, "budget-journal"),
            "page": page,
            "entries": page.object_list,
            "origins": _origins(page.object_list),
            "kind": kind,
            "kinds": Entry.Kind.choices,
            "may_reverse": access.may(request.actor, "ledger.reverse_entry", budget),
        },
    )


def _origins(entries: list[Entry]) -> dict[int, evidence.Evidence]:
    return evidence.origins(entry.usage for entry in entries if entry.usage)


def releases(request: HttpRequest, uid: str) -> HttpResponse:
    budget = lookups.budget(request.actor, uid)
    rows, total = [], 0
    for entry in displays.releases(budget):
        total += entry.amount
        rows.append((entry, total))
    context = {"rows": rows, "unreleased": budget.ceiling - budget.released}
    return render(request, "ledger/releases.html", budget_frame(request, budget, "budget-releases") | context)


def statements(request: HttpRequest, uid: str) -> HttpResponse:
    budget = lookups.budget(request.actor, uid)
    context = {"bills": bills.issued(budget), "to_date": bills.bill_to_date(budget)}
    return render(request, "ledger/statements.html", budget_frame(request, budget, "budget-statements") | context)


def release(request: HttpRequest, uid: str) -> HttpResponse:
    budget = lookups.budget(request.actor, uid)
    left = format_cents(budget.ceiling - budget.released, budget.currency)
    return act_by_form(
        request,
        form=forms.ReleaseForm(sent(request)),
        action=actions.release_tranche,
        rule="ledger.release_tranche",
        target=budget,
        arguments={"budget": budget},
        done=_("The tranche is released; it can be used at once."),
        to=_page(budget),
        page_title=_("Release a tranche"),
        caption=budget.name,
        text=_("%(left)s of the ceiling is not yet released. What you release can be used by jobs at once.")
        % {"left": left},
        submit=pgettext("money of a tranche", "Release"),
    )


def suspend(request: HttpRequest, uid: str) -> HttpResponse:
    budget = lookups.budget(request.actor, uid)
    return act_by_form(
        request,
        form=forms.ReasonForm(sent(request)),
        action=actions.suspend_budget,
        rule="ledger.suspend_budget",
        target=budget,
        arguments={"budget": budget},
        done=_("The budget is suspended. It can be resumed at any time."),
        to=_page(budget),
        page_title=_("Suspend this budget"),
        caption=budget.name,
        text=_("No job can start on it while it is suspended. What runs now goes on and is charged."),
        submit=_("Suspend"),
    )


def resume(request: HttpRequest, uid: str) -> HttpResponse:
    budget = lookups.budget(request.actor, uid)
    return act_by_form(
        request,
        form=forms.ReasonForm(sent(request)),
        action=actions.resume_budget,
        rule="ledger.resume_budget",
        target=budget,
        arguments={"budget": budget},
        done=_("The budget is active again."),
        to=_page(budget),
        page_title=_("Resume this budget"),
        caption=budget.name,
        text=_("Jobs can start on it again at once."),
        submit=_("Resume"),
    )


def close(request: HttpRequest, uid: str) -> HttpResponse:
    budget = lookups.budget(request.actor, uid)
    return act_by_form(
        request,
        form=forms.CloseForm(sent(request), name=budget.name),
        action=actions.close_budget,
        rule="ledger.close_budget",
        target=budget,
        arguments={"budget": budget},
        leave_out=("confirm_name",),
        done=_("The budget is closed."),
        to=_page(budget),
        page_title=_("Close this budget"),
        caption=budget.name,
        text=_("This is final: %(free)s that was released and not used lapses, and no job can start on it again.")
        % {"free": format_cents(budget.available, budget.currency)},
        submit=_("Close for good"),
    )


def raise_ceiling(request: HttpRequest, uid: str) -> HttpResponse:
    budget = lookups.budget(request.actor, uid)
    return act_by_form(
        request,
        form=forms.CeilingForm(sent(request)),
        action=actions.raise_ceiling,
        rule="ledger.raise_ceiling",
        target=budget,
        arguments={"budget": budget},
        done=_("The ceiling is raised. The centre's finance officer now grants credit by releasing it."),
        to=_page(budget),
        page_title=_("Ask for more money"),
        caption=budget.name,
        text=_("The ceiling is %(ceiling)s now. A higher one is usable once the centre has released it.")
        % {"ceiling": format_cents(budget.ceiling, budget.currency)},
        submit=_("Raise the ceiling"),
    )


def release_hold(request: HttpRequest, uid: str, hold_uid: str) -> HttpResponse:
    """For a hold that nothing will settle any more; what runs keeps its own way of being charged."""
    budget = lookups.budget(request.actor, uid)
    hold = lookups.hold(budget, hold_uid)
    return act_by_form(
        request,
        form=forms.ReasonForm(sent(request)),
        action=actions.release_holds,
        rule="ledger.release_holds",
        target=budget,
        arguments={"keys": [hold.key]},
        done=_("The hold is released; its money is available again."),
        to=_page(budget),
        page_title=_("Release this hold"),
        caption=hold.description or hold.key,
        text=_(
            "%(amount)s becomes available again. If its work still runs, what it uses is charged all the same, "
            "as far as the budget can pay."
        )
        % {"amount": format_cents(hold.amount, budget.currency)},
        submit=_("Release the hold"),
    )


def reverse_entry(request: HttpRequest, uid: str, seq: int) -> HttpResponse:
    budget = lookups.budget(request.actor, uid)
    access.require(request.actor, "ledger.reverse_entry", budget)
    entry = lookups.entry(budget, seq)
    if entry.kind != Entry.Kind.CHARGE or hasattr(entry, "reversed_by"):
        raise Conflict(_("Only a charge that was not reversed before can be reversed."), code="entry.not_reversible")
    return act_by_form(
        request,
        form=forms.ReasonForm(sent(request)),
        action=actions.reverse_entry,
        rule="ledger.reverse_entry",
        target=budget,
        arguments={"entry": entry},
        done=_("Line %(seq)s is reversed. Both lines stay in the journal.") % {"seq": entry.seq},
        to=reverse("ledger:budget-journal", args=[budget.uid]),
        page_title=_("Reverse line %(seq)s") % {"seq": entry.seq},
        caption=budget.name,
        text=_("A new line takes back %(amount)s. Nothing is deleted: both lines stay, and the money is free again.")
        % {"amount": format_cents(entry.amount, budget.currency)},
        submit=_("Reverse the charge"),
    )


def _page(budget: Budget) -> str:
    return reverse("ledger:budget", args=[budget.uid])
