"""Days as the scheme counts them: working days for its targets, calendar months for awards."""

from __future__ import annotations

import calendar
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import dateformat
from django.utils.translation import pgettext

SATURDAY = 5


def local_day(moment: datetime) -> date:
    """The date at the centre (``settings.TIME_ZONE``) when ``moment`` was."""
    return moment.astimezone(ZoneInfo(settings.TIME_ZONE)).date()


def in_words(day: date) -> str:
    """A date as the reader's language writes it; the message id is that of the portal's ``day`` filter."""
    return dateformat.format(day, pgettext("a day, in Django's date format", "j F Y"))


def add_working_days(start: date, days: int) -> date:
    """The ``days``-th Monday to Friday after ``start`` (``days`` >= 0). Public holidays count as working days."""
    weeks, rest = divmod(days, 5)
    day = start + timedelta(weeks=weeks)
    if weeks and not rest and day.weekday() >= SATURDAY:
        # Whole weeks from a weekend end on the Friday before: the fifth working day of each week.
        return day - timedelta(days=day.weekday() - SATURDAY + 1)
    while rest:
        day += timedelta(days=1)
        if day.weekday() < SATURDAY:
            rest -= 1
    return day


def add_months(start: date, months: int) -> date:
    """The same day ``months`` months later, or the month's last day where it has no such day."""
    years, month = divmod(start.month - 1 + months, 12)
    year, month = start.year + years, month + 1
    return date(year, month, min(start.day, calendar.monthrange(year, month)[1]))


def last_day(start: date, months: int) -> date:
    """The last day of ``months`` whole months that begin on ``start``."""
    return add_months(start, months) - timedelta(days=1)
