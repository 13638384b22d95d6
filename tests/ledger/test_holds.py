"""Holds: all or none, once per key, never more than there is."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aisc.core import clock
from aisc.core.errors import BadInput, Conflict, InsufficientBudget
from aisc.core.models import AuditEvent
from aisc.ledger import actions
from aisc.ledger.actions import HoldRequest
from aisc.ledger.models import Hold, PriceList

from .conftest import HOUR, SYSTEM, item


def test_the_worst_case_is_held(bank):
    (one,) = bank.hold("a", quantity=1)
    assert (one.amount, one.quantity, one.state, one.description) == (1, 1, "open", "job a")
    two, three = bank.hold("b", "c", quantity=HOUR)
    assert (two.amount, three.amount, two.key, three.key) == (2_000, 2_000, "b", "c")
    assert bank.money() == (100_000, 4_001, 0, 0)
    event = AuditEvent.objects.filter(action="ledger.place_holds").latest("pk")
    assert (event.object_id, event.details) == (bank.budget.uid, {"holds": 2, "again": 0, "amount": 4_000})


def test_all_or_none(bank):
    with pytest.raises(InsufficientBudget) as refused:
        bank.hold(*(f"k{n}" for n in range(51)))
    assert str(refused.value) == (
        "This needs HK$1,020.00 at list price; the budget “Test budget” has HK$1,000.00 left. "
        "The scheme's secretariat can release the next tranche."
    )
    assert refused.value.extra == {"needed_cents": 102_000, "available_cents": 100_000}
    assert not Hold.objects.exists()
    assert len(bank.hold(*(f"k{n}" for n in range(50)))) == 50
    assert bank.budget.available == 0
    assert bank.hold("free", quantity=0)[0].amount == 0


def test_who_can_add_own_money(make_bank, noon):
    bank = make_bank(scheme_bps=0, released=10)
    with pytest.raises(InsufficientBudget) as refused:
        bank.hold("a")
    assert f"An owner or finance member of {bank.project.organisation} can ask for more." in str(refused.value)


def test_the_same_key_is_the_same_hold(bank):
    (first,) = bank.hold("a")
    again, new = bank.hold("a", "b")
    assert again == first
    assert bank.money() == (100_000, 4_000, 0, 0)
    bank.use(item("a", hold_key="a"))
    actions.release_holds(SYSTEM, keys=["b"], reason="cancelled")
    actions.suspend_budget(SYSTEM, budget=bank.budget, reason="x")
    assert [hold.state for hold in bank.hold("a", "b")] == ["settled", "released"]
    assert new.key == "b"


@pytest.mark.parametrize("what", ["quantity", "price", "budget"])
def test_a_key_used_for_something_else_is_refused(what, bank, make_bank):
    bank.hold("a")
    other = make_bank()
    with pytest.raises(Conflict) as refused:
        bank.hold(
            "new",
            "a",
            quantity=1 if what == "quantity" else HOUR,
            price=bank.cpu if what == "price" else None,
            budget=other.budget if what == "budget" else None,
        )
    assert refused.value.code == "hold.key_reused"
    assert Hold.objects.count() == 1
    assert (bank.budget.held, other.budget.held) == (2_000, 0)


@pytest.mark.parametrize(
    "requests",
    [
        [],
        [HoldRequest("a", 1), HoldRequest("a", 1)],
        [HoldRequest("", 1)],
        [HoldRequest("x" * 101, 1)],
        [HoldRequest("a", -1)],
        [HoldRequest("a", 10**15 + 1)],
        [HoldRequest(f"k{n}", 1) for n in range(10_001)],
    ],
    ids=["none", "twice", "no key", "long key", "negative", "beyond reason", "too many"],
)
def test_requests_that_make_no_sense(requests, bank):
    with pytest.raises(BadInput):
        actions.place_holds(SYSTEM, budget=bank.budget, price=bank.price, requests=requests, expires_at=clock.now())
    assert not Hold.objects.exists()
    assert bank.budget.held == 0


def test_a_suspended_budget_holds_nothing_new(bank):
    actions.suspend_budget(SYSTEM, budget=bank.budget, reason="x")
    with pytest.raises(Conflict) as refused:
        bank.hold("a")
    assert refused.value.code == "budget.suspended"
    assert str(refused.value) == "The budget “Test budget” is suspended; choose another one."


def test_a_price_of_another_list_is_refused(bank, prices):
    other = PriceList.objects.create(version="OTHER", effective_from=clock.today(), published_at=clock.now())
    price = other.prices.create(meter=bank.price.meter, cents=1)
    with pytest.raises(Conflict) as refused:
        bank.hold("a", price=price)
    assert refused.value.code == "budget.price_list"


def test_released_holds_give_their_money_back_once(bank, make_bank):
    other = make_bank()
    bank.hold("a", "b")
    other.hold("c")
    bank.use(item("b", hold_key="b"))
    assert actions.release_holds(SYSTEM, keys=["a", "b", "c", "nothing"], reason="cancelled") == 2
    assert actions.release_holds(SYSTEM, keys=["a", "c"], reason="cancelled") == 0
    assert (bank.money(), other.money()) == ((100_000, 0, 2_000, 1_400), (100_000, 0, 0, 0))
    assert Hold.objects.get(key="a").closed_at == clock.now()
    event = AuditEvent.objects.filter(action="ledger.release_holds").order_by("pk").first()
    assert (event.reason, event.details) == ("cancelled", {"released": 2, "amount": 4_000, "keys": ["a", "c"]})


def test_releasing_needs_a_reason(bank):
    bank.hold("a")
    with pytest.raises(BadInput):
        actions.release_holds(SYSTEM, keys=["a"], reason="")
    assert bank.budget.held == 2_000


def test_expiry_is_kept_and_does_nothing_by_itself(bank):
    (hold,) = bank.hold("a")
    assert hold.expires_at == clock.now() + timedelta(hours=2)
    with clock.fixed(clock.now() + timedelta(days=2)):
        assert Hold.objects.get().state == "open"
