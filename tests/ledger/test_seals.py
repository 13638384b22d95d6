"""Each day is sealed once over the heads of all chains, whatever the clock does."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from aisc.core import clock
from aisc.core.errors import Conflict
from aisc.ledger import actions, tasks
from aisc.ledger.chain import seal_digest
from aisc.ledger.models import Entry, Seal
from aisc.ledger.prove import prove
from aisc.ledger.seals import due_days, seal_due_days

from .conftest import SYSTEM

DAY = date(2026, 6, 15)


def at(day: date, hour: int = 12):
    return clock.fixed(datetime(day.year, day.month, day.day, hour, tzinfo=ZoneInfo("Asia/Hong_Kong")))


def seal(day: date) -> Seal:
    return actions.seal_day(SYSTEM, day=day)


def test_a_seal_is_over_the_heads_of_all_chains(bank, make_bank):
    other = make_bank()
    bank.charge("a")
    with at(DAY + timedelta(days=1), 0):
        bank.charge("next day")
        sealed = seal(DAY)
    heads = {entry.budget_id: entry for entry in Entry.objects.filter(pk__lte=sealed.last_entry).order_by("seq")}
    assert [heads[each.pk].seq for each in (bank, other)] == [2, 1]
    digest = seal_digest("2026-06-15", "", sealed.last_entry, 2, 3, sealed.audit_seq, sealed.audit_hash)
    for each in (bank, other):
        digest.add(each.budget.uid, heads[each.pk].seq, heads[each.pk].hash)
    assert (sealed.day, sealed.budgets, sealed.entries, sealed.previous_hash) == (DAY, 2, 3, "")
    assert sealed.hash == digest.hexdigest()
    assert str(sealed) == f"2026-06-15: {sealed.hash[:12]}"
    assert prove().holds


def test_seals_are_chained_and_made_once(bank):
    with at(DAY + timedelta(days=3)):
        first, second = seal(DAY), seal(DAY + timedelta(days=1))
        assert seal(DAY) == first
    assert second.previous_hash == first.hash
    assert second.last_entry == first.last_entry
    assert Seal.objects.count() == 2
    assert prove().holds


def test_a_day_must_be_over(bank):
    with pytest.raises(Conflict) as refused:
        seal(DAY)
    assert refused.value.code == "seal.not_over"


def test_what_is_recorded_late_belongs_to_the_next_seal(bank):
    with at(DAY + timedelta(days=2)):
        first = seal(DAY)
    # A batch that read its clock before midnight and was put down after the seal.
    with at(DAY, 23):
        bank.charge("late")
    with at(DAY + timedelta(days=2)):
        second = seal(DAY + timedelta(days=1))
    assert (first.entries, second.entries) == (1, 2)
    assert prove().holds


def test_a_clock_that_jumps_breaks_nothing(bank):
    with at(DAY + timedelta(days=400)):
        bank.charge("in the future")
        assert len(seal_due_days()) == 31
    with at(DAY + timedelta(days=1)):
        bank.charge("back again")
        assert seal_due_days() == [DAY]
        bank.charge("and on")
    with at(DAY + timedelta(days=2)):
        assert seal_due_days() == [DAY + timedelta(days=1)]
    assert Seal.objects.latest("pk").entries == 4
    assert prove().holds


def test_days_that_were_missed_are_made_up(bank):
    with at(DAY + timedelta(days=1)):
        tasks.seal()
    with at(DAY + timedelta(days=4)):
        assert due_days() == [DAY + timedelta(days=n) for n in (1, 2, 3)]
        tasks.seal()
        assert due_days() == []
        tasks.seal()
    assert list(Seal.objects.order_by("day").values_list("day", flat=True)) == [
        DAY + timedelta(days=n) for n in range(4)
    ]


def test_after_a_long_standstill_the_last_month_is_made_up(bank):
    with at(DAY + timedelta(days=365)):
        days = seal_due_days(SYSTEM)
    assert (len(days), days[-1]) == (31, DAY + timedelta(days=364))
    assert prove().holds


def test_without_entries_nothing_is_due(db, noon):
    assert due_days() == []


def test_a_budget_that_is_younger_than_a_seal_or_has_no_entries_yet(bank, make_bank):
    bank.charge("a")
    with at(DAY + timedelta(days=1), 0):
        seal(DAY)
        young = make_bank()
        young.charge("b")
        empty = make_bank(released=0, ceiling=100_00)
    with at(DAY + timedelta(days=2), 0):
        # The second day's seal covers the young budget; the empty one is in neither.
        assert [each.budgets for each in (Seal.objects.get(), seal(DAY + timedelta(days=1)))] == [1, 2]
    assert not Entry.objects.filter(budget=empty.budget).exists()
    assert prove().holds
