"""Price lists: published once, never changed; a budget moves to another only when nothing gets dearer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from aisc.centre.models import AcceleratorType
from aisc.core import bulk, clock
from aisc.core.actions import Actor, action, note
from aisc.core.errors import BadInput, Conflict
from aisc.core.language import joined
from aisc.ledger.actions.common import clean_reason, tell_payers
from aisc.ledger.models import Budget, Hold, Meter, Price, PriceList
from aisc.ledger.queries import new_meter
from aisc.ledger.rating import worst_case
from aisc.people.text import clean_line

MAX_PRICE = 10**8  # a million dollars for an hour
ACCELERATOR = "accelerator:"
VERSION = re.compile(r"\w[\w .-]*")  # it stands in addresses


@action("ledger.publish_price_list")
def publish_price_list(
    actor: Actor,
    *,
    version: str,
    effective_from: date,
    prices: Mapping[str, int],
    note_en: str = "",
    note_zh: str = "",
    illustrative: bool = False,
    currency: str = "HKD",
) -> PriceList:
    """A new version of the list prices: ``prices`` says for each meter's code its cents for ``Meter.per`` units.

    ``accelerator:<code>`` becomes a meter (an hour of it) when there is none yet. ``effective_from`` may lie in
    the past only for the first list. Budgets keep their list; see :func:`move_to_price_list`. Raises BadInput.
    """
    version = clean_line(version, field="version", limit=32)
    if not VERSION.fullmatch(version):
        raise BadInput(_("Use letters, digits, hyphens and full stops, such as 2026-2."), field="version")
    if PriceList.objects.filter(version=version).exists():
        raise BadInput(_("There is a price list %(version)s already.") % {"version": version}, field="version")
    if effective_from < clock.today() and PriceList.objects.filter(published_at__isnull=False).exists():
        raise BadInput(_("New prices take effect today at the earliest."), field="effective_from")
    if not prices:
        raise BadInput(_("A price list needs at least one price."), field="prices")
    for code, cents in prices.items():
        if type(cents) is not int or not 0 <= cents <= MAX_PRICE:
            raise BadInput(
                _("The price of %(code)s is not an amount from zero to a million.") % {"code": code}, field="prices"
            )
    price_list = PriceList.objects.create(
        version=version,
        currency=currency,
        effective_from=effective_from,
        illustrative=illustrative,
        note_en=clean_line(note_en, field="note_en", limit=300, required=False),
        note_zh=clean_line(note_zh, field="note_zh", limit=300, required=False),
        published_at=clock.now(),
    )
    meters = _meters(list(prices))
    Price.objects.bulk_create(
        Price(price_list=price_list, meter=meters[code], cents=cents) for code, cents in prices.items()
    )
    note(effective_from=effective_from.isoformat(), prices=dict(prices))
    return price_list


def _meters(codes: list[str]) -> dict[str, Meter]:
    """The meters with ``codes``; those of accelerator types that have none yet are made."""
    meters = {meter.code: meter for meter in Meter.objects.filter(code__in=codes)}
    types = {ACCELERATOR + each.code: each for each in AcceleratorType.objects.all()}
    for code in codes:
        if code in meters:
            continue
        if code not in types:
            raise BadInput(_("There is no meter and no accelerator type %(code)s.") % {"code": code}, field="prices")
        meters[code] = new_meter(types[code])
        meters[code].save()
    return meters


@action("ledger.move_to_price_list", on="budget")
def move_to_price_list(actor: Actor, *, budget: Budget, price_list: PriceList, reason: str) -> Budget:
    """Let ``budget`` use ``price_list`` from now on, which must favour its holder: nothing dearer, nothing missing.

    Open holds are priced anew and shrink; what was charged stays as it is. Raises Conflict and BadInput.
    """
    reason = clean_reason(reason)
    locked = (
        Budget.objects.select_for_update(of=("self",), no_key=True)
        .select_related("organisation", "price_list")
        .get(pk=budget.pk)
    )
    if locked.state == Budget.State.CLOSED:
        raise Conflict(_("This budget is closed."), code="budget.closed")
    if price_list.published_at is None or price_list.effective_from > clock.today():
        raise BadInput(_("This price list is not in force yet."), field="price_list")
    if price_list.currency != locked.currency:
        raise BadInput(_("This price list is in another currency."), field="price_list")
    new = {price.meter_id: price for price in price_list.prices.select_related("meter")}
    dearer = [
        str(old.meter)
        for old in locked.price_list.prices.select_related("meter")
        if old.meter_id not in new or new[old.meter_id].cents > old.cents
    ]
    if dearer:
        raise Conflict(
            _("Prices change for a budget only in its favour. Dearer or missing in %(version)s: %(meters)s.")
            % {"version": price_list.version, "meters": joined(dearer)},
            code="price_list.not_favourable",
        )
    freed = _reprice_holds(locked, new)
    note(before=locked.price_list.version, after=price_list.version, freed=freed, reason=reason)
    locked.price_list = price_list
    locked.held -= freed
    locked.save(update_fields=["price_list", "held"])
    tell_payers(
        locked,
        gettext_noop("The budget “%(budget)s” now has the lower prices of %(version)s."),
        version=price_list.version,
    )
    return locked


def _reprice_holds(budget: Budget, new: dict[int, Price]) -> int:
    """Price the open holds anew, which makes none larger. How many cents are free again.

    They are all at prices of the list before: a hold can be placed at no other, and moves bring them along.
    """
    freed = 0
    rows = []
    for hold in Hold.objects.filter(budget=budget, state="open").select_related("price"):
        price = new[hold.price.meter_id]
        amount = worst_case(price.cents, price.meter.per, hold.quantity)
        freed += hold.amount - amount
        rows.append((price.pk, amount, hold.pk))
    bulk.update(Hold, ["price_id", "amount"], rows)
    return freed
