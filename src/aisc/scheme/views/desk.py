"""Pages of the secretariat, the assessor and the committee: one step each."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from aisc.core.forms import attempt
from aisc.core.money import format_cents
from aisc.scheme import actions, queries
from aisc.scheme.costs import frozen_cost, tenths, weighted_total
from aisc.scheme.forms import AssignForm, DecisionForm, ReasonForm, ReviewForm
from aisc.scheme.models import Review
from aisc.scheme.rules import HOURS_PER_MONTH, ORDINARY_BPS
from aisc.scheme.views.shared import application_for, ask, done, rubric, url_of


def return_application(request: HttpRequest, uid: str) -> HttpResponse:
    application = application_for(request, uid, "return_application")
    data = request.POST if request.method == "POST" else None
    form = ReasonForm(
        data,
        name="missing",
        label=_("Everything that is missing"),
        hint=_("One line each. It can be returned once only, so list all of it; the applicant reads this."),
    )
    if data is not None and form.is_valid():
        worked, _result = attempt(
            form,
            actions.return_application,
            request.actor,
            application=application,
            missing=form.cleaned_data["missing"],
        )
        if worked:
            return done(
                request, _("It went back to the applicant, who has been told."), url_of("application", application)
            )
    return ask(
        request,
        "scheme/reason.html",
        form,
        application,
        page_title=_("Return for completion"),
        text=_("The applicant can change everything and submit it again, also after the call has closed."),
        submit=_("Return it"),
    )


def assign(request: HttpRequest, uid: str) -> HttpResponse:
    application = application_for(request, uid, "assign_assessor")
    data = request.POST if request.method == "POST" else None
    assessors = queries.assessors_for(application)
    form = AssignForm(data, assessors=assessors)
    if data is not None and form.is_valid():
        worked, _result = attempt(
            form,
            actions.assign_assessor,
            request.actor,
            application=application,
            assessor=form.cleaned_data["assessor"],
        )
        if worked:
            return done(
                request, _("The assessor has been told, and the applicant too."), url_of("application", application)
            )
    return ask(request, "scheme/assign.html", form, application, page_title=_("Choose an assessor"), none=not assessors)


def take_back(request: HttpRequest, uid: str) -> HttpResponse:
    application = application_for(request, uid, "take_back")
    data = request.POST if request.method == "POST" else None
    form = ReasonForm(data, name="reason", label=_("Why?"), hint=_("For the record; the applicant does not see it."))
    if data is not None and form.is_valid():
        worked, _result = attempt(
            form, actions.take_back, request.actor, application=application, reason=form.cleaned_data["reason"]
        )
        if worked:
            return done(request, _("The assignment has ended. Choose another assessor."), url_of("assign", application))
    return ask(
        request,
        "scheme/reason.html",
        form,
        application,
        page_title=_("Take the assignment back"),
        text=_("The assessor loses access to the application at once. What they wrote so far is not used."),
        submit=_("Take it back"),
        danger=True,
    )


def conflict(request: HttpRequest, uid: str) -> HttpResponse:
    application = application_for(request, uid, "declare_conflict")
    data = request.POST if request.method == "POST" else None
    form = ReasonForm(
        data,
        name="conflict",
        label=_("What connects you with the applicant or the work?"),
        hint=_("Family, money, employment, a joint paper, a rival project. The secretariat and auditors read this."),
    )
    if data is not None and form.is_valid():
        worked, _result = attempt(
            form,
            actions.declare_conflict,
            request.actor,
            application=application,
            conflict=form.cleaned_data["conflict"],
        )
        if worked:
            return done(
                request,
                _("Thank you. You have no access to this application any more."),
                reverse("scheme:applications"),
            )
    return ask(
        request,
        "scheme/reason.html",
        form,
        application,
        page_title=_("Declare a conflict of interest"),
        text=_("You lose access to this application at once and for good, and another assessor is chosen."),
        submit=_("Declare the conflict"),
        danger=True,
    )


def review(request: HttpRequest, uid: str) -> HttpResponse:
    application = application_for(request, uid, "save_review")
    row = Review.objects.get(application=application, assessor=request.actor.person)
    if application.state != "in_review":
        return redirect(url_of("application", application))
    data = request.POST if request.method == "POST" else None
    form = ReviewForm(data, call=application.call, review=row)
    if data is not None and form.is_valid():
        given = form.values()
        # First kept, then judged: a refusal for what is missing must not lose the rest.
        worked, _row = attempt(form, actions.save_review, request.actor, application=application, **given)
        if worked and "later" in data:
            messages.success(request, _("Your review is saved; nobody else sees it yet."))
            return redirect(url_of("review", application))
        if worked:
            worked, _row = attempt(form, actions.submit_review, request.actor, application=application, **given)
        if worked:
            return done(request, _("The committee has your review."), url_of("application", application))
    submission = application.submissions.order_by("seq").last()
    return ask(
        request,
        "scheme/review.html",
        form,
        application,
        page_title=_("Assess this application"),
        saved_at=row.saved_at,
        rubric=rubric(application.call),
        snapshot=submission.snapshot,
        rows=queries.summary_rows(submission.snapshot),
        cost=frozen_cost(submission.snapshot),
        hours=submission.snapshot["hours_per_month"],
        call=application.call,
    )


def decision(request: HttpRequest, uid: str) -> HttpResponse:
    application = application_for(request, uid, "decide")
    if application.state != "reviewed":
        return redirect(url_of("application", application))
    submission = application.submissions.order_by("seq").last()
    row = Review.objects.get(application=application, conflict="", taken_back="")
    cost = frozen_cost(submission.snapshot, row.recommended_bps or ORDINARY_BPS)
    data = request.POST if request.method == "POST" else None
    initial = {
        "scheme_bps": min(row.recommended_bps, ORDINARY_BPS) or None,
        "ceiling": cost.list_cents,
        "months": cost.months,
    }
    form = DecisionForm(data, initial=initial)
    if data is not None and form.is_valid():
        worked, _result = attempt(form, actions.decide, request.actor, application=application, **form.values())
        if worked:
            return done(request, _("The decision is made and the letter is out."), url_of("application", application))
    return ask(
        request,
        "scheme/decision.html",
        form,
        application,
        page_title=_("Decide on this application"),
        review=row,
        criteria=rubric(application.call, row.scores),
        total=tenths(weighted_total(application.call.criteria, row.scores)),
        cost=frozen_cost(submission.snapshot),
        asked=format_cents(cost.list_cents, cost.currency),
        hours=HOURS_PER_MONTH,
        call=application.call,
        rows=queries.summary_rows(submission.snapshot),
    )
