"""Fixtures that tests of every room share. Rows are made by the actions where a room has them."""

from __future__ import annotations

import functools
import itertools
from datetime import UTC, date, datetime, timedelta

import pytest
from django.apps import apps as django_apps

from aisc.core import clock
from aisc.core.actions import Actor

NOON = datetime(2026, 6, 15, 4, 0, tzinfo=UTC)  # noon in Hong Kong
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """The test database lets go of audit rows: tests that write from several threads empty every table afterwards."""
    from django.db.models.signals import post_migrate

    from aisc.core.audit import guard

    post_migrate.disconnect(dispatch_uid="audit-guard", sender=django_apps.get_app_config("core"))
    with django_db_blocker.unblock():
        guard.remove()


@pytest.fixture
def noon():
    """Stop the clock at noon, Hong Kong time, on 15 June 2026."""
    with clock.fixed(NOON):
        yield NOON


@pytest.fixture(scope="session", autouse=True)
def quick_passwords():
    """Argon2 as everywhere, without the work that makes guessing expensive: a hash costs 0.1 ms, not some 100."""
    from aisc.people.hashers import Argon2

    with pytest.MonkeyPatch.context() as patch:
        for name, least in (("time_cost", 1), ("memory_cost", 8), ("parallelism", 1)):
            patch.setattr(Argon2, name, least)
        yield


@functools.cache
def _hashed() -> str:
    """Everybody's password, hashed once: the tests make thousands of people."""
    from django.contrib.auth.hashers import make_password

    return make_password("correct horse battery")


@pytest.fixture
def make_person(db):
    """``make_person(*centre_roles)``: a person with a confirmed address and the password "correct horse battery"."""
    from allauth.account.models import EmailAddress

    from aisc.people.models import CentreRole, Person

    def make(*centre_roles: str, name: str = "", email: str = "") -> Person:
        number = next(_numbers)
        email = email or f"person{number}@example.org"
        person = Person.objects.create(email=email, password=_hashed(), name=name or f"Person {number}")
        EmailAddress.objects.create(user=person, email=email, primary=True, verified=True)
        for role in centre_roles:
            CentreRole.objects.create(person=person, role=role, granted_at=clock.now())
        return person

    return make


@pytest.fixture
def make_organisation(db):
    """``make_organisation(owner=person)``: an organisation with its owner."""
    from aisc.people.models import Membership, Organisation

    def make(owner=None, **fields) -> Organisation:
        number = next(_numbers)
        fields = {"name_en": f"Organisation {number}", "name_zh": f"機構{number}", "category": "startup"} | fields
        organisation = Organisation.objects.create(created_at=clock.now(), **fields)
        if owner:
            Membership.objects.create(
                person=owner, organisation=organisation, role=Membership.Role.OWNER, created_at=clock.now()
            )
        return organisation

    return make


@pytest.fixture
def make_project(db):
    from aisc.people.models import Project

    def make(organisation, **fields) -> Project:
        number = next(_numbers)
        fields = {"name_en": f"Project {number}", "name_zh": f"項目{number}"} | fields
        return Project.objects.create(organisation=organisation, created_at=clock.now(), **fields)

    return make


@pytest.fixture
def member(db):
    """``member(person, place, role)``: make somebody a member of an organisation or a project."""
    from aisc.people.models import Membership, Project

    def make(person, place, role="member") -> Membership:
        project = place if isinstance(place, Project) else None
        organisation = place.organisation if project else place
        ends = clock.now() + timedelta(days=90) if role == Membership.Role.FACILITATOR else None
        return Membership.objects.create(
            person=person,
            organisation=organisation,
            project=project,
            role=role,
            created_at=clock.now(),
            expires_at=ends,
        )

    return make


@pytest.fixture
def acting():
    """``acting(person)``: the actor that a signed-in person is."""
    return lambda person: Actor(person=person)


@pytest.fixture
def prices(db):
    """An illustrative price list: a CPU core-hour at HK$0.50, an H800-hour at HK$20.00."""
    from aisc.centre.models import AcceleratorType
    from aisc.core.money import MS_PER_HOUR
    from aisc.ledger.models import Meter, Price, PriceList

    price_list = PriceList.objects.create(
        version=f"TEST-{next(_numbers)}", effective_from=date(2026, 1, 1), illustrative=True, published_at=NOON
    )
    for code, name, gflops, cents in [("cpu", "CPU core", 50, 50), ("h800", "NVIDIA H800", 989_500, 2000)]:
        accelerator, _ = AcceleratorType.objects.get_or_create(
            code=code,
            defaults={"name": name, "vendor": "x", "fp16_gflops": gflops, "memory_mb": 81_920, "power_w": 700},
        )
        meter, _ = Meter.objects.get_or_create(
            code=f"accelerator:{code}",
            defaults={"name_en": name, "accelerator": accelerator, "unit": "ms", "per": MS_PER_HOUR},
        )
        Price.objects.create(price_list=price_list, meter=meter, cents=cents)
    return price_list


@pytest.fixture
def make_budget(db, prices):
    """``make_budget(project, released=…, scheme_bps=…)``: an active budget, opened by the ledger's own actions."""
    from aisc.core.actions import system
    from aisc.ledger import actions

    def make(project, *, released: int = 100_000, scheme_bps: int = 7000, ceiling: int | None = None, **fields):
        today = clock.today()
        budget = actions.open_budget(
            system("test"),
            name=fields.pop("name", "Test budget"),
            source="award" if scheme_bps else "own",
            project=project,
            price_list=fields.pop("price_list", prices),
            scheme_bps=scheme_bps,
            ceiling=released if ceiling is None else ceiling,
            starts_on=fields.pop("starts_on", today - timedelta(days=30)),
            ends_on=fields.pop("ends_on", today + timedelta(days=335)),
            reference=fields.pop("reference", "TEST"),
        )
        if released:
            actions.release_tranche(system("test"), budget=budget, amount=released, reason="first tranche")
        budget.refresh_from_db()
        return budget

    return make
