"""A reversal is the exact opposite of a charge, once, and later charges do not notice."""

from __future__ import annotations

import pytest

from aisc.core.errors import BadInput, Conflict
from aisc.core.models import AuditEvent
from aisc.ledger import actions
from aisc.ledger.models import Entry
from aisc.ledger.prove import prove

from .conftest import HOUR, SYSTEM


def test_a_charge_is_taken_back_from_both_payers(bank):
    charge = bank.charge("a", HOUR // 3)
    reversal = actions.reverse_entry(SYSTEM, entry=charge, reason="node failed")
    assert (charge.amount, charge.scheme_share, charge.applicant_share) == (667, 467, 200)
    assert (reversal.amount, reversal.scheme_share, reversal.applicant_share) == (-667, -467, -200)
    assert (reversal.kind, reversal.seq, reversal.reverses, reversal.usage) == ("reversal", 3, charge, None)
    assert charge.reversed_by == reversal
    assert bank.money() == (100_000, 0, 0, 0)
    amounts = dict(reversal.postings.values_list("account__kind", "amount"))
    assert amounts == {"fund": -467, "organisation": -200, "revenue": 667}
    event = AuditEvent.objects.get(action="ledger.reverse_entry")
    assert (event.object_id, event.reason, event.details) == (str(charge.pk), "node failed", {"amount": 667})


def test_later_charges_are_rounded_as_if_nothing_had_been_taken_back(bank):
    charges = [bank.charge(f"r{n}", 1_000) for n in range(4)]
    actions.reverse_entry(SYSTEM, entry=charges[1], reason="x")
    charges += [bank.charge(f"s{n}", 1_000) for n in range(4)]
    # 8 × 0.5556 cents = 4.44 cents altogether, whoever got one of them back.
    assert sum(charge.amount for charge in charges) == 4
    assert bank.budget.charged == 4 - charges[1].amount
    assert (bank.budget.gross, bank.budget.gross_scheme) == (4, 3)
    assert prove().holds


def test_a_charge_is_reversed_once(bank):
    charge = bank.charge("a")
    actions.reverse_entry(SYSTEM, entry=charge, reason="x")
    with pytest.raises(Conflict) as refused:
        actions.reverse_entry(SYSTEM, entry=charge, reason="x")
    assert refused.value.code == "entry.reversed"
    assert bank.money() == (100_000, 0, 0, 0)


def test_only_charges_are_reversed(bank):
    reversal = actions.reverse_entry(SYSTEM, entry=bank.charge("a"), reason="x")
    for entry in [reversal, Entry.objects.get(kind="release")]:
        with pytest.raises(Conflict) as refused:
            actions.reverse_entry(SYSTEM, entry=entry, reason="x")
        assert refused.value.code == "entry.no_charge"


def test_a_reversal_needs_a_reason(bank):
    charge = bank.charge("a")
    with pytest.raises(BadInput):
        actions.reverse_entry(SYSTEM, entry=charge, reason=" ")
    assert bank.budget.charged == 2_000


def test_what_comes_back_to_a_closed_budget_lapses(bank):
    charge, nothing = bank.charge("a"), bank.charge("b", 0)
    actions.close_budget(SYSTEM, budget=bank.budget, reason="over")
    reversal = actions.reverse_entry(SYSTEM, entry=charge, reason="outage")
    actions.reverse_entry(SYSTEM, entry=nothing, reason="outage")
    assert (reversal.kind, reversal.amount) == ("reversal", -2_000)
    assert bank.money() == (0, 0, 0, 0)
    kinds = list(Entry.objects.order_by("seq").values_list("kind", flat=True))
    assert kinds == ["release", "charge", "charge", "lapse", "reversal", "lapse", "reversal"]
    assert prove().holds
