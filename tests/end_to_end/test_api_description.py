"""The API does what its OpenAPI document says, whatever is sent: no server error, no undocumented answer.

Schemathesis reads the document, makes requests from it, sound ones and broken ones, and judges each answer: its
status, its content type, its schema. The same requests each time; each is undone before the next.
"""

from __future__ import annotations

import json
import sys
import zlib
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests
import schemathesis
from access_world import World, whole_world
from django.db import transaction
from django.test import Client, override_settings
from fixtures import NOON
from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from aisc.core import clock

sys.path.insert(0, str(Path(__file__).parents[1] / "jobs"))

from memory_engine import MemoryEngine

pytestmark = [pytest.mark.django_db, pytest.mark.long]

# Who is let in how far: an organisation's owner; the centre's finance officer; the secretariat; nobody.
CALLERS = ("owner", "centre_finance", "centre_secretariat", "anonymous")
EXAMPLES = 5  # of each kind, for each operation and caller
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    fresh = override_settings(STEP_UP_AFTER_MS=0, API_WRITES_PER_MINUTE=1_000_000)
    with django_db_blocker.unblock(), fresh, clock.fixed(NOON), transaction.atomic():
        with whole_world(MemoryEngine()) as made:
            yield made
        transaction.set_rollback(True)


@cache
def description() -> Any:
    from aisc.portal.api import api

    document = json.loads(json.dumps(api.get_openapi_schema(path_prefix="/api/v1"), default=str))
    return schemathesis.openapi.from_dict(document)


def names() -> list[tuple[str, str]]:
    return [(each.ok().method.upper(), each.ok().path) for each in description().get_all_operations()]


def real(world: World, path: str) -> dict[str, str]:
    """Values for the parts of an operation's address that name something there is."""
    from aisc.jobs.models import Job
    from aisc.ledger.models import Budget, Statement, UsageRecord
    from aisc.people.models import Organisation, Project, ServiceAccount
    from aisc.scheme.models import Application, Call

    of = world.objects
    kinds = {
        "/organisations/": of[Organisation].uid,
        "/projects/": of[Project].uid,
        "/budgets/": of[Budget].uid,
        "/jobs/": of[Job].uid,
        "/applications/": of[Application].uid,
        "/calls/": of[Call].uid,
        "/statements/": of[Statement].number,
        "/services/": of[ServiceAccount].person.uid,
    }
    values = {"number": of[Statement].number}
    values |= {"uid": uid for name, uid in kinds.items() if f"{name}{{" in path}  # noqa: B035 - one of them at most
    return values | {"usage_id": str(of[UsageRecord].pk), "version": "WALK-1", "person": world.membership.person.uid}


def send(client: Client, case: Any, parts: dict[str, str]) -> schemathesis.Response:
    path = case.operation.path
    for name, value in {**(case.path_parameters or {}), **parts}.items():
        path = path.replace(f"{{{name}}}", quote(str(value), safe=""))
    query = [(name, each) for name, value in (case.query or {}).items() for each in _listed(value)]
    url = requests.Request("GET", f"http://testserver{path}", params=query).prepare().url or ""
    kwargs: dict[str, Any] = {}
    if isinstance(case.body, bytes):
        kwargs = {"data": case.body, "content_type": case.media_type or "application/octet-stream"}
    elif case.media_type and "json" in case.media_type:
        kwargs = {"data": json.dumps(case.body, default=str), "content_type": "application/json"}
    headers = {name: str(value) for name, value in (case.headers or {}).items()}
    with transaction.atomic():
        answer = client.generic(case.method.upper(), url.removeprefix("http://testserver"), headers=headers, **kwargs)
        body = b"" if answer.streaming and answer.is_async else answer.getvalue()
        transaction.set_rollback(True)
    found = {name.lower(): [value] for name, value in answer.headers.items()}
    prepared = requests.Request(case.method.upper(), url).prepare()
    return schemathesis.Response(answer.status_code, found, body, prepared, elapsed=0.0, verify=False)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_the_api_answers_as_it_is_described(world):
    clients = {who: Client(raise_request_exception=False) for who in CALLERS}
    for who, client in clients.items():
        if who != "anonymous":
            client.force_login(world.people[who])
    wrong: list[str] = []
    for method, path in names():
        operation = description()[path][method]
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            strategy = operation.as_strategy(generation_mode=mode)
            wrong += judge(clients, strategy, real(world, path), name=f"{method} {path}")
    world.restore_files()
    assert not wrong, "\n\n".join(["", *wrong])


def judge(clients: dict[str, Client], strategy: Any, parts: dict[str, str], *, name: str) -> list[str]:
    """What is wrong with the answers to some requests of one kind, each made by every caller in turn."""
    wrong: dict[str, str] = {}

    @seed(zlib.crc32(name.encode()))
    @settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
    )
    @given(case=strategy, there=st.booleans())
    def ask(case: Any, there: bool) -> None:
        for who, client in clients.items():
            answer = send(client, case, parts if there else {})
            # A part of the centre that is away is described.
            checks = CHECKS if answer.status_code != 503 else CHECKS[1:]
            try:
                case.validate_response(answer, checks=checks)
            except (Exception, BaseExceptionGroup) as error:
                wrong.setdefault(who, f"{who} {name}: {_short(error)}")

    try:
        ask()
    except (Exception, BaseExceptionGroup) as error:
        # A kind of request that cannot be made of this operation (nothing to break) is no fault of the API.
        if type(error).__name__ not in {"Unsatisfiable", "SkipTest", "Skipped"}:
            wrong[""] = f"{name}: {_short(error)}"
    return list(wrong.values())


def _short(error: BaseException) -> str:
    faults = getattr(error, "exceptions", [error])
    return "\n".join(str(each)[:1500] for each in faults)
