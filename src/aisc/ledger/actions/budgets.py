"""Opening budgets, releasing money into them, and ending them."""

from __future__ import annotations

from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from aisc.core import clock
from aisc.core.actions import Actor, action, note
from aisc.core.errors import BadInput, Conflict
from aisc.core.money import format_cents
from aisc.ledger.actions.common import MAX_CENTS, clean_reason, tell_payers
from aisc.ledger.journal import Journal
from aisc.ledger.models import Account, Budget, Entry, PriceList
from aisc.ledger.queries import current_price_list
from aisc.ledger.states import BUDGET
from aisc.people.models import CentreRole, Project
from aisc.people.notices import names, notify_all
from aisc.people.queries import persons_with_centre_role
from aisc.people.text import clean_line

MAX_SCHEME_BPS = 9000


@action("ledger.open_budget")
def open_budget(
    actor: Actor,
    *,
    name: str,
    source: str,
    project: Project,
    price_list: PriceList,
    scheme_bps: int,
    ceiling: int,
    starts_on: date,
    ends_on: date,
    reference: str = "",
) -> Budget:
    """A new budget of ``ceiling`` cents at list price, of which nothing is released yet.

    ``scheme_bps`` is the scheme's share of every charge in basis points: 1 to 9,000 for an award, 0 for an
    organisation's own money. Raises BadInput.
    """
    return _open(
        name=name,
        source=source,
        project=project,
        price_list=price_list,
        scheme_bps=scheme_bps,
        ceiling=ceiling,
        starts_on=starts_on,
        ends_on=ends_on,
        reference=reference,
    )


@action("ledger.open_own_budget", on="project")
def open_own_budget(
    actor: Actor, *, project: Project, name: str, ceiling: int, starts_on: date, ends_on: date, reference: str = ""
) -> Budget:
    """Ask for a budget of the organisation's own money; the centre's finance officers then release credit.

    At the prices that hold on ``starts_on``. Raises BadInput.
    """
    price_list = current_price_list(max(starts_on, clock.today()))
    if price_list is None:
        raise BadInput(_("The centre has no price list yet, so nothing can be budgeted."), field="starts_on")
    budget = _open(
        name=name,
        source=Budget.Source.OWN,
        project=project,
        price_list=price_list,
        scheme_bps=0,
        ceiling=ceiling,
        starts_on=starts_on,
        ends_on=ends_on,
        reference=reference,
    )
    notify_all(
        persons_with_centre_role(CentreRole.Role.FINANCE),
        gettext_noop("%(organisation)s asks for %(amount)s of credit for its budget “%(budget)s”."),
        {
            "organisation": names(project.organisation),
            "amount": format_cents(ceiling, budget.currency),
            "budget": budget.name,
        },
        url=f"/budgets/{budget.uid}/",
        email=True,
    )
    return budget


def _open(
    *,
    name: str,
    source: str,
    project: Project,
    price_list: PriceList,
    scheme_bps: int,
    ceiling: int,
    starts_on: date,
    ends_on: date,
    reference: str,
) -> Budget:
    if source not in Budget.Source.values:
        raise BadInput(_("A budget comes from an award or is the organisation's own money."), field="source")
    if source == Budget.Source.OWN and scheme_bps != 0:
        raise BadInput(_("The scheme pays no share of an organisation's own money."), field="scheme_bps")
    if source == Budget.Source.AWARD and not 0 < scheme_bps <= MAX_SCHEME_BPS:
        raise BadInput(_("The scheme's share is above 0 and at most 90%."), field="scheme_bps")
    if price_list.published_at is None:
        raise BadInput(_("This price list is not published yet."), field="price_list")
    if ends_on < starts_on:
        raise BadInput(_("The end lies before the start."), field="ends_on")
    if project.closed_at is not None:
        raise BadInput(_("This project is closed."), field="project")
    budget = Budget.objects.create(
        name=clean_line(name, field="name", limit=200),
        source=source,
        reference=clean_line(reference, field="reference", limit=64, required=False),
        organisation_id=project.organisation_id,
        project=project,
        price_list=price_list,
        currency=price_list.currency,
        scheme_bps=scheme_bps,
        ceiling=_amount(ceiling, field="ceiling"),
        starts_on=starts_on,
        ends_on=ends_on,
        created_at=clock.now(),
    )
    _make_accounts(project.organisation_id, price_list.currency)
    note(ceiling=ceiling, scheme_bps=scheme_bps, price_list=price_list.version)
    return budget


def _make_accounts(organisation_id: int, currency: str) -> None:
    for kind in (Account.Kind.FUND, Account.Kind.REVENUE):
        Account.objects.get_or_create(kind=kind, organisation=None, defaults={"currency": currency})
    Account.objects.get_or_create(
        organisation_id=organisation_id, defaults={"kind": Account.Kind.ORGANISATION, "currency": currency}
    )


@action("ledger.raise_ceiling", on="budget")
def raise_ceiling(actor: Actor, *, budget: Budget, ceiling: int, reason: str) -> Budget:
    """Ask for more of the organisation's own money in ``budget``: its new ceiling, in cents.

    An award's ceiling is the committee's decision and stays. Raises BadInput and Conflict.
    """
    reason = clean_reason(reason)
    locked = Budget.objects.select_for_update(no_key=True).get(pk=budget.pk)
    if locked.source == Budget.Source.AWARD:
        raise Conflict(_("The ceiling of an award is what was decided; it cannot be raised here."))
    _not_closed(locked)
    if _amount(ceiling, field="ceiling") <= locked.ceiling:
        raise BadInput(
            _("The ceiling is %(ceiling)s now; give a higher one.")
            % {"ceiling": format_cents(locked.ceiling, locked.currency)},
            field="ceiling",
        )
    note(before=locked.ceiling, after=ceiling, reason=reason)
    locked.ceiling = ceiling
    locked.save(update_fields=["ceiling"])
    return locked


@action("ledger.release_tranche", on="budget")
def release_tranche(actor: Actor, *, budget: Budget, amount: int, reason: str) -> Entry:
    """Make ``amount`` cents of the ceiling usable. Raises BadInput above the ceiling, Conflict when closed."""
    reason = clean_reason(reason)
    _amount(amount, field="amount")
    journal = Journal([budget.pk])
    locked = Budget.objects.select_related("organisation").get(pk=budget.pk)
    _not_closed(locked)
    if locked.released + amount > locked.ceiling:
        raise BadInput(
            _("At most %(rest)s of this budget's ceiling is left to release.")
            % {"rest": format_cents(locked.ceiling - locked.released, locked.currency)},
            field="amount",
        )
    journal.release(journal.books[locked.pk], amount, reason)
    (entry_id,) = journal.write()
    note(target=locked, reason=reason, amount=amount)
    tell_payers(
        locked,
        gettext_noop("%(amount)s was released into the budget “%(budget)s”."),
        amount=format_cents(amount, locked.currency),
    )
    return Entry.objects.select_related("budget").get(pk=entry_id)


@action("ledger.suspend_budget", on="budget")
def suspend_budget(actor: Actor, *, budget: Budget, reason: str) -> Budget:
    """Let nothing new start on ``budget``. What runs goes on and is charged. Raises Conflict."""
    locked = _move(budget, "suspended", reason)
    tell_payers(locked, gettext_noop("The budget “%(budget)s” was suspended: %(reason)s"), reason=reason)
    return locked


@action("ledger.resume_budget", on="budget")
def resume_budget(actor: Actor, *, budget: Budget, reason: str) -> Budget:
    """Undo a suspension. Raises Conflict."""
    locked = _move(budget, "active", reason)
    tell_payers(locked, gettext_noop("The budget “%(budget)s” can be used again."))
    return locked


@action("ledger.close_budget", on="budget")
def close_budget(actor: Actor, *, budget: Budget, reason: str) -> Budget:
    """End ``budget`` for good. What was released and not used lapses, as an entry of its own.

    Raises Conflict while holds are open: something still runs, or its usage has not arrived.
    """
    locked = _move(budget, "closed", reason)
    still = locked.holds.filter(state="open").count()
    if still:
        raise Conflict(
            _("%(count)d holds are open: wait until what runs has ended, or release them.") % {"count": still},
            code="budget.holds_open",
        )
    journal = Journal([locked.pk])
    book = journal.books[locked.pk]
    if book.available:
        note(lapsed=book.available)
        journal.release(book, -book.available, reason)
        journal.write()
    locked.refresh_from_db()
    tell_payers(locked, gettext_noop("The budget “%(budget)s” was closed: %(reason)s"), reason=reason)
    return locked


def _move(budget: Budget, state: str, reason: str) -> Budget:
    reason = clean_reason(reason)
    locked = Budget.objects.select_for_update(no_key=True).get(pk=budget.pk)
    note(before=locked.state, after=state, reason=reason)
    BUDGET.move(locked, state)
    locked.save(update_fields=["state"])
    return locked


def _amount(cents: int, *, field: str) -> int:
    if not 0 < cents <= MAX_CENTS:
        raise BadInput(_("Give an amount above zero."), field=field)
    return cents


def _not_closed(budget: Budget) -> None:
    if budget.state == Budget.State.CLOSED:
        raise Conflict(_("This budget is closed."), code="budget.closed")
