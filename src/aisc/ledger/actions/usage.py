"""Usage: measured, rated, split and charged, once each, ten thousand at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db import connection
from django.utils.translation import gettext as _

from aisc.core import bulk, clock
from aisc.core.actions import Actor, action, note
from aisc.core.errors import BadInput, Conflict, InsufficientBudget
from aisc.core.money import format_cents
from aisc.ledger.actions.common import MAX_QUANTITY
from aisc.ledger.journal import Journal
from aisc.ledger.models import Budget, Entry, Price, UsageRecord
from aisc.people.text import clean_line

EXCESS = "#excess"
MAX_SOURCE_ID = 100


class UsageItem(NamedTuple):
    """One measured use. ``quantity`` in the meter's unit; times in milliseconds since the epoch.

    ``hold_key`` says which hold it settles, and so which budget pays at which price. Without one,
    ``budget_id`` and ``price_id`` say so; without these, nobody is known to pay.
    """

    source_id: str
    quantity: int
    started_ms: int
    ended_ms: int
    hold_key: str | None = None
    budget_id: int | None = None
    price_id: int | None = None
    description: str = ""


@dataclass
class UsageResult:
    """What became of a batch. ``amount`` is what was charged altogether, in cents at list price.

    ``excess`` names the records (by source id, of the part that was charged) that budgets could not pay in full.
    """

    recorded: int = 0
    repeated: int = 0
    settled: int = 0
    amount: int = 0
    unattributed: int = 0
    excess: tuple[str, ...] = ()


@action("ledger.record_usage")
def record_usage(actor: Actor, *, source: str, items: Sequence[UsageItem]) -> UsageResult:
    """Record ``items`` measured by ``source`` and charge them: each source id exactly once, however often it comes.

    A use with a hold is charged whatever the state of its budget. What a budget cannot pay is recorded as a
    second, unattributed record, whose source id ends in ``#excess``: shown to the operators, never lost, and
    the budget never goes below zero. Items without hold and budget are recorded unattributed. A hold that is no
    longer open still says who pays, out of what is available. Raises BadInput for an item that makes no sense;
    then nothing is recorded.

    Safe to repeat after a crash, and to call from several places at once: one caller per source at a time.
    """
    if not 0 < len(source) <= 32:
        raise BadInput(_("A source has 1 to 32 characters."), field="source")
    _one_at_a_time(source)
    with bulk.by_index():
        fresh = _not_yet_recorded(source, items)
        result = UsageResult(recorded=len(fresh), repeated=len(items) - len(fresh))
        if fresh:
            _charge_all(source, fresh, result)
    note(
        source=source,
        recorded=result.recorded,
        repeated=result.repeated,
        settled=result.settled,
        amount=result.amount,
        unattributed=result.unattributed,
        **({"excess": result.excess[:20]} if result.excess else {}),
    )
    return result


def _one_at_a_time(source: str) -> None:
    """Until the end of the transaction nobody else records for ``source``. On SQLite nobody else writes at all."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s), 1)", [f"ledger.usage:{source}"])


def _not_yet_recorded(source: str, items: Sequence[UsageItem]) -> list[UsageItem]:
    """``items`` without those recorded before, and without repetitions: the first of each source id."""
    first: dict[str, UsageItem] = {}
    for item in items:
        if item.source_id not in first:
            if not (
                0 < len(item.source_id) <= MAX_SOURCE_ID
                and 0 <= item.quantity <= MAX_QUANTITY
                and not item.source_id.endswith(EXCESS)
            ):
                raise BadInput(
                    _("The usage “%(id)s” of %(quantity)s units cannot be recorded.")
                    % {"id": item.source_id, "quantity": item.quantity},
                    code="usage.invalid",
                )
            first[item.source_id] = item
    which, parameters = bulk.among("source_id", first)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT source_id FROM ledger_usagerecord WHERE source = %s AND {which}",  # noqa: S608
            [source, *parameters],
        )
        for (source_id,) in cursor.fetchall():
            del first[source_id]
    return list(first.values())


class _Held(NamedTuple):
    pk: int
    budget_id: int
    price_id: int
    amount: int
    is_open: bool


def _charge_all(source: str, items: list[UsageItem], result: UsageResult) -> None:
    keys = [item.hold_key for item in items if item.hold_key]
    budget_ids = _budgets_of(keys)
    budget_ids |= {item.budget_id for item in items if item.budget_id}
    journal = Journal(budget_ids)
    holds = _holds(keys)
    price_ids = {held.price_id for held in holds.values()} | {item.price_id for item in items if item.price_id}
    journal.load_rates(price_ids)
    usage_ids = bulk.allocate_ids(UsageRecord, len(items))
    rows: list[tuple[Any, ...]] = []
    excess: list[tuple[Any, ...]] = []
    settled: list[int] = []
    now = journal.at_ms
    for usage_id, item in zip(usage_ids, items, strict=True):
        held = holds.get(item.hold_key) if item.hold_key else None
        if held:
            budget_id, price_id = held.budget_id, held.price_id
        elif item.budget_id:
            budget_id, price_id = item.budget_id, item.price_id
        else:
            rows.append(_row(usage_id, source, item, item.source_id, None, item.price_id, None, item.quantity, now))
            result.unattributed += 1
            continue
        book = journal.books.get(budget_id)
        if book is None or price_id not in journal.rates:
            raise BadInput(
                _("The usage “%(id)s” names a budget or price that does not exist.") % {"id": item.source_id},
                code="usage.invalid",
            )
        hold_id = None
        if held and held.is_open:
            # Only the first usage settles a hold; its money is free for exactly this charge.
            holds[item.hold_key] = held._replace(is_open=False)
            hold_id = held.pk
            settled.append(hold_id)
            book.held -= held.amount
        quantity = item.quantity
        if journal.cost(book, price_id, quantity) > book.available:
            quantity = journal.fitting(book, price_id, quantity)
            excess.append((source, item, price_id, item.quantity - quantity))
        result.amount += journal.charge(
            book,
            price_id,
            usage_id,
            source,
            item.source_id,
            quantity,
            item.started_ms,
            item.ended_ms,
            now,
            item.description[:200],
        )
        rows.append(_row(usage_id, source, item, item.source_id, budget_id, price_id, hold_id, quantity, now))
    _insert(rows)
    if excess:
        ids = bulk.allocate_ids(UsageRecord, len(excess))
        _insert(
            [
                _row(pk, source, item, item.source_id + EXCESS, None, price_id, None, rest, now)
                for pk, (source, item, price_id, rest) in zip(ids, excess, strict=True)
            ]
        )
        result.excess = tuple(item.source_id for _source, item, _price, _rest in excess)
        result.unattributed += len(excess)
    _settle(settled)
    result.settled = len(settled)
    journal.write()


_COLUMNS = [
    "id",
    "source",
    "source_id",
    "budget_id",
    "price_id",
    "hold_id",
    "quantity",
    "started_ms",
    "ended_ms",
    "recorded_ms",
    "description",
]


def _row(
    pk: int,
    source: str,
    item: UsageItem,
    source_id: str,
    budget_id: int | None,
    price_id: int | None,
    hold_id: int | None,
    quantity: int,
    now: int,
) -> tuple[Any, ...]:
    return (
        pk,
        source,
        source_id,
        budget_id,
        price_id,
        hold_id,
        quantity,
        item.started_ms,
        item.ended_ms,
        now,
        item.description[:200],
    )


def _insert(rows: list[tuple[Any, ...]]) -> None:
    bulk.insert(UsageRecord, _COLUMNS, rows)


def _holds(keys: list[str]) -> dict[str, _Held]:
    if not keys:
        return {}
    which, parameters = bulk.among("key", keys)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT key, id, budget_id, price_id, amount, state = 'open' FROM ledger_hold WHERE {which}",  # noqa: S608
            parameters,
        )
        return {row[0]: _Held(*row[1:]) for row in cursor.fetchall()}


def _budgets_of(keys: list[str]) -> set[int]:
    """The budgets of holds, to be locked: a hold never changes its budget. What else it says is read afterwards."""
    if not keys:
        return set()
    which, parameters = bulk.among("key", keys)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT DISTINCT budget_id FROM ledger_hold WHERE {which}", parameters)  # noqa: S608
        return {budget_id for (budget_id,) in cursor.fetchall()}


def _settle(hold_ids: list[int]) -> None:
    """Close the holds. They were open under their budgets' locks: the only move there is (``states.HOLD``)."""
    if not hold_ids:
        return
    which, parameters = bulk.among("id", hold_ids)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE ledger_hold SET state = 'settled', closed_at = %s WHERE {which}",  # noqa: S608
            [clock.now(), *parameters],
        )


@action("ledger.attribute_usage", on="usage")
def attribute_usage(
    actor: Actor, *, usage: UsageRecord, budget: Budget, price: Price | None = None, reason: str = ""
) -> Entry:
    """Charge a usage record that nobody paid for to ``budget``, wholly.

    At the price that the budget's price list has for the meter of ``price``; by default, of the price recorded
    with the usage. Raises InsufficientBudget, and Conflict when the usage is paid for or the budget closed.
    """
    reason = clean_line(reason, field="reason", limit=300, required=False)
    journal = Journal([budget.pk])
    locked = Budget.objects.select_related("price_list").get(pk=budget.pk)
    record = UsageRecord.objects.select_for_update(of=("self",), no_key=True).select_related("price").get(pk=usage.pk)
    if record.budget_id is not None:
        raise Conflict(_("This usage is charged already."), code="usage.attributed")
    if locked.state == Budget.State.CLOSED:
        raise Conflict(_("This budget is closed."), code="budget.closed")
    wanted = price or record.price
    if wanted is None:
        raise BadInput(_("Choose what was used: nothing was recorded with this usage."), field="price")
    price = locked.price_list.prices.filter(meter_id=wanted.meter_id).first()
    if price is None:
        raise BadInput(_("This budget's price list has no price for what was used."), field="budget")
    journal.load_rates([price.pk])
    book = journal.books[locked.pk]
    needed = journal.cost(book, price.pk, record.quantity)
    if needed > book.available:
        raise InsufficientBudget(
            _("This needs %(needed)s at list price; the budget “%(budget)s” has %(available)s left.")
            % {
                "needed": format_cents(needed, locked.currency),
                "budget": locked.name,
                "available": format_cents(book.available, locked.currency),
            },
            needed_cents=needed,
            available_cents=book.available,
        )
    record.budget, record.price = locked, price
    record.save(update_fields=["budget", "price"])
    journal.charge(
        book,
        price.pk,
        record.pk,
        record.source,
        record.source_id,
        record.quantity,
        record.started_ms,
        record.ended_ms,
        record.recorded_ms,
        record.description,
        reason,
    )
    (entry_id,) = journal.write()
    note(budget=locked.uid, amount=needed, reason=reason)
    return Entry.objects.select_related("budget").get(pk=entry_id)
