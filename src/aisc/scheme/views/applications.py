"""The list of applications, and one application as each reader may see it."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from aisc.core import access, clock, spreadsheet
from aisc.core.paging import page_of
from aisc.people.access import Centre, has_centre_role
from aisc.scheme import queries
from aisc.scheme.costs import frozen_cost, tenths, weighted_total
from aisc.scheme.models import Application, Decision, Letter
from aisc.scheme.ribbon import ribbon
from aisc.scheme.standing import EDITABLE, WITHDRAWABLE, standing
from aisc.scheme.states import APPLICATION
from aisc.scheme.views.shared import crumbs, rubric, signed_in, title_of, url_of


def index(request: HttpRequest) -> HttpResponse:
    """One's own applications, what waits for one, and (for the centre) all of them."""
    signed_in(request)
    actor = request.actor
    views = {"own": queries.own_applications(actor), **queries.desk(actor)}
    if has_centre_role(actor, (Centre.SECRETARIAT, Centre.COMMITTEE, Centre.ASSESSOR, Centre.AUDITOR)):
        views["all"] = queries.applications_visible_to(actor)
    labels = {
        "own": _("Your applications"),
        "check": _("To check and assign"),
        "assess": _("To assess"),
        "decide": _("To decide"),
        "all": _("All that you may see"),
    }
    first = next((name for name in ("check", "assess", "decide", "all") if name in views), "own")
    current = request.GET.get("view", first)
    if current not in views:
        current = first
    state = request.GET.get("state", "")
    rows = views[current]
    if state in APPLICATION.labels:
        rows = rows.filter(state=state)
    if "csv" in request.GET:
        return _as_csv(rows)
    page = page_of(request, rows)
    for row in page.object_list:
        row.due = queries.due(row)
        row.late = row.due is not None and row.due < clock.today()
        row.title = title_of(row)
    context = {
        "page": page,
        "view": current,
        "state": state,
        "states": APPLICATION.choices,
        "tabs": [
            {
                "label": labels[name],
                "url": f"?view={name}",
                "current": name == current,
                "count": found.count() if name in {"check", "assess", "decide"} else None,
            }
            for name, found in views.items()
        ],
        "open_calls": queries.open_calls()[:3] if current == "own" else [],
    }
    return render(request, "scheme/applications.html", context)


def _as_csv(rows: QuerySet[Application]) -> HttpResponse:
    """The list as a file: a line for each, with the day by which the next step is due."""
    lines = (
        (
            *(row.uid, row.number or "", title_of(row), row.organisation.name, row.call.name, row.state),
            *(row.state_since.isoformat(), queries.due(row) or ""),
        )
        for row in rows[: spreadsheet.MOST]
    )
    header = ("uid", "number", "title", "organisation", "call", "state", "since", "due")
    return spreadsheet.download("applications", header, lines)


def application(request: HttpRequest, uid: str) -> HttpResponse:
    signed_in(request)
    found = queries.application_by_uid(request.actor, uid)
    position = standing(request.actor, found)
    changes = list(found.changes.all())
    submissions = list(found.submissions.select_related("by"))
    snapshot = submissions[-1].snapshot if submissions else None
    letter = Letter.objects.filter(application=found).first() if position.sees_letter else None
    award = getattr(found, "award", None) if position.sees_letter else None
    context: dict[str, Any] = {
        "application": found,
        "title": title_of(found),
        "position": position,
        "ribbon": ribbon(found, changes) | {"url": _next_url(found, position)},
        "changes": changes,
        "submissions": submissions,
        "snapshot": snapshot,
        "rows": queries.summary_rows(snapshot) if snapshot else [],
        "cost": frozen_cost(snapshot) if snapshot else None,
        "hours": snapshot["hours_per_month"] if snapshot else None,
        "call": found.call,
        "letter": letter,
        "decision": Decision.objects.select_related("decided_by").filter(application=found).first() if letter else None,
        "award": award,
        "may_open": bool(award and award.budget_id) and access.may(request.actor, "ledger.view_budget", award.budget),
        "reviews": _reviews(request, found) if position.sees_reviews else [],
        "may": _may(found, position),
        "crumbs": [*crumbs(found)[:1], {"label": found.number or title_of(found), "url": ""}],
    }
    return render(request, "scheme/application.html", context)


def _may(application: Application, position: Any) -> dict[str, bool]:
    """What the reader can do here now: the standing's word and the state's together."""
    state = application.state
    return {
        "edit": position.writes and state in EDITABLE,
        "withdraw": position.signs and state in WITHDRAWABLE,
        "return": position.desk and state == "submitted" and application.returned_at is None,
        "assign": position.desk and state == "submitted",
        "take_back": position.desk and state == "in_review",
        "review": position.assesses and state == "in_review",
        "decide": position.decides and state == "reviewed",
        "award": position.applicant and state == "approved",
    }


def _next_url(application: Application, position: Any) -> str:
    may = _may(application, position)
    pages = {"edit": "form", "assign": "assign", "review": "review", "decide": "decision", "award": "award"}
    return next((url_of(page, application) for name, page in pages.items() if may[name]), "")


def _reviews(request: HttpRequest, application: Application) -> list[dict[str, Any]]:
    found = []
    for review in queries.reviews_of(request.actor, application):
        # An unfinished review is its assessor's own: half a judgement must not sway anybody.
        shown = review.submitted_at is not None or review.assessor == request.actor.person
        complete = len(review.scores) == len(application.call.criteria)
        found.append(
            {
                "review": review,
                "shown": shown,
                "criteria": rubric(application.call, review.scores) if shown else [],
                "total": tenths(weighted_total(application.call.criteria, review.scores))
                if shown and complete
                else None,
            }
        )
    return found
