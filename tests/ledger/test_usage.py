"""Usage is charged exactly once, to the right budget, at the right price; what cannot be paid is never lost."""

from __future__ import annotations

import pytest

from aisc.core import clock
from aisc.core.errors import BadInput, Conflict, InsufficientBudget
from aisc.core.models import AuditEvent
from aisc.ledger import actions
from aisc.ledger.actions import UsageItem, UsageResult
from aisc.ledger.models import Entry, Hold, Posting, UsageRecord
from aisc.ledger.prove import prove

from .conftest import HOUR, SYSTEM, item


def postings(entry):
    return sorted((posting.account.kind, posting.amount) for posting in entry.postings.select_related("account"))


def test_a_use_settles_its_hold_and_charges_both_payers(bank):
    bank.hold("a", "b")
    result = bank.use(item("run-1", HOUR // 2, hold_key="a", description="train"))
    assert result == UsageResult(recorded=1, settled=1, amount=1_000)
    assert bank.money() == (100_000, 2_000, 1_000, 700)
    record = UsageRecord.objects.get()
    assert (record.source, record.source_id, record.quantity) == ("engine:test", "run-1", HOUR // 2)
    assert (record.budget_id, record.price_id, record.description) == (bank.pk, bank.price.pk, "train")
    assert (record.hold.key, record.hold.state, record.hold.closed_at) == ("a", "settled", clock.now())
    entry = record.charge
    assert (entry.kind, entry.seq, entry.amount, entry.scheme_share, entry.applicant_share) == (
        "charge",
        2,
        1_000,
        700,
        300,
    )
    assert postings(entry) == [("fund", 700), ("organisation", 300), ("revenue", -1_000)]
    event = AuditEvent.objects.get(action="ledger.record_usage")
    assert event.details == {
        "source": "engine:test",
        "recorded": 1,
        "repeated": 0,
        "settled": 1,
        "amount": 1_000,
        "unattributed": 0,
    }


def test_own_money_has_one_payer(make_bank, noon):
    bank = make_bank(scheme_bps=0)
    assert postings(bank.charge("a")) == [("organisation", 2_000), ("revenue", -2_000)]


def test_cents_add_up_over_many_small_uses(bank):
    bank.use(*(item(f"r{n}", 1_000, budget_id=bank.pk, price_id=bank.price.pk) for n in range(3_600)))
    assert bank.money() == (100_000, 0, 2_000, 1_400)
    amounts = set(Entry.objects.filter(kind="charge").values_list("amount", flat=True))
    assert amounts == {0, 1}
    assert not Posting.objects.filter(amount=0).exists()
    assert prove().holds


def test_prices_are_rounded_each_for_itself_and_shares_together(bank):
    bank.use(
        item("a", 1_000, budget_id=bank.pk, price_id=bank.price.pk),  # 0.56 cents
        item("b", 60_000, budget_id=bank.pk, price_id=bank.cpu.pk),  # 0.83 cents
    )
    totals = {row.price_id: (row.quantity, row.amount) for row in bank.budget.running_totals.all()}
    assert totals == {bank.price.pk: (1_000, 1), bank.cpu.pk: (60_000, 1)}
    assert bank.money() == (100_000, 0, 2, 1)


def test_the_same_use_again_changes_nothing(bank):
    bank.hold("a")
    first = item("a", hold_key="a")
    assert bank.use(first, first).repeated == 1
    assert bank.use(first) == UsageResult(repeated=1)
    assert bank.use(first._replace(quantity=7)) == UsageResult(repeated=1)
    assert bank.money() == (100_000, 0, 2_000, 1_400)
    assert UsageRecord.objects.get().quantity == HOUR


def test_sources_are_told_apart(bank):
    use = item("a", budget_id=bank.pk, price_id=bank.price.pk)
    bank.use(use)
    bank.use(use, source="engine:other")
    assert bank.budget.charged == 4_000


def test_nothing_to_record(bank):
    assert bank.use() == UsageResult()
    assert AuditEvent.objects.filter(action="ledger.record_usage").count() == 1


def test_a_use_of_nothing_is_charged_nothing_and_frees_its_hold(bank):
    bank.hold("a")
    assert bank.use(item("a", 0, hold_key="a")).settled == 1
    entry = UsageRecord.objects.get().charge
    assert (entry.amount, list(entry.postings.all())) == (0, [])
    assert bank.money() == (100_000, 0, 0, 0)


def test_a_use_that_nobody_pays_for_is_kept(bank):
    result = bank.use(item("x"), item("y", hold_key="unknown"), item("z", price_id=bank.price.pk))
    assert result == UsageResult(recorded=3, unattributed=3)
    assert list(UsageRecord.objects.order_by("pk").values_list("source_id", "budget", "price")) == [
        ("x", None, None),
        ("y", None, None),
        ("z", None, bank.price.pk),
    ]
    assert not Entry.objects.filter(kind="charge").exists()


def test_an_unknown_hold_does_not_hide_a_known_budget(bank):
    bank.use(item("x", hold_key="unknown", budget_id=bank.pk, price_id=bank.price.pk))
    assert bank.budget.charged == 2_000


def test_more_than_was_held_is_charged_where_there_is_room(bank):
    bank.hold("a")
    assert bank.use(item("a", 3 * HOUR, hold_key="a")).excess == ()
    assert bank.money() == (100_000, 0, 6_000, 4_200)


def test_more_than_there_is_becomes_an_unattributed_record(make_bank, noon):
    bank = make_bank(released=3_000)
    bank.hold("a")
    result = bank.use(item("a", 2 * HOUR, hold_key="a", description="long"))
    assert result == UsageResult(recorded=1, settled=1, amount=3_000, unattributed=1, excess=("a",))
    assert bank.money() == (3_000, 0, 3_000, 2_100)
    main, rest = UsageRecord.objects.order_by("pk")
    assert (main.source_id, rest.source_id) == ("a", "a#excess")
    assert main.quantity + rest.quantity == 2 * HOUR
    assert (rest.budget, rest.hold, rest.price_id, rest.description) == (None, None, bank.price.pk, "long")
    assert (rest.started_ms, rest.ended_ms) == (main.started_ms, main.ended_ms)
    # Not a millisecond less than could be paid: half a cent more would have been rounded up.
    assert main.quantity == (3_000 * 2 + 1) * HOUR // (2 * 2_000) - 1
    assert bank.use(item("a", 2 * HOUR, hold_key="a")).repeated == 1
    event = AuditEvent.objects.filter(action="ledger.record_usage").order_by("pk").first()
    assert event.details["excess"] == ["a"]


def test_other_holds_are_not_touched_by_an_excess(make_bank, noon):
    bank = make_bank(released=4_000)
    bank.hold("a", "b")
    bank.use(item("a", 5 * HOUR, hold_key="a"))
    assert bank.money() == (4_000, 2_000, 2_000, 1_400)
    bank.use(item("b", hold_key="b"))
    assert bank.money() == (4_000, 0, 4_000, 2_800)


def test_a_second_use_of_one_hold_is_paid_from_what_is_available(bank):
    bank.hold("a")
    bank.use(item("a-1", HOUR, hold_key="a"), item("a-2", HOUR, hold_key="a"))
    bank.use(item("a-3", HOUR, hold_key="a"))
    assert bank.money() == (100_000, 0, 6_000, 4_200)
    assert list(UsageRecord.objects.order_by("pk").values_list("hold__key", flat=True)) == ["a", None, None]


def test_a_use_after_its_hold_was_released_is_charged_all_the_same(bank):
    bank.hold("a")
    actions.release_holds(SYSTEM, keys=["a"], reason="lost")
    bank.use(item("a", hold_key="a"))
    assert bank.money() == (100_000, 0, 2_000, 1_400)
    assert Hold.objects.get().state == "released"


@pytest.mark.parametrize("ended", [False, True])
def test_what_ran_is_charged_whatever_became_of_the_budget(ended, bank):
    bank.hold("a")
    actions.suspend_budget(SYSTEM, budget=bank.budget, reason="x")
    moment = clock.now() if not ended else clock.now().replace(year=2030)
    with clock.fixed(moment):
        bank.use(item("a", hold_key="a"))
    assert bank.money() == (100_000, 0, 2_000, 1_400)


def test_a_closed_budget_pays_nothing_and_the_use_is_kept(bank):
    actions.close_budget(SYSTEM, budget=bank.budget, reason="over")
    result = bank.use(item("late", budget_id=bank.pk, price_id=bank.price.pk))
    assert (result.amount, result.excess) == (0, ("late",))
    assert sum(UsageRecord.objects.values_list("quantity", flat=True)) == HOUR
    assert bank.budget.available == 0


def test_a_free_meter_always_fits(make_bank, noon):
    bank = make_bank(released=1)
    bank.price.meter.prices.filter(pk=bank.price.pk).update(cents=0)
    assert bank.use(item("a", 10**12, budget_id=bank.pk, price_id=bank.price.pk)).excess == ()
    assert bank.budget.charged == 0


@pytest.mark.parametrize(
    "bad",
    [
        item(""),
        item("x" * 101),
        item("a", -1),
        item("a", 10**15 + 1),
        item("a#excess"),
        item("a", budget_id=10**9, price_id=1),
        item("a", budget_id=1),
    ],
    ids=["no id", "long id", "negative", "beyond reason", "reserved", "no such budget", "no price"],
)
def test_one_bad_item_refuses_the_batch_and_records_nothing(bank, bad):
    if bad.budget_id == 1:
        bad = bad._replace(budget_id=bank.pk)
    with pytest.raises(BadInput) as refused:
        bank.use(item("good", budget_id=bank.pk, price_id=bank.price.pk), bad)
    assert refused.value.code == "usage.invalid"
    assert not UsageRecord.objects.exists()
    assert bank.money() == (100_000, 0, 0, 0)


@pytest.mark.parametrize("source", ["", "x" * 33])
def test_a_source_has_a_name(source, bank):
    with pytest.raises(BadInput):
        bank.use(item("a"), source=source)


def test_many_budgets_in_one_batch(make_bank, noon):
    banks = [make_bank() for _n in range(3)]
    banks[1].hold("k")
    items = [
        UsageItem(f"r{n}", HOUR, 1, 2, budget_id=banks[n % 3].pk, price_id=banks[n % 3].price.pk) for n in range(9)
    ]
    result = banks[0].use(*items, item("held", hold_key="k"))
    assert (result.recorded, result.settled, result.amount) == (10, 1, 20_000)
    assert [each.budget.charged for each in banks] == [6_000, 8_000, 6_000]
    assert prove().holds


def test_long_descriptions_are_cut(bank):
    bank.use(item("a", budget_id=bank.pk, price_id=bank.price.pk, description="語" * 300))
    assert UsageRecord.objects.get().description == "語" * 200
    assert prove().holds


class TestAttribution:
    @pytest.fixture
    def record(self, bank):
        bank.use(item("x", price_id=bank.price.pk))
        return UsageRecord.objects.get()

    def test_an_operator_says_who_pays(self, bank, record):
        entry = actions.attribute_usage(SYSTEM, usage=record, budget=bank.budget, reason="their sbatch")
        assert (entry.amount, entry.scheme_share, entry.usage, entry.reason) == (2_000, 1_400, record, "their sbatch")
        record.refresh_from_db()
        assert (record.budget_id, record.price_id) == (bank.pk, bank.price.pk)
        assert bank.budget.charged == 2_000
        assert prove().holds
        with pytest.raises(Conflict):
            actions.attribute_usage(SYSTEM, usage=record, budget=bank.budget)
        assert bank.budget.charged == 2_000

    def test_the_excess_of_a_budget_can_be_paid_by_another(self, make_bank, noon):
        poor, rich = make_bank(released=1_000), make_bank()
        poor.hold("a", quantity=HOUR // 2)
        poor.use(item("a", hold_key="a"))
        rest = UsageRecord.objects.get(source_id="a#excess")
        actions.attribute_usage(SYSTEM, usage=rest, budget=rich.budget)
        assert poor.budget.charged + rich.budget.charged == 2_000
        assert prove().holds

    def test_a_meter_must_be_known(self, bank):
        bank.use(item("x"))
        record = UsageRecord.objects.get()
        with pytest.raises(BadInput) as refused:
            actions.attribute_usage(SYSTEM, usage=record, budget=bank.budget)
        assert refused.value.field == "price"
        actions.attribute_usage(SYSTEM, usage=record, budget=bank.budget, price=bank.cpu)
        assert bank.budget.charged == 50

    def test_the_budgets_own_prices_count(self, bank, record):
        bank.price.meter.prices.create(price_list=self.another_list(), cents=1)
        bank.budget.price_list.prices.filter(meter=bank.price.meter).update(cents=10)
        actions.attribute_usage(SYSTEM, usage=record, budget=bank.budget)
        assert bank.budget.charged == 10

    def test_without_a_price_for_it_there_is_no_charge(self, bank, record, make_organisation, make_project):
        other = self.another_list()
        budget = actions.open_budget(
            SYSTEM,
            name="Other",
            source="own",
            project=make_project(make_organisation()),
            price_list=other,
            scheme_bps=0,
            ceiling=10,
            starts_on=clock.today(),
            ends_on=clock.today(),
        )
        with pytest.raises(BadInput) as refused:
            actions.attribute_usage(SYSTEM, usage=record, budget=budget)
        assert refused.value.field == "budget"

    def test_it_must_fit_wholly(self, make_bank, record):
        poor = make_bank(released=1_999)
        with pytest.raises(InsufficientBudget) as refused:
            actions.attribute_usage(SYSTEM, usage=record, budget=poor.budget)
        assert refused.value.extra == {"needed_cents": 2_000, "available_cents": 1_999}
        record.refresh_from_db()
        assert record.budget is None
        assert poor.budget.charged == 0

    def test_a_closed_budget_pays_nothing(self, bank, record):
        actions.close_budget(SYSTEM, budget=bank.budget, reason="over")
        with pytest.raises(Conflict):
            actions.attribute_usage(SYSTEM, usage=record, budget=bank.budget)

    @staticmethod
    def another_list():
        from aisc.ledger.models import PriceList

        return PriceList.objects.create(version="B", effective_from=clock.today(), published_at=clock.now())
