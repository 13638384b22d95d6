"""The centre as a whole: what was charged on a day, for the operator's and the finance officer's pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Sum

from aisc.core import clock
from aisc.ledger.models import Entry, Seal


@dataclass(frozen=True)
class Day:
    """Charges of one day at the centre, net of reversals, in cents at list price; and how many lines they are."""

    day: date
    amount: int
    scheme_share: int
    applicant_share: int
    charges: int
    reversals: int
    released: int


def charges_on(day: date) -> Day:
    """Everything charged, reversed and released on ``day`` (the centre's time zone), in one query or two."""
    first_ms, next_ms = clock.day_bounds_ms(day)
    entries = Entry.objects.filter(at_ms__gte=first_ms, at_ms__lt=next_ms)
    # Entries are numbered in the order they are written, so a seal made before the day began bounds the search.
    earlier = (
        Seal.objects.filter(sealed_at__lt=clock.from_ms(first_ms))
        .order_by("-last_entry")
        .values_list("last_entry", flat=True)
        .first()
    )
    if earlier is not None:
        entries = entries.filter(id__gt=earlier)
    found = {
        row["kind"]: row
        for row in entries.order_by()
        .values("kind")
        .annotate(n=Count("id"), list=Sum("amount"), scheme=Sum("scheme_share"), applicant=Sum("applicant_share"))
    }
    zero = {"n": 0, "list": 0, "scheme": 0, "applicant": 0}
    charged, reversed_ = found.get(Entry.Kind.CHARGE, zero), found.get(Entry.Kind.REVERSAL, zero)
    return Day(
        day=day,
        amount=charged["list"] + reversed_["list"],
        scheme_share=charged["scheme"] + reversed_["scheme"],
        applicant_share=charged["applicant"] + reversed_["applicant"],
        charges=charged["n"],
        reversals=reversed_["n"],
        released=found.get(Entry.Kind.RELEASE, zero)["list"],
    )
