"""Money and rounding. Integers only: a float never touches an amount.

The rounding rule of the whole system, published in ``docs/money.md``: half up, to the cent, on the
*cumulative* total. A charge is the rounded total after it less the rounded total before it, so that
the cents of many small charges always add up to the rounded cost of the whole.
"""

from __future__ import annotations

from dataclasses import dataclass

BASIS_POINTS = 10_000
MS_PER_HOUR = 3_600_000


def round_half_up(numerator: int, denominator: int) -> int:
    """``numerator / denominator`` to the nearest integer, halves up. Both are >= 0, denominator > 0."""
    return (2 * numerator + denominator) // (2 * denominator)


def ceil_div(numerator: int, denominator: int) -> int:
    """The smallest integer that is at least ``numerator / denominator``."""
    return -(-numerator // denominator)


def share(amount: int, basis_points: int) -> int:
    """The part of ``amount`` (cents, cumulative, >= 0) that ``basis_points`` of 10,000 are."""
    return round_half_up(amount * basis_points, BASIS_POINTS)


@dataclass(frozen=True, order=True)
class Money:
    """An amount in integer cents of a currency (ISO 4217)."""

    cents: int
    currency: str = "HKD"

    def __post_init__(self) -> None:
        if type(self.cents) is not int:
            raise TypeError(f"cents must be int, not {type(self.cents).__name__}")

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise ValueError(f"cannot mix {self.currency} and {other.currency}")

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.cents + other.cents, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.cents - other.cents, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.cents, self.currency)

    def __str__(self) -> str:
        return format_cents(self.cents, self.currency)


SYMBOLS = {"HKD": "HK$"}


def format_cents(cents: int, currency: str = "HKD") -> str:
    """``HK$1,234.56``; a true minus sign before negative amounts."""
    sign = "\N{MINUS SIGN}" if cents < 0 else ""
    units, rest = divmod(abs(cents), 100)
    return f"{sign}{SYMBOLS.get(currency, currency + ' ')}{units:,}.{rest:02d}"


def parse_cents(text: str) -> int:
    """Cents of an amount typed by a person (``1,234.5``, ``HK$20``). Raises ValueError."""
    cleaned = text.strip().replace(",", "").replace("，", "").removeprefix("HK$").removeprefix("$").strip()
    units, dot, rest = cleaned.partition(".")
    # isascii: str.isdigit accepts digits of other scripts, which int() would then read silently.
    if not (units.isascii() and units.isdigit()) or (dot and not (rest.isascii() and rest.isdigit())):
        raise ValueError(f"{text!r} is not an amount of money")
    if len(rest) > 2 or len(units) > 15:
        raise ValueError(f"{text!r} is not an amount of money in cents")
    return int(units) * 100 + int(rest.ljust(2, "0"))
