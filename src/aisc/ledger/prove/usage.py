"""Usage records against charges, holds and the accounting they were measured by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import NamedTuple

from django.db import connection

from aisc.core import bulk
from aisc.core.bulk import stream
from aisc.ledger.actions.usage import EXCESS
from aisc.ledger.prove.report import ProofReport
from aisc.ledger.prove.rows import Bits
from aisc.ledger.rating import worst_case

_BATCH = 5_000


class SourceRow(NamedTuple):
    """One line of a source's accounting: what became, or must become, one usage record."""

    source_id: str
    quantity: int
    started_ms: int
    ended_ms: int


SourceFactory = Callable[[], Iterable[SourceRow]]


def newest_usage() -> int:
    """The highest number of a usage record, or of one that a charge names."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COALESCE(MAX(n), 0) FROM"
            " (SELECT MAX(id) AS n FROM ledger_usagerecord UNION ALL SELECT MAX(usage_id) FROM ledger_entry) AS both_"
        )
        return cursor.fetchone()[0]


_USAGE = """
SELECT u.id, u.source, u.source_id, b.uid, u.budget_id
FROM ledger_usagerecord u LEFT JOIN ledger_budget b ON b.id = u.budget_id
ORDER BY u.id
"""


def prove_usage(report: ProofReport, charged: Bits, accounting: Mapping[str, SourceFactory]) -> None:
    """Each usage record is charged once or unattributed, and stands in the accounting of its source."""
    accounted = Bits(newest_usage())
    for source, factory in accounting.items():
        _prove_source(report, source, factory(), accounted)
    unattributed = count = 0
    for pk, source, source_id, budget, budget_id in stream(_USAGE):
        count += 1
        where = f"{source}:{source_id}"
        if budget_id is None:
            unattributed += 1
            if pk in charged:
                report.add("usage", where=where, expected="a budget, because it is charged", found="unattributed")
        elif pk not in charged:
            report.add("usage", budget or "", where=where, expected="a charge", found=None)
        if source in accounting and pk not in accounted:
            report.add("source", budget or "", where=where, expected=None, found="a usage record")
    report.counts["usage records"] = count
    report.counts["unattributed"] = unattributed


def _prove_source(report: ProofReport, source: str, rows: Iterable[SourceRow], accounted: Bits) -> None:
    """The accounting of one source against its usage records, a batch at a time."""
    iterator, count = iter(rows), 0
    while batch := list(islice(iterator, _BATCH)):
        count += len(batch)
        wanted = [row.source_id for row in batch]
        records = _records(source, [*wanted, *(source_id + EXCESS for source_id in wanted)])
        for row in batch:
            where = f"{source}:{row.source_id}"
            main, excess = records.get(row.source_id), records.get(row.source_id + EXCESS)
            if main is None:
                report.add("source", where=where, expected="a usage record", found=None)
                continue
            pk, quantity, started, ended = main
            if accounted.add(pk):
                report.add("source", where=where, expected="once in the accounting", found="more than once")
                continue
            if excess is not None:
                accounted.add(excess[0])
                quantity += excess[1]
            report.compare("source", tuple(row[1:]), (quantity, started, ended), where=where)
    report.counts[f"rows of {source}"] = count


def _records(source: str, source_ids: list[str]) -> dict[str, tuple[int, int, int, int]]:
    which, parameters = bulk.among("source_id", source_ids)
    with bulk.by_index(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT source_id, id, quantity, started_ms, ended_ms FROM ledger_usagerecord"  # noqa: S608
            f" WHERE source = %s AND {which}",
            [source, *parameters],
        )
        return {row[0]: tuple(row[1:]) for row in cursor.fetchall()}


_OPEN_HOLDS = """
SELECT h.uid, h.amount, h.quantity, p.cents, m.per, b.uid, u.source_id
FROM ledger_hold h
JOIN ledger_budget b ON b.id = h.budget_id
JOIN ledger_price p ON p.id = h.price_id
JOIN ledger_meter m ON m.id = p.meter_id
LEFT JOIN ledger_usagerecord u ON u.hold_id = h.id
WHERE h.state = 'open'
ORDER BY h.id
"""
# Settled means: exactly its usage was recorded, for its own budget. (One record at most: unique in the database.)
_CLOSED_HOLDS = """
SELECT h.uid, h.state, b.uid, u.source_id
FROM ledger_hold h
JOIN ledger_budget b ON b.id = h.budget_id
LEFT JOIN ledger_usagerecord u ON u.hold_id = h.id
WHERE (h.state = 'settled' AND (u.id IS NULL OR u.budget_id IS NULL OR u.budget_id <> h.budget_id))
   OR (h.state = 'released' AND u.id IS NOT NULL)
ORDER BY h.id
"""


def prove_holds(report: ProofReport) -> None:
    """Open holds hold what their price says and wait for their usage; settled ones have it; released ones none."""
    count = 0
    for uid, amount, quantity, cents, per, budget, source_id in stream(_OPEN_HOLDS):
        count += 1
        report.compare("hold", worst_case(cents, per, quantity), amount, budget, where=uid)
        if source_id is not None:
            report.add("hold", budget, where=uid, expected="settled", found="open")
    for uid, state, budget, source_id in stream(_CLOSED_HOLDS):
        expected = "no usage" if state == "released" else "its usage"
        report.add("hold", budget, where=uid, expected=expected, found=source_id)
    report.counts["open holds"] = count
