"""The audit log as a file, made while it is sent: JSON lines to compute the chain again, CSV for spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Iterator
from typing import Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone

from aisc.core.audit import kinds
from aisc.core.audit.chain import canonical
from aisc.core.audit.reading import all_of, as_dict
from aisc.core.models import AuditEvent
from aisc.core.spreadsheet import BYTE_ORDER_MARK, guarded

FORMATS = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl; charset=utf-8"}
_IN_A_PART = 200
_COLUMNS = ("number", "when", "who", "action", "in_words", "object_type", "object", "object_name", "reason")
_WHOLE = ("address", "request_id", "via")
_REST = ("details", "changes", "hash")


def response(
    request: HttpRequest, rows: QuerySet[AuditEvent], *, name: str, format_: str, whole: bool
) -> StreamingHttpResponse:
    """``rows``, oldest first, in ``format_`` (one of :data:`FORMATS`)."""
    lines = _csv(rows, whole) if format_ == "csv" else _jsonl(rows, whole)
    parts = _parts(lines)
    return StreamingHttpResponse(
        _one_by_one(parts) if isinstance(request, ASGIRequest) else parts,
        content_type=FORMATS[format_],
        headers={
            "Content-Disposition": f'attachment; filename="{name}.{format_}"',
            "Cache-Control": "private, no-cache",
        },
    )


def _jsonl(rows: QuerySet[AuditEvent], whole: bool) -> Iterator[str]:
    for event in all_of(rows):
        yield canonical(as_dict(event, whole=whole)) + "\n"


def _csv(rows: QuerySet[AuditEvent], whole: bool) -> Iterator[str]:
    columns = (*_COLUMNS, *(_WHOLE if whole else ()), *_REST)
    yield BYTE_ORDER_MARK + _line(columns)
    for event in all_of(rows):
        when = f"{timezone.localtime(event.at):%Y-%m-%d %H:%M:%S}"
        values: list[Any] = [event.seq, when, event.actor, event.action, kinds.said(event.action)]
        values += [event.object_type, event.object_id, event.object_label, event.reason]
        values += [event.address, event.request_id, event.via] if whole else []
        values += [canonical(event.details), canonical(event.changes), event.hash]
        yield _line([guarded(each) if isinstance(each, str) else each for each in values])


def _line(values: Any) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(values)
    return buffer.getvalue()


def _parts(lines: Iterator[str]) -> Iterator[bytes]:
    waiting: list[str] = []
    for line in lines:
        waiting.append(line)
        if len(waiting) == _IN_A_PART:
            yield "".join(waiting).encode()
            waiting = []
    if waiting:
        yield "".join(waiting).encode()


async def _one_by_one(parts: Iterator[bytes]) -> AsyncIterator[bytes]:
    """``parts`` for the asynchronous server, which would otherwise read them all before it sends the first."""
    while part := await sync_to_async(next)(parts, b""):
        yield part
