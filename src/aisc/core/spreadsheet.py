"""Lists as CSV, as the filters in the address leave them: for spreadsheet programs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from django.http import HttpResponse

BYTE_ORDER_MARK = "\ufeff"  # without it Excel reads UTF-8 as something else
MOST = 10_000  # rows; who needs more asks the API page by page
_RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "'", "＝", "＋", "－", "＠")


def guarded(text: str) -> str:
    """``text`` that no spreadsheet program runs. The apostrophe is what they show nothing of."""
    return f"'{text}" if text[:1] in _RISKY else text


def download(name: str, header: Sequence[Any], rows: Iterable[Sequence[Any]]) -> HttpResponse:
    """``name``.csv with the first ``MOST`` of ``rows``. Numbers stay numbers; every text is guarded."""
    buffer = io.StringIO()
    buffer.write(BYTE_ORDER_MARK)
    writer = csv.writer(buffer)
    writer.writerow([str(each) for each in header])
    for row in islice(rows, MOST):
        writer.writerow([each if isinstance(each, int) else guarded(str(each)) for each in row])
    return HttpResponse(
        buffer.getvalue(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"', "Cache-Control": "private, no-cache"},
    )
