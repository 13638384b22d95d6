"""Who may do what with money.

The scheme opens an award's budget, and jobs settle what they used, as the system: nobody can ask for that
directly. Whoever releases, reverses and publishes works for the centre's finance; the secretariat does so
for awards alone; an organisation asks for its own money.
"""

from __future__ import annotations

from typing import Any

from aisc.core.access import Rule, register, with_step_up
from aisc.ledger import routes  # noqa: F401 - registers which rule guards which page
from aisc.ledger.models import Budget
from aisc.people.access import (
    EVERY_ROLE,
    PAYERS,
    STAFF,
    WRITERS,
    anyone,
    centre_role,
    nobody_but_the_system,
    role_in,
    signed_in,
)
from aisc.people.models import CentreRole
from aisc.people.queries import projects_where

Centre = CentreRole.Role
MONEY = "money"


def _project(budget: Budget) -> Any:
    return budget.project


def _secretariat_for_awards() -> Rule:
    rule = centre_role(Centre.SECRETARIAT, scope=MONEY)
    return Rule(
        rule.who,
        lambda actor, budget: budget.source == Budget.Source.AWARD and rule.allows(actor, budget),
        MONEY,
    )


def _payer_somewhere() -> Rule:
    """Those who pay for an open project: whoever has none is told so before being asked for anything."""

    def allows(actor: Any, _target: Any) -> bool:
        return actor.person is not None and projects_where(actor, PAYERS).exists()

    return Rule(role_in(PAYERS).who, allows, MONEY)


def _sees_usage() -> Rule:
    """Those who see its budget; while it has none, the centre's staff."""

    def allows(actor: Any, usage: Any) -> bool:
        if usage.budget is None:
            return _staff.allows(actor, None)
        return _readers.allows(actor, usage.budget)

    return Rule(_readers.who, allows, hide=True)


_staff = centre_role(*STAFF)
_finance = centre_role(Centre.FINANCE, scope=MONEY)
_stewards = _finance | _secretariat_for_awards()
_readers = role_in(EVERY_ROLE, place=_project) | centre_role(*STAFF)

register(
    {
        # budgets
        "ledger.view_budgets": signed_in(),
        "ledger.view_budget": _readers,
        "ledger.open_budget": nobody_but_the_system(),
        "ledger.open_own_budget": role_in(PAYERS, scope=MONEY, hide=False),
        "ledger.ask_for_own_budget": _payer_somewhere(),
        "ledger.raise_ceiling": with_step_up(role_in(PAYERS, place=_project, scope=MONEY, hide=False)),
        "ledger.release_tranche": with_step_up(_stewards),
        "ledger.suspend_budget": with_step_up(_stewards),
        "ledger.resume_budget": _stewards,
        "ledger.close_budget": with_step_up(_stewards),
        # use
        "ledger.place_holds": role_in(WRITERS, place=_project, scope="jobs"),
        "ledger.release_holds": centre_role(Centre.OPERATOR, Centre.FINANCE, scope=MONEY),
        "ledger.record_usage": nobody_but_the_system(),
        "ledger.view_usage": _sees_usage(),
        "ledger.view_unattributed": _staff,
        "ledger.attribute_usage": centre_role(Centre.OPERATOR, Centre.FINANCE, scope=MONEY),
        "ledger.reverse_entry": with_step_up(_finance),
        # prices
        "ledger.view_prices": anyone(),
        "ledger.publish_price_list": with_step_up(_finance),
        "ledger.move_to_price_list": with_step_up(_finance),
        # statements and proof
        "ledger.view_statement": role_in(EVERY_ROLE, place=lambda statement: statement.budget.project)
        | centre_role(*STAFF),
        "ledger.issue_statements": _finance,
        "ledger.view_proof": centre_role(*STAFF),
        "ledger.run_proof": centre_role(Centre.FINANCE, Centre.AUDITOR, Centre.OPERATOR, scope=MONEY),
        "ledger.record_proof": nobody_but_the_system(),
        "ledger.seal_day": nobody_but_the_system(),
    }
)
