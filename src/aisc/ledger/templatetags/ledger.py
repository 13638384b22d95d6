"""Filters that only this room's pages need: `{% load ledger %}`."""

from __future__ import annotations

from datetime import datetime

from django import template

from aisc.core import clock
from aisc.ledger.models import Meter
from aisc.ledger.quantities import hours_text

register = template.Library()


@register.filter
def moment_ms(value: int) -> datetime:
    """Milliseconds since the epoch as a moment, for the portal's time filters."""
    return clock.from_ms(value)


@register.filter
def quantity(value: int, meter: Meter) -> str:
    """A quantity of a meter: hours with four decimals, or the whole number."""
    return hours_text(value, meter)
