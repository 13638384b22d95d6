"""Requests to somebody's iAM Smart app: made, waited for, answered by a call-back."""

from __future__ import annotations

import json
import secrets
import uuid
from typing import Any

from django.http import HttpRequest
from django.utils.translation import get_language

from aisc.core import clock
from aisc.people import actions
from aisc.people.iam_smart.client import Token, smart
from aisc.people.models import IamSmartRequest
from aisc.people.sealing import seal, unseal

_TOKEN = "aisc_iam_smart"  # noqa: S105 - a key of the session
PROFILE_FIELDS = ["enName", "chName"]


def keep_token(request: HttpRequest, token: Token) -> None:
    """Keep, sealed in the session, what lets us ask this person's app for more."""
    request.session[_TOKEN] = seal(json.dumps([token.open_id, token.access_token, token.expires_at_ms]))


def token_of(request: HttpRequest) -> Token | None:
    """The session's token, while it works."""
    sealed = request.session.get(_TOKEN)
    token = Token(*json.loads(unseal(sealed))) if sealed else None
    return token if token and token.expires_at_ms > clock.now_ms() else None


def start(request: HttpRequest, token: Token, kind: str, **more: Any) -> IamSmartRequest:
    """Ask the app; the row waits for its answer. Raises Unavailable, or Refused: then nothing waits."""
    state = secrets.token_hex(16)
    asked = actions.ask_iam_smart(
        request.actor,
        kind=kind,
        business_id=str(uuid.uuid4()),
        state=state,
        session_key=request.session.session_key,
    )
    try:
        smart().ask(kind, token, business_id=asked.business_id, state=state, language=get_language() or "en", **more)
    except Exception:
        asked.delete()
        raise
    return asked


def ask_profile(request: HttpRequest, token: Token) -> IamSmartRequest:
    """Ask for the person's names, to fill in a form (e-ME)."""
    return start(request, token, "profile", profileFields=PROFILE_FIELDS, formName="AISC", formNum="", formDesc="")


def ask_signature(request: HttpRequest, token: Token, *, digest: str, document: str) -> IamSmartRequest:
    """Ask the person to sign ``digest`` (SHA-256, hexadecimal) of a document called ``document``."""
    return start(
        request,
        token,
        "signing",
        hashCode=digest,
        HashAlgorithm="SHA-256",
        sigAlgo="SHA256withRSA",
        documentName=document[:100],
        serviceName="AISC",
        department="AISC",
    )


def answer_of(asked: IamSmartRequest) -> dict[str, Any]:
    """What the app answered, opened."""
    return json.loads(unseal(asked.answer)) if asked.answer else {}
