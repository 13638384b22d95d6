"""Public pages of calls, and the secretariat's form for them."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from aisc.core import access, clock
from aisc.core.errors import AiscError
from aisc.scheme import actions, queries
from aisc.scheme.forms import CallForm, CriterionRows
from aisc.scheme.models import Call
from aisc.scheme.rules import CLAUSES, DEFAULT_CRITERIA, HOURS_PER_MONTH, TARGET_WORKING_DAYS
from aisc.scheme.views.shared import done, rubric


def index(request: HttpRequest) -> HttpResponse:
    groups: dict[str, list[Call]] = {"open": [], "coming": [], "closed": []}
    for call in queries.calls():
        groups[queries.phase(call)].append(call)
    context = groups | {
        "clauses": list(CLAUSES.values()),
        "may_create": access.may(request.actor, "scheme.create_call"),
    }
    return render(request, "scheme/calls.html", context)


def call(request: HttpRequest, uid: str) -> HttpResponse:
    found = queries.call_by_uid(uid)
    phase = queries.phase(found)
    context = {
        "call": found,
        "phase": phase,
        "rubric": rubric(found),
        "figures": queries.figures(found),
        "clauses": list(CLAUSES.values()),
        "hours": HOURS_PER_MONTH,
        "targets": TARGET_WORKING_DAYS,
        "may_edit": phase == "coming" and access.may(request.actor, "scheme.edit_call", found),
    }
    return render(request, "scheme/call.html", context)


def new(request: HttpRequest) -> HttpResponse:
    access.require(request.actor, "scheme.create_call")
    initial = {"opens_at": timezone.localtime(clock.now()), "acceptance_days": 28}
    return _edit(request, None, initial, DEFAULT_CRITERIA)


def edit(request: HttpRequest, uid: str) -> HttpResponse:
    found = queries.call_by_uid(uid)
    access.require(request.actor, "scheme.edit_call", found)
    if queries.phase(found) != "coming":
        return redirect("scheme:call", uid=uid)
    initial = {name: getattr(found, name) for name in CallForm.base_fields}
    return _edit(request, found, initial, found.criteria)


def _edit(
    request: HttpRequest, call: Call | None, initial: dict[str, Any], criteria: list[dict[str, Any]]
) -> HttpResponse:
    data = request.POST if request.method == "POST" else None
    form = CallForm(data, initial=initial)
    rows = CriterionRows(data, initial=criteria, prefix="criteria")
    if data is not None and form.is_valid() and rows.is_valid():
        values = form.cleaned_data | {"criteria": rows.rows()}
        try:
            if call is None:
                saved = actions.create_call(request.actor, **values)
            else:
                saved = actions.edit_call(request.actor, call=call, **values)
        except AiscError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error.message))
        else:
            return done(request, _("The call is saved."), f"/scheme/{saved.uid}/")
    failed = bool(form.errors or rows.total_error_count())
    context = {
        "form": form,
        "rows": rows,
        "forms": [form, rows],
        "call": call,
        "page_title": _("Edit the call") if call else _("New call"),
    }
    return render(request, "scheme/call_form.html", context, status=422 if failed else 200)
