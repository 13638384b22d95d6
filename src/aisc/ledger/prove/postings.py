"""Every entry against its postings: the right accounts, the right amounts, no more and no fewer."""

from __future__ import annotations

from aisc.core.bulk import stream
from aisc.ledger.models import Account
from aisc.ledger.prove.report import ProofReport
from aisc.ledger.prove.rows import Groups

_ENTRIES = """
SELECT e.id, b.uid, e.seq, e.kind, e.amount, e.scheme_share, e.applicant_share, COALESCE(a.id, 0)
FROM ledger_entry e
LEFT JOIN ledger_budget b ON b.id = e.budget_id
LEFT JOIN ledger_account a ON a.organisation_id = b.organisation_id
ORDER BY e.id
"""
_POSTINGS = "SELECT entry_id, account_id, amount FROM ledger_posting ORDER BY entry_id, id"


def prove_postings(report: ProofReport) -> None:
    """Two tables side by side, in the order of the entries' numbers."""
    centre = dict(Account.objects.filter(organisation=None).values_list("kind", "pk"))
    fund, revenue = centre.get("fund", 0), centre.get("revenue", 0)
    postings = Groups(stream(_POSTINGS))
    count = 0
    for entry_id, uid, seq, kind, amount, scheme, applicant, organisation in stream(_ENTRIES):
        for row in postings.before(entry_id):
            _orphan(report, row)
        expected = []
        if amount and kind in ("charge", "reversal"):
            if scheme:
                expected.append((fund, scheme))
            if applicant:
                expected.append((organisation, applicant))
            expected.append((revenue, -amount))
        found = [row[1:] for row in postings.take(entry_id)]
        count += len(found)
        if found != expected and sorted(found) != sorted(expected):
            report.add("posting", uid or "", seq, expected=expected, found=found)
    for row in postings.before(None):
        _orphan(report, row)
    report.counts["postings"] = count


def _orphan(report: ProofReport, row: tuple[int, int, int]) -> None:
    entry_id, account_id, amount = row
    report.add("posting", where=f"entry {entry_id}", expected=[], found=[(account_id, amount)])
