"""An organisation asks for a budget of its own money: one question group a page, answers kept, then checked."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from aisc.core import access
from aisc.core.errors import Forbidden, NotFound, SignInNeeded
from aisc.core.forms import attempt
from aisc.core.money import format_cents
from aisc.ledger import actions, forms
from aisc.ledger.views.shared import sent
from aisc.people.access import PAYERS
from aisc.people.models import Project
from aisc.people.queries import projects_where

STEPS = ("project", "money", "dates")
KEPT = "ledger.own_money"  # answers so far, in the session, as typed


def start(request: HttpRequest) -> HttpResponse:
    """``?project=`` answers the first question, as links from a project's page do."""
    _projects(request)
    answers = request.session.get(KEPT, {})
    if asked := request.GET.get("project"):
        request.session[KEPT] = answers | {"project": asked}
    return redirect("ledger:budget-new-step", step="project")


def step(request: HttpRequest, step: str) -> HttpResponse:
    projects = _projects(request)
    if step == "check":
        return _check(request, projects)
    if step not in STEPS:
        raise NotFound
    answers = request.session.get(KEPT, {})
    form = _form(step, sent(request), answers, projects)
    if request.method == "POST" and form.is_valid():
        # As typed, so that coming back shows what was written; the check page reads it again.
        request.session[KEPT] = answers | {name: request.POST.get(name, "") for name in form.fields}
        at = STEPS.index(step) + 1
        following = "check" if at == len(STEPS) or request.GET.get("back") == "check" else STEPS[at]
        return redirect("ledger:budget-new-step", step=following)
    at = STEPS.index(step)
    back = reverse("ledger:budget-new-step", args=[STEPS[at - 1]]) if at else reverse("ledger:budgets")
    titles = {
        "project": _("Use your own money"),
        "money": _("How much money"),
        "dates": _("When it may be used"),
    }
    context = {
        "form": form,
        "page_title": titles[step],
        "intro": step == "project",
        "back_url": back,
        "step": at + 1,
        "steps": len(STEPS),
    }
    return render(request, "ledger/own_money_step.html", context, status=422 if form.errors else 200)


def _projects(request: HttpRequest) -> Any:
    """Projects that the person pays for; a person with none is told who may."""
    if request.actor.person is None:
        raise SignInNeeded
    projects = projects_where(request.actor, PAYERS)
    if not projects.exists():
        raise Forbidden(
            _("Only an owner or finance member of an organisation with an open project may ask for a budget.")
        )
    return projects


def _form(step: str, data: Any, answers: dict[str, str], projects: Any) -> Any:
    kind = {"project": forms.ProjectStep, "money": forms.MoneyStep, "dates": forms.DatesStep}[step]
    more = {"projects": projects} if step == "project" else {}
    return kind(data, initial=answers, **more)


def _check(request: HttpRequest, projects: Any) -> HttpResponse:
    answers = request.session.get(KEPT, {})
    given: dict[str, Any] = {}
    for each in STEPS:
        form = _form(each, answers, answers, projects)
        if not form.is_valid():
            return redirect("ledger:budget-new-step", step=each)
        given |= form.cleaned_data
    confirm = Form(sent(request))
    if confirm.is_valid():
        access.require(request.actor, "ledger.open_own_budget", given["project"])
        worked, budget = attempt(confirm, actions.open_own_budget, request.actor, **given)
        if worked:
            del request.session[KEPT]
            messages.success(request, _asked(given["ceiling"]))
            return redirect("ledger:budget", uid=budget.uid)
    context = {
        "form": confirm,
        "rows": _answers(given),
        "page_title": _("Check your answers"),
        "back_url": reverse("ledger:budget-new-step", args=["dates"]),
    }
    return render(request, "ledger/own_money_check.html", context, status=422 if confirm.errors else 200)


def _asked(ceiling: int) -> str:
    return _(
        "Your request is with the centre's finance officer, who grants credit by releasing up to %(ceiling)s. "
        "You will get a notice; jobs can start after that."
    ) % {"ceiling": format_cents(ceiling)}


def _answers(given: dict[str, Any]) -> list[dict[str, Any]]:
    project: Project = given["project"]

    def row(label: str, value: Any, at: str) -> dict[str, Any]:
        return {
            "label": label,
            "value": value,
            "change_url": f"{reverse('ledger:budget-new-step', args=[at])}?back=check",
        }

    def day(value: date) -> str:
        from django.utils.formats import date_format

        return date_format(value, "j F Y")

    return [
        row(_("Project"), f"{project.name}\n{project.organisation.name}", "project"),
        row(_("Name"), given["name"], "money"),
        row(_("The most that may be spent"), format_cents(given["ceiling"]), "money"),
        row(_("Your order number"), given["reference"], "money"),
        row(_("First day"), day(given["starts_on"]), "dates"),
        row(_("Last day"), day(given["ends_on"]), "dates"),
    ]
