"""Asking for a proof, and keeping what it found."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction

from aisc.core.actions import Actor, action, note
from aisc.ledger.models import Proof
from aisc.ledger.prove import ProofReport

ASK = "ledger.run_proof"


@action(ASK)
def run_proof(actor: Actor) -> None:
    """Ask for a proof now. The worker makes it, beside its other work; this action's audit row is the request."""
    transaction.on_commit(settings.STATE.wake_worker)


@action("ledger.record_proof")
def record_proof(actor: Actor, *, report: ProofReport) -> Proof:
    """Keep what a proof found, for the operators' page. The proof itself ran outside of any transaction."""
    note(ok=report.holds, findings=report.total_findings)
    return Proof.objects.create(
        at=report.at,
        ok=report.holds,
        milliseconds=report.milliseconds,
        report=report.as_dict(),
    )
