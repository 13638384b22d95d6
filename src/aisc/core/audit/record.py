"""Putting audit rows down, chained, at the end of the transaction that made them.

The chain has one head, and whoever writes holds it until the transaction ends: on PostgreSQL by a lock on the head's
row, on SQLite by the write lock that the transaction has anyway. It is the last lock that a transaction takes, so
nobody who holds it waits for anybody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Max

from aisc.core import bulk
from aisc.core.audit.chain import canonical, moment, plain, row_hash

_EVENT = (
    "seq",
    "at",
    "person_id",
    "actor",
    "action",
    "object_type",
    "object_id",
    "object_label",
    "details",
    "changes",
    "subjects",
    "reason",
    "address",
    "request_id",
    "via",
    "hash",
)
_SUBJECT = ("seq", "object_type", "object_pk")
_AT_ONCE = 100  # rows in one statement; more go by COPY


@dataclass
class Row:
    """One row before it has its place in the chain."""

    at: datetime
    person_id: int | None
    actor: str
    action: str
    object_type: str = ""
    object_id: str = ""
    object_label: str = ""
    details: dict[str, Any] = field(default_factory=dict)
    changes: list[Any] = field(default_factory=list)
    subjects: list[tuple[str, int]] = field(default_factory=list)
    reason: str = ""
    address: str = ""
    request_id: str = ""
    via: str = ""


def write(rows: Sequence[Row]) -> None:
    """Chain ``rows`` to the head and insert them. In a transaction; nothing may be locked after this."""
    from aisc.core.models import AuditEvent, AuditHead, AuditSubject

    if not rows:
        return
    prepared = [_values(row) for row in rows]
    seq, previous = _hold_head()
    events, subjects = [], []
    for row, values in zip(rows, prepared, strict=True):
        seq += 1
        previous = row_hash(previous, [seq, *values])
        at = connection.ops.adapt_datetimefield_value(row.at)
        details, changes, about = (canonical(values[place]) for place in (7, 8, 9))
        events.append((seq, at, *values[1:7], details, changes, about, *values[10:], previous))
        subjects += [(seq, *subject) for subject in row.subjects]
    if connection.vendor == "postgresql" and len(events) + len(subjects) <= _AT_ONCE:
        _write_at_once(events, subjects, seq, previous)
        return
    bulk.insert(AuditEvent, _EVENT, events)
    if subjects:
        bulk.insert(AuditSubject, _SUBJECT, subjects)
    AuditHead.objects.filter(pk=1).update(seq=seq, hash=previous)


def _write_at_once(events: Sequence[tuple[Any, ...]], subjects: Sequence[tuple[Any, ...]], seq: int, head: str) -> None:
    """One statement, one way to the server and back: others wait for the end of the log meanwhile."""

    def insert(table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> str:
        marks = ", ".join(f"({', '.join(['%s'] * len(columns))})" for _row in rows)
        return f"INSERT INTO {table} ({', '.join(columns)}) VALUES {marks}"  # noqa: S608 - names are ours

    parts = [f"e AS ({insert('core_auditevent', _EVENT, events)})"]
    if subjects:
        parts.append(f"s AS ({insert('core_auditsubject', _SUBJECT, subjects)})")
    values = [value for row in (*events, *subjects) for value in row]
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH {', '.join(parts)} UPDATE core_audithead SET seq = %s, hash = %s WHERE id = 1",  # noqa: S608
            [*values, seq, head],
        )


def head() -> tuple[int, str]:
    """Number and hash of the last row that is there for good; (0, "") in an empty log."""
    from aisc.core.models import AuditHead

    return AuditHead.objects.filter(pk=1).values_list("seq", "hash").first() or (0, "")


def _values(row: Row) -> list[Any]:
    """The row in the order of ``chain.COLUMNS``, without its number."""
    return [
        moment(row.at),
        row.person_id,
        plain(row.actor)[:200],
        row.action,
        row.object_type,
        plain(row.object_id)[:64],
        plain(row.object_label)[:200],
        plain(row.details),
        plain(row.changes),
        [f"{label}:{key}" for label, key in row.subjects],
        plain(row.reason),
        plain(row.address)[:64],
        plain(row.request_id)[:64],
        plain(row.via)[:100],
    ]


def _hold_head() -> tuple[int, str]:
    """Number and hash of the last row, held until the transaction ends."""
    from aisc.core.models import AuditEvent, AuditHead

    found = AuditHead.objects.select_for_update(no_key=True).filter(pk=1).values_list("seq", "hash").first()
    if found is None:
        # A database without a head has no rows, unless somebody took it away: go on from the rows, the proof will tell.
        last = AuditEvent.objects.aggregate(last=Max("seq"))["last"] or 0
        latest = AuditEvent.objects.filter(seq=last).values_list("hash", flat=True).first() or ""
        AuditHead.objects.bulk_create([AuditHead(pk=1, seq=last, hash=latest)], ignore_conflicts=True)
        found = AuditHead.objects.select_for_update(no_key=True).filter(pk=1).values_list("seq", "hash").first()
    return found
