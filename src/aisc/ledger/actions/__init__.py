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
from aisc.ledger.actions.corrections import reverse_entry
from aisc.ledger.actions.holds import HoldRequest, place_holds, release_holds
from aisc.ledger.actions.prices import move_to_price_list, publish_price_list
from aisc.ledger.actions.proofs import record_proof, run_proof
from aisc.ledger.actions.seals import seal_day
from aisc.ledger.actions.statements import issue_statements
from aisc.ledger.actions.usage import UsageItem, UsageResult, attribute_usage, record_usage

__all__ = [
    "HoldRequest",
    "UsageItem",
    "UsageResult",
    "attribute_usage",
    "close_budget",
    "issue_statements",
    "move_to_price_list",
    "open_budget",
    "open_own_budget",
    "place_holds",
    "publish_price_list",
    "raise_ceiling",
    "record_proof",
    "record_usage",
    "release_holds",
    "release_tranche",
    "resume_budget",
    "reverse_entry",
    "run_proof",
    "seal_day",
    "suspend_budget",
]
