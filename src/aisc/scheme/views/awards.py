"""The award's page for the applicant, accepting and declining it, and the decision letter."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from aisc.core import access
from aisc.core.errors import NotFound
from aisc.core.money import share
from aisc.core.reading_copy import wanted
from aisc.people import texts
from aisc.scheme import actions, conditions, letters, queries
from aisc.scheme.models import Award, Letter
from aisc.scheme.ribbon import ribbon
from aisc.scheme.rules import CLAUSES
from aisc.scheme.views.shared import crumbs, done, signed_in, title_of, url_of


def _award(request: HttpRequest, uid: str) -> Award:
    signed_in(request)
    application = queries.application_by_uid(request.actor, uid)
    award = getattr(application, "award", None)
    # Those who may not read the letter do not learn here what it says.
    if award is None or not access.may(request.actor, "scheme.view_letter", application):
        raise NotFound
    return award


@require_GET
def award(request: HttpRequest, uid: str) -> HttpResponse:
    """What is offered, what accepting does, and the two buttons."""
    found = _award(request, uid)
    application, decision = found.application, found.application.decision
    scheme = share(decision.ceiling, decision.scheme_bps)
    context = {
        "award": found,
        "application": application,
        "title": title_of(application),
        "decision": decision,
        "currency": application.call.price_list.currency,
        "scheme_cents": scheme,
        "applicant_cents": decision.ceiling - scheme,
        "applicant_bps": 10_000 - decision.scheme_bps,
        "people": application.team.exclude(email=""),
        "clause": CLAUSES["project_people"],
        "offered": application.state == "approved",
        "may_accept": access.may(request.actor, "scheme.accept_award", found),
        "may_open": found.budget_id is not None and access.may(request.actor, "ledger.view_budget", found.budget),
        "conditions": texts.to_accept(conditions.CODE) if application.state == "approved" else None,
        "receipt": conditions.receipt(found) if found.accepted_at else None,
        "ribbon": ribbon(application, application.changes.all()),
        "crumbs": crumbs(application, (found.number, "")),
    }
    return render(request, "scheme/award.html", context)


@require_POST
def accept(request: HttpRequest, uid: str) -> HttpResponse:
    found = _award(request, uid)
    if found.application.state == "accepted":
        # A second click: what was wanted has happened.
        return redirect(url_of("award", found.application))
    actions.accept_award(request.actor, award=found, conditions=texts.digest_given(request.POST))
    return done(
        request, _("The award is accepted. Its project and its budget are open."), url_of("award", found.application)
    )


@require_POST
def decline(request: HttpRequest, uid: str) -> HttpResponse:
    found = _award(request, uid)
    actions.decline_award(request.actor, award=found, reason=request.POST.get("reason", ""))
    return done(request, _("The award is declined."), url_of("application", found.application))


@require_GET
def letter(request: HttpRequest, uid: str) -> HttpResponse:
    """The decision letter as PDF, whatever the decision."""
    signed_in(request)
    return pdf_answer(request, queries.letter_of(request.actor, queries.application_by_uid(request.actor, uid)))


@require_GET
def award_letter(request: HttpRequest, number: str) -> HttpResponse:
    signed_in(request)
    found = queries.award_by_number(request.actor, number)
    return pdf_answer(request, queries.letter_of(request.actor, found.application))


def pdf_answer(request: HttpRequest, found: Letter) -> HttpResponse:
    """A letter as a file to look at; never kept by caches on the way."""
    return HttpResponse(
        letters.pdf(found, copy=wanted(request)),
        content_type="application/pdf",
        headers={
            "Content-Disposition": f'inline; filename="{found.reference}.pdf"',
            "Cache-Control": "private, no-store",
        },
    )
