"""Which rule guards which page of the portal itself; ``core.routes`` says how to add a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aisc.core.access import DEMONSTRATION, PUBLIC, SIGNED_IN, guard, register_routes
from aisc.core.audit.kinds import kind_called
from aisc.core.errors import NotFound
from aisc.core.routes import NOBODY


@dataclass(frozen=True)
class ByKind:
    """Finds the object whose history is asked for, by its kind and uid in the address."""

    kind: str

    def find(self, given: Mapping[str, Any]) -> Any | None:
        try:
            return kind_called(str(given.get(self.kind, ""))).find(str(given.get("uid", "")))
        except NotFound:
            return None


register_routes(
    {
        "portal:front": PUBLIC,
        "portal:home": guard("portal.home"),
        "portal:operator": guard("portal.operations"),
        "portal:metrics": guard("portal.metrics"),
        # what is found is what the rooms' own rules let the asker see
        "portal:search": PUBLIC,
        "GET /search": SIGNED_IN,
        "portal:audit": guard("portal.audit"),
        "portal:audit_refusals": guard("portal.audit"),
        "portal:history": guard("portal.history", on=ByKind("slug")),
        "GET /audit": guard("portal.audit"),
        "GET /audit/{kind}/{uid}": guard("portal.history", on=ByKind("kind")),
        "portal:access": SIGNED_IN,
        "portal:verify": PUBLIC,
        "portal:verify_code": PUBLIC,
        "portal:outbox": DEMONSTRATION,
        "portal:components": PUBLIC,
        # the description of the API
        "api-v1:openapi-json": PUBLIC,
        "api-v1:api-root": NOBODY,
        # addresses without a name
        **dict.fromkeys(
            (f"/accounts/social/{page}/" for page in ("connections", "login/cancelled", "login/error", "signup")),
            PUBLIC,
        ),
        "/healthz": PUBLIC,
        "/readyz": PUBLIC,
        "/favicon.ico": PUBLIC,
        "/static/": PUBLIC,
    }
)
