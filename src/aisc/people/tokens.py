"""API tokens as secrets: made, digested, recognised."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import secrets
from datetime import timedelta

from django.db.models import Q
from django.http import HttpRequest

from aisc.core import clock
from aisc.core.actions import Actor
from aisc.core.middleware import actor_of
from aisc.people.models import ApiToken

PREFIX = "aisc_"
LAST_USED_EVERY = timedelta(minutes=1)


def new_secret() -> str:
    """``aisc_`` and 256 random bits in base 32, lower case."""
    return PREFIX + base64.b32encode(secrets.token_bytes(32)).decode().rstrip("=").lower()


def digest_of(secret: str) -> str:
    """What is kept of a secret: SHA-256 in hexadecimal. With 256 random bits it needs neither salt nor slowness."""
    return hashlib.sha256(secret.encode()).hexdigest()


def actor_from_token(secret: str, request: HttpRequest) -> Actor | None:
    """Who acts with this secret, or None when it is unknown, expired, revoked or of a deactivated person.

    One query; and one write at most once a minute, which notes that the token was used.
    """
    if not secret.startswith(PREFIX):
        return None
    now = clock.now()
    token = (
        ApiToken.objects.select_related("person")
        .filter(digest=digest_of(secret), revoked_at=None, expires_at__gt=now, person__is_active=True)
        .first()
    )
    if token is None:
        return None
    if token.last_used_at is None or now - token.last_used_at >= LAST_USED_EVERY:
        # The condition again, so that of many requests at once only one waits for the row.
        stale = Q(last_used_at=None) | Q(last_used_at__lte=now - LAST_USED_EVERY)
        ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)
    actor = actor_of(request, person=token.person, scopes=frozenset(token.scopes))
    return dataclasses.replace(actor, label=f"{token.person} · {token.prefix}…", via=f"token {token.prefix}…")
