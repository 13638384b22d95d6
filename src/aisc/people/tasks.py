"""Background work: clearing away what has had its time."""

from __future__ import annotations

from django.contrib.sessions.backends.db import SessionStore

from aisc.core import clock
from aisc.core.actions import system
from aisc.core.worker import task
from aisc.people import actions
from aisc.people.models import Invitation, Membership, PendingSignUp


@task("people.tidy", every_s=3600)
def tidy() -> None:
    """Delete sign-ups that were never confirmed, and expired sessions."""
    PendingSignUp.objects.filter(expires_at__lt=clock.now()).delete()
    SessionStore.clear_expired()


@task("people.expire", every_s=60)
def expire() -> None:
    """Write down which invitations and facilitators are over; they have no effect any more already."""
    now = clock.now()
    if Invitation.objects.filter(state="open", expires_at__lte=now).exists():
        actions.expire_invitations(system("people.expire"))
    if Membership.with_ended.filter(expires_at__lte=now).exists():
        actions.expire_facilitators(system("people.expire"))
