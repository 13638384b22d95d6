"""Which rule guards which page and operation of this room; ``core.routes`` says how to add a row."""

from __future__ import annotations

from aisc.core.access import PUBLIC, by, guard, register_routes
from aisc.ledger.models import Budget, Statement, UsageRecord
from aisc.people.models import Project

BUDGET = by(Budget)
_NAMED = by(Budget, "budget", field="uid", sent=True)
_STATEMENT = by(Statement, "number")

_budget = guard("ledger.view_budget", on=BUDGET)
_statement = guard("ledger.view_statement", on=_STATEMENT)


def _on_budget(rule: str):
    return _budget + guard(rule, on=BUDGET)


def _use(given: str, *rules: str):
    return guard("ledger.view_usage", *rules, on=by(UsageRecord, given, field="pk"))


register_routes(
    {
        "ledger:prices": PUBLIC,
        "ledger:price-list-new": guard("ledger.publish_price_list"),
        "ledger:price-list-new-step": guard("ledger.publish_price_list"),
        "ledger:budgets": guard("ledger.view_budgets"),
        "ledger:budget-new": guard("ledger.ask_for_own_budget"),
        "ledger:budget-new-step": guard("ledger.ask_for_own_budget"),
        "ledger:budget": _budget,
        "ledger:budget-journal": _budget,
        "ledger:budget-releases": _budget,
        "ledger:budget-statements": _budget,
        "ledger:budget-release": _on_budget("ledger.release_tranche"),
        "ledger:budget-suspend": _on_budget("ledger.suspend_budget"),
        "ledger:budget-resume": _on_budget("ledger.resume_budget"),
        "ledger:budget-close": _on_budget("ledger.close_budget"),
        "ledger:budget-ceiling": _on_budget("ledger.raise_ceiling"),
        "ledger:budget-prices": _on_budget("ledger.move_to_price_list"),
        "ledger:hold-release": _on_budget("ledger.release_holds"),
        "ledger:statements-issue": _on_budget("ledger.issue_statements"),
        "ledger:entry-reverse": _on_budget("ledger.reverse_entry"),
        "ledger:interim": _budget,
        "ledger:interim-pdf": _budget,
        "ledger:interim-csv": _budget,
        "ledger:statement": _statement,
        "ledger:statement-pdf": _statement,
        "ledger:statement-csv": _statement,
        "ledger:unattributed": guard("ledger.view_unattributed"),
        "ledger:usage": _use("pk"),
        "ledger:usage-attribute": _use("pk", "ledger.attribute_usage"),
        "ledger:usage-of": guard("ledger.view_usage", on=by(UsageRecord, "source_id")),
        "ledger:seals": guard("ledger.view_proof"),
        "ledger:proof": guard("ledger.view_proof", sending="ledger.run_proof"),
        # the API
        "GET /budgets": guard("ledger.view_budgets"),
        "POST /budgets": guard(
            "people.view_project", "ledger.open_own_budget", on=by(Project, "project", field="uid", sent=True)
        ),
        "GET /budgets/{uid}": _budget,
        "GET /budgets/{uid}/entries": _budget,
        "POST /budgets/{uid}/entries/{seq}/reverse": _on_budget("ledger.reverse_entry"),
        "GET /budgets/{uid}/holds": _budget,
        "GET /budgets/{uid}/releases": _budget,
        "POST /budgets/{uid}/releases": _on_budget("ledger.release_tranche"),
        "POST /budgets/{uid}/ceiling": _on_budget("ledger.raise_ceiling"),
        "POST /budgets/{uid}/price-list": _on_budget("ledger.move_to_price_list"),
        "POST /budgets/{uid}/suspend": _on_budget("ledger.suspend_budget"),
        "POST /budgets/{uid}/resume": _on_budget("ledger.resume_budget"),
        "POST /budgets/{uid}/close": _on_budget("ledger.close_budget"),
        "GET /budgets/{uid}/to-date": _budget,
        "GET /prices": PUBLIC,
        "POST /prices": guard("ledger.publish_price_list"),
        "GET /prices/{version}": PUBLIC,
        "POST /estimates": guard("ledger.view_budget", on=_NAMED),
        "GET /ledger/seals": guard("ledger.view_proof"),
        "GET /ledger/proof": guard("ledger.view_proof"),
        "POST /ledger/proof": guard("ledger.run_proof"),
        "GET /statements": guard("ledger.view_budgets"),
        "POST /statements": guard("ledger.view_budget", "ledger.issue_statements", on=_NAMED),
        "GET /statements/{number}": _statement,
        "GET /statements/{number}.pdf": _statement,
        "GET /statements/{number}.csv": _statement,
        "GET /usage": guard("ledger.view_budgets"),
        "GET /usage/{usage_id}": _use("usage_id"),
        "POST /usage/{usage_id}/attribute": _use("usage_id")
        + guard("ledger.view_budget", on=_NAMED)
        + _use("usage_id", "ledger.attribute_usage"),
    }
)
