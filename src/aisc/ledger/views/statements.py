"""Statements as pages, PDF and CSV; the statement to date; and issuing them."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from aisc.core import clock, typeset
from aisc.core.paging import page_of
from aisc.core.reading_copy import wanted
from aisc.ledger import actions, forms, lookups
from aisc.ledger import statement_pdf as documents
from aisc.ledger.displays import statements as displays
from aisc.ledger.downloads import csv_response, pdf_response
from aisc.ledger.models import Budget
from aisc.ledger.views.shared import act_by_form, crumbs, sent


def statement(request: HttpRequest, number: str) -> HttpResponse:
    found = lookups.statement(request.actor, number)
    return _page(request, displays.bill(found), found)


def interim(request: HttpRequest, uid: str) -> HttpResponse:
    return _page(request, displays.bill_to_date(lookups.budget(request.actor, uid)), None)


def _page(request: HttpRequest, bill, statement) -> HttpResponse:
    budget = bill.budget
    if statement:
        where = {
            "pdf_url": reverse("ledger:statement-pdf", args=[statement.number]),
            "csv_url": reverse("ledger:statement-csv", args=[statement.number]),
            "reference": statement.number,
            "document_date": timezone.localdate(statement.issued_at),
            "verification_code": statement.code,
            "verification_url": typeset.verify_url(statement.code),
            "page_title": _("Statement of charges"),
        }
    else:
        where = {
            "pdf_url": reverse("ledger:interim-pdf", args=[budget.uid]),
            "csv_url": reverse("ledger:interim-csv", args=[budget.uid]),
            "reference": budget.uid,
            "document_date": clock.today(),
            "page_title": _("Interim statement to date"),
        }
    context = {
        "centre_en": settings.CENTRE_NAME_EN,
        "centre_zh": settings.CENTRE_NAME_ZH,
        "bill": bill,
        "statement": statement,
        "budget": budget,
        "page": page_of(request, bill.lines, size=100),
        "crumbs": crumbs(
            (_("Budgets"), reverse("ledger:budgets")),
            (budget.name, reverse("ledger:budget-statements", args=[budget.uid])),
            (where["reference"], ""),
        ),
    }
    return render(request, "ledger/statement.html", context | where)


def statement_pdf(request: HttpRequest, number: str) -> HttpResponse:
    found = lookups.statement(request.actor, number)
    return pdf_response(documents.statement_pdf(displays.bill(found), found.payer, copy=wanted(request)), found.number)


def interim_pdf(request: HttpRequest, uid: str) -> HttpResponse:
    budget = lookups.budget(request.actor, uid)
    return pdf_response(
        documents.statement_pdf(displays.bill_to_date(budget), copy=wanted(request)), f"{budget.uid}-interim"
    )


def statement_csv(request: HttpRequest, number: str) -> StreamingHttpResponse:
    found = lookups.statement(request.actor, number)
    return csv_response(request, displays.bill(found), found.number)


def interim_csv(request: HttpRequest, uid: str) -> StreamingHttpResponse:
    budget = lookups.budget(request.actor, uid)
    return csv_response(request, displays.bill_to_date(budget), f"{budget.uid}-interim")


def issue(request: HttpRequest, uid: str) -> HttpResponse:
    """Both payers' statements for a period, by default up to yesterday if anything before today is to be billed."""
    budget: Budget = lookups.budget(request.actor, uid)
    bill = displays.bill_to_date(budget)
    yesterday = clock.today() - timedelta(days=1)
    initial = {"period_start": bill.period_start, "period_end": max(bill.period_start, yesterday)}
    return act_by_form(
        request,
        form=forms.IssueForm(sent(request), initial=initial),
        action=actions.issue_statements,
        rule="ledger.issue_statements",
        target=budget,
        arguments={"budget": budget},
        done=_("The statements are issued. Both payers can read them now."),
        to=reverse("ledger:budget-statements", args=[budget.uid]),
        page_title=_("Issue statements"),
        caption=budget.name,
        text=_("Every charge of the period that is on no statement yet is billed, once, to both payers."),
        submit=_("Issue"),
    )
