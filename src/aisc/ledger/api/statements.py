"""Statements. No ``from __future__ import annotations`` here: ninja reads the annotations."""

from django.http import HttpRequest
from ninja import Query

from aisc.core import access
from aisc.core.api import Page, idempotent, paginate, with_etag
from aisc.core.reading_copy import wanted
from aisc.ledger import actions, lookups
from aisc.ledger import statement_pdf as documents
from aisc.ledger.api.routing import Cursor, Limit, one_of, router, storable
from aisc.ledger.displays import statements as displays
from aisc.ledger.downloads import csv_response, pdf_response
from aisc.ledger.models import Statement
from aisc.ledger.queries import budgets_visible_to
from aisc.ledger.schemas import BillOut, IssueIn, StatementOut

_PDF = {"responses": {200: {"description": "The document", "content": {"application/pdf": {}}}}}
_CSV = {
    "responses": {200: {"description": "Its lines, with what the chain is computed from", "content": {"text/csv": {}}}}
}


@router.get("/statements", response=Page[StatementOut], summary="Statements one may see, newest first")
def statements(
    request: HttpRequest,
    budget: str = Query("", description="uid; left out: of every budget"),
    payer: str = Query("", description="`scheme` or `applicant`"),
    cursor: str | None = Cursor,
    limit: int = Limit,
):
    access.require(request.actor, "ledger.view_budgets")
    storable(budget=budget)
    one_of(payer, Statement.Payer.values, "payer")
    rows = Statement.objects.filter(budget__in=budgets_visible_to(request.actor)).select_related("budget")
    if budget:
        rows = rows.filter(budget__uid=budget)
    if payer:
        rows = rows.filter(payer=payer)
    found, following = paginate(rows, cursor=cursor, limit=limit)
    return with_etag(request, Page[StatementOut](items=[StatementOut.of(each) for each in found], next=following))


@router.post("/statements", response={201: BillOut}, summary="Issue both payers' statements for a period")
@idempotent
def issue(request: HttpRequest, body: IssueIn):
    """For finance officers. Each charge is billed exactly once."""
    budget = lookups.budget(request.actor, body.budget)
    issued = actions.issue_statements(
        request.actor, budget=budget, period_start=body.period_start, period_end=body.period_end
    )
    return 201, BillOut.of(displays.bill(issued[0]))


@router.get("/statements/{number}.pdf", openapi_extra=_PDF, summary="A statement as PDF, in English and Chinese")
def statement_pdf(request: HttpRequest, number: str):
    found = lookups.statement(request.actor, number)
    return pdf_response(documents.statement_pdf(displays.bill(found), found.payer, copy=wanted(request)), found.number)


@router.get("/statements/{number}.csv", openapi_extra=_CSV, summary="A statement's lines as CSV")
def statement_csv(request: HttpRequest, number: str):
    found = lookups.statement(request.actor, number)
    return csv_response(request, displays.bill(found), found.number)


@router.get("/statements/{number}", response=BillOut, summary="A statement, with the other payer's beside it")
def statement(request: HttpRequest, number: str):
    return with_etag(request, BillOut.of(displays.bill(lookups.statement(request.actor, number))))


@router.get("/budgets/{uid}/to-date", response=BillOut, summary="What is on no statement yet")
def to_date(request: HttpRequest, uid: str):
    return with_etag(request, BillOut.of(displays.bill_to_date(lookups.budget(request.actor, uid))))
