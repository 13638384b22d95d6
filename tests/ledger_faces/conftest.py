"""A project with two people of every kind, a budget with some charges, and a browser for each of them."""

from __future__ import annotations

import json
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.test import Client

from aisc.core import clock
from aisc.core.actions import system
from aisc.ledger import actions
from aisc.ledger.actions import HoldRequest, UsageItem

HOUR = 3_600_000
WHO = ("owner", "finance", "member", "reader", "officer", "secretary", "auditor", "operator", "stranger")


@pytest.fixture
def place(make_person, make_organisation, make_project, member, noon):
    """An organisation with its people, the centre's people, and a stranger who owns another organisation."""
    here = SimpleNamespace(
        owner=make_person(name="Owner"),
        finance=make_person(name="Finance"),
        member=make_person(name="Member"),
        reader=make_person(name="Reader"),
        officer=make_person("finance", name="Officer"),
        secretary=make_person("secretariat", name="Secretary"),
        auditor=make_person("auditor", name="Auditor"),
        operator=make_person("operator", name="Operator"),
        stranger=make_person(name="Stranger"),
    )
    here.organisation = make_organisation(
        here.owner, name_en="Example University", name_zh="示例大學", address="1 Road"
    )
    here.project = make_project(here.organisation, name_en="Cantonese speech", name_zh="粵語語音")
    member(here.finance, here.organisation, "finance")
    member(here.member, here.project, "member")
    member(here.reader, here.project, "read_only")
    here.elsewhere = make_project(make_organisation(here.stranger))
    return here


@pytest.fixture
def browser():
    """``browser(person)``: a signed-in client; without a person, nobody is."""

    def make(person=None) -> Client:
        client = Client()
        if person is not None:
            client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return make


@pytest.fixture
def use(noon):
    """``use(budget, "a", hours)``: hold, use and charge the H800; answers the charge's entry."""

    def make(budget, name: str, ms: int = HOUR, *, code: str = "h800", description: str | None = None):
        price = budget.price_list.prices.get(meter__code=f"accelerator:{code}")
        key = f"{budget.uid}/{name}"
        actions.place_holds(
            system("test"),
            budget=budget,
            price=price,
            requests=[HoldRequest(key=key, quantity=ms, description=f"hold {name}")],
            expires_at=clock.now() + timedelta(hours=4),
        )
        started = clock.now_ms() - ms
        item = UsageItem(
            source_id=f"run-{budget.uid}-{name}",
            quantity=ms,
            started_ms=started,
            ended_ms=clock.now_ms(),
            hold_key=key,
            description=f"job {name}" if description is None else description,
        )
        actions.record_usage(system("test"), source="engine:local", items=[item])
        budget.refresh_from_db()
        return budget.entries.get(usage__source_id=item.source_id)

    return make


@pytest.fixture
def hold(noon):
    """``hold(budget, "a", ms)``: an open hold."""

    def make(budget, name: str, ms: int = HOUR, **more):
        price = budget.price_list.prices.get(meter__code="accelerator:h800")
        (made,) = actions.place_holds(
            system("test"),
            budget=budget,
            price=price,
            requests=[HoldRequest(key=f"{budget.uid}/{name}", quantity=ms, description=f"hold {name}")],
            expires_at=more.get("expires_at", clock.now() + timedelta(hours=4)),
        )
        budget.refresh_from_db()
        return made

    return make


@pytest.fixture
def stray(noon):
    """``stray("x")``: a use that came without a payer."""

    def make(name: str = "x", *, price=None, quantity: int = HOUR):
        from aisc.ledger.models import UsageRecord

        item = UsageItem(
            source_id=f"stray-{name}",
            quantity=quantity,
            started_ms=clock.now_ms() - quantity,
            ended_ms=clock.now_ms(),
            price_id=price.pk if price else None,
            description=f"stray {name}",
        )
        actions.record_usage(system("test"), source="engine:local", items=[item])
        return UsageRecord.objects.get(source_id=item.source_id)

    return make


@pytest.fixture
def budget(make_budget, place):
    return make_budget(
        place.project, name="Award budget", released=100_000, ceiling=150_000, reference="AISS-2026-0001"
    )


@pytest.fixture
def own(make_budget, place):
    return make_budget(place.project, name="Own money", released=50_000, ceiling=80_000, scheme_bps=0, reference="PO-1")


@pytest.fixture
def call(browser):
    """``call(person, "GET", "/budgets", body)``: a call of the API by token; without a person, by nobody."""
    from aisc.core.actions import Actor
    from aisc.people import actions as people

    secrets: dict[int, str] = {}

    def make(person, method: str, path: str, body=None, *, scopes=("read", "money"), **headers):
        if person is not None:
            if scopes != ("read", "money") or person.pk not in secrets:
                _token, secret = people.issue_token(Actor(person=person), name="test", scopes=list(scopes), days=7)
                secrets[person.pk] = secret
            headers["Authorization"] = f"Bearer {secrets[person.pk]}"
        return Client().generic(
            method,
            f"/api/v1{path}",
            "" if body is None else json.dumps(body),
            content_type="application/json",
            headers=headers,
        )

    return make
