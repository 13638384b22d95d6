"""Every write of the ledger. One function, one transaction, one audit row; see ``core.actions``."""

from aisc.ledger.actions.budgets import (
    close_budget,
    open_budget,
    open_own_budget,
    raise_ceiling,
    release_tranche,
    resume_budget,
    suspend_budget,
)
from aisc.ledger.actions.holds import HoldRequest, place_holds, release_holds
from aisc.ledger.actions.usage import UsageItem, UsageResult, attribute_usage, record_usage

__all__ = [
    "HoldRequest",
    "UsageItem",
    "UsageResult",
    "attribute_usage",
    "close_budget",
    "open_budget",
    "open_own_budget",
    "place_holds",
    "raise_ceiling",
    "record_usage",
    "release_holds",
    "release_tranche",
    "resume_budget",
    "suspend_budget",
]
