"""What people tried and may not: kept beside the chain, since a refusal changed nothing.

Refusals by the access rules and payments that a budget could not make are kept; a form with a mistake is not.
Whoever knocks without end fills no disk: of one person's refusals in an hour the first hundred are kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import models

from aisc.core import clock
from aisc.core.audit.chain import plain
from aisc.core.audit.changes import identity
from aisc.core.errors import AiscError, Forbidden, InsufficientBudget, NotFound

if TYPE_CHECKING:
    from aisc.core.actions import Actor

MOST_IN_AN_HOUR = 100
_KINDS = (Forbidden, NotFound, InsufficientBudget)


@dataclass(frozen=True)
class Refusal:
    """One refused action, to be written when its transaction is undone."""

    values: dict[str, Any]

    def write(self) -> None:
        """Keep it, unless this person has been refused very often in the last hour."""
        from aisc.core.models import AuditRefusal

        since = self.values["at"] - timedelta(hours=1)
        kept = AuditRefusal.objects.filter(person_id=self.values["person_id"], at__gt=since)
        if kept[:MOST_IN_AN_HOUR].count() < MOST_IN_AN_HOUR:
            AuditRefusal.objects.create(**self.values)


def refusal(actor: Actor, action: str, target: Any, error: BaseException) -> Refusal | None:
    """What to keep of ``error``, if anything."""
    if actor.person is None or not isinstance(error, _KINDS):
        return None
    is_row = isinstance(target, models.Model)
    return Refusal(
        {
            "at": clock.now(),
            "person_id": actor.person.pk,
            "actor": plain(str(actor))[:200],
            "action": action,
            "object_type": target._meta.label_lower if is_row else "",
            "object_id": identity(target) if is_row else "",
            "object_label": plain(str(target))[:200] if is_row else "",
            "code": error.code[:80] if isinstance(error, AiscError) else "",
            "address": plain(actor.address)[:64],
            "request_id": plain(actor.request_id)[:64],
            "via": plain(actor.via)[:100],
        }
    )
