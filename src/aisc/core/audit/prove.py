"""The proof of the audit log: every row hashed again, in one streaming pass that changes nothing."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aisc.core import bulk
from aisc.core.audit.chain import moment, row_hash

KINDS = {
    "altered": gettext_lazy("the row is not what was written, or follows another row than it did"),
    "removed": gettext_lazy("rows are missing before this one"),
    "inserted": gettext_lazy("the row has the number of another, or none"),
    "order": gettext_lazy("the rows are not in the order in which they were written"),
    "head": gettext_lazy("the end of the log is not where its head says"),
    "subject": gettext_lazy("the index of histories names other objects than the row"),
    "anchor": gettext_lazy("a seal of the ledger names another hash for this row"),
}


@dataclass(frozen=True)
class Finding:
    """One difference. ``seq`` is the place in the chain."""

    kind: str
    seq: int
    expected: str = ""
    found: str = ""

    def __str__(self) -> str:
        text = _("Row %(seq)s: %(what)s") % {"seq": self.seq, "what": KINDS[self.kind]}
        if self.expected or self.found:
            text += " " + _("(recomputed: %(expected)s, recorded: %(found)s)") % {
                "expected": self.expected,
                "found": self.found,
            }
        return text


@dataclass
class Report:
    """What was looked at and what differs; at most ``limit`` findings are kept, all are counted."""

    limit: int = 1000
    rows: int = 0
    head: str = ""
    findings: list[Finding] = field(default_factory=list)
    total_findings: int = 0
    milliseconds: int = 0

    @property
    def holds(self) -> bool:
        """Whether nothing was altered, removed, inserted or put in another order."""
        return not self.total_findings

    def add(self, kind: str, seq: int, expected: Any = "", found: Any = "") -> None:
        self.total_findings += 1
        if len(self.findings) < self.limit:
            self.findings.append(Finding(kind, seq, str(expected), str(found)))

    def lines(self) -> list[str]:
        """The report for people."""
        seconds = f"{self.milliseconds / 1000:.1f}"
        said = [_("Audit log: %(rows)s rows looked at, in %(seconds)s s.") % {"rows": self.rows, "seconds": seconds}]
        said += [str(finding) for finding in self.findings]
        if self.holds:
            said.append(_("The chain holds; its head is %(hash)s.") % {"hash": self.head or "–"})
        else:
            said.append(_("%(count)s differences in the audit log.") % {"count": self.total_findings})
        return said

    def as_dict(self) -> dict[str, Any]:
        """The report for programs."""
        return {
            "ok": self.holds,
            "rows": self.rows,
            "head": self.head,
            "milliseconds": self.milliseconds,
            "total_findings": self.total_findings,
            "findings": [
                {"kind": each.kind, "seq": each.seq, "expected": each.expected, "found": each.found, "text": str(each)}
                for each in self.findings
            ],
        }


# By the number that the database gave out when it was inserted, which a row that was put in later cannot have.
_ROWS = """
SELECT id, seq, at, person_id, actor, action, object_type, object_id, object_label, details, changes, subjects,
       reason, address, request_id, via, hash
FROM core_auditevent ORDER BY seq, id
"""
_SUBJECTS = "SELECT seq, object_type, object_pk FROM core_auditsubject ORDER BY seq, id"

# seq → hash that somebody else wrote down at the time, such as the ledger's seals; registered by their room.
_anchors: list[Any] = []


def register_anchors(anchors: Any) -> None:
    """``anchors()`` gives (seq, hash) pairs that were written down elsewhere."""
    if anchors not in _anchors:
        _anchors.append(anchors)


def prove(*, limit: int = 1000) -> Report:
    """Recompute the whole chain. Takes no lock; a million rows take about half a minute."""
    from aisc.core.models import AuditHead

    report = Report(limit=limit)
    began = time.perf_counter()
    with bulk.snapshot():
        anchors = dict(pair for each in _anchors for pair in each())
        last, previous = _rows(report, anchors)
        head = AuditHead.objects.filter(pk=1).values_list("seq", "hash").first() or (0, "")
        if head != (last, previous):
            report.add("head", last, f"{last} {previous}".strip(), f"{head[0]} {head[1]}".strip())
        for seq in sorted(seq for seq in anchors if seq > last):
            report.add("anchor", seq, "", anchors[seq])
        report.head = previous
    report.milliseconds = round((time.perf_counter() - began) * 1000)
    return report


def _rows(report: Report, anchors: dict[int, str]) -> tuple[int, str]:
    """Go along the chain; the last row's number and hash."""
    subjects = _Subjects()
    last, last_id, previous = 0, 0, ""
    for id_, seq, at, *values, recorded in bulk.stream(_ROWS):
        report.rows += 1
        if seq is None or seq == last:
            report.add("inserted", seq or 0, last + 1, seq)
            continue
        if seq != last + 1:
            report.add("removed", seq, last + 1, seq)
        if id_ < last_id:
            report.add("order", seq, f"id > {last_id}", id_)
        values[6:9] = [_loaded(value) for value in values[6:9]]
        expected = row_hash(previous, [seq, moment(_moment(at)), *values])
        # After a gap the row before is not there to be hashed; whether this one was altered cannot be said.
        if expected != recorded and seq == last + 1:
            report.add("altered", seq, expected, recorded)
        if anchors.get(seq, recorded) != recorded:
            report.add("anchor", seq, recorded, anchors[seq])
        if (indexed := subjects.of(seq)) != sorted(values[8]):
            report.add("subject", seq, ", ".join(sorted(values[8])), ", ".join(indexed))
        # Go on from what is recorded: then one altered row is one finding, and the next rows are judged by themselves.
        last, last_id, previous = seq, max(id_, last_id), recorded
    for seq in subjects.rest():
        report.add("subject", seq)
    return last, previous


class _Subjects:
    """The index of histories, read along with the rows."""

    def __init__(self) -> None:
        self._rows = bulk.stream(_SUBJECTS)
        self._next = next(self._rows, None)
        self._left_over: list[int] = []

    def of(self, seq: int) -> list[str]:
        found = []
        while self._next is not None and self._next[0] <= seq:
            if self._next[0] == seq:
                found.append(f"{self._next[1]}:{self._next[2]}")
            else:
                self._left_over.append(self._next[0])
            self._next = next(self._rows, None)
        return sorted(found)

    def rest(self) -> list[int]:
        while self._next is not None:
            self._left_over.append(self._next[0])
            self._next = next(self._rows, None)
        return sorted(set(self._left_over))


def _loaded(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def _moment(value: Any) -> datetime:
    """A moment as the database gives it: text in UTC on SQLite."""
    if connection.vendor != "sqlite":
        return value
    return datetime.fromisoformat(value).replace(tzinfo=UTC) if isinstance(value, str) else value.replace(tzinfo=UTC)
