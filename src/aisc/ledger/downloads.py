"""Files that pages and the API hand out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from aisc.ledger import csv_export
from aisc.ledger.displays.statements import Bill


def pdf_response(document: bytes, name: str) -> HttpResponse:
    """A PDF that the browser shows; private, because it says who owes what."""
    headers = {"Content-Disposition": f'inline; filename="{name}.pdf"', "Cache-Control": "private, no-cache"}
    return HttpResponse(document, content_type="application/pdf", headers=headers)


def csv_response(request: HttpRequest, bill: Bill, name: str) -> StreamingHttpResponse:
    """The lines of a bill, written while they are read: a million lines need no memory."""
    parts = csv_export.parts(bill)
    return StreamingHttpResponse(
        _one_by_one(parts) if isinstance(request, ASGIRequest) else parts,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"', "Cache-Control": "private, no-cache"},
    )


async def _one_by_one(parts: Iterator[bytes]) -> AsyncIterator[bytes]:
    """``parts`` for the asynchronous server, which would otherwise read them all before it sends the first."""
    while part := await sync_to_async(next)(parts, b""):
        yield part
