"""``SESSION_ENGINE``: sessions as Django keeps them in the database, read without making their SQL for every page."""

from __future__ import annotations

from typing import Any

from django.contrib.sessions.backends.db import SessionStore as DatabaseSessions
from django.contrib.sessions.models import Session
from django.utils import timezone

from aisc.core.question import Question

_kept = Question(
    lambda key, now: Session.objects.filter(session_key=key, expire_date__gt=now).values_list("session_data")
)


class SessionStore(DatabaseSessions):
    """Django's own; what is unusual (no such session, a broken one) is left to it."""

    def load(self) -> dict[str, Any]:
        found = _kept(self.session_key, timezone.now()) if self.session_key else []
        return self.decode(found[0][0]) if found else super().load()
