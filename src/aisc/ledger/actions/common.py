"""What several of the ledger's actions need."""

from __future__ import annotations

from aisc.ledger.models import Budget
from aisc.people.access import PAYERS
from aisc.people.notices import notify_all
from aisc.people.queries import persons_with_role
from aisc.people.text import clean_line

# HK$10 trillion and 277,000 accelerators for a thousand hours are slips of the finger; these bounds also keep
# every product that is stored within 64 bits.
MAX_CENTS = 10**15
MAX_QUANTITY = 10**15


def clean_reason(reason: str) -> str:
    """One line that says why. Raises BadInput when there is none."""
    return clean_line(reason, field="reason", limit=300)


def tell_payers(budget: Budget, message: str, **values: str) -> None:
    """Leave the owners and finance members of the project's organisation a notice, and send it by e-mail."""
    # Not the budget's: that is who opened it, and may be a duplicate that was merged since.
    notify_all(
        persons_with_role(budget.project.organisation, PAYERS),
        message,
        {"budget": budget.name, **values},
        url=f"/budgets/{budget.uid}/",
        email=True,
    )
