"""Background work: clearing away what has had its time."""

from __future__ import annotations

from django.contrib.sessions.backends.db import SessionStore

from aisc.core import clock
from aisc.core.worker import task
from aisc.people.models import PendingSignUp


@task("people.tidy", every_s=3600)
def tidy() -> None:
    """Delete sign-ups that were never confirmed, and expired sessions."""
    PendingSignUp.objects.filter(expires_at__lt=clock.now()).delete()
    SessionStore.clear_expired()
