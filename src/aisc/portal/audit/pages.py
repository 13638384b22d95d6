"""Pages of the audit log: all of it for auditors, what was refused, and what happened to one object."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from aisc.core import access
from aisc.core.actions import Actor
from aisc.core.audit import kinds, reading
from aisc.core.models import AuditEvent, AuditRefusal
from aisc.portal.audit import display, export
from aisc.portal.audit.forms import AuditForm, HistoryForm

ROWS = 50
BIGGEST = 2**63 - 1


@require_GET
def audit(request: HttpRequest) -> HttpResponseBase:
    """The whole log, filtered by address; ``?format=csv`` or ``jsonl`` gives it as a file."""
    access.require(request.actor, kinds.ALL)
    form = AuditForm(request.GET)
    context = {"form": form, "tabs": _tabs("audit"), "reset_url": reverse("portal:audit")}
    return _answer(request, reading.events(form.given()), "audit-log", "portal/audit.html", context)


@require_GET
def refusals(request: HttpRequest) -> HttpResponse:
    """What people tried and were refused, newest first."""
    access.require(request.actor, kinds.ALL)
    before = _number(request.GET.get("before"))
    rows = AuditRefusal.objects.all() if before is None else AuditRefusal.objects.filter(pk__lt=before)
    found = list(rows[: ROWS + 1])
    for each in found:
        each.words = kinds.said(each.action)
    older = f"?before={found[ROWS - 1].pk}" if len(found) > ROWS else ""
    context = {"rows": found[:ROWS], "tabs": _tabs("refusals"), "older_url": older}
    return render(request, "portal/audit_refusals.html", context)


@require_GET
def history(request: HttpRequest, slug: str, uid: str) -> HttpResponseBase:
    """What happened to one object and to what belongs to it, for those who may see it."""
    kind, row = find(request.actor, slug, uid)
    form = HistoryForm(request.GET)
    context = {
        "form": form,
        "kind": kind,
        "row": row,
        "object_url": row.get_absolute_url() if hasattr(row, "get_absolute_url") else "",
        "reset_url": request.path,
    }
    rows = reading.history(request.actor, row, form.given())
    return _answer(request, rows, f"history-{slug}-{uid}", "portal/history.html", context)


def find(actor: Actor, slug: str, uid: str) -> tuple[kinds.Kind, Any]:
    """The kind and the object. Raises SignInNeeded, NotFound or Forbidden."""
    kind = kinds.kind_called(slug)
    if actor.person is None:
        access.require(actor, "portal.home")
    row = kind.find(uid)
    access.require(actor, "portal.history", row)
    return kind, row


def _answer(
    request: HttpRequest, rows: QuerySet[AuditEvent], name: str, template: str, context: dict[str, Any]
) -> HttpResponseBase:
    whole = reading.sees_all(request.actor)
    if (format_ := request.GET.get("format")) in export.FORMATS:
        return export.response(request, rows, name=name, format_=format_, whole=whole)
    page = reading.page(
        rows, before=_number(request.GET.get("before")), after=_number(request.GET.get("after")), size=ROWS
    )
    context |= {
        "events": [display.shown(event, whole=whole) for event in page.rows],
        "whole": whole,
        "older_url": _with(request.GET, before=page.older),
        "newer_url": _with(request.GET, after=page.newer),
        "csv_url": _with(request.GET, format="csv"),
        "jsonl_url": _with(request.GET, format="jsonl"),
        "filtered": any(value for name, value in request.GET.items() if name not in ("before", "after", "lang")),
    }
    return render(request, template, context)


def _number(given: str | None) -> int | None:
    return min(int(given), BIGGEST) if given and given.isascii() and given.isdigit() else None


def _with(query: QueryDict, **values: Any) -> str:
    """The address with other values; where one starts is left out. Empty for a value that is None."""
    if None in values.values():
        return ""
    changed = query.copy()
    for name in ("before", "after", "format"):
        changed.pop(name, None)
    for name, value in values.items():
        changed[name] = str(value)
    return f"?{changed.urlencode()}"


def _tabs(current: str) -> list[dict[str, Any]]:
    items = [("audit", _("Carried out"), "portal:audit"), ("refusals", _("Refused"), "portal:audit_refusals")]
    return [{"label": label, "url": reverse(name), "current": key == current} for key, label, name in items]
