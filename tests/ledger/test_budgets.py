"""Opening, releasing, suspending, closing; bad input changes nothing."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from aisc.core import clock
from aisc.core.actions import system
from aisc.core.errors import BadInput, Conflict
from aisc.core.models import AuditEvent
from aisc.ledger import actions
from aisc.ledger.models import Account, Budget, Entry, PriceList
from aisc.people.models import Notice

from .conftest import SYSTEM, item


def opening(project, prices, **changes):
    fields = {
        "name": "Award 1",
        "source": "award",
        "project": project,
        "price_list": prices,
        "scheme_bps": 7000,
        "ceiling": 1_000,
        "starts_on": date(2026, 6, 1),
        "ends_on": date(2027, 5, 31),
        "reference": "AISS-1",
    }
    return fields | changes


def test_a_budget_is_opened_with_nothing_released(make_organisation, make_project, prices, noon):
    project = make_project(make_organisation())
    budget = actions.open_budget(SYSTEM, **opening(project, prices))
    assert (budget.organisation, budget.state, budget.currency) == (project.organisation, "active", "HKD")
    assert (budget.ceiling, budget.released, budget.available) == (1_000, 0, 0)
    assert sorted(Account.objects.values_list("kind", flat=True)) == ["fund", "organisation", "revenue"]
    event = AuditEvent.objects.get(action="ledger.open_budget")
    assert event.details == {"ceiling": 1_000, "scheme_bps": 7000, "price_list": prices.version}
    assert event.object_id == budget.uid


def test_accounts_are_made_once(make_organisation, make_project, prices, noon):
    project = make_project(make_organisation())
    actions.open_budget(SYSTEM, **opening(project, prices))
    actions.open_budget(SYSTEM, **opening(project, prices, source="own", scheme_bps=0))
    assert Account.objects.count() == 3


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"),
        ({"source": "gift"}, "source"),
        ({"source": "own"}, "scheme_bps"),
        ({"scheme_bps": 0}, "scheme_bps"),
        ({"scheme_bps": 9_001}, "scheme_bps"),
        ({"ceiling": 0}, "ceiling"),
        ({"ceiling": 10**15 + 1}, "ceiling"),
        ({"ends_on": date(2026, 5, 31)}, "ends_on"),
        ({"reference": "x" * 65}, "reference"),
    ],
)
def test_a_budget_that_makes_no_sense_is_refused(changes, field, make_organisation, make_project, prices, noon):
    project = make_project(make_organisation())
    with pytest.raises(BadInput) as refused:
        actions.open_budget(SYSTEM, **opening(project, prices, **changes))
    assert refused.value.field == field
    assert not Budget.objects.exists()
    assert not AuditEvent.objects.exists()


def test_neither_a_closed_project_nor_a_draft_of_prices_will_do(make_organisation, make_project, prices, noon):
    draft = PriceList.objects.create(version="DRAFT", effective_from=date(2026, 1, 1))
    closed = make_project(make_organisation(), closed_at=clock.now())
    for project, price_list, field in [
        (make_project(make_organisation()), draft, "price_list"),
        (closed, prices, "project"),
    ]:
        with pytest.raises(BadInput) as refused:
            actions.open_budget(SYSTEM, **opening(project, price_list))
        assert refused.value.field == field


def test_own_money_is_asked_for_at_the_current_prices(
    make_person, make_organisation, make_project, prices, acting, noon
):
    owner, officer = make_person(), make_person("finance")
    project = make_project(make_organisation(owner))
    later = PriceList.objects.create(version="LATER", effective_from=date(2026, 7, 1), published_at=clock.now())
    asked = {"project": project, "name": "Own", "ceiling": 500, "ends_on": date(2027, 1, 1)}
    now = actions.open_own_budget(acting(owner), starts_on=date(2026, 1, 1), **asked)
    then = actions.open_own_budget(acting(owner), starts_on=date(2026, 7, 1), **asked)
    assert (now.source, now.scheme_bps, now.released, now.price_list) == ("own", 0, 0, prices)
    assert then.price_list == later
    told = Notice.objects.filter(person=officer)
    assert [notice.values["budget"] for notice in told] == ["Own", "Own"]


def test_own_money_needs_a_price_list(make_person, make_organisation, make_project, acting, noon):
    owner = make_person()
    project = make_project(make_organisation(owner))
    with pytest.raises(BadInput):
        actions.open_own_budget(
            acting(owner),
            project=project,
            name="x",
            ceiling=1,
            starts_on=date(2026, 6, 15),
            ends_on=date(2026, 6, 16),
        )


def test_tranches_are_released_up_to_the_ceiling(make_bank, noon):
    bank = make_bank(released=400, ceiling=1_000)
    entry = actions.release_tranche(SYSTEM, budget=bank.budget, amount=600, reason="report accepted")
    assert (entry.seq, entry.kind, entry.amount, entry.reason) == (2, "release", 600, "report accepted")
    assert entry.at_ms == clock.now_ms()
    with pytest.raises(BadInput) as refused:
        actions.release_tranche(SYSTEM, budget=bank.budget, amount=1, reason="more")
    assert refused.value.field == "amount"
    assert bank.money() == (1_000, 0, 0, 0)
    event = AuditEvent.objects.filter(action="ledger.release_tranche").order_by("-pk").first()
    assert (event.object_id, event.reason, event.details) == (bank.budget.uid, "report accepted", {"amount": 600})
    notice = Notice.objects.filter(person=bank.owner).latest("pk")
    assert str(notice) == "HK$6.00 was released into the budget “Test budget”."


@pytest.mark.parametrize(("amount", "reason"), [(0, "x"), (-5, "x"), (1, " "), (1, "x" * 301)])
def test_a_release_needs_an_amount_and_a_reason(amount, reason, make_bank, noon):
    bank = make_bank(released=0, ceiling=10)
    with pytest.raises(BadInput):
        actions.release_tranche(SYSTEM, budget=bank.budget, amount=amount, reason=reason)
    assert not Entry.objects.exists()


def test_the_ceiling_of_own_money_can_be_raised(make_bank, noon):
    bank = make_bank(scheme_bps=0, released=100)
    assert actions.raise_ceiling(SYSTEM, budget=bank.budget, ceiling=200, reason="more work").ceiling == 200
    with pytest.raises(BadInput):
        actions.raise_ceiling(SYSTEM, budget=bank.budget, ceiling=200, reason="again")
    event = AuditEvent.objects.filter(action="ledger.raise_ceiling").get()
    assert event.details == {"before": 100, "after": 200}


def test_the_ceiling_of_an_award_is_what_was_decided(bank):
    with pytest.raises(Conflict):
        actions.raise_ceiling(SYSTEM, budget=bank.budget, ceiling=10**9, reason="please")
    assert bank.budget.ceiling == 100_000


def test_a_suspended_budget_can_be_resumed(bank):
    assert actions.suspend_budget(SYSTEM, budget=bank.budget, reason="report late").state == "suspended"
    with pytest.raises(Conflict):
        actions.suspend_budget(SYSTEM, budget=bank.budget, reason="again")
    assert actions.resume_budget(SYSTEM, budget=bank.budget, reason="report came").state == "active"
    events = AuditEvent.objects.filter(action__in=["ledger.suspend_budget", "ledger.resume_budget"]).order_by("pk")
    assert [event.details for event in events] == [
        {"before": "active", "after": "suspended"},
        {"before": "suspended", "after": "active"},
    ]


def test_what_is_not_used_lapses_when_the_budget_is_closed(bank):
    bank.charge("a")
    closed = actions.close_budget(SYSTEM, budget=bank.budget, reason="over")
    assert (closed.state, closed.released, closed.charged, closed.available) == ("closed", 2_000, 2_000, 0)
    last = closed.entries.order_by("-seq").first()
    assert (last.seq, last.kind, last.amount, last.reason) == (3, "lapse", -98_000, "over")
    assert not last.postings.exists()


def test_a_budget_with_nothing_left_closes_without_a_lapse(make_bank, noon):
    bank = make_bank(released=2_000)
    bank.charge("a")
    actions.close_budget(SYSTEM, budget=bank.budget, reason="over")
    assert [entry.kind for entry in bank.budget.entries.order_by("seq")] == ["release", "charge"]


def test_a_budget_with_open_holds_stays_open(bank):
    bank.hold("a", quantity=0)
    with pytest.raises(Conflict) as refused:
        actions.close_budget(SYSTEM, budget=bank.budget, reason="over")
    assert refused.value.code == "budget.holds_open"
    assert bank.budget.state == "active"


def test_a_closed_budget_takes_nothing_more(make_bank, noon):
    bank = make_bank(scheme_bps=0, released=100, ceiling=200)
    actions.close_budget(SYSTEM, budget=bank.budget, reason="over")
    for act in [
        lambda: actions.release_tranche(SYSTEM, budget=bank.budget, amount=1, reason="x"),
        lambda: actions.raise_ceiling(SYSTEM, budget=bank.budget, ceiling=300, reason="x"),
        lambda: actions.resume_budget(SYSTEM, budget=bank.budget, reason="x"),
        lambda: actions.close_budget(SYSTEM, budget=bank.budget, reason="x"),
        lambda: bank.hold("a", quantity=0),
    ]:
        with pytest.raises(Conflict):
            act()
    assert bank.money() == (0, 0, 0, 0)


@pytest.mark.parametrize(
    "change",
    [
        "held = released + 1",
        "charged = released + 1",
        "released = ceiling + 1",
        "held = -1",
        "charged = -1",
        "charged_scheme = charged + 1",
        "charged_scheme = -1",
        "scheme_bps = 9001",
        "ends_on = '2020-01-01'",
    ],
)
def test_the_database_itself_refuses_what_must_not_be(change, bank, sql):
    before = bank.money()
    with pytest.raises(IntegrityError), transaction.atomic():
        sql(f"UPDATE ledger_budget SET {change}")
    assert bank.money() == before


def test_the_database_refuses_an_entry_that_is_not_of_its_kind(bank):
    bank.charge("a")
    charge = Entry.objects.get(kind="charge")
    for change in [
        {"kind": "release"},
        {"kind": "lapse"},
        {"kind": "reversal"},
        {"kind": "gift"},
        {"amount": 1},
        {"usage": None},
    ]:
        with pytest.raises(IntegrityError), transaction.atomic():
            Entry.objects.filter(pk=charge.pk).update(**change)


def test_names_say_what_a_row_is(bank):
    bank.hold("a")
    bank.use(item("a", hold_key="a"))
    entry = Entry.objects.get(kind="charge")
    budget = bank.budget
    assert str(budget) == "Test budget"
    assert str(entry) == f"{budget.uid}/2"
    assert str(entry.usage) == "engine:test:a"
    assert str(entry.usage.hold) == entry.usage.hold.uid
    assert str(bank.price) == f"{bank.price.price_list}: accelerator:h800"
    assert {str(posting.account) for posting in entry.postings.all()} == {
        "Scheme fund",
        str(bank.project.organisation),
        "Centre revenue",
    }
    assert str(entry.postings.order_by("pk").first()) == f"{entry.pk}: Scheme fund 1400"
    assert str(budget.running_totals.get()) == f"Test budget: {bank.price}"
    assert (budget.applicant_bps, budget.charged_applicant) == (3000, 600)
    assert str(bank.price.meter) == "NVIDIA H800"


def test_an_actor_for_the_system_is_named_in_the_audit_log(make_organisation, make_project, prices, noon):
    project = make_project(make_organisation())
    actions.open_budget(system("scheme.accept_award"), **opening(project, prices))
    assert AuditEvent.objects.get().actor == "scheme.accept_award"


def test_the_last_day_of_a_budget_is_part_of_it(make_bank, noon):
    today = clock.today()
    last = make_bank(starts_on=today, ends_on=today)
    assert len(last.hold("today")) == 1
    for code, fields in [
        ("budget.not_started", {"starts_on": today + timedelta(days=1), "ends_on": today + timedelta(days=9)}),
        ("budget.ended", {"starts_on": today - timedelta(days=9), "ends_on": today - timedelta(days=1)}),
    ]:
        with pytest.raises(Conflict) as refused:
            make_bank(**fields).hold(code)
        assert refused.value.code == code
