"""Every write of the scheme; each is one transaction and one audit row.

Locks are taken in one order: application, then counter, then award, then what people and ledger lock
(organisation, budget). An application's row lock is what makes two people's writes to it follow each other.
"""

from aisc.scheme.actions.awards import accept_award, decline_award, lapse, remind
from aisc.scheme.actions.calls import create_call, edit_call
from aisc.scheme.actions.decide import decide
from aisc.scheme.actions.desk import assign_assessor, return_application, take_back
from aisc.scheme.actions.drafts import save_draft, start_draft, submit_application, withdraw
from aisc.scheme.actions.reviews import declare_conflict, save_review, submit_review

__all__ = [
    "accept_award",
    "assign_assessor",
    "create_call",
    "decide",
    "declare_conflict",
    "decline_award",
    "edit_call",
    "lapse",
    "remind",
    "return_application",
    "save_draft",
    "save_review",
    "start_draft",
    "submit_application",
    "submit_review",
    "take_back",
    "withdraw",
]
