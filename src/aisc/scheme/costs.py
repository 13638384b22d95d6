"""What a request costs at list price, and who pays which part of it. Pure integers, no queries but one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from aisc.core.money import MS_PER_HOUR, round_half_up, share
from aisc.ledger.models import Price, PriceList
from aisc.scheme.rules import HOURS_PER_MONTH, ORDINARY_BPS


@dataclass(frozen=True)
class Line:
    """One line of a request. ``price_cents`` is for one hour of one accelerator, ``list_cents`` for all of it."""

    code: str
    name: str
    count: int
    months: int
    price_cents: int
    list_cents: int

    @property
    def hours(self) -> int:
        """Accelerator-hours."""
        return self.count * self.months * HOURS_PER_MONTH


@dataclass(frozen=True)
class Cost:
    """A request at list price and its two payers' shares at ``bps`` basis points of scheme's share."""

    lines: tuple[Line, ...]
    currency: str
    bps: int

    @property
    def list_cents(self) -> int:
        return sum(line.list_cents for line in self.lines)

    @property
    def scheme_cents(self) -> int:
        return share(self.list_cents, self.bps)

    @property
    def applicant_cents(self) -> int:
        return self.list_cents - self.scheme_cents

    @property
    def hours(self) -> int:
        return sum(line.hours for line in self.lines)

    @property
    def months(self) -> int:
        """The longest line's months: how long the request runs."""
        return max((line.months for line in self.lines), default=0)


def prices_of(price_list: PriceList) -> dict[str, Price]:
    """Prices of accelerators in ``price_list`` by accelerator code; one query."""
    rows = price_list.prices.filter(meter__accelerator__isnull=False).select_related("meter__accelerator")
    return {row.meter.accelerator.code: row for row in rows.order_by("meter__accelerator__code")}


def line_of(price: Price, count: int, months: int) -> Line:
    """count × months × 730 h × price, rounded half up to the cent."""
    milliseconds = count * months * HOURS_PER_MONTH * MS_PER_HOUR
    return Line(
        code=price.meter.accelerator.code,
        name=price.meter.accelerator.title,
        count=count,
        months=months,
        price_cents=round_half_up(MS_PER_HOUR * price.cents, price.meter.per),
        list_cents=round_half_up(milliseconds * price.cents, price.meter.per),
    )


def cost_of(rows: Iterable[tuple[str, int, int]], price_list: PriceList, bps: int = ORDINARY_BPS) -> Cost:
    """The cost of ``rows`` (accelerator code, count, months). Raises KeyError for one without a list price."""
    prices = prices_of(price_list)
    lines = tuple(line_of(prices[code], count, months) for code, count, months in rows)
    return Cost(lines=lines, currency=price_list.currency, bps=bps)


def frozen_cost(snapshot: dict[str, Any], bps: int = ORDINARY_BPS) -> Cost:
    """The cost that a submitted copy states, with the shares at ``bps``."""
    lines = tuple(Line(**line) for line in snapshot["resources"])
    return Cost(lines=lines, currency=snapshot["currency"], bps=bps)


def weighted_total(criteria: list[dict[str, Any]], scores: dict[str, int]) -> int:
    """The total in tenths of a point out of 100: the sum of weight × score (0 to 10). Exact; nothing is rounded."""
    return sum(criterion["weight"] * scores[criterion["code"]] for criterion in criteria)


def tenths(total: int) -> str:
    """``735`` as ``73.5``."""
    return f"{total // 10}.{total % 10}"
