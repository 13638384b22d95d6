"""Which rule guards which page of the portal itself; ``core.routes`` says how to add a row."""

from __future__ import annotations

from aisc.core.access import DEMONSTRATION, PUBLIC, guard, register_routes
from aisc.core.routes import NOBODY

register_routes(
    {
        "portal:front": PUBLIC,
        "portal:home": guard("portal.home"),
        "portal:operator": guard("portal.operations"),
        "portal:metrics": guard("portal.metrics"),
        "portal:audit": guard("portal.audit"),
        "portal:verify": PUBLIC,
        "portal:verify_code": PUBLIC,
        "portal:outbox": DEMONSTRATION,
        "portal:components": PUBLIC,
        # the description of the API
        "api-v1:openapi-json": PUBLIC,
        "api-v1:api-root": NOBODY,
        # addresses without a name
        "/healthz": PUBLIC,
        "/readyz": PUBLIC,
        "/favicon.ico": PUBLIC,
        "/static/": PUBLIC,
    }
)
