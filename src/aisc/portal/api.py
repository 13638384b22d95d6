"""The API: every room's router under ``/api/v1``, who may call it, and its description (OpenAPI 3.1)."""

from __future__ import annotations

from typing import Any

from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema

from aisc.centre.api import router as centre
from aisc.core import problem
from aisc.jobs.api import router as jobs
from aisc.ledger.api import router as ledger
from aisc.people.api import router as people
from aisc.people.api_organisations import router as organisations
from aisc.people.api_texts import router as texts
from aisc.people.auth import BearerToken, Session
from aisc.portal.audit.api import router as audit
from aisc.portal.search import router as search
from aisc.scheme.api import router as scheme

DESCRIPTION = """
Everything that a person can do in a page can be done here: both call the same actions.

* **Who calls**: `Authorization: Bearer aisc_…`. A token acts for one person, within its scopes.
* **Money** is integer cents (`*_cents`); **durations** are integer milliseconds (`*_ms`); **times** are ISO 8601, UTC.
* **Lists** answer `{"items": […], "next": …}`; ask again with `cursor=<next>` until `next` is null.
* **Writes** take an `Idempotency-Key`: the same key with the same request gives the first answer again, and
  changes nothing a second time. The same key with another request is refused (409).
* **Refusals** are `application/problem+json` (RFC 9457) with a stable `code` and the fields that are wrong;
  nothing was changed. Their words follow `Accept-Language` (`en`, `zh-Hant`, `zh-Hans`).
"""

_WRITES = {"post", "put", "patch", "delete"}
_PROBLEMS = {
    400: "The body is not JSON, or the request is no request.",
    401: "No token or session, or one that no longer works.",
    402: "The budget cannot hold the amount.",
    403: "This person or token may not do this.",
    404: "No such thing, or none that the caller may see.",
    409: "The thing is not in a state that allows this.",
    422: "Something that was sent cannot be used; see `errors`.",
    429: "Too many tries in a short time.",
    503: "A part of the centre is away; nothing was changed. Try again after `Retry-After` seconds.",
}
_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Any text of at most 200 characters that is new for each new request.",
    "schema": {"type": "string", "maxLength": 200},
    "example": "0f6c1f0e-submit-1",
}


class Api(NinjaAPI):
    """Adds to the description what holds for every operation: its problems and the idempotency key."""

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        schema = super().get_openapi_schema(**options)
        schema["components"]["schemas"]["Problem"] = problem.Problem.model_json_schema()
        for path, operations in schema["paths"].items():
            for method, operation in operations.items():
                _describe(path, method, operation)
        return schema


def _describe(path: str, method: str, operation: dict[str, Any]) -> None:
    statuses = {422, 429, 503}
    if operation.get("requestBody"):
        statuses |= {400, 404}  # a body may name what is not there
    if operation.get("security"):
        statuses |= {401, 403}
    if (method, path.rpartition("/v1")[2]) == ("post", "/tokens"):
        statuses.add(401)  # it is what signs in: the address or the password may be wrong
    if "{" in path or any(each["name"] == "budget" for each in operation.get("parameters", [])):
        statuses.add(404)
    if method in _WRITES:
        statuses |= {402, 409}
        if operation.get("security"):
            operation["parameters"] = [*operation.get("parameters", []), _IDEMPOTENCY_KEY]
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for status in sorted(statuses):
        operation["responses"].setdefault(status, {"description": _PROBLEMS[status], "content": content})


api = Api(
    title="AISC",
    version="1.0.0",
    description=DESCRIPTION,
    auth=[BearerToken(), Session()],
    urls_namespace="api-v1",
    # Ninja's page of the description loads its scripts from another host; the portal has its own reference page.
    docs_url=None,
    openapi_extra={
        "info": {"license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
        "tags": [
            {"name": "people", "description": "Accounts, tokens, organisations, projects and members"},
            {"name": "centre", "description": "What the centre has and how busy it is"},
            {"name": "ledger", "description": "Prices, budgets, charges, statements and proofs"},
            {"name": "jobs", "description": "Jobs, their runs, logs and files"},
            {"name": "scheme", "description": "Calls, applications, reviews, decisions and awards"},
            {"name": "search", "description": "One search over everything that the caller may see"},
            {"name": "audit", "description": "What happened, who did it, and the chain that proves it"},
        ],
    },
)
problem.install(api)
for router in (people, organisations, texts, centre, ledger, jobs, scheme, audit, search):
    api.add_router("", router)
