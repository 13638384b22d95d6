"""The proof: everything recomputed from the records up, in a few streaming passes that change nothing.

    report = prove()
    report.holds, report.lines(), report.findings

What a scheduler accounted for = usage records = charges, rated and split again = postings = counters =
statements, and every chain and seal computed again, the audit log's too. Reads one snapshot of the database while
others go on writing; memory grows with the number of budgets and seals only, and by a bit for each usage record.

The ledger knows no scheduler. Whoever meters one registers its accounting, so that the proof reaches down to it:

    register_source("engine:local", lambda: (SourceRow(ref, quantity, started, ended) for …))

The factory is called inside the snapshot and must yield what was to be metered by then, each once.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from aisc.core.audit.prove import prove as prove_audit
from aisc.core.bulk import snapshot
from aisc.ledger.prove.journals import prove_journals
from aisc.ledger.prove.postings import prove_postings
from aisc.ledger.prove.report import Finding, ProofReport
from aisc.ledger.prove.usage import SourceFactory, SourceRow, prove_holds, prove_usage

__all__ = ["Finding", "ProofReport", "SourceRow", "prove", "register_source", "sources"]

_sources: dict[str, SourceFactory] = {}


def register_source(name: str, factory: SourceFactory) -> None:
    """``factory`` gives the accounting behind the usage records of source ``name``; the latest one counts."""
    _sources[name] = factory


def sources() -> dict[str, SourceFactory]:
    """Every registered accounting, by the source it stands behind."""
    return dict(_sources)


def prove(*, limit: int = 1000, accounting: Mapping[str, SourceFactory] | None = None) -> ProofReport:
    """Recompute everything. ``limit`` bounds how many findings are kept; all are counted.

    ``accounting`` replaces the registered sources. Takes no lock; 1,000,000 records take about half a minute.
    """
    report = ProofReport(limit=limit)
    began = time.perf_counter()
    with snapshot():
        with _stage(report, "journals"):
            charged = prove_journals(report)
        with _stage(report, "postings"):
            prove_postings(report)
        with _stage(report, "holds"):
            prove_holds(report)
        with _stage(report, "usage"):
            prove_usage(report, charged, _sources if accounting is None else accounting)
        with _stage(report, "audit"):
            _prove_audit(report)
    report.milliseconds = round((time.perf_counter() - began) * 1000)
    return report


def _prove_audit(report: ProofReport) -> None:
    """The audit log says who moved the money: what was done to it is found here as well."""
    log = prove_audit(limit=report.limit)
    report.counts["audit rows"] = log.rows
    for finding in log.findings:
        report.add("audit", where=str(finding), expected=finding.expected or None, found=finding.found or None)
    report.total_findings += log.total_findings - len(log.findings)


@contextmanager
def _stage(report: ProofReport, name: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    report.stages[name] = round((time.perf_counter() - began) * 1000)
