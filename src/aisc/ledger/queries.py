"""Readings of the ledger. Each makes a constant number of SQL queries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from aisc.centre.models import AcceleratorType
from aisc.core import clock
from aisc.core.actions import Actor
from aisc.core.errors import BadInput
from aisc.core.money import MS_PER_HOUR, share
from aisc.ledger.forecast import forecasts
from aisc.ledger.models import Budget, Entry, Hold, Meter, Price, PriceList, UsageRecord
from aisc.ledger.rating import worst_case
from aisc.people.queries import projects_of, sees_everything

BILLED_KINDS = (Entry.Kind.CHARGE, Entry.Kind.REVERSAL)


def current_price_list(day: date | None = None) -> PriceList | None:
    """The published price list in force on ``day`` (today): the latest that is effective then."""
    lists = PriceList.objects.filter(published_at__isnull=False, effective_from__lte=day or clock.today())
    return lists.order_by("-effective_from", "-id").first()


def price_of(price_list: PriceList, accelerator: AcceleratorType) -> Price:
    """What ``accelerator`` costs there, with its meter. Raises BadInput when it has no price."""
    price = price_list.prices.select_related("meter").filter(meter__accelerator=accelerator).first()
    if price is None:
        raise BadInput(
            _("“%(accelerator)s” has no price in the price list %(version)s. Choose another accelerator.")
            % {"accelerator": accelerator, "version": price_list.version},
            field="accelerator",
        )
    return price


def new_meter(accelerator: AcceleratorType) -> Meter:
    """The meter for an accelerator type that has none yet: an hour of one carries the price. Not saved."""
    code = f"accelerator:{accelerator.code}"
    return Meter(code=code, name_en=accelerator.name, accelerator=accelerator, unit="ms", per=MS_PER_HOUR)


def newer_price_lists(budget: Budget) -> QuerySet[PriceList]:
    """Lists in force that came after the budget's own, in its currency; the latest first."""
    own = budget.price_list
    later = Q(effective_from__gt=own.effective_from) | Q(effective_from=own.effective_from, pk__gt=own.pk)
    in_force = Q(published_at__isnull=False, effective_from__lte=clock.today())
    return PriceList.objects.filter(in_force, later, currency=budget.currency).order_by("-effective_from", "-id")


def favourable_price_lists(budget: Budget) -> QuerySet[PriceList]:
    """Those of the newer lists in which nothing gets dearer or is missing, and something is lower or new."""
    own = Price.objects.filter(price_list=budget.price_list)
    there = Price.objects.filter(
        price_list=OuterRef(OuterRef("pk")), meter=OuterRef("meter"), cents__lte=OuterRef("cents")
    )
    here = own.filter(meter=OuterRef("meter"), cents__lte=OuterRef("cents"))
    dearer = own.filter(~Exists(there))
    better = Price.objects.filter(~Exists(here), price_list=OuterRef("pk"))
    return newer_price_lists(budget).filter(~Exists(dearer), Exists(better))


@dataclass(frozen=True)
class Estimate:
    """The most that something may cost, in cents: ``list`` = ``scheme`` + ``applicant``.

    ``available`` is what the budget can hold now. ``quantity`` is of one run, in the meter's unit.
    """

    list: int
    scheme: int
    applicant: int
    available: int
    price: Price
    quantity: int
    runs: int

    @property
    def enough(self) -> bool:
        return self.list <= self.available


def estimate(
    *, budget: Budget, accelerator: AcceleratorType, count: int, time_limit_ms: int, runs: int = 1
) -> Estimate:
    """What ``runs`` runs of ``count`` accelerators up to the time limit hold on ``budget``. Raises BadInput."""
    if count < 1 or runs < 1 or time_limit_ms < 1:
        raise BadInput(_("Give a number of accelerators, of runs and a time limit above zero."))
    price = price_of(budget.price_list, accelerator)
    quantity = count * time_limit_ms
    amount = runs * worst_case(price.cents, price.meter.per, quantity)
    scheme = share(amount, budget.scheme_bps)
    return Estimate(
        list=amount,
        scheme=scheme,
        applicant=amount - scheme,
        available=budget.available,
        price=price,
        quantity=quantity,
        runs=runs,
    )


@dataclass(frozen=True)
class BudgetView:
    """A budget as the money bar shows it, in cents at list price."""

    ceiling: int
    released: int
    charged_scheme: int
    charged_applicant: int
    held: int
    currency: str
    forecast_end: int | None = None  # charged when it ends, at the pace of late

    @property
    def available(self) -> int:
        return self.released - self.charged_scheme - self.charged_applicant - self.held

    @property
    def unreleased(self) -> int:
        return self.ceiling - self.released


def budget_view(budget: Budget) -> BudgetView:
    """``budget`` for the money bar."""
    return BudgetView(
        ceiling=budget.ceiling,
        released=budget.released,
        charged_scheme=budget.charged_scheme,
        charged_applicant=budget.charged_applicant,
        held=budget.held,
        currency=budget.currency,
        forecast_end=forecasts([budget]).get(budget.pk),
    )


def budgets_visible_to(actor: Actor) -> QuerySet[Budget]:
    """Budgets of projects in which the actor has a role; all for staff of the centre."""
    budgets = Budget.objects.select_related("organisation", "project", "price_list")
    if sees_everything(actor):
        return budgets
    return budgets.filter(project__in=projects_of(actor.person))


def usable_budgets(budgets: QuerySet[Budget], day: date | None = None) -> QuerySet[Budget]:
    """Those of ``budgets`` on which something can be held on ``day`` (today)."""
    day = day or clock.today()
    return budgets.filter(state=Budget.State.ACTIVE, starts_on__lte=day, ends_on__gte=day)


def entries_of(budget: Budget | int) -> QuerySet[Entry]:
    """The journal, newest first, with what each line charges or reverses."""
    return (
        Entry.objects.filter(budget=budget)
        .select_related("usage__price__meter", "reverses__usage__price__meter", "reversed_by")
        .order_by("-seq")
    )


def holds_of(budget: Budget) -> QuerySet[Hold]:
    """Every hold, newest first."""
    return budget.holds.select_related("price__meter").order_by("-id")


def overdue_holds() -> QuerySet[Hold]:
    """Open holds past their expiry, oldest first: the operator's to look into, never released by themselves."""
    return (
        Hold.objects.filter(state=Hold.State.OPEN, expires_at__lt=clock.now())
        .select_related("budget", "price__meter")
        .order_by("expires_at")
    )


def unattributed_usage() -> QuerySet[UsageRecord]:
    """Usage that nobody is known to pay, newest first; what budgets could not pay in full ends in ``#excess``."""
    return UsageRecord.objects.filter(budget=None).select_related("price__meter").order_by("-id")
