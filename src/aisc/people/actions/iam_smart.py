"""What iAM Smart is asked about a person, and what it answers."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any

from aisc.core import clock
from aisc.core.actions import Actor, action, note
from aisc.core.errors import NotFound, SignInNeeded
from aisc.people.models import IamSmartRequest
from aisc.people.sealing import seal

WAITS_FOR = timedelta(minutes=10)


@action("people.ask_iam_smart")
def ask_iam_smart(actor: Actor, *, kind: str, business_id: str, state: str, session_key: str) -> IamSmartRequest:
    """Write down that the person's app is about to be asked, so that its answer finds the question."""
    if actor.person is None:
        raise SignInNeeded
    return IamSmartRequest.objects.create(
        business_id=business_id,
        state_digest=_digest(state),
        kind=kind,
        person=actor.person,
        session_key=session_key,
        asked_at=clock.now(),
    )


@action("people.answer_iam_smart")
def answer_iam_smart(
    actor: Actor, *, kind: str, business_id: str, state: str, agreed: bool, content: dict[str, Any]
) -> IamSmartRequest:
    """Take an answer from a call-back: once, within ten minutes, with the state that only iAM Smart was told.

    Raises NotFound in every other case, with the same words, so that nobody learns which question waits.
    """
    asked = IamSmartRequest.objects.select_for_update(no_key=True).filter(business_id=business_id, kind=kind).first()
    good = (
        asked is not None
        and hmac.compare_digest(asked.state_digest, _digest(state))
        and asked.answered_at is None
        and clock.now() - asked.asked_at <= WAITS_FOR
    )
    if not good:
        raise NotFound
    asked.answered_at, asked.agreed = clock.now(), agreed
    asked.answer = seal(json.dumps(content))
    asked.save(update_fields=["answered_at", "agreed", "answer"])
    note(agreed=agreed)
    return asked


def _digest(state: str) -> str:
    return hashlib.sha256(state.encode()).hexdigest()
