"""Who may see the portal's own pages."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from aisc.core.access import Rule, may, register
from aisc.core.actions import Actor
from aisc.core.audit.kinds import kind_of
from aisc.people.access import Centre, centre_role, signed_in
from aisc.portal import routes  # noqa: F401 - registers which rule guards which page


def _sees_history(actor: Actor, row: Any) -> bool:
    kind = kind_of(row._meta.label_lower) if row is not None else None
    return kind is not None and (may(actor, "portal.audit") or may(actor, kind.rule, row))


register(
    {
        "portal.home": signed_in(),
        "portal.operations": centre_role(Centre.OPERATOR, Centre.ADMINISTRATOR, Centre.FINANCE, Centre.AUDITOR),
        "portal.metrics": centre_role(Centre.OPERATOR, Centre.ADMINISTRATOR, Centre.AUDITOR),
        "portal.audit": centre_role(Centre.AUDITOR, Centre.OPERATOR, Centre.ADMINISTRATOR),
        "portal.history": Rule(
            _("those who may see the object itself; auditors, operators and administrators"), _sees_history, hide=True
        ),
    }
)
