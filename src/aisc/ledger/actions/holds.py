"""Setting money aside before something starts, and giving it back when nothing was used."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from aisc.core import clock
from aisc.core.actions import Actor, action, note
from aisc.core.errors import BadInput, Conflict, InsufficientBudget
from aisc.core.money import format_cents
from aisc.ledger.actions.common import MAX_QUANTITY, clean_reason
from aisc.ledger.models import Budget, Hold, Price
from aisc.ledger.rating import worst_case
from aisc.ledger.states import HOLD

MAX_REQUESTS = 10_000


class HoldRequest(NamedTuple):
    """``key`` makes it idempotent (at most 100 characters); ``quantity`` is the most that may be used."""

    key: str
    quantity: int
    description: str = ""


@action("ledger.place_holds", on="budget")
def place_holds(
    actor: Actor, *, budget: Budget, price: Price, requests: Sequence[HoldRequest], expires_at: datetime
) -> list[Hold]:
    """Hold the worst case of every request, or of none. The holds, in the order of ``requests``.

    A key that already has a hold gives that hold again, whatever became of it. Raises InsufficientBudget,
    which says what is missing and who can add it; Conflict when the budget cannot be used now, or when a
    key was used for something else; BadInput for requests that make no sense.
    """
    _check(requests)
    locked = (
        Budget.objects.select_for_update(of=("self",), no_key=True).select_related("organisation").get(pk=budget.pk)
    )
    holds = {hold.key: hold for hold in _held([request.key for request in requests])}
    new = []
    for request in requests:
        earlier = holds.get(request.key)
        if earlier is None:
            new.append(request)
        elif (earlier.budget_id, earlier.price.meter_id, earlier.quantity) != (
            locked.pk,
            price.meter_id,
            request.quantity,
        ):
            raise Conflict(
                _("The key “%(key)s” already holds something else.") % {"key": request.key}, code="hold.key_reused"
            )
    if new:
        _check_usable(locked, price)
        meter = price.meter
        amounts = [worst_case(price.cents, meter.per, request.quantity) for request in new]
        _check_room(locked, sum(amounts))
        now = clock.now()
        placed = Hold.objects.bulk_create(
            Hold(
                key=request.key,
                budget=locked,
                price=price,
                quantity=request.quantity,
                amount=amount,
                description=request.description[:200],
                created_at=now,
                expires_at=expires_at,
            )
            for request, amount in zip(new, amounts, strict=True)
        )
        locked.held += sum(amounts)
        locked.save(update_fields=["held"])
        holds |= {hold.key: hold for hold in placed}
    note(target=locked, holds=len(new), again=len(requests) - len(new), amount=sum(holds[r.key].amount for r in new))
    return [holds[request.key] for request in requests]


def _held(keys: list[str]) -> QuerySet[Hold]:
    return Hold.objects.filter(key__in=keys).select_related("price")


def _check(requests: Sequence[HoldRequest]) -> None:
    if not 0 < len(requests) <= MAX_REQUESTS:
        raise BadInput(_("Hold 1 to %(most)d things at a time.") % {"most": MAX_REQUESTS}, field="requests")
    if len({request.key for request in requests}) != len(requests):
        raise BadInput(_("Two requests have the same key."), field="requests")
    for request in requests:
        if not 0 < len(request.key) <= 100:
            raise BadInput(_("A hold's key has 1 to 100 characters."), field="requests")
        if not 0 <= request.quantity <= MAX_QUANTITY:
            raise BadInput(_("A hold's quantity is zero or more, within reason."), field="requests")


def _check_usable(budget: Budget, price: Price) -> None:
    if budget.state != Budget.State.ACTIVE:
        raise Conflict(
            _("The budget “%(budget)s” is %(state)s; choose another one.")
            % {"budget": budget.name, "state": budget.get_state_display()},
            code=f"budget.{budget.state}",
        )
    today = clock.today()
    if today < budget.starts_on:
        raise Conflict(
            _("The budget “%(budget)s” can be used from %(date)s on.")
            % {"budget": budget.name, "date": budget.starts_on},
            code="budget.not_started",
        )
    if today > budget.ends_on:
        raise Conflict(
            _("The budget “%(budget)s” ended on %(date)s; choose another one.")
            % {"budget": budget.name, "date": budget.ends_on},
            code="budget.ended",
        )
    if price.price_list_id != budget.price_list_id:
        raise Conflict(
            _("The prices of this budget have changed. Look at the estimate again."), code="budget.price_list"
        )


def _check_room(budget: Budget, needed: int) -> None:
    if needed <= budget.available:
        return
    if budget.source == Budget.Source.AWARD:
        who = _("The scheme's secretariat can release the next tranche.")
    else:
        who = _("An owner or finance member of %(organisation)s can ask for more.") % {
            "organisation": budget.organisation
        }
    raise InsufficientBudget(
        _("This needs %(needed)s at list price; the budget “%(budget)s” has %(available)s left. %(who)s")
        % {
            "needed": format_cents(needed, budget.currency),
            "budget": budget.name,
            "available": format_cents(budget.available, budget.currency),
            "who": who,
        },
        needed_cents=needed,
        available_cents=budget.available,
    )


@action("ledger.release_holds")
def release_holds(actor: Actor, *, keys: Sequence[str], reason: str) -> int:
    """Give back what the holds with ``keys`` set aside: nothing was used. How many were open.

    Those already settled or released, and unknown keys, are left as they are.
    """
    reason = clean_reason(reason)
    budget_ids = Hold.objects.filter(key__in=keys, state="open").values_list("budget_id", flat=True)
    locked = Budget.objects.select_for_update(no_key=True).filter(pk__in=set(budget_ids)).order_by("pk")
    budgets = {budget.pk: budget for budget in locked}
    freed: dict[int, int] = defaultdict(int)
    now = clock.now()
    # Read again under the budgets' locks: a hold may have been settled while we waited.
    holds = list(Hold.objects.select_for_update(no_key=True).filter(key__in=keys, state="open", budget__in=budgets))
    for hold in holds:
        HOLD.move(hold, "released")
        hold.closed_at = now
        freed[hold.budget_id] += hold.amount
    Hold.objects.bulk_update(holds, ["state", "closed_at"], batch_size=200)
    for pk, amount in freed.items():
        budgets[pk].held -= amount
        budgets[pk].save(update_fields=["held"])
    note(reason=reason, released=len(holds), amount=sum(freed.values()), keys=[hold.key for hold in holds[:20]])
    return len(holds)
