"""The application form: one question group a page, saved at every step, checked, submitted, confirmed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from aisc.core import access
from aisc.core.errors import AiscError, Conflict, Forbidden, NotFound
from aisc.core.forms import attempt
from aisc.people.access import WRITERS
from aisc.people.queries import organisations_where
from aisc.people.texts import Occasion, receipts
from aisc.scheme import actions, declaration, queries
from aisc.scheme.completeness import SECTIONS, Missing, double_funding_text, hints, missing
from aisc.scheme.costs import Cost, cost_of
from aisc.scheme.days import in_words
from aisc.scheme.forms import DeclarationForm, OrganisationForm, ReasonForm, section_form
from aisc.scheme.models import Application
from aisc.scheme.ribbon import ribbon
from aisc.scheme.rules import CLAUSES, HOURS_PER_MONTH, TARGET_WORKING_DAYS
from aisc.scheme.standing import EDITABLE
from aisc.scheme.views.shared import application_for, ask, done, signed_in, title_of, url_of

ORDER = list(SECTIONS)


def start(request: HttpRequest, uid: str) -> HttpResponse:
    """Choose the organisation; then the draft exists and nothing is lost any more."""
    signed_in(request)
    call = queries.call_by_uid(uid)
    organisations = organisations_where(request.actor, WRITERS)
    data = request.POST if request.method == "POST" else None
    form = OrganisationForm(data, organisations=organisations)
    if data is not None and form.is_valid():
        organisation = form.cleaned_data["organisation"]
        if organisation is None:
            form.add_error("organisation", _("Choose your organisation."))
        else:
            worked, draft = attempt(form, actions.start_draft, request.actor, organisation=organisation, call=call)
            if worked:
                return redirect("scheme:form", uid=draft.uid)
    context = {
        "form": form,
        "call": call,
        "phase": queries.phase(call),
        "none": not organisations,
        "clauses": list(CLAUSES.values()),
        "page_title": _("Apply for subsidised computing"),
        "back_url": reverse("scheme:call", args=[uid]),
    }
    return render(request, "scheme/start.html", context, status=422 if form.errors else 200)


def _editable(request: HttpRequest, uid: str) -> Application:
    """Raises NotFound, Forbidden, or Conflict when it is no draft any more."""
    application = application_for(request, uid, "save_draft")
    if application.state not in EDITABLE:
        raise Conflict(
            _("This application was submitted and cannot be changed any more. You find it under “Applications”."),
            code="application.state",
        )
    return application


def tasks(request: HttpRequest, uid: str) -> HttpResponse:
    """The task list: what is done, what is still to do."""
    application = _editable(request, uid)
    gaps = missing(application)
    open_sections = {gap.section for gap in gaps}
    items = [
        {"label": label, "url": url_of("section", application, name), "done": name not in open_sections}
        for name, label in SECTIONS.items()
    ]
    context = {
        "application": application,
        "title": title_of(application),
        "items": items,
        "finished": sum(item["done"] for item in items),
        "ready": not open_sections - {"declaration"},
        "hints": hints(application),
        "ribbon": ribbon(application, application.changes.all()),
        "phase": queries.phase(application.call),
        "crumbs": [
            {"label": _("Applications"), "url": reverse("scheme:applications")},
            {"label": title_of(application), "url": ""},
        ],
    }
    return render(request, "scheme/tasks.html", context)


def section(request: HttpRequest, uid: str, section: str) -> HttpResponse:
    """One page of the form. Whatever can be kept is kept, whichever button was pressed."""
    application = _editable(request, uid)
    if section not in SECTIONS:
        raise NotFound
    data = request.POST if request.method == "POST" else None
    organisations = organisations_where(request.actor, WRITERS)
    form = section_form(section, application, data, organisations=organisations)
    if data is not None and form.is_valid():
        try:
            application = actions.save_draft(request.actor, application=application, **form.changes())
        except (Conflict, Forbidden):
            raise
        except AiscError as error:
            _blame(form, error.field, str(error.message))
        else:
            if "later" in data:
                return done(
                    request, _("Your draft is saved. Come back whenever you like."), url_of("form", application)
                )
            if "again" in data:
                messages.success(request, _("Saved."))
                return redirect(url_of("section", application, section))
            gaps = [gap for gap in missing(application) if gap.section == section]
            if not gaps:
                return redirect(_following(request, application, section))
            for gap in gaps:
                _blame(form, gap.field, gap.text)
            messages.info(request, _("What you wrote is saved. Some of it is still to be completed."))
    return _show(request, application, section, form)


def _following(request: HttpRequest, application: Application, section: str) -> str:
    at = ORDER.index(section) + 1
    if request.GET.get("back") == "check" or at == len(ORDER):
        return url_of("check", application)
    return url_of("section", application, ORDER[at])


def _blame(form: Any, field: str | None, text: str) -> None:
    """Put an error on a form's field, or on the form; on rows as a whole."""
    if isinstance(form, forms.BaseFormSet):
        form.non_form_errors().append(text)
    else:
        form.add_error(field if field in form.fields else None, text)


def _show(request: HttpRequest, application: Application, section: str, form: Any) -> HttpResponse:
    rows = isinstance(form, forms.BaseFormSet)
    failed = bool(form.total_error_count() if rows else form.errors)
    if rows and form.is_bound:
        failed = failed or bool(form.non_form_errors())
    at = ORDER.index(section)
    from_check = request.GET.get("back") == "check"
    back = url_of("section", application, ORDER[at - 1]) if at else url_of("form", application)
    context = {
        "application": application,
        "form": form,
        "rows": rows,
        "section": section,
        "page_title": SECTIONS[section],
        "step": at + 1,
        "steps": len(ORDER),
        "back_url": url_of("check", application) if from_check else back,
        "saved_at": application.saved_at,
        "call": application.call,
        "hours": HOURS_PER_MONTH,
        "clause": CLAUSES["project_people"] if section == "team" else None,
        "no_double": CLAUSES["no_double"] if section == "funding" else None,
        "stop": double_funding_text() if section == "funding" and application.other_funding else "",
        "cost": _cost(application) if section == "resources" else None,
    }
    return render(request, "scheme/section.html", context, status=422 if failed else 200)


def _cost(application: Application) -> Cost:
    rows = [
        (row.accelerator.code, row.count, row.months) for row in application.resources.select_related("accelerator")
    ]
    return cost_of(rows, application.call.price_list)


def cost(request: HttpRequest, uid: str) -> HttpResponse:
    """The live cost of what stands in the form, saved or not: a fragment of the page."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    application = _editable(request, uid)
    rows = section_form("resources", application, request.POST, organisations=None)
    rows.is_valid()
    complete = [
        (form.cleaned_data["accelerator"], form.cleaned_data["count"], form.cleaned_data["months"])
        for form in rows.forms
        if not form.errors and form.cleaned_data.get("accelerator") and not form.cleaned_data.get("DELETE")
    ]
    context = {
        "cost": cost_of(complete, application.call.price_list),
        "call": application.call,
        "hours": HOURS_PER_MONTH,
        "application": application,
    }
    return render(request, "scheme/cost.html", context)


def check(request: HttpRequest, uid: str) -> HttpResponse:
    """Check your answers, declare, submit."""
    signed_in(request)
    application = queries.application_by_uid(request.actor, uid)
    if application.state not in EDITABLE and application.submitted_at is not None:
        # A second click, or a colleague was faster: what was wanted has happened.
        return redirect("scheme:submitted", uid=uid)
    application = _editable(request, uid)
    data = request.POST if request.method == "POST" else None
    said = declaration.current()
    form = DeclarationForm(data, initial={"text": said.sha256})
    may_submit = access.may(request.actor, "scheme.submit_application", application)
    gaps = [gap for gap in missing(application) if gap.section != "declaration"]
    if data is not None and form.is_valid():
        worked, _result = attempt(
            form,
            actions.submit_application,
            request.actor,
            application=application,
            declared=True,
            declaration=form.cleaned_data["text"],
        )
        if not worked:
            form = form.again(said.sha256)
        application.refresh_from_db(fields=["state"])
        # Also when a colleague's click was faster than this one.
        if worked or application.state not in EDITABLE:
            return redirect("scheme:submitted", uid=uid)
    context = {
        "application": application,
        "form": form,
        "gaps": [{"text": gap.text, "url": _change_url(application, gap)} for gap in gaps],
        "groups": _answers(application),
        "cost": _cost(application),
        "hours": HOURS_PER_MONTH,
        "call": application.call,
        "phase": queries.phase(application.call),
        "hints": hints(application),
        "declaration": said,
        "may_submit": may_submit,
        "page_title": _("Check your answers"),
        "back_url": url_of("form", application),
    }
    return render(request, "scheme/check.html", context, status=422 if form.errors else 200)


def _change_url(application: Application, gap: Missing) -> str:
    return f"{url_of('section', application, gap.section)}?back=check"


def _answers(application: Application) -> list[dict[str, Any]]:
    """Rows for ``summary_list``, by section."""
    answer = {True: _("Yes"), False: _("No"), None: ""}[application.other_funding]
    rows: dict[str, list[tuple[str, Any]]] = {
        "organisation": [(_("Organisation"), str(application.organisation))],
        "project": [
            (_("Title in English"), application.name_en),
            (_("Title in Chinese"), application.name_zh),
            (_("Summary in English"), application.summary_en),
            (_("Summary in Chinese"), application.summary_zh),
        ],
        "team": [(member.name or "—", _described(member)) for member in application.team.all()] or [(_("People"), "")],
        "resources": [
            (
                row.accelerator.title,
                _("%(count)s for %(months)s months") % {"count": f"{row.count:,}", "months": row.months},
            )
            for row in application.resources.select_related("accelerator")
        ]
        or [(_("Computing asked for"), "")],
        "start": [(_("Start date"), in_words(application.starts_on) if application.starts_on else "")],
        "justification": [(_("Why this much computing"), application.justification)],
        "funding": [
            (_("Other government subsidy for the same work"), answer),
            (_("Other public money for other parts of the project"), application.funding_note),
        ],
    }
    return [
        {
            "title": SECTIONS[name],
            "rows": [
                {
                    "label": label,
                    "value": value,
                    "change_url": f"{url_of('section', application, name)}?back=check",
                }
                for label, value in pairs
            ],
        }
        for name, pairs in rows.items()
    ]


def _described(member: Any) -> str:
    return "\n".join(filter(None, (member.role, member.email)))


def submitted(request: HttpRequest, uid: str) -> HttpResponse:
    """The confirmation: number, receipt, what happens next and when."""
    application = application_for(request, uid, "save_draft")
    submission = application.submissions.order_by("seq").last()
    if submission is None:
        raise NotFound
    context = {
        "application": application,
        "title": title_of(application),
        "submission": submission,
        "due": queries.due(application) if application.state == "submitted" else None,
        "targets": TARGET_WORKING_DAYS,
        "receipt": receipts(occasion=Occasion.APPLICATION, about=application.number).first(),
    }
    return render(request, "scheme/submitted.html", context)


def withdraw(request: HttpRequest, uid: str) -> HttpResponse:
    application = application_for(request, uid, "withdraw")
    data = request.POST if request.method == "POST" else None
    form = ReasonForm(
        data,
        name="reason",
        label=_("Why do you withdraw it?"),
        hint=_("You need not say. The secretariat reads it."),
        required=False,
    )
    if data is not None and form.is_valid():
        worked, result = attempt(
            form, actions.withdraw, request.actor, application=application, reason=form.cleaned_data["reason"]
        )
        if worked:
            return done(request, _("The application is withdrawn."), url_of("application", result))
    return ask(
        request,
        "scheme/reason.html",
        form,
        application,
        page_title=_("Withdraw this application"),
        text=_("It ends for good: nobody will assess or decide it, and it cannot be taken up again."),
        submit=_("Withdraw it"),
        danger=True,
    )
