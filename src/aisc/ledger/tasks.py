"""The ledger's background work: yesterday's seal, last month's statements, the daily proof."""

from __future__ import annotations

import logging
import threading
from datetime import date, timedelta

from django.db import connection
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_noop

from aisc.core import clock
from aisc.core.actions import system
from aisc.core.models import AuditEvent
from aisc.core.worker import task
from aisc.ledger.actions.proofs import ASK, record_proof
from aisc.ledger.actions.statements import issue_statements
from aisc.ledger.models import Budget, Entry, Proof, Seal, Statement
from aisc.ledger.prove import prove
from aisc.ledger.queries import BILLED_KINDS
from aisc.ledger.seals import seal_due_days
from aisc.people.models import CentreRole
from aisc.people.notices import notify_all
from aisc.people.queries import persons_with_centre_role

log = logging.getLogger("aisc.ledger")


@task("ledger.seal", every_s=60)
def seal() -> None:
    """Seal the days that are over."""
    seal_due_days()


@task("ledger.statements", every_s=600)
def statements() -> None:
    """From the 1st of a month on, issue the statements of the month before for whatever it charged."""
    last_day = clock.today().replace(day=1) - timedelta(days=1)
    for budget in _unbilled(last_day):
        issue_statements(system("ledger.statements"), budget=budget, period_end=last_day)


def _unbilled(last_day: date) -> QuerySet[Budget]:
    """Budgets not billed up to ``last_day`` whose first charge on no statement was recorded by then."""
    _first, following = clock.day_bounds_ms(last_day)
    latest = Statement.objects.filter(budget=OuterRef("pk")).order_by("-last_seq")
    charges = Entry.objects.filter(budget=OuterRef("pk"), kind__in=BILLED_KINDS).order_by("seq")
    return (
        Budget.objects.annotate(
            billed_seq=Coalesce(Subquery(latest.values("last_seq")[:1]), 0),
            billed_until=Subquery(latest.values("period_end")[:1]),
            unbilled_ms=Subquery(charges.filter(seq__gt=OuterRef("billed_seq")).values("at_ms")[:1]),
        )
        .filter(Q(billed_until=None) | Q(billed_until__lt=last_day), unbilled_ms__lt=following)
        .order_by("pk")
    )


@task("ledger.proof", every_s=600, wakes=True)
def proof() -> None:
    """After a new seal, and when somebody asks, prove everything; aside, because it reads every record there is."""
    if proof_due() and not any(thread.name == _THREAD for thread in threading.enumerate()):
        threading.Thread(target=_prove_aside, name=_THREAD, daemon=True).start()


def proof_due() -> bool:
    """Whether a seal was made, or a proof asked for, since the last proof."""
    wanted = [
        Seal.objects.order_by("-pk").values_list("sealed_at", flat=True).first(),
        AuditEvent.objects.filter(action=ASK).order_by("-pk").values_list("at", flat=True).first(),
    ]
    latest = Proof.objects.order_by("-pk").values_list("at", flat=True).first()
    return any(moment is not None and (latest is None or moment > latest) for moment in wanted)


_THREAD = "aisc-proof"


def _prove_aside() -> None:
    try:
        prove_and_record()
    except Exception:
        # The next round tries again; a proof that could not run must not look like one that found nothing.
        log.exception("the proof could not be completed")
    finally:
        connection.close()


def prove_and_record() -> Proof:
    """Prove, keep the outcome, and tell the finance officers and auditors when something differs."""
    report = prove()
    kept = record_proof(system("ledger.proof"), report=report)
    if not report.holds:
        for role in (CentreRole.Role.FINANCE, CentreRole.Role.AUDITOR, CentreRole.Role.OPERATOR):
            notify_all(
                persons_with_centre_role(role),
                gettext_noop("The proof of the ledger found %(count)s differences. The first: %(first)s"),
                {"count": report.total_findings, "first": str(report.findings[0])[:300]},
                url="/operator/",
                email=True,
            )
    return kept
