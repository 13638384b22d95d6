"""Who may do what with money: every role against every action."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aisc.core import access, clock
from aisc.core.actions import ANYONE, Actor, registry
from aisc.core.errors import Forbidden, NotFound, SignInNeeded
from aisc.ledger import actions
from aisc.ledger.actions import HoldRequest
from aisc.ledger.models import Statement, UsageRecord
from aisc.people.models import CentreRole, Membership

CENTRE = list(CentreRole.Role)
STAFF = {"secretariat", "operator", "finance", "auditor", "administrator"}
WRITERS = {"owner", "manager", "member"}
PAYERS = {"owner", "finance of it"}
ALL = WRITERS | PAYERS | {"read_only", "facilitator"}

RULES = {
    "ledger.view_budgets": "signed in",
    "ledger.view_budget": ALL | STAFF,
    "ledger.open_budget": set(),
    "ledger.open_own_budget": PAYERS,
    "ledger.ask_for_own_budget": PAYERS,
    "ledger.raise_ceiling": PAYERS,
    "ledger.release_tranche": {"finance", "secretariat"},
    "ledger.suspend_budget": {"finance", "secretariat"},
    "ledger.resume_budget": {"finance", "secretariat"},
    "ledger.close_budget": {"finance", "secretariat"},
    "ledger.place_holds": WRITERS,
    "ledger.release_holds": {"operator", "finance"},
    "ledger.record_usage": set(),
    "ledger.view_usage": ALL | STAFF,
    "ledger.view_unattributed": STAFF,
    "ledger.attribute_usage": {"operator", "finance"},
    "ledger.reverse_entry": {"finance"},
    "ledger.view_prices": "everybody",
    "ledger.publish_price_list": {"finance"},
    "ledger.price_list_history": STAFF,
    "ledger.move_to_price_list": {"finance"},
    "ledger.view_statement": ALL | STAFF,
    "ledger.issue_statements": {"finance"},
    "ledger.view_proof": STAFF,
    "ledger.run_proof": {"finance", "auditor", "operator"},
    "ledger.record_proof": set(),
    "ledger.seal_day": set(),
}
ON_PROJECT = {"ledger.open_own_budget"}
ON_STATEMENT = {"ledger.view_statement"}
ON_USE = {"ledger.view_usage"}


@pytest.fixture
def everybody(bank, make_person, member, make_organisation):
    """Actors by what they are: the project's people, the centre's people, a stranger with an organisation of theirs."""
    people = {"owner": bank.owner}
    organisation = bank.project.organisation
    for role in Membership.Role:
        if role != "owner":
            name = "finance of it" if role == "finance" else str(role)
            people[name] = make_person()
            # Finance pays for the whole organisation; the others are members of this project alone.
            member(people[name], organisation if role == "finance" else bank.project, role)
    for role in CENTRE:
        people[str(role)] = make_person(str(role))
    people["stranger"] = make_person()
    make_organisation(people["stranger"])
    return {name: Actor(person=person) for name, person in people.items()}


def test_the_whole_room_is_in_the_table():
    assert {name for name in access.table() if name.startswith("ledger.")} == set(RULES)
    assert {name for name in registry() if name.startswith("ledger.")} <= set(RULES)


@pytest.mark.parametrize("name", RULES)
def test_who_may(name, everybody, bank):
    target = bank.budget
    if name in ON_PROJECT:
        target = bank.project
    elif name in ON_STATEMENT:
        target = Statement(budget=bank.budget)
    elif name in ON_USE:
        target = UsageRecord(budget=bank.budget)
    may = {who for who, actor in everybody.items() if access.may(actor, name, target)}
    expected = RULES[name]
    if isinstance(expected, str):
        expected = set(everybody)
    assert may == expected
    assert access.may(ANYONE, name, target) is (RULES[name] == "everybody")


def test_a_use_without_a_payer_is_for_the_centres_staff(everybody):
    use = UsageRecord(budget=None)
    assert {who for who, actor in everybody.items() if access.may(actor, "ledger.view_usage", use)} == STAFF


def test_the_secretariat_has_no_say_over_own_money(make_bank, everybody):
    own = make_bank(scheme_bps=0).budget
    for name in ["release_tranche", "suspend_budget", "resume_budget", "close_budget"]:
        assert not access.may(everybody["secretariat"], f"ledger.{name}", own)
        assert access.may(everybody["finance"], f"ledger.{name}", own)


def test_a_token_needs_the_scope(bank, everybody):
    finance = everybody["finance"]
    for scopes, may in [({"read"}, False), ({"jobs"}, False), ({"money"}, True)]:
        token = Actor(person=finance.person, scopes=frozenset(scopes))
        assert access.may(token, "ledger.release_tranche", bank.budget) is may
    writer = Actor(person=bank.owner, scopes=frozenset({"jobs"}))
    assert access.may(writer, "ledger.place_holds", bank.budget)


def test_refusals_say_who_may_and_hide_what_strangers_must_not_know(bank, everybody, acting):
    holds = {"price": bank.price, "requests": [HoldRequest("a", 1)], "expires_at": clock.now() + timedelta(hours=1)}
    with pytest.raises(NotFound):
        actions.place_holds(everybody["stranger"], budget=bank.budget, **holds)
    with pytest.raises(Forbidden) as refused:
        actions.release_tranche(everybody["owner"], budget=bank.budget, amount=1, reason="x")
    assert str(refused.value) == "You may not do this. Who may: finance officer; secretariat."
    with pytest.raises(SignInNeeded):
        actions.run_proof(ANYONE)
    assert bank.money() == (100_000, 0, 0, 0)
