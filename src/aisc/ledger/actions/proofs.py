"""Keeping the outcome of a proof."""

from __future__ import annotations

from aisc.core import clock
from aisc.core.actions import Actor, action, note
from aisc.ledger.models import Proof
from aisc.ledger.prove import ProofReport


@action("ledger.record_proof")
def record_proof(actor: Actor, *, report: ProofReport) -> Proof:
    """Keep what a proof found, for the operators' page. The proof itself ran outside of any transaction."""
    note(ok=report.holds, findings=report.total_findings)
    return Proof.objects.create(
        at=clock.now(),
        ok=report.holds,
        milliseconds=report.milliseconds,
        report=report.as_dict(),
    )
