"""Who may see the portal's own pages."""

from __future__ import annotations

from aisc.core.access import register
from aisc.people.access import Centre, centre_role, signed_in
from aisc.portal import routes  # noqa: F401 - registers which rule guards which page

register(
    {
        "portal.home": signed_in(),
        "portal.operations": centre_role(Centre.OPERATOR, Centre.ADMINISTRATOR, Centre.FINANCE, Centre.AUDITOR),
        "portal.metrics": centre_role(Centre.OPERATOR, Centre.ADMINISTRATOR, Centre.AUDITOR),
        "portal.audit": centre_role(Centre.AUDITOR, Centre.OPERATOR, Centre.ADMINISTRATOR),
    }
)
