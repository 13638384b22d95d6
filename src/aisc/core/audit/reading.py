"""Reading the audit log: filtered, newest first, a page at a time; the same cost at row one and at row one million."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib.auth import get_user_model
from django.db import models
from django.db.models import Q, QuerySet

from aisc.core import access, clock
from aisc.core.actions import Actor
from aisc.core.audit.kinds import ALL, withheld_from
from aisc.core.models import AuditEvent, AuditSubject

_MOST_PEOPLE = 200
_TOGETHER = 500


@dataclass(frozen=True)
class Filter:
    """What is asked for. ``who`` is a name, an address or a uid; ``action`` an action or the beginning of one."""

    who: str = ""
    action: str = ""
    object_type: str = ""
    object_id: str = ""
    room: str = ""
    since: date | None = None
    until: date | None = None
    text: str = ""

    def narrow(self, events: QuerySet[AuditEvent]) -> QuerySet[AuditEvent]:
        """``events`` that fit."""
        if self.who:
            events = events.filter(_by(self.who))
        if self.action:
            events = events.filter(action__startswith=self.action)
        if self.room:
            events = events.filter(action__startswith=f"{self.room}.")
        if self.object_type:
            events = events.filter(object_type=self.object_type)
        if self.object_id:
            events = events.filter(object_id=self.object_id)
        if self.since:
            events = events.filter(at__gte=clock.from_ms(clock.day_bounds_ms(self.since)[0]))
        if self.until:
            events = events.filter(at__lt=clock.from_ms(clock.day_bounds_ms(self.until)[1]))
        if self.text:
            events = events.filter(Q(object_label__icontains=self.text) | Q(reason__icontains=self.text))
        return events


def _by(who: str) -> Q:
    people = get_user_model()._default_manager.filter(Q(name__icontains=who) | Q(email__icontains=who) | Q(uid=who))
    keys = list(people.values_list("pk", flat=True)[:_MOST_PEOPLE])
    # A part of the system is no person; its name is in the row itself.
    return Q(person_id__in=keys) if keys else Q(actor__icontains=who)


@dataclass(frozen=True)
class Slice:
    """Some rows, newest first; ``older`` and ``newer`` are where to go on from, or None."""

    rows: list[AuditEvent]
    older: int | None
    newer: int | None


def sees_all(actor: Actor) -> bool:
    """Whether the actor sees the whole log, with addresses."""
    return access.may(actor, ALL)


def events(given: Filter) -> QuerySet[AuditEvent]:
    """The whole log, narrowed."""
    return given.narrow(AuditEvent.objects.select_related("person"))


def history(actor: Actor, row: models.Model, given: Filter | None = None) -> QuerySet[AuditEvent]:
    """What happened to ``row`` and to what belongs to it, as far as ``actor`` sees it.

    A model's ``audit_also()`` gives the keys of rows whose history is this one's too, such as merged duplicates.
    """
    also = getattr(row, "audit_also", list)()
    subjects = AuditSubject.objects.filter(object_type=row._meta.label_lower, object_pk__in=[row.pk, *also])
    found = AuditEvent.objects.select_related("person")
    # An event may be about several of them, and is told once; for one, the index gives the order as well.
    found = found.filter(seq__in=subjects.values("event")) if also else found.filter(subjects_index__in=subjects)
    if given is not None:
        found = given.narrow(found)
    return found if sees_all(actor) else found.exclude(action__in=withheld_from(actor, row))


def page(rows: QuerySet[AuditEvent], *, before: int | None = None, after: int | None = None, size: int = 50) -> Slice:
    """``size`` rows older than number ``before``, or the ones next newer than ``after``; one query."""
    if after is not None:
        found = list(rows.filter(seq__gt=after).order_by("seq")[: size + 1])
        more, found = len(found) > size, found[:size][::-1]
        older = found[-1].seq if found else None
        return Slice(found, older, found[0].seq if more else None)
    narrowed = rows if before is None else rows.filter(seq__lt=before)
    found = list(narrowed.order_by("-seq")[: size + 1])
    more, found = len(found) > size, found[:size]
    newer = found[0].seq if found and before is not None else None
    return Slice(found, found[-1].seq if more else None, newer)


def all_of(rows: QuerySet[AuditEvent]) -> Iterator[AuditEvent]:
    """Every row, oldest first, some hundred at a time: memory does not grow, and no transaction stays open."""
    last = 0
    while found := list(rows.filter(seq__gt=last).order_by("seq")[:_TOGETHER]):
        yield from found
        last = found[-1].seq


def as_dict(event: AuditEvent, *, whole: bool) -> dict[str, Any]:
    """A row for programs, with what it takes to compute its hash again; ``whole`` with where the actor came from."""
    from aisc.core.audit.chain import moment

    told = {
        "seq": event.seq,
        "at": moment(event.at),
        "person": event.person_id,
        "actor": event.actor,
        "action": event.action,
        "object_type": event.object_type,
        "object_id": event.object_id,
        "object_label": event.object_label,
        "details": event.details,
        "changes": event.changes,
        "subjects": event.subjects,
        "reason": event.reason,
    }
    if whole:
        told |= {"address": event.address, "request_id": event.request_id, "via": event.via}
    return told | {"hash": event.hash}
