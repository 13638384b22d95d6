"""Ending sessions: of one device, or of all others."""

from __future__ import annotations

from allauth.usersessions.models import UserSession

from aisc.core.actions import Actor, action, note
from aisc.core.errors import NotFound, SignInNeeded
from aisc.people.sessions import device, end_all


@action("people.end_session", on="session")
def end_session(actor: Actor, *, session: UserSession) -> None:
    """Sign out where the session is. Raises NotFound when it has ended already."""
    current = UserSession.objects.filter(pk=session.pk).first()
    if current is None:
        raise NotFound
    note(target=current.user, device=device(current.user_agent), place=current.ip)
    current.end()


@action("people.end_other_sessions")
def end_other_sessions(actor: Actor, *, session_key: str) -> int:
    """Sign out everywhere but in the session with this key; answers how many sessions ended."""
    if actor.person is None:
        raise SignInNeeded
    ended = end_all(actor.person, but=session_key)
    note(target=actor.person, ended=ended)
    return ended
