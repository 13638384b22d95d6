"""Price lists for readers: the current one, earlier ones, and what changed between two of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import QuerySet

from aisc.centre.models import AcceleratorType
from aisc.core.money import round_half_up
from aisc.ledger.models import Meter, Price, PriceList
from aisc.ledger.queries import new_meter

GFLOPS_PER_PFLOPS = 1_000_000


@dataclass(frozen=True)
class PriceRow:
    """One meter in one list. ``cents`` for ``meter.per`` units; ``other_cents`` in the list compared with."""

    meter: Meter
    cents: int | None
    other_cents: int | None = None

    @property
    def change(self) -> int | None:
        """Cents more than in the list compared with; None where one of the two lacks the meter."""
        if self.cents is None or self.other_cents is None:
            return None
        return self.cents - self.other_cents

    @property
    def dearer(self) -> bool:
        """Whether somebody who has the list compared with would be worse off: it costs more, or is missing."""
        return self.other_cents is not None and (self.cents is None or self.cents > self.other_cents)

    @property
    def per_pflops_hour(self) -> int | None:
        """Cents for a PFLOPS-hour (dense FP16 peak × hours), rounded half up; only accelerators have one."""
        accelerator = self.meter.accelerator
        if accelerator is None or self.cents is None or not accelerator.fp16_gflops:
            return None
        return round_half_up(self.cents * GFLOPS_PER_PFLOPS, accelerator.fp16_gflops)


def published() -> QuerySet[PriceList]:
    """Every published price list, the latest first."""
    return PriceList.objects.filter(published_at__isnull=False)


def rows(price_list: PriceList, other: PriceList | None = None) -> list[PriceRow]:
    """The meters of ``price_list``, and with ``other`` also those that only the other one has."""
    wanted = [price_list, other] if other else [price_list]
    found: dict[int, dict[int, Price]] = {each.pk: {} for each in wanted}
    meters: dict[int, Meter] = {}
    prices = Price.objects.filter(price_list__in=wanted).select_related("meter__accelerator").order_by("meter__code")
    for price in prices:
        found[price.price_list_id][price.meter_id] = price
        meters[price.meter_id] = price.meter
    answer = []
    for pk, meter in meters.items():
        here = found[price_list.pk].get(pk)
        there = found[other.pk].get(pk) if other else None
        answer.append(PriceRow(meter, here.cents if here else None, there.cents if there else None))
    return answer


def priceable() -> list[Meter]:
    """Everything that can have a price, by code; types of accelerators without a meter with one that is not saved."""
    meters = list(Meter.objects.select_related("accelerator"))
    without = AcceleratorType.objects.filter(meter=None)
    return sorted([*meters, *map(new_meter, without)], key=lambda meter: meter.code)


def proposed(prices: Mapping[str, int], current: PriceList | None) -> list[PriceRow]:
    """``prices`` (meter's code to cents), not published yet, beside those of ``current``."""
    found = current.prices.values_list("meter__code", "cents") if current else []
    now = dict(found)
    rows = (PriceRow(meter, prices.get(meter.code), now.get(meter.code)) for meter in priceable())
    return [row for row in rows if row.cents is not None or row.other_cents is not None]
