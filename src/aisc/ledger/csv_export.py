"""The lines of a bill as CSV: for spreadsheet programs, and for anybody who wants to compute the chain again.

The first columns are for people. Then come the columns of :data:`aisc.ledger.chain.COLUMNS` in their order,
``previous_hash`` and ``hash``: the hash of a line is the SHA-256 of ``previous_hash`` and the JSON array of
those columns as strings (``chain.canonical``). Releases are lines too, or the chain would have gaps.

Text that a spreadsheet program could take for a formula carries one apostrophe in front; so does text that
begins with an apostrophe, so that taking one away gives back exactly what was hashed.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from django.utils import timezone

from aisc.core import clock
from aisc.core.spreadsheet import BYTE_ORDER_MARK, guarded
from aisc.ledger import chain
from aisc.ledger.displays.statements import Bill
from aisc.ledger.models import Budget, Entry
from aisc.ledger.quantities import decimal_text, hours_text

FOR_PEOPLE = ("recorded_at", "use", "hours", "list_price", "scheme_pays", "applicant_pays")
COLUMNS = (*FOR_PEOPLE, *chain.COLUMNS, "previous_hash", "hash")
LINES_A_PART = 500


def canonical_values(entry: Entry, budget: Budget) -> list[Any]:
    """The values of ``chain.COLUMNS`` for one entry."""
    head = [
        budget.uid,
        entry.seq,
        entry.kind,
        entry.at_ms,
        entry.amount,
        entry.scheme_share,
        entry.applicant_share,
        entry.reverses.seq if entry.reverses else "",
        entry.reason,
    ]
    if (usage := entry.usage) is None:
        return head + [""] * (len(chain.COLUMNS) - len(head))
    price = usage.price
    return [
        *head,
        usage.source,
        usage.source_id,
        usage.quantity,
        usage.started_ms,
        usage.ended_ms,
        usage.recorded_ms,
        usage.description,
        price.meter.code,
        price.cents,
        price.meter.per,
    ]


def parts(bill: Bill) -> Iterator[bytes]:
    """The file in parts of some hundred lines, each read from the database when it is asked for."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    previous = (
        Entry.objects.filter(budget=bill.budget, seq=bill.first_seq - 1).values_list("hash", flat=True).first() or ""
    )
    yield (BYTE_ORDER_MARK + _taken(buffer)).encode()
    for number, entry in enumerate(bill.entries.iterator(chunk_size=LINES_A_PART), 1):
        values = [guarded(each) if isinstance(each, str) else each for each in canonical_values(entry, bill.budget)]
        writer.writerow([*_for_people(entry), *values, previous, entry.hash])
        previous = entry.hash
        if number % LINES_A_PART == 0:
            yield _taken(buffer).encode()
    if rest := _taken(buffer):
        yield rest.encode()


def _taken(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text


def _for_people(entry: Entry) -> list[str]:
    reversed_ = entry.reverses
    usage = reversed_.usage if reversed_ else entry.usage
    moment = timezone.localtime(clock.from_ms(entry.at_ms))
    when = f"{moment:%Y-%m-%d %H:%M:%S}"
    if usage is None:
        return [when, guarded(entry.reason), "", "", "", ""]
    quantity = -usage.quantity if reversed_ else usage.quantity
    hours = hours_text(quantity, usage.price.meter).replace(",", "").replace("\N{MINUS SIGN}", "-")
    amounts = (entry.amount, entry.scheme_share, entry.applicant_share)
    return [when, guarded(usage.description or str(usage)), hours, *map(decimal_text, amounts)]
