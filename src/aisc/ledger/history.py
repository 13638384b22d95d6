"""What of the money has a history, and how its actions are called there."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from aisc.core.access import register as register_rules
from aisc.core.audit.kinds import Kind, register, say
from aisc.core.audit.prove import register_anchors
from aisc.ledger.models import Budget, PriceList, Seal, Statement
from aisc.people.access import STAFF, centre_role

register_rules({"ledger.price_list_history": centre_role(*STAFF)})
register(
    Kind("budget", Budget, "ledger.view_budget", "uid", _("Budget")),
    Kind("statement", Statement, "ledger.view_statement", "number", _("Statement")),
    Kind("price-list", PriceList, "ledger.price_list_history", "version", _("Price list")),
)
say(
    {
        "ledger.open_budget": _("Opened the budget"),
        "ledger.open_own_budget": _("Asked for a budget of their own money"),
        "ledger.raise_ceiling": _("Raised the ceiling"),
        "ledger.release_tranche": _("Released a tranche"),
        "ledger.suspend_budget": _("Suspended the budget"),
        "ledger.resume_budget": _("Resumed the budget"),
        "ledger.close_budget": _("Closed the budget"),
        "ledger.place_holds": _("Held money for a use"),
        "ledger.release_holds": _("Released held money"),
        "ledger.record_usage": _("Recorded usage and charged it"),
        "ledger.attribute_usage": _("Attributed usage to a budget"),
        "ledger.reverse_entry": _("Reversed a charge"),
        "ledger.publish_price_list": _("Published a price list"),
        "ledger.move_to_price_list": _("Moved the budget to another price list"),
        "ledger.issue_statements": _("Issued statements"),
        "ledger.run_proof": _("Asked for a proof"),
        "ledger.record_proof": _("Proved the ledger"),
        "ledger.seal_day": _("Sealed a day"),
    }
)


def anchors() -> list[tuple[int, str]]:
    """What the seals say of the audit log: its last row's number and hash when the day was sealed."""
    return list(Seal.objects.filter(audit_seq__gt=0).values_list("audit_seq", "audit_hash"))


register_anchors(anchors)
