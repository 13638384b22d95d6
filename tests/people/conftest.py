"""Fixtures of this room: a place with one person in each role, and an API client."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from django.core.cache import cache

from aisc.core.actions import ANYONE, Actor

PARTS = ("owner", "manager", "member", "finance", "read_only")


@pytest.fixture(autouse=True)
def _fresh_limits():
    """Limits are counted in the cache, which outlives a test."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def cast(make_person, make_organisation, make_project, member):
    """An organisation with a project, a person in each role, a project-only member, a stranger, staff."""
    people = {part: make_person(name=part.capitalize()) for part in PARTS}
    organisation = make_organisation(owner=people["owner"])
    for part in PARTS[1:]:
        member(people[part], organisation, part)
    project = make_project(organisation)
    people["guest"] = make_person(name="Guest")
    member(people["guest"], project, "member")
    people["stranger"] = make_person(name="Stranger")
    other = make_organisation(owner=people["stranger"])
    for role in ("secretariat", "assessor", "committee", "operator", "finance", "auditor", "administrator"):
        people[f"centre_{role}"] = make_person(role, name=f"Centre {role}")
    return SimpleNamespace(
        organisation=organisation,
        project=project,
        other=other,
        other_project=make_project(other),
        people=people,
        actor=lambda part: ANYONE if part == "anonymous" else Actor(person=people[part]),
        everybody=(*people, "anonymous"),
        **{part: people[part] for part in (*PARTS, "guest", "stranger")},
    )


@pytest.fixture
def call(client):
    """``call("POST", "/organisations", body, person=…)`` or ``secret=…``: the API as a program calls it."""

    def send(method, path, body=None, *, secret="", key="", headers=None):
        given = dict(headers or {})
        if secret:
            given["Authorization"] = f"Bearer {secret}"
        if key:
            given["Idempotency-Key"] = key
        data = "" if body is None else json.dumps(body)
        return client.generic(method, f"/api/v1{path}", data, content_type="application/json", headers=given)

    return send


@pytest.fixture
def secret_of(acting):
    """``secret_of(person, *scopes)``: the secret of a new token; all scopes when none are named."""
    from aisc.people.access import SCOPES
    from aisc.people.actions import issue_token

    return lambda person, *scopes: issue_token(acting(person), name="test", scopes=scopes or list(SCOPES))[1]
