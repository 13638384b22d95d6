"""What a proof found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aisc.core import clock

# What can differ, and how it is said. Each finding names the row and both values.
KINDS = {
    "sequence": gettext_lazy("the journal's lines are not numbered without gaps"),
    "chain": gettext_lazy("the hash does not follow from the line and the one before it"),
    "rating": gettext_lazy("the charge is not price × quantity on the running total"),
    "shares": gettext_lazy("the payers' shares are not those of the running total"),
    "reversal": gettext_lazy("the reversal is not the exact opposite of a charge of this budget"),
    "usage": gettext_lazy("usage and charge do not belong to each other"),
    "posting": gettext_lazy("the postings are not those of the entry"),
    "counter": gettext_lazy("the budget counts something else than its entries and holds say"),
    "running_total": gettext_lazy("the running total is not the sum of the charges"),
    "hold": gettext_lazy("the hold is not what its state and price say"),
    "statement": gettext_lazy("the statement is not what its entries say"),
    "seal": gettext_lazy("the day's seal does not fit the chains"),
    "source": gettext_lazy("the accounting and the usage records differ"),
    "audit": gettext_lazy("the audit log is not as it was written"),
}


@dataclass(frozen=True)
class Finding:
    """One difference. ``budget`` is a uid, ``seq`` an entry's number in it; ``where`` names other rows."""

    kind: str
    budget: str = ""
    seq: int | None = None
    where: str = ""
    expected: Any = None
    found: Any = None

    def __str__(self) -> str:
        place = f"{self.budget}/{self.seq}" if self.seq is not None else self.budget
        place = " ".join(part for part in (place, self.where) if part)
        return _("%(place)s: %(what)s (recomputed: %(expected)s, recorded: %(found)s)") % {
            "place": place,
            "what": KINDS[self.kind],
            "expected": self.expected,
            "found": self.found,
        }


@dataclass
class ProofReport:
    """Counts of what was looked at, what differs (at most ``limit`` kept, all counted), and how long it took."""

    limit: int = 1000
    at: datetime = field(default_factory=clock.now)  # when it began: what was written later it does not know
    findings: list[Finding] = field(default_factory=list)
    total_findings: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    stages: dict[str, int] = field(default_factory=dict)  # milliseconds
    milliseconds: int = 0

    @property
    def holds(self) -> bool:
        """Whether everything agrees."""
        return not self.total_findings

    def add(self, kind: str, budget: str = "", seq: int | None = None, where: str = "", **values: Any) -> None:
        """Note one difference; ``expected`` and ``found`` say what was recomputed and what is recorded."""
        self.total_findings += 1
        if len(self.findings) < self.limit:
            self.findings.append(Finding(kind, budget, seq, where, **values))

    def compare(self, kind: str, expected: Any, found: Any, budget: str = "", seq: int | None = None, where: str = ""):
        """Note a difference if there is one."""
        if expected != found:
            self.add(kind, budget, seq, where, expected=expected, found=found)

    def lines(self) -> Iterator[str]:
        """The report for people."""
        yield _("Looked at: %(counts)s; in %(seconds).1f s.") % {
            "counts": ", ".join(f"{count:,} {name}" for name, count in self.counts.items()),
            "seconds": self.milliseconds / 1000,
        }
        for finding in self.findings:
            yield str(finding)
        if self.holds:
            yield _("Everything agrees, to the cent.")
        else:
            yield _("%(count)d differences.") % {"count": self.total_findings}

    def as_dict(self) -> dict[str, Any]:
        """The report for programs, in JSON's types."""
        return {
            "ok": self.holds,
            "milliseconds": self.milliseconds,
            "stages_ms": dict(self.stages),
            "counts": dict(self.counts),
            "total_findings": self.total_findings,
            "findings": [
                {
                    "kind": finding.kind,
                    "budget": finding.budget,
                    "seq": finding.seq,
                    "where": finding.where,
                    "expected": None if finding.expected is None else str(finding.expected),
                    "found": None if finding.found is None else str(finding.found),
                    "text": str(finding),
                }
                for finding in self.findings
            ],
        }
