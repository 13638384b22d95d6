"""The one source of the current time.

Business code asks :func:`now` and never the system, so that tests and simulations can set it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

_fixed: ContextVar[datetime | None] = ContextVar("aisc_fixed_time", default=None)


def now() -> datetime:
    """The current time, aware, in UTC."""
    return _fixed.get() or datetime.now(UTC)


def now_ms() -> int:
    """The current time in whole milliseconds since the Unix epoch."""
    fixed = _fixed.get()
    return to_ms(fixed) if fixed else time.time_ns() // 1_000_000


def today() -> date:
    """Today's date at the centre (``settings.TIME_ZONE``)."""
    return now().astimezone(ZoneInfo(settings.TIME_ZONE)).date()


def to_ms(moment: datetime) -> int:
    """Whole milliseconds since the Unix epoch; exact, without floats."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def from_ms(ms: int) -> datetime:
    """The inverse of :func:`to_ms`."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)


def day_bounds_ms(day: date) -> tuple[int, int]:
    """First millisecond of ``day`` at the centre, and of the day after it."""
    zone = ZoneInfo(settings.TIME_ZONE)
    start = datetime(day.year, day.month, day.day, tzinfo=zone)
    following = day + timedelta(days=1)
    end = datetime(following.year, following.month, following.day, tzinfo=zone)
    return to_ms(start), to_ms(end)


def day_of_ms(ms: int) -> date:
    """The day at the centre on which the millisecond lies."""
    return from_ms(ms).astimezone(ZoneInfo(settings.TIME_ZONE)).date()


@contextmanager
def fixed(moment: datetime) -> Iterator[None]:
    """Make :func:`now` return ``moment`` inside the block."""
    token = _fixed.set(moment)
    try:
        yield
    finally:
        _fixed.reset(token)
