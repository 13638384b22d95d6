"""Threads with connections of their own against one PostgreSQL; :mod:`test_postgres` runs this file there.

SQLite in memory, which the other tests use, cannot be shared like that; :mod:`test_concurrency` does it with files.
"""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection

from aisc.core import clock
from aisc.core.errors import InsufficientBudget
from aisc.ledger import actions
from aisc.ledger.models import Entry, Hold, UsageRecord
from aisc.ledger.prove import prove
from aisc.ledger.seals import seal_due_days

from .conftest import HOUR, SYSTEM, item


def together(*calls):
    """Run each of ``calls`` in a thread of its own, all starting at the same time; what they raised."""
    start, raised = threading.Barrier(len(calls)), []

    def run(call):
        start.wait()
        try:
            call()
        except Exception as error:
            raised.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


@pytest.mark.django_db(transaction=True)
class TestThreads:
    def test_the_same_usage_from_many_callers_is_charged_once(self, bank):
        bank.hold("a", "b")
        items = [item("a", hold_key="a"), item("b", hold_key="b"), item("c"), item("d", budget_id=bank.pk)]
        items[3] = items[3]._replace(price_id=bank.price.pk)
        assert together(*(lambda n=n: bank.use(*items[n:], *items[:n]) for n in range(4))) == []
        assert UsageRecord.objects.count() == 4
        assert bank.money() == (100_000, 0, 6_000, 4_200)
        assert prove(accounting={}).holds

    def test_many_sources_and_budgets_at_once(self, make_bank, noon):
        banks = [make_bank() for _n in range(4)]

        def use(source):
            for n in range(5):
                each = banks[(n * source) % 4]
                items = [
                    item(f"{n}-{k}", HOUR // 50, budget_id=b.pk, price_id=b.price.pk)
                    for k, b in enumerate([each, *banks])
                ]
                actions.record_usage(SYSTEM, source=f"s{source}", items=items)

        assert together(*(lambda source=source: use(source) for source in range(6))) == []
        assert sum(each.budget.charged for each in banks) == 6 * 5 * 5 * 40
        assert prove(accounting={}).holds

    def test_one_reversal_of_many(self, bank):
        charge = bank.charge("a")
        raised = together(*[lambda: actions.reverse_entry(SYSTEM, entry=charge, reason="x")] * 5)
        assert [error.code for error in raised] == ["entry.reversed"] * 4
        assert bank.money() == (100_000, 0, 0, 0)

    def test_one_attribution_of_many(self, make_bank, noon):
        banks = [make_bank() for _n in range(4)]
        banks[0].use(item("x", price_id=banks[0].price.pk))
        usage = UsageRecord.objects.get()
        raised = together(*(lambda b=b: actions.attribute_usage(SYSTEM, usage=usage, budget=b.budget) for b in banks))
        assert [error.code for error in raised] == ["usage.attributed"] * 3
        assert sum(each.budget.charged for each in banks) == 2_000
        assert prove(accounting={}).holds

    def test_the_last_money_goes_to_one(self, make_bank, noon):
        bank = make_bank(released=2_000)
        raised = together(*(lambda n=n: bank.hold(f"k{n}") for n in range(8)))
        assert [type(error) for error in raised] == [InsufficientBudget] * 7
        assert Hold.objects.count() == 1
        assert bank.money() == (2_000, 2_000, 0, 0)

    def test_settling_against_giving_back(self, bank):
        keys = [f"k{n}" for n in range(20)]
        bank.hold(*keys)
        raised = together(
            lambda: bank.use(*(item(key, hold_key=key) for key in keys)),
            lambda: actions.release_holds(SYSTEM, keys=keys[::-1], reason="x"),
            lambda: [bank.hold(key) for key in keys],
        )
        assert raised == []
        assert bank.budget.held == 0
        assert bank.budget.charged == 40_000
        assert prove(accounting={}).holds

    def test_sealing_among_writers(self, bank, make_bank):
        banks = [bank, make_bank()]

        def write(source):
            for n in range(10):
                for each in banks:
                    each.use(item(f"{n}-{each.pk}", 1_000, budget_id=each.pk, price_id=each.price.pk), source=source)

        def seal():
            for day in range(1, 8):
                with clock.fixed(clock.now() + timedelta(days=day)):
                    seal_due_days()

        assert together(lambda: write("s1"), lambda: write("s2"), seal) == []
        assert Entry.objects.filter(kind="charge").count() == 40
        assert prove(accounting={}).holds
