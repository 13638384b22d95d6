"""Quantities as text for documents and files. Pages use the portal's filters."""

from __future__ import annotations

from aisc.core.money import MS_PER_HOUR, round_half_up
from aisc.ledger.models import Meter


def hours_text(quantity: int, meter: Meter) -> str:
    """``12.3456`` for a meter of milliseconds (hours, halves up), the grouped whole number otherwise."""
    sign = "\N{MINUS SIGN}" if quantity < 0 else ""
    if meter.unit != "ms":
        return f"{sign}{abs(quantity):,}"
    whole, rest = divmod(round_half_up(abs(quantity) * 10_000, MS_PER_HOUR), 10_000)
    return f"{sign}{whole:,}.{rest:04d}"


def decimal_text(cents: int) -> str:
    """``-1234.50``: an amount as spreadsheet programs read numbers, with an ASCII minus and no grouping."""
    sign = "-" if cents < 0 else ""
    units, rest = divmod(abs(cents), 100)
    return f"{sign}{units}.{rest:02d}"
