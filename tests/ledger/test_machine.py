"""Anything in any order: after each step the ledger is what a naive exact model says it is, and the proof is clean.

The model keeps every use and hold as plain facts and adds them up again with fractions each time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from fractions import Fraction
from math import ceil, floor

import hypothesis.strategies as st
import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from aisc.core import clock
from aisc.core.errors import BadInput, Conflict, InsufficientBudget
from aisc.ledger import actions
from aisc.ledger.actions import HoldRequest
from aisc.ledger.models import Budget, Entry, Hold, Posting, UsageRecord
from aisc.ledger.prove import prove
from aisc.ledger.seals import seal_due_days
from aisc.ledger.tasks import statements

from .conftest import HOUR, SYSTEM, item

PRICES = {"accelerator:h800": 1_999, "accelerator:cpu": 7}
CEILING, START = 60_000, 25_000


def rounded(value: Fraction) -> int:
    return floor(value + Fraction(1, 2))


@dataclass
class Model:
    """One budget as facts."""

    bps: int
    released: int = 0
    lapsed: int = 0
    state: str = "active"
    holds: dict[str, tuple[str, int]] = field(default_factory=dict)  # open ones: meter, quantity
    used: list[tuple[str, int]] = field(default_factory=list)  # in the order charged: meter, quantity
    reversed: set[int] = field(default_factory=set)  # positions in used
    lost: int = 0  # units that nobody pays for

    def charges(self) -> list[tuple[int, int]]:
        """Amount and scheme's part of each use, from the rounded running totals."""
        quantity, amounts, gross, scheme, answer = {}, {}, 0, 0, []
        for meter, units in self.used:
            quantity[meter] = quantity.get(meter, 0) + units
            after = rounded(Fraction(PRICES[meter] * quantity[meter], HOUR))
            amount, amounts[meter] = after - amounts.get(meter, 0), after
            gross += amount
            part = rounded(Fraction(gross * self.bps, 10_000)) - scheme
            scheme += part
            answer.append((amount, part))
        return answer

    def charged(self) -> tuple[int, int]:
        left = [charge for n, charge in enumerate(self.charges()) if n not in self.reversed]
        return sum(amount for amount, _part in left), sum(part for _amount, part in left)

    def held(self) -> int:
        return sum(ceil(Fraction(PRICES[meter] * units, HOUR)) for meter, units in self.holds.values())

    def available(self) -> int:
        return self.released - self.lapsed - self.charged()[0] - self.held()

    def use(self, meter: str, quantity: int) -> int:
        """Charge as much as fits, found by trying; how much that is."""
        low, high = 0, quantity
        while low < high:
            middle = (low + high + 1) // 2
            self.used.append((meter, middle))
            fits = self.available() >= 0
            self.used.pop()
            low, high = (middle, high) if fits else (low, middle - 1)
        self.used.append((meter, low))
        self.lost += quantity - low
        return low


quantities = st.one_of(st.integers(0, 5_000), st.integers(0, 3 * HOUR), st.integers(HOUR, 3 * HOUR))
meters = st.sampled_from(sorted(PRICES))


class Ledger(RuleBasedStateMachine):
    """Two budgets, one of an award and one of own money."""

    fixtures: dict = {}

    def __init__(self):
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.time = self.fixtures["noon"]
        self.count = 0
        self.models: dict[int, Model] = {}
        self.entries: dict[int, list[int]] = {}  # charge entries by budget, as the model's uses
        self.price_list = actions.publish_price_list(
            SYSTEM, version=f"M-{id(self)}", effective_from=clock.today(), prices=PRICES
        )
        self.prices = {price.meter.code: price for price in self.price_list.prices.select_related("meter")}
        for bps in (7_000, 0):
            budget = self.fixtures["make_budget"](
                self.fixtures["project"], released=START, ceiling=CEILING, scheme_bps=bps, price_list=self.price_list
            )
            self.models[budget.pk] = Model(bps, released=START)
            self.entries[budget.pk] = []

    def teardown(self):
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    def budget(self, which: int) -> tuple[Budget, Model]:
        pk = list(self.models)[which]
        return Budget.objects.get(pk=pk), self.models[pk]

    def new(self) -> str:
        self.count += 1
        return f"n{self.count}"

    def now(self):
        self.time += timedelta(seconds=1)
        return clock.fixed(self.time)

    which = st.integers(0, 1)

    @rule(which=which, amount=st.integers(1, CEILING))
    def release(self, which, amount):
        budget, model = self.budget(which)
        with self.now():
            if model.state == "closed" or model.released - model.lapsed + amount > CEILING:
                with pytest.raises((BadInput, Conflict)):
                    actions.release_tranche(SYSTEM, budget=budget, amount=amount, reason="x")
            else:
                actions.release_tranche(SYSTEM, budget=budget, amount=amount, reason="x")
                model.released += amount

    @rule(which=which, meter=meters, parts=st.lists(quantities, min_size=1, max_size=3))
    def hold(self, which, meter, parts):
        budget, model = self.budget(which)
        requests = [HoldRequest(self.new(), quantity) for quantity in parts]
        needed = sum(ceil(Fraction(PRICES[meter] * quantity, HOUR)) for quantity in parts)
        with self.now():
            holding = {
                "budget": budget,
                "price": self.prices[meter],
                "requests": requests,
                "expires_at": self.time,
            }
            if model.state != "active":
                with pytest.raises(Conflict):
                    actions.place_holds(SYSTEM, **holding)
            elif needed > model.available():
                with pytest.raises(InsufficientBudget):
                    actions.place_holds(SYSTEM, **holding)
            else:
                actions.place_holds(SYSTEM, **holding)
                model.holds |= {request.key: (meter, request.quantity) for request in requests}

    def held(self) -> dict[str, Model]:
        """Which budget each open hold is of."""
        return {key: model for model in self.models.values() for key in model.holds}

    @precondition(held)
    @rule(data=st.data(), quantity=quantities)
    def settle(self, data, quantity):
        held = self.held()
        key = data.draw(st.sampled_from(sorted(held)))
        model = held[key]
        meter, _held = model.holds.pop(key)
        model.use(meter, quantity)
        with self.now():
            actions.record_usage(SYSTEM, source="machine", items=[item(key, quantity, hold_key=key)] * 2)
        self.remember(key)

    @rule(first=which, meter=meters, parts=st.lists(quantities, min_size=1, max_size=4))
    def use_without_holds(self, first, meter, parts):
        """A batch over both budgets; then the same batch again."""
        items, names = [], []
        for n, quantity in enumerate(parts):
            budget, model = self.budget((first + n) % 2)
            model.use(meter, quantity)
            names.append(self.new())
            items.append(item(names[-1], quantity, budget_id=budget.pk, price_id=self.prices[meter].pk))
        with self.now():
            actions.record_usage(SYSTEM, source="machine", items=items)
            actions.record_usage(SYSTEM, source="machine", items=items[::-1])
        for name in names:
            self.remember(name)

    def remember(self, source_id):
        entry = Entry.objects.get(usage__source_id=source_id)
        self.entries[entry.budget_id].append(entry.pk)

    def charges(self) -> list[tuple[int, int]]:
        """Every charge: its budget, and its place among that budget's uses."""
        return [(pk, n) for pk, model in self.models.items() for n in range(len(model.used))]

    @precondition(charges)
    @rule(data=st.data())
    def reverse(self, data):
        pk, position = data.draw(st.sampled_from(self.charges()))
        model = self.models[pk]
        entry = Entry.objects.get(pk=self.entries[pk][position])
        with self.now():
            if position in model.reversed:
                with pytest.raises(Conflict):
                    actions.reverse_entry(SYSTEM, entry=entry, reason="x")
            else:
                actions.reverse_entry(SYSTEM, entry=entry, reason="x")
                model.reversed.add(position)
                if model.state == "closed":
                    model.lapsed += model.available()

    @precondition(held)
    @rule(data=st.data())
    def give_back(self, data):
        """Holds of both budgets at once."""
        held = self.held()
        keys = data.draw(st.lists(st.sampled_from(sorted(held)), min_size=1, unique=True))
        with self.now():
            assert actions.release_holds(SYSTEM, keys=[*keys, "unknown"], reason="x") == len(keys)
        for key in keys:
            del held[key].holds[key]

    @rule(which=which, stay=st.integers(0, 3))
    def suspend_or_resume(self, which, stay):
        """A suspended budget is resumed; of the active ones most stay so, or nothing would ever be held."""
        budget, model = self.budget(which)
        with self.now():
            if model.state == "active":
                if stay:
                    return
                actions.suspend_budget(SYSTEM, budget=budget, reason="x")
                model.state = "suspended"
            elif model.state == "suspended":
                actions.resume_budget(SYSTEM, budget=budget, reason="x")
                model.state = "active"
            else:
                with pytest.raises(Conflict):
                    actions.resume_budget(SYSTEM, budget=budget, reason="x")

    @precondition(lambda self: self.count > 12)
    @rule(which=which)
    def close(self, which):
        budget, model = self.budget(which)
        with self.now():
            if model.state == "closed" or model.holds:
                with pytest.raises(Conflict):
                    actions.close_budget(SYSTEM, budget=budget, reason="x")
            else:
                model.lapsed += model.available()
                model.state = "closed"
                actions.close_budget(SYSTEM, budget=budget, reason="x")

    @rule(days=st.integers(0, 40))
    def time_passes(self, days):
        """Seals and statements as the worker makes them. The budgets do not end meanwhile: they last for years."""
        self.time += timedelta(days=days)
        with self.now():
            seal_due_days()
            statements()
        Budget.objects.update(ends_on=self.time.date() + timedelta(days=400))

    @invariant()
    def the_budgets_are_what_the_facts_say(self):
        for pk, model in self.models.items():
            budget = Budget.objects.get(pk=pk)
            charged, scheme = model.charged()
            assert (budget.state, budget.released, budget.held) == (
                model.state,
                model.released - model.lapsed,
                model.held(),
            )
            assert (budget.charged, budget.charged_scheme) == (charged, scheme)
            assert budget.available == model.available() >= 0
            recorded = Entry.objects.filter(pk__in=self.entries[pk]).order_by("seq")
            assert list(recorded.values_list("amount", "scheme_share")) == model.charges()
        open_keys = Hold.objects.filter(state="open").values_list("key", flat=True)
        assert set(open_keys) == {key for model in self.models.values() for key in model.holds}
        assert sum(Posting.objects.values_list("amount", flat=True)) == 0
        lost = UsageRecord.objects.filter(budget=None).values_list("quantity", flat=True)
        assert sum(lost) == sum(model.lost for model in self.models.values())

    @invariant()
    def the_proof_is_clean(self):
        report = prove(accounting={})
        assert report.holds, list(report.lines())


@pytest.mark.django_db
def test_anything_in_any_order(make_organisation, make_project, make_budget, noon):
    Ledger.fixtures = {"project": make_project(make_organisation()), "make_budget": make_budget, "noon": noon}
    run_state_machine_as_test(
        Ledger,
        settings=settings(
            max_examples=30,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
