"""Price lists are published once; budgets move only when nothing gets dearer."""

from __future__ import annotations

from datetime import date

import pytest

from aisc.core import clock
from aisc.core.errors import BadInput, Conflict
from aisc.core.models import AuditEvent
from aisc.ledger import actions
from aisc.ledger.models import Meter, Price, PriceList
from aisc.ledger.prove import prove
from aisc.ledger.queries import current_price_list, favourable_price_lists, newer_price_lists

from .conftest import HOUR, SYSTEM, item

TODAY = date(2026, 6, 15)


def publish(**changes):
    fields = {
        "version": "2026-B",
        "effective_from": TODAY,
        "prices": {"accelerator:h800": 1_500, "accelerator:cpu": 50},
    }
    return actions.publish_price_list(SYSTEM, **(fields | changes))


def test_a_list_is_published_with_its_prices(prices, noon):
    new = publish(note_en="Cheaper", note_zh="減價", illustrative=True)
    assert (new.version, new.published_at, new.note_zh, new.illustrative) == ("2026-B", noon, "減價", True)
    assert dict(new.prices.values_list("meter__code", "cents")) == {"accelerator:h800": 1_500, "accelerator:cpu": 50}
    assert str(new) == "2026-B"
    assert AuditEvent.objects.get().details == {
        "effective_from": "2026-06-15",
        "prices": {"accelerator:h800": 1_500, "accelerator:cpu": 50},
    }


def test_a_type_of_accelerator_gets_its_meter(prices, noon):
    Price.objects.all().delete()
    Meter.objects.all().delete()
    publish()
    meter = Meter.objects.get(code="accelerator:h800")
    assert (meter.accelerator.code, meter.unit, meter.per, meter.name) == ("h800", "ms", HOUR, "NVIDIA H800")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"version": ""}, "version"),
        ({"version": "x" * 33}, "version"),
        ({"version": "a/b"}, "version"),
        ({"effective_from": date(2026, 6, 14)}, "effective_from"),
        ({"prices": {}}, "prices"),
        ({"prices": {"accelerator:none": 1}}, "prices"),
        ({"prices": {"accelerator:cpu": -1}}, "prices"),
        ({"prices": {"accelerator:cpu": 10**8 + 1}}, "prices"),
        ({"prices": {"accelerator:cpu": 1.5}}, "prices"),
        ({"prices": {"accelerator:cpu": True}}, "prices"),
        ({"note_en": "x" * 301}, "note_en"),
    ],
)
def test_a_list_that_makes_no_sense_is_refused(changes, field, prices, noon):
    with pytest.raises(BadInput) as refused:
        publish(**changes)
    assert refused.value.field == field
    assert PriceList.objects.count() == 1
    assert Price.objects.count() == 2


def test_a_version_is_published_once(prices, noon):
    publish()
    with pytest.raises(BadInput) as refused:
        publish(prices={"accelerator:cpu": 1})
    assert refused.value.field == "version"


def test_a_budget_is_offered_the_newer_lists_that_favour_it(bank):
    same = publish(version="SAME", prices={"accelerator:h800": 2_000, "accelerator:cpu": 50})
    dearer = publish(version="DEARER", prices={"accelerator:h800": 1, "accelerator:cpu": 51})
    missing = publish(version="MISSING", prices={"accelerator:cpu": 1})
    lower = publish(version="LOWER")
    publish(version="LATER", effective_from=date(2026, 7, 1))
    publish(version="USD", currency="USD")
    assert list(newer_price_lists(bank.budget)) == [lower, missing, dearer, same]
    assert list(favourable_price_lists(bank.budget)) == [lower]


def test_the_first_list_may_begin_in_the_past(prices, noon):
    PriceList.objects.update(published_at=None)
    assert current_price_list() is None
    publish(effective_from=date(2020, 1, 1))
    assert current_price_list().version == "2026-B"


def test_the_list_in_force_is_the_latest_that_has_begun(prices, noon):
    same_day = publish()
    later = publish(version="2026-C", effective_from=date(2026, 7, 1))
    assert current_price_list() == same_day
    assert current_price_list(date(2026, 7, 1)) == later
    assert current_price_list(date(2026, 1, 1)) == prices


def test_a_budget_moves_to_lower_prices_and_its_holds_shrink(bank):
    bank.hold("a", "b")
    bank.hold("c", price=bank.cpu)
    bank.charge("before")
    old, new = bank.budget.price_list, publish()
    moved = actions.move_to_price_list(SYSTEM, budget=bank.budget, price_list=new, reason="prices fell")
    assert moved.price_list == new
    assert bank.money() == (100_000, 3_050, 2_000, 1_400)
    bank.use(item("a", hold_key="a"))
    assert bank.money() == (100_000, 1_550, 3_500, 2_450)
    price = new.prices.select_related("meter").get(meter__code="accelerator:h800")
    assert bank.hold("b", price=price)[0].amount == 1_500
    assert prove().holds
    event = AuditEvent.objects.get(action="ledger.move_to_price_list")
    assert event.details == {"before": old.version, "after": "2026-B", "freed": 1_000}


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({"accelerator:h800": 2_001, "accelerator:cpu": 1}, "NVIDIA H800"),
        ({"accelerator:h800": 1}, "CPU core"),
        ({"accelerator:h800": 2_001}, "CPU core, NVIDIA H800"),
    ],
    ids=["dearer", "missing", "both"],
)
def test_nothing_may_get_dearer_or_be_missing(given, names, bank):
    bank.hold("a")
    with pytest.raises(Conflict) as refused:
        actions.move_to_price_list(SYSTEM, budget=bank.budget, price_list=publish(prices=given), reason="x")
    assert str(refused.value).endswith(f"Dearer or missing in 2026-B: {names}.")
    assert bank.money() == (100_000, 2_000, 0, 0)


def test_a_list_must_be_in_force_and_in_the_same_currency(bank):
    later = publish(effective_from=date(2026, 7, 1))
    dollars = publish(version="USD", currency="USD")
    draft = PriceList.objects.create(version="DRAFT", effective_from=TODAY)
    for price_list in [later, dollars, draft]:
        with pytest.raises(BadInput) as refused:
            actions.move_to_price_list(SYSTEM, budget=bank.budget, price_list=price_list, reason="x")
        assert refused.value.field == "price_list"


def test_a_closed_budget_keeps_its_prices(bank):
    new = publish()
    actions.close_budget(SYSTEM, budget=bank.budget, reason="over")
    with pytest.raises(Conflict):
        actions.move_to_price_list(SYSTEM, budget=bank.budget, price_list=new, reason="x")


def test_moving_needs_a_reason(bank):
    with pytest.raises(BadInput):
        actions.move_to_price_list(SYSTEM, budget=bank.budget, price_list=publish(), reason="")
    assert clock.today() == TODAY
