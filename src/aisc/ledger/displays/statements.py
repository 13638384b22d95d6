"""Statements for readers: both payers side by side from the same entries, and the bill to date."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property

from django.db.models import BigIntegerField, Case, F, Max, QuerySet, Sum, When
from django.db.models.functions import Coalesce

from aisc.core import clock
from aisc.core.language import chosen
from aisc.ledger.models import Budget, Entry, Price, Statement, names_on_documents

BILLED_KINDS = (Entry.Kind.CHARGE, Entry.Kind.REVERSAL)


@dataclass(frozen=True)
class PriceSum:
    """What was used at one price, net of reversals: quantity in the meter's unit, amounts in cents."""

    price: Price
    quantity: int
    amount: int
    scheme_share: int
    applicant_share: int


@dataclass(frozen=True)
class Bill:
    """Entries ``first_seq`` to ``last_seq`` of a budget, for both payers.

    ``scheme`` and ``applicant`` are the issued statements; both are None for a bill to date. An own-money
    budget may have the applicant's alone.
    """

    budget: Budget
    first_seq: int
    last_seq: int
    period_start: date
    period_end: date
    scheme: Statement | None = None
    applicant: Statement | None = None
    sums: list[PriceSum] = field(default_factory=list)

    @property
    def issued(self) -> list[Statement]:
        """The statements that exist, the scheme's first."""
        return [each for each in (self.scheme, self.applicant) if each]

    @cached_property
    def names(self) -> dict[str, str]:
        """What the document calls organisation and project: as issued, or as of today."""
        return self.issued[0].names if self.issued else names_on_documents(self.budget)

    @property
    def organisation(self) -> str:
        """The organisation's name on the document, for the reader."""
        return chosen(self.names, "organisation")

    @cached_property
    def amount(self) -> int:
        return sum(row.amount for row in self.sums)

    @cached_property
    def scheme_share(self) -> int:
        return sum(row.scheme_share for row in self.sums)

    @cached_property
    def applicant_share(self) -> int:
        return sum(row.applicant_share for row in self.sums)

    @property
    def entries(self) -> QuerySet[Entry]:
        """Every entry, releases too: the chain has no gaps."""
        return (
            Entry.objects.filter(budget=self.budget, seq__gte=self.first_seq, seq__lte=self.last_seq)
            .select_related("usage__price__meter", "reverses__usage__price__meter")
            .order_by("seq")
        )

    @property
    def lines(self) -> QuerySet[Entry]:
        """The entries that somebody pays for."""
        return self.entries.filter(kind__in=BILLED_KINDS)


def bill(statement: Statement) -> Bill:
    """The bill that ``statement`` is one payer's half of, with the other payer's statement."""
    pair = {
        each.payer: each
        for each in Statement.objects.filter(
            budget=statement.budget, first_seq=statement.first_seq, last_seq=statement.last_seq
        )
    }
    return Bill(
        budget=statement.budget,
        first_seq=statement.first_seq,
        last_seq=statement.last_seq,
        period_start=statement.period_start,
        period_end=statement.period_end,
        scheme=pair.get(Statement.Payer.SCHEME),
        applicant=pair.get(Statement.Payer.APPLICANT),
        sums=_sums(statement.budget, statement.first_seq, statement.last_seq),
    )


def bill_to_date(budget: Budget) -> Bill:
    """What the next statements would say if they were issued now."""
    issued = budget.statements.aggregate(last=Max("last_seq"), until=Max("period_end"))
    first = (issued["last"] or 0) + 1
    start = issued["until"] + timedelta(days=1) if issued["until"] else budget.starts_on
    return Bill(
        budget=budget,
        first_seq=first,
        last_seq=budget.entry_count,
        period_start=start,
        period_end=max(start, clock.today()),
        sums=_sums(budget, first, budget.entry_count),
    )


def _sums(budget: Budget, first_seq: int, last_seq: int) -> list[PriceSum]:
    rows = list(
        Entry.objects.filter(budget=budget, seq__gte=first_seq, seq__lte=last_seq, kind__in=BILLED_KINDS)
        .order_by()
        .annotate(
            # A reversal takes back the use that the entry it reverses charged.
            at_price=Coalesce("usage__price_id", "reverses__usage__price_id"),
            signed=Case(
                When(kind=Entry.Kind.REVERSAL, then=-1 * F("reverses__usage__quantity")),
                default=F("usage__quantity"),
                output_field=BigIntegerField(),
            ),
        )
        .values("at_price")
        .annotate(
            quantity=Sum("signed"),
            list=Sum("amount"),
            scheme=Sum("scheme_share"),
            applicant=Sum("applicant_share"),
        )
    )
    prices = Price.objects.select_related("meter__accelerator", "price_list").in_bulk([row["at_price"] for row in rows])
    sums = [
        PriceSum(prices[row["at_price"]], row["quantity"], row["list"], row["scheme"], row["applicant"]) for row in rows
    ]
    return sorted(sums, key=lambda row: (row.price.meter.code, row.price.pk))


def issued(budget: Budget) -> list[Bill]:
    """A budget's bills, newest first, each with both payers' statements; sums are left out."""
    bills: dict[tuple[int, int], dict[str, Statement]] = {}
    for statement in budget.statements.order_by("-last_seq", "payer"):
        bills.setdefault((statement.first_seq, statement.last_seq), {})[statement.payer] = statement
    answer = []
    for (first, last), pair in bills.items():
        one = next(iter(pair.values()))
        answer.append(
            Bill(
                budget=budget,
                first_seq=first,
                last_seq=last,
                period_start=one.period_start,
                period_end=one.period_end,
                scheme=pair.get(Statement.Payer.SCHEME),
                applicant=pair.get(Statement.Payer.APPLICANT),
            )
        )
    return answer
