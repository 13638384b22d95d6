"""One usage record with the arithmetic that turned it into a charge, redone from the records."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from django.db.models import Sum

from aisc.core.money import round_half_up, share
from aisc.ledger import chain
from aisc.ledger.csv_export import canonical_values
from aisc.ledger.models import Entry, Price, UsageRecord


@dataclass(frozen=True)
class Rating:
    """How a charge came about. Quantities in the meter's unit, amounts in cents.

    ``*_before`` are the totals of the budget's earlier charges: of this price for quantity and amount,
    of all prices for ``gross`` and ``scheme``. ``*_after`` include this charge.
    """

    entry: Entry
    price: Price
    quantity: int
    quantity_before: int
    amount_before: int
    gross_before: int
    scheme_before: int
    previous_hash: str

    @property
    def quantity_after(self) -> int:
        return self.quantity_before + self.quantity

    @property
    def amount_after(self) -> int:
        """The rounded cost of everything used at this price so far."""
        return round_half_up(self.quantity_after * self.price.cents, self.price.meter.per)

    @property
    def amount(self) -> int:
        return self.amount_after - self.amount_before

    @property
    def gross_after(self) -> int:
        return self.gross_before + self.amount

    @property
    def scheme_after(self) -> int:
        """The scheme's rounded share of everything charged so far."""
        return share(self.gross_after, self.entry.budget.scheme_bps)

    @property
    def scheme_share(self) -> int:
        return self.scheme_after - self.scheme_before

    @property
    def applicant_share(self) -> int:
        return self.amount - self.scheme_share

    @property
    def text(self) -> str:
        """What the line's hash covers, with the hash of the line before it."""
        return chain.canonical(canonical_values(self.entry, self.entry.budget))

    @property
    def agrees(self) -> bool:
        """Whether the arithmetic and the hash, done again from the records, give what is in the journal."""
        entry = self.entry
        return (self.amount, self.scheme_share, self.applicant_share) == (
            entry.amount,
            entry.scheme_share,
            entry.applicant_share,
        ) and sha256((self.previous_hash + self.text).encode()).hexdigest() == entry.hash


def rating(usage: UsageRecord) -> Rating | None:
    """The arithmetic of ``usage``'s charge; None while it has none."""
    entry = (
        Entry.objects.filter(usage=usage)
        .select_related("budget", "usage__price__meter", "usage__price__price_list")
        .first()
    )
    if entry is None:
        return None
    price = entry.usage.price
    earlier = Entry.objects.filter(budget=entry.budget, kind=Entry.Kind.CHARGE, seq__lt=entry.seq)
    all_prices = earlier.aggregate(Sum("amount", default=0), Sum("scheme_share", default=0))
    same_price = earlier.filter(usage__price=price).aggregate(
        Sum("usage__quantity", default=0), Sum("amount", default=0)
    )
    previous = Entry.objects.filter(budget=entry.budget, seq=entry.seq - 1).values_list("hash", flat=True).first()
    return Rating(
        entry=entry,
        price=price,
        quantity=usage.quantity,
        quantity_before=same_price["usage__quantity__sum"],
        amount_before=same_price["amount__sum"],
        gross_before=all_prices["amount__sum"],
        scheme_before=all_prices["scheme_share__sum"],
        previous_hash=previous or "",
    )
