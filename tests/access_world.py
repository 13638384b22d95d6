"""Two organisations in one centre, everybody who can stand in some relation to the first, and one of everything.

All that belongs to the first organisation says ``MARKER`` somewhere: its names, texts, files, logs, notices. The test
that walks every page looks for that word in what the other organisation's people are answered.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db.models import Model

from aisc.core import clock
from aisc.core.actions import Actor, system

MARKER = "Quetzalmarkword"
PART = MARKER[:9]  # what one searches for: an answer that repeats it has not told the whole word
TEXT = f"{MARKER} text"
FILE = "notes/plan.txt"
SCORES = {"alignment": 8, "compute": 7, "placeholder": 6}


@dataclass
class World:
    """``people`` by what they are; ``objects`` by model: what the first organisation has."""

    people: dict[str, Any] = field(default_factory=dict)
    objects: dict[type[Model], Any] = field(default_factory=dict)
    applications: dict[str, Any] = field(default_factory=dict)
    membership: Any = None
    own: dict[type[Model], Any] = field(default_factory=dict)  # what the stranger has
    engine: Any = None

    def restore_files(self) -> None:
        """The workspace as it was made; what a request did to it is undone."""
        from aisc.jobs.workspaces import root_of
        from aisc.people.models import Project

        for project, text in ((self.objects[Project], TEXT), (self.own[Project], "the stranger's")):
            root = root_of(project)
            shutil.rmtree(root, ignore_errors=True)
            (root / FILE).parent.mkdir(parents=True)
            (root / FILE).write_text(f"{text}\n")


class Maker:
    """Makes people and places without the function-scoped fixtures, which a world for a whole file cannot use."""

    def __init__(self) -> None:
        from django.contrib.auth.hashers import make_password

        self._password = make_password("correct horse battery")

    def person(self, who: str, *centre_roles: str, mark: bool = False) -> Any:
        from allauth.account.models import EmailAddress

        from aisc.people.models import CentreRole, Person

        email = f"{who}@{MARKER.lower() if mark else 'example'}.example"
        name = f"{MARKER} {who}" if mark else who.replace("_", " ").title()
        person = Person.objects.create(email=email, password=self._password, name=name)
        EmailAddress.objects.create(user=person, email=email, primary=True, verified=True)
        for role in centre_roles:
            CentreRole.objects.create(person=person, role=role, granted_at=clock.now())
        return person

    def place(self, owner: Any, words: str) -> tuple[Any, Any]:
        from aisc.people import actions

        actor = Actor(person=owner)
        organisation = actions.create_organisation(
            actor, name_en=f"{words} Limited", name_zh=f"{words}有限公司", category="startup", registry_number=""
        )
        project = actions.create_project(
            actor,
            organisation=organisation,
            name_en=f"{words} project",
            name_zh=f"{words}項目",
            summary_en=words,
            summary_zh=words,
        )
        return organisation, project

    def member(self, person: Any, organisation: Any, role: str, project: Any = None) -> Any:
        from aisc.people.models import Membership

        return Membership.objects.create(
            person=person, organisation=organisation, project=project, role=role, created_at=clock.now()
        )


def _prices() -> Any:
    """An illustrative price list for CPU cores and H800, published by the ledger's own action."""
    from aisc.centre.models import AcceleratorType
    from aisc.core.money import MS_PER_HOUR
    from aisc.ledger import actions
    from aisc.ledger.models import Meter

    for code, gflops in (("cpu", 50), ("h800", 989_500)):
        facts = {"name": code.upper(), "vendor": "x", "fp16_gflops": gflops, "memory_mb": 81_920, "power_w": 700}
        kind, _made = AcceleratorType.objects.get_or_create(code=code, defaults=facts)
        meter = {"name_en": kind.name, "accelerator": kind, "unit": "ms", "per": MS_PER_HOUR}
        Meter.objects.get_or_create(code=f"accelerator:{code}", defaults=meter)
    return actions.publish_price_list(
        system("test"),
        version="WALK-1",
        effective_from=clock.today(),
        prices={"accelerator:cpu": 50, "accelerator:h800": 2000},
    )


@contextmanager
def whole_world(engine: Any) -> Iterator[World]:
    """The world; ``engine`` runs its jobs. For use inside a transaction."""
    from aisc.centre.models import AcceleratorType, Cluster, Node, NodeAccelerator
    from aisc.jobs.registry import using
    from aisc.ledger.actions import record_proof
    from aisc.ledger.prove import prove
    from aisc.people.models import CentreRole, Membership

    make, world = Maker(), World()
    people = world.people
    people["owner"] = make.person("owner", mark=True)
    organisation, project = make.place(people["owner"], MARKER)
    for role in (role for role in Membership.Role if role != Membership.Role.FACILITATOR):
        if role != "owner":
            people[str(role)] = make.person(str(role), mark=True)
            given = make.member(people[str(role)], organisation, role)
            world.membership = given if role == "member" else world.membership
        name = f"project_{role}"
        people[name] = make.person(name, mark=True)
        make.member(people[name], organisation, role, project)
    for role in CentreRole.Role:
        people[f"centre_{role}"] = make.person(f"centre_{role}", role)
    people["other_assessor"] = make.person("other_assessor", "assessor")
    people["stranger"] = make.person("stranger")
    other, other_project = make.place(people["stranger"], "Stranger")
    people["newcomer"] = make.person("newcomer")

    price_list = _prices()
    cluster, _made = Cluster.objects.get_or_create(
        code="local", defaults={"engine": "local", "name_en": "This machine", "name_zh": "本機"}
    )
    node = Node.objects.create(cluster=cluster, name="node1", cpus=64, memory_mb=262_144, seen_at=clock.now())
    h800 = AcceleratorType.objects.get(code="h800")
    NodeAccelerator.objects.create(node=node, type=h800, count=8)
    world.engine = engine
    with using(cluster.code, engine):
        _own = world.own
        for objects, place, person, words in (
            (world.objects, (organisation, project), people["owner"], MARKER),
            (_own, (other, other_project), people["stranger"], "Stranger"),
        ):
            objects.update(_everything(place, person, words, price_list, engine))
        record_proof(system("test"), report=prove())
        world.objects[Membership] = world.membership
        world.objects[AcceleratorType] = h800
        _scheme(world, organisation, price_list)
        _people(world, organisation, project)
        world.restore_files()
        yield world


def _everything(place: tuple[Any, Any], person: Any, words: str, price_list: Any, engine: Any) -> dict[Any, Any]:
    """A budget with a charge and its statements, an ended job, a running one, a token, a notice."""
    from aisc.jobs import actions as jobs
    from aisc.jobs import tasks
    from aisc.ledger import actions as ledger
    from aisc.ledger.models import Budget, Entry, Hold, Statement, UsageRecord
    from aisc.people import actions as people
    from aisc.people.models import ApiToken, Notice, Organisation, Person, Project
    from aisc.people.notices import notify

    organisation, project = place
    actor, today = Actor(person=person), clock.today()
    budget = ledger.open_budget(
        system("test"),
        name=f"{words} budget",
        source="award",
        project=project,
        price_list=price_list,
        scheme_bps=7000,
        ceiling=10_000_000,
        starts_on=today - timedelta(days=30),
        ends_on=today + timedelta(days=300),
        reference=f"{words} reference",
    )
    ledger.release_tranche(system("test"), budget=budget, amount=5_000_000, reason=f"{words} reason")
    asked = {
        "project": project,
        "budget": budget,
        "accelerator": "h800",
        "time_limit_ms": 3_600_000,
        "environment": {"SECRET": f"{words} value"},
        "note": f"{words} note",
    }
    ended, running = (
        jobs.submit_job(actor, name=f"{words} {state}", command=["echo", words], **asked)
        for state in ("ended", "running")
    )
    tasks.run_engines()
    for job in (ended, running):
        engine.logs[f"{job.uid}-0"] = f"{words} said so\n".encode()
        engine.start(f"{job.uid}-0")
    engine.finish(f"{ended.uid}-0", elapsed_ms=1_800_000)
    tasks.run_engines()
    tasks.run_engines()
    statements = ledger.issue_statements(system("test"), budget=budget, period_start=budget.starts_on, period_end=today)
    token, _secret = people.issue_token(actor, name=f"{words} token", scopes=["read"])
    notify(person, "%(words)s happened.", {"words": words}, url=f"/jobs/{ended.uid}/")
    budget.refresh_from_db()
    ended.refresh_from_db()
    return {
        Person: person,
        Organisation: organisation,
        Project: project,
        Budget: budget,
        Entry: budget.entries.filter(kind="charge").get(),
        Hold: budget.holds.filter(state="open").get(),
        Statement: statements[0],
        UsageRecord: UsageRecord.objects.get(budget=budget),
        type(ended): ended,
        ApiToken: token,
        Notice: Notice.objects.filter(person=person).latest("pk"),
    }


def _people(world: World, organisation: Any, project: Any) -> None:
    """An invitation, somebody who asks to join, a service account, a facilitator, a connected institution, a text."""
    from aisc.jobs import actions as jobs
    from aisc.jobs.models import FileLink
    from aisc.people import actions
    from aisc.people.models import (
        ApprovedText,
        Institution,
        Invitation,
        JoinRequest,
        Listing,
        ServiceAccount,
        TextWording,
    )

    people, objects = world.people, world.objects
    owner = Actor(person=people["owner"])
    objects[Invitation] = actions.invite(owner, place=organisation, email="invited@example.org", role="member")
    asking = Maker().person("asking", mark=True)
    objects[JoinRequest] = JoinRequest.objects.create(
        organisation=organisation, person=asking, message=TEXT, created_at=clock.now()
    )
    objects[ServiceAccount] = actions.make_service_account(
        owner, place=project, name=f"{MARKER} robot", role="member", purpose=TEXT
    )
    people["facilitator"] = Maker().person("facilitator")
    administrator = Actor(person=people["centre_administrator"])
    # Somebody else's: whoever writes a text does not approve it.
    writer = Actor(person=Maker().person("writer", "administrator"))
    actions.let_in_facilitator(administrator, project=project, person=people["facilitator"], days=7, reason=TEXT)
    # Not offered any more: how somebody signs in through one has tests of its own.
    objects[Institution] = Institution.objects.create(
        slug="harbour", kind="oidc", name_en="Harbour University", created_at=clock.now(), active=False
    )
    day, wordings = clock.today() + timedelta(days=30), {"en": ("A title", "A text."), "zh-hant": ("標題", "內容。")}
    objects[ApprovedText] = text = actions.draft_text(writer, code="privacy", effective_on=day, wordings=wordings)
    objects[TextWording] = TextWording.objects.filter(text=text).first()
    # Withdrawn: what is listed is for everybody to read, by agreement.
    now = clock.now()
    objects[Listing] = Listing.objects.create(
        organisation=organisation,
        agreed_by=people["owner"],
        agreed_at=now,
        changed_at=now,
        withdrawn_by=people["owner"],
        withdrawn_at=now,
        text_version="1",
        text_language="en",
    )
    world.restore_files()
    objects[FileLink] = jobs.share_file(owner, project=project, path=FILE, days=1)


def _scheme(world: World, organisation: Any, price_list: Any) -> None:
    """A call, and applications of the first organisation in every state that somebody acts on."""
    from aisc.scheme import actions
    from aisc.scheme.models import Application, Award, Call

    people, now = world.people, clock.now()
    owner, secretary = Actor(people["owner"]), Actor(people["centre_secretariat"])
    call = actions.create_call(
        secretary,
        name_en="Open call",
        name_zh="公開申請",
        summary_en="Apply for computing.",
        summary_zh="申請算力。",
        opens_at=now,
        closes_at=now + timedelta(days=30),
        price_list=price_list,
    )
    coming = actions.create_call(
        secretary,
        name_en="Next call",
        name_zh="下一次申請",
        summary_en="Later.",
        summary_zh="稍後。",
        opens_at=now + timedelta(days=40),
        closes_at=now + timedelta(days=60),
        price_list=price_list,
    )
    answers = {
        "name_en": f"{MARKER} speech",
        "name_zh": f"{MARKER}語音",
        "summary_en": TEXT,
        "summary_zh": TEXT,
        "starts_on": clock.today() + timedelta(days=60),
        "justification": TEXT,
        "other_funding": False,
        "funding_note": TEXT,
        "team": [{"name": f"{MARKER} investigator", "role": "PI", "email": "pi@example.org"}],
        "resources": [{"accelerator": "h800", "count": 8, "months": 6}],
    }
    found = world.applications
    for state in ("draft", "submitted", "in_review", "reviewed", "approved", "accepted"):
        row = actions.start_draft(owner, organisation=organisation, call=call)
        row = actions.save_draft(owner, application=row, **answers)
        found[state] = row
        if state == "draft":
            continue
        row = actions.submit_application(owner, application=row, declared=True)
        if state != "submitted":
            row = actions.assign_assessor(secretary, application=row, assessor=people["centre_assessor"])
        if state in ("reviewed", "approved", "accepted"):
            assessor = Actor(people["centre_assessor"])
            values = {"scores": SCORES, "comment": f"{MARKER} comment", "recommended_bps": 7000}
            actions.submit_review(assessor, application=row, **values)
            row.refresh_from_db()
        if state in ("approved", "accepted"):
            committee = Actor(people["centre_committee"])
            actions.decide(committee, application=row, outcome="approved", reasons=TEXT, scheme_bps=7000)
            row = Application.objects.get(pk=row.pk)
        if state == "accepted":
            actions.accept_award(owner, award=row.award)
        found[state] = Application.objects.get(pk=row.pk)
    world.objects |= {Call: coming, Application: found["in_review"], Award: found["approved"].award}
    world.own[Call] = call
