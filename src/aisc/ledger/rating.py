"""What a usage costs. Pure arithmetic on integers; the rules are published in ``docs/money.md``.

A price is ``cents`` for ``per`` units of a meter. Everything is rounded half up *on the running total* and
charged as the difference, so that a thousand small charges cost what one large one does.
"""

from __future__ import annotations

from aisc.core.money import ceil_div, round_half_up


def total(cents: int, per: int, quantity: int) -> int:
    """Cents that ``quantity`` units cost altogether."""
    return round_half_up(cents * quantity, per)


def worst_case(cents: int, per: int, quantity: int) -> int:
    """Cents to hold for ``quantity`` units: enough wherever the running total happens to stand."""
    return ceil_div(cents * quantity, per)


def fitting(cents: int, per: int, before: int, charged: int, room: int) -> int | None:
    """The most further units that ``room`` cents pay for after ``before`` units were charged ``charged`` cents.

    None when there is no limit, because the price is zero. ``total(before + result) − charged <= room``,
    and one unit more would break it.
    """
    if not cents:
        return None
    # round_half_up(x / per) <= limit is 2x + per < 2·per·(limit + 1), with x = cents · units.
    limit = charged + room
    return (per * (2 * limit + 1) - 1) // (2 * cents) - before
