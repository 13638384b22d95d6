"""Which days are to be sealed, and sealing them."""

from __future__ import annotations

from datetime import date, timedelta

from aisc.core import clock
from aisc.core.actions import Actor, system
from aisc.ledger.actions.seals import seal_day
from aisc.ledger.models import Entry, Seal

# After a longer standstill one seal covers it all; it also bounds what a clock set years ahead can do.
MOST_DAYS = 31


def due_days() -> list[date]:
    """Days that are over and not sealed, oldest first: since the last seal, or since the first entry."""
    yesterday = clock.today() - timedelta(days=1)
    latest = Seal.objects.filter(day__lte=yesterday).order_by("-day").values_list("day", flat=True).first()
    if latest is not None:
        start = latest + timedelta(days=1)
    else:
        first = Entry.objects.order_by("pk").values_list("at_ms", flat=True).first()
        if first is None:
            return []
        start = clock.day_of_ms(first)
    start = max(start, yesterday - timedelta(days=MOST_DAYS - 1))
    return [start + timedelta(days=n) for n in range((yesterday - start).days + 1)]


def seal_due_days(actor: Actor | None = None) -> list[date]:
    """Seal every day that is due; those days. Safe to repeat and to run twice at once."""
    days = due_days()
    for day in days:
        seal_day(actor or system("ledger.seal"), day=day)
    return days
