"""The last proof, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from aisc.core.models import AuditEvent
from aisc.ledger.actions.proofs import ASK
from aisc.ledger.models import Proof
from aisc.ledger.prove.report import KINDS

SHOWN = 100
# What the proof counts, by the names in its report; what else it counts (a scheduler's rows) follows by its own name.
COUNTED = {
    "budgets": _("budgets"),
    "entries": _("lines of journals"),
    "postings": _("postings"),
    "usage records": _("usage records"),
    "unattributed": _("uses without a payer"),
    "open holds": _("open holds"),
    "statements": _("statements"),
    "seals": _("seals"),
    "audit rows": _("lines of the audit log"),
}
SOURCE = "rows of "


@dataclass(frozen=True)
class Difference:
    """One finding, in the reader's language."""

    what: Any
    where: str
    expected: str | None
    found: str | None


@dataclass(frozen=True)
class LastProof:
    """``asked_at``: when somebody asked for a newer one that is not made yet."""

    proof: Proof | None
    counts: list[tuple[Any, int]]
    differences: list[Difference]
    total: int
    asked_at: datetime | None


def last() -> LastProof:
    """The proof made last, and whether a newer one is under way."""
    proof = Proof.objects.first()
    asked = AuditEvent.objects.filter(action=ASK).order_by("-pk").values_list("at", flat=True).first()
    waiting = asked if asked and (proof is None or asked > proof.at) else None
    report = proof.report if proof else {}
    return LastProof(
        proof=proof,
        counts=_counts(report.get("counts", {})),
        differences=[_difference(each) for each in report.get("findings", [])[:SHOWN]],
        total=report.get("total_findings", 0),
        asked_at=waiting,
    )


def _counts(counts: dict[str, int]) -> list[tuple[Any, int]]:
    # Databases keep no order in JSON; this page does.
    others = sorted(set(counts) - set(COUNTED))
    return [(_label(name), counts[name]) for name in [*COUNTED, *others] if name in counts]


def _label(name: str) -> Any:
    if name.startswith(SOURCE):
        return gettext("runs of %(source)s") % {"source": name.removeprefix(SOURCE).removeprefix("engine:")}
    return COUNTED.get(name, name)


def _difference(finding: dict[str, Any]) -> Difference:
    place = finding["budget"] if finding["seq"] is None else f"{finding['budget']}/{finding['seq']}"
    return Difference(
        what=KINDS.get(finding["kind"], finding["kind"]),
        where=" ".join(part for part in (place, finding["where"]) if part),
        expected=finding["expected"],
        found=finding["found"],
    )
