"""A centre with very much in it, made fast and for measuring only.

``fill`` adds to the database that is connected. Budgets, tranches, usage, charges and postings come about by the
ledger's own actions, and audit rows by the log's own writing, so that ``aisc ledger prove`` holds afterwards. The rest
is put into the tables directly, which no centre does: persons, organisations, projects, applications with what belongs
to them, jobs, runs, and the holds that the usage then settles. A fifth of everything is one large organisation's.
"""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

HOUR_MS = 3_600_000
BATCH = 10_000
DAYS = 360  # over which everything happened
CODE = "bench"  # of the cluster, whose engine has no accounting that the proof could read
MEMBERS = 5  # of an organisation itself, and two more of each project alone
TOPICS = (
    ("Typhoon tracks", "颱風路徑"),
    ("Cantonese speech", "粵語語音"),
    ("Protein folding", "蛋白質摺疊"),
    ("Harbour traffic", "海港交通"),
    ("Coral mapping", "珊瑚測繪"),
    ("Old newspapers", "舊報紙辨識"),
)
ASSESSORS = 100
STAFF = ("secretariat", "assessor", "committee", "operator", "finance", "auditor", "administrator")
# Of those under way, of a hundred; the others have ended.
UNDER_WAY = {"draft": 40, "submitted": 20, "returned": 5, "in_review": 20, "reviewed": 10, "approved": 5}
ENDED = ("rejected",) * 12 + ("withdrawn",) * 4 + ("declined",) * 2 + ("lapsed",) * 2
AWARDED = ("approved", "accepted", "declined", "lapsed")


@dataclass
class World:
    """What the pages are asked about: people by role, and a project, budget, job and application that have much."""

    people: dict[str, Any] = field(default_factory=dict)
    urls: dict[str, str] = field(default_factory=dict)


def put(model: Any, rows: Iterable[dict[str, Any]], **same: Any) -> None:
    """Insert rows fast, by attribute name; what they do not say is ``same``, or the field's default."""
    from django.db import connection

    from aisc.core import bulk

    fields = model._meta.concrete_fields
    plain = {each.attname: _stored(same.get(each.attname, each.get_default()), connection) for each in fields}
    names = [each.attname for each in fields]
    iterator = iter(rows)
    while group := list(itertools.islice(iterator, 20_000)):
        values = [
            tuple(_stored(row[name], connection) if name in row else plain[name] for name in names) for row in group
        ]
        bulk.insert(model, [each.column for each in fields], values)


def _stored(value: Any, connection: Any) -> Any:
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    if isinstance(value, date):
        return connection.ops.adapt_datefield_value(value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value


def _numbers(model: Any, count: int) -> list[int]:
    from aisc.core import bulk

    return list(bulk.allocate_ids(model, count))


def fill(*, projects: int, applications: int, jobs: int, audit: int, nodes: int = 40) -> World:
    """Add so many of each; ``audit`` rows of the log beside those of the actions."""
    from django.db import transaction

    from aisc.core import clock
    from aisc.core.actions import system
    from aisc.ledger.seals import seal_due_days
    from aisc.portal import set_up

    set_up.centre()
    filling = _Filling(system("bench"), clock.now(), random.Random(projects))
    with transaction.atomic():
        filling.people(projects)
        filling.machines(nodes)
    with transaction.atomic():
        filling.budgets()
    filling.applications(applications)
    filling.jobs(jobs)
    filling.log(audit)
    seal_due_days()
    return filling.world()


class _Filling:
    """One filling: what the later steps need of the earlier ones."""

    def __init__(self, actor: Any, now: datetime, dice: random.Random):
        self.actor, self.now, self.dice = actor, now, dice
        self.staff: dict[str, Any] = {}
        self.projects: list[tuple[int, int, int]] = []  # project, organisation, one of its people
        self.owners: dict[int, int] = {}
        self.made: dict[str, Any] = {}

    def at(self, part: float) -> datetime:
        """The moment when ``part`` (0 to 1) of the time had passed."""
        return self.now - timedelta(days=DAYS * (1 - part), minutes=5)

    def people(self, projects: int) -> None:
        from aisc.people.models import CentreRole, Listing, Membership, Notice, Organisation, Person, Project

        places = _numbers(Organisation, max(5, projects // 10))
        put(
            Organisation,
            (
                {"id": pk, "uid": f"org-{pk:012d}", "name_en": f"Institute {pk}", "name_zh": f"第{pk}研究所"}
                for pk in places
            ),
            category="university",
            created_at=self.at(0),
        )
        numbers = _numbers(Project, projects)
        # The first organisation has every fifth project; the others share the rest.
        owner_of = [places[0] if n % 5 == 0 else places[1 + n % (len(places) - 1)] for n in range(projects)]
        topics = [TOPICS[n % len(TOPICS)] for n in range(projects)]
        put(
            Project,
            (
                {
                    "id": pk,
                    "uid": f"prj-{pk:012d}",
                    "organisation_id": organisation,
                    "name_en": f"{english} {pk}",
                    "name_zh": f"{chinese}{pk}",
                }
                for pk, organisation, (english, chinese) in zip(numbers, owner_of, topics, strict=True)
            ),
            summary_en="A made-up project, for measuring.",
            summary_zh="用作量度的虛構項目。",
            created_at=self.at(0),
        )
        roles = ["owner", "finance", *["member"] * MEMBERS]
        held = [(place, None, role) for place in places for role in roles]
        held += [(place, pk, "member") for pk, place in zip(numbers, owner_of, strict=True) for _n in range(2)]
        persons = _numbers(Person, len(held) + len(STAFF) + ASSESSORS)
        put(
            Person,
            (
                {"id": pk, "uid": f"per-{pk:012d}", "email": f"p{pk}@bench.example", "name": f"陳{pk} Chan"}
                for pk in persons
            ),
            password="!",  # noqa: S106 - nobody signs in with it
            date_joined=self.at(0),
            is_active=True,
        )
        memberships = _numbers(Membership, len(held))
        put(
            Membership,
            (
                {"id": pk, "person_id": person, "organisation_id": place, "project_id": project, "role": role}
                for pk, person, (place, project, role) in zip(memberships, persons, held, strict=False)
            ),
            created_at=self.at(0),
        )
        for person, (place, _project, role) in zip(persons, held, strict=False):
            if role == "owner":
                self.owners[place] = person
        workers = {project: person for person, (_place, project, _role) in zip(persons, held, strict=False) if project}
        self.projects = [(pk, place, workers[pk]) for pk, place in zip(numbers, owner_of, strict=True)]
        centre = list(Person.objects.filter(pk__in=persons[len(held) :]).order_by("pk"))
        self.staff = dict(zip(STAFF, centre, strict=False))
        self.assessors = [self.staff["assessor"].pk, *(person.pk for person in centre[len(STAFF) :])]
        for role, person in self.staff.items():
            CentreRole.objects.create(person=person, role=role, granted_at=self.at(0))
        for person in self.assessors[1:]:
            CentreRole.objects.create(person_id=person, role="assessor", granted_at=self.at(0))
        notices = _numbers(Notice, 3 * len(persons))
        put(
            Notice,
            ({"id": pk, "person_id": persons[n % len(persons)]} for n, pk in enumerate(notices)),
            message="Your account was made.",
            at=self.now,
        )
        shown = [(place, None) for place in places] + [(place, pk) for pk, place, _person in self.projects[::2]]
        listings = _numbers(Listing, len(shown))
        put(
            Listing,
            (
                {
                    "id": pk,
                    "uid": f"dir-{pk:012d}",
                    "organisation_id": place,
                    "project_id": project,
                    "name_en": f"Published {pk}" if project else "",
                    "agreed_by_id": self.owners[place],
                }
                for pk, (place, project) in zip(listings, shown, strict=True)
            ),
            summary_en="What it is about, in a sentence.",
            agreed_at=self.at(0),
            changed_at=self.at(0),
            text_version="1",
            text_language="en",
        )

    def machines(self, count: int) -> None:
        from aisc.centre.models import AcceleratorType, Cluster, Node, NodeAccelerator

        self.kind = AcceleratorType.objects.get(code="h800")
        self.cluster, _made = Cluster.objects.get_or_create(
            code=CODE, defaults={"engine": "simulated", "name_en": "Bench", "name_zh": "量度"}
        )
        for n in range(Node.objects.count(), count):
            node = Node.objects.create(
                cluster=self.cluster, name=f"bench-{n:03d}", cpus=128, memory_mb=1_048_576, seen_at=self.now
            )
            NodeAccelerator.objects.create(node=node, type=self.kind, count=8, used=n % 9)

    def budgets(self) -> None:
        """One for each project, opened and released by the ledger's own actions."""
        from aisc.core import clock
        from aisc.core.actions import together
        from aisc.ledger import actions
        from aisc.ledger.models import Price, PriceList
        from aisc.people.models import Project

        prices = PriceList.objects.latest("id")
        self.price = Price.objects.select_related("meter").get(price_list=prices, meter__accelerator=self.kind)
        rows = Project.objects.select_related("organisation").in_bulk([pk for pk, _place, _person in self.projects])
        self.budget_of: list[int] = []
        with clock.fixed(self.at(0)), together():
            for pk, _place, _person in self.projects:
                budget = actions.open_budget(
                    self.actor,
                    name=f"Budget {pk}",
                    source="award",
                    project=rows[pk],
                    price_list=prices,
                    scheme_bps=7000,
                    ceiling=10**11,
                    starts_on=self.at(0).date(),
                    ends_on=self.now.date() + timedelta(days=180),
                )
                actions.release_tranche(self.actor, budget=budget, amount=10**11, reason="bench")
                self.budget_of.append(budget.pk)

    def applications(self, count: int) -> None:
        """Every accepted one has its project and budget; every submitted one its copy, every decided one its letter."""
        from django.db import transaction

        from aisc.ledger.models import Budget
        from aisc.scheme.models import Application, Award, Decision, Letter, Review, StateChange, Submission, TeamMember

        like = self._like()
        states = list(self._states(count))
        with transaction.atomic():
            numbers = _numbers(Application, count)
            self.made["application"] = numbers[0]
            rows = []
            for n, (pk, state) in enumerate(zip(numbers, states, strict=True)):
                place = self.projects[n % len(self.projects)][1]
                english, chinese = TOPICS[n % len(TOPICS)]
                since = self.at((n + 1) / count)
                rows.append(
                    {
                        "id": pk,
                        "uid": f"app-{pk:012d}",
                        "number": None if state == "draft" else f"A-B{pk:07d}",
                        "organisation_id": place,
                        "created_by_id": self.owners[place],
                        "name_en": f"{english} {pk}",
                        "name_zh": f"{chinese}{pk}",
                        "state": state,
                        "state_since": since,
                        "created_at": since,
                        "saved_at": since,
                        "submitted_at": None if state == "draft" else since,
                        "returned_at": since if state == "returned" else None,
                    }
                )
            put(
                Application,
                rows,
                call_id=like.call.pk,
                starts_on=self.now.date() + timedelta(days=30),
                summary_en=like.application.summary_en,
                summary_zh=like.application.summary_zh,
                justification=like.application.justification,
                other_funding=False,
                declared=True,
            )
            self._with_ids(TeamMember, ({"application_id": row["id"]} for row in rows), name="Chan", role="lead")
            submitted = [row for row in rows if row["submitted_at"]]
            self._with_ids(
                Submission,
                (
                    {"application_id": row["id"], "at": row["submitted_at"], "by_id": row["created_by_id"]}
                    for row in submitted
                ),
                seq=1,
                snapshot=like.snapshot,
                digest="0" * 64,
            )
            self._with_ids(
                StateChange,
                (
                    {"application_id": row["id"], "at": row["state_since"], "state": state}
                    for row in submitted
                    for state in dict.fromkeys(("submitted", row["state"]))
                ),
            )
            reviewed = [row for row in submitted if row["state"] not in ("submitted", "returned", "withdrawn")]
            self._with_ids(
                Review,
                (
                    {
                        "application_id": row["id"],
                        "assessor_id": self.assessors[row["id"] % len(self.assessors)],
                        "submitted_at": None if row["state"] == "in_review" else row["state_since"],
                        "assigned_at": row["state_since"],
                    }
                    for row in reviewed
                ),
                scores=like.scores,
                comment="As measured.",
                recommended_bps=7000,
            )
            decided = [row for row in reviewed if row["state"] in ("rejected", *AWARDED)]
            self._with_ids(
                Decision,
                (
                    {"application_id": row["id"], "decided_at": row["state_since"]}
                    | (
                        {"outcome": "rejected"}
                        if row["state"] == "rejected"
                        else {"outcome": "approved", "scheme_bps": 7000, "ceiling": 10**11, "months": 12}
                    )
                    for row in decided
                ),
                reasons="As assessed.",
                decided_by_id=self.staff["committee"].pk,
            )
            self._with_ids(
                Letter,
                (
                    {
                        "application_id": row["id"],
                        "reference": row["number"],
                        "code": f"{row['id']:012d}",
                        "issued_at": row["state_since"],
                    }
                    for row in decided
                ),
                content=like.letter,
            )
            awarded = [row for row in decided if row["state"] in AWARDED]
            accepted: Iterator[Any] = zip(self.projects, self.budget_of, strict=True)
            self._with_ids(
                Award,
                (
                    {"application_id": row["id"], "number": f"S{row['number']}"}
                    | (self._accepted(row, next(accepted)) if row["state"] == "accepted" else {})
                    for row in awarded
                ),
                accept_by=self.now.date() + timedelta(days=20),
            )
            Budget.objects.filter(pk__in=self.budget_of).update(reference="bench")

    def _accepted(self, row: dict[str, Any], place: tuple[tuple[int, int, int], int]) -> dict[str, Any]:
        (project, _organisation, _person), budget = place
        return {
            "accepted_at": row["state_since"],
            "accepted_by_id": row["created_by_id"],
            "project_id": project,
            "budget_id": budget,
        }

    def _with_ids(self, model: Any, rows: Iterable[dict[str, Any]], **same: Any) -> None:
        listed = list(rows)
        put(model, ({"id": pk} | row for pk, row in zip(_numbers(model, len(listed)), listed, strict=True)), **same)

    def _states(self, count: int) -> Iterator[str]:
        """The oldest were accepted, one for each project; the newest are under way."""
        under_way = min(count // 4, 3_000)
        accepted = min(len(self.projects), count - under_way)
        yield from itertools.repeat("accepted", accepted)
        for n in range(count - under_way - accepted):
            yield ENDED[n % len(ENDED)]
        deck = [state for state, many in UNDER_WAY.items() for _n in range(many)]
        self.dice.shuffle(deck)
        for n in range(under_way):
            yield deck[n % len(deck)]

    def _like(self) -> Any:
        """One application that went all the way by the scheme's own actions: what the others' papers look like."""
        from types import SimpleNamespace

        from aisc.core.actions import Actor
        from aisc.ledger.models import PriceList
        from aisc.people.models import Organisation, Person
        from aisc.scheme import actions
        from aisc.scheme.models import Application

        call = actions.create_call(
            self.actor,
            opens_at=self.at(0),
            closes_at=self.now + timedelta(days=60),
            price_list=PriceList.objects.latest("id"),
            name_en="Open call",
            name_zh="公開申請",
            illustrative=True,
        )
        place, owner = next(iter(self.owners.items()))
        person = Actor(person=Person.objects.get(pk=owner))
        made = actions.start_draft(person, organisation=Organisation.objects.get(pk=place), call=call)
        made = actions.save_draft(
            person,
            application=made,
            name_en="Typhoon tracks",
            name_zh="颱風路徑",
            summary_en="Which way a storm will go, three days ahead. " * 5,
            summary_zh="提前三天預測風暴走向。" * 5,
            justification="One training run was measured at 310 hours; thirty are planned.",
            starts_on=self.now.date() + timedelta(days=30),
            other_funding=False,
            team=[{"name": "Chan Tai Man", "role": "Principal investigator", "email": "chan@bench.example"}],
            resources=[{"accelerator": self.kind.code, "count": 4, "months": 6}],
        )
        made = actions.submit_application(person, application=made, declared=True)
        desks = {role: Actor(person=each) for role, each in self.staff.items()}
        actions.assign_assessor(desks["secretariat"], application=made, assessor=self.staff["assessor"])
        scores = {criterion["code"]: 8 for criterion in call.criteria}
        actions.submit_review(
            desks["assessor"], application=made, scores=scores, comment="Well made.", recommended_bps=7000
        )
        made = Application.objects.get(pk=made.pk)
        actions.decide(desks["committee"], application=made, outcome="approved", reasons="Well made.", scheme_bps=7000)
        made = Application.objects.get(pk=made.pk)
        return SimpleNamespace(
            call=call,
            application=made,
            snapshot=made.submissions.get().snapshot,
            letter=made.letter.content,
            scores=scores,
        )

    def jobs(self, count: int) -> None:
        """Jobs with one run each, ten thousand at a time; the ledger charges those that have ended."""
        active = max(1, min(count // 20, 1_000))
        for first in range(0, count, BATCH):
            self._some_jobs(first, min(BATCH, count - first), count, active)

    def _some_jobs(self, first: int, many: int, count: int, active: int) -> None:
        from django.db import transaction

        from aisc.core import clock
        from aisc.jobs.models import Job, Run
        from aisc.ledger.actions import UsageItem, record_usage
        from aisc.ledger.models import Budget, Hold
        from aisc.ledger.rating import worst_case

        then = self.at((first + many) / count)
        begun = self.at(first / count)
        limit = 8 * HOUR_MS
        amount = worst_case(self.price.cents, self.price.meter.per, limit)
        items, holds, jobs, runs = [], [], [], []
        held: dict[int, int] = {}
        with clock.fixed(then), transaction.atomic():
            ids = {model: _numbers(model, many) for model in (Job, Run, Hold)}
            self.made.setdefault("job", ids[Job][0])
            for n, pk in enumerate(ids[Job]):
                number = first + n
                where = number % len(self.projects)
                project, place, person = self.projects[where]
                budget = self.budget_of[where]
                created = begun + (then - begun) * n / many
                started = clock.to_ms(created) + 60_000
                took = self.dice.randrange(60_000, limit)
                state = self._job_state(count - number, active)
                ended = state not in ("queued", "running")
                ref = f"job-{pk:012d}-0"
                held[budget] = held.get(budget, 0) + 1
                jobs.append(
                    {
                        "id": pk,
                        "uid": f"job-{pk:012d}",
                        "name": f"train {number % 977:03d} {TOPICS[number % 6][0].lower()}",
                        "project_id": project,
                        "budget_id": budget,
                        "submitted_by_id": person if number % 3 else self.owners[place],
                        "state": state,
                        "created_at": created,
                        "ended_at": created + timedelta(milliseconds=60_000 + took) if ended else None,
                    }
                )
                runs.append(
                    {
                        "id": ids[Run][n],
                        "job_id": pk,
                        "ref": ref,
                        "hold_id": ids[Hold][n],
                        "state": state,
                        "started_ms": None if state == "queued" else started,
                        "ended_ms": started + took if ended else None,
                        "elapsed_ms": took if ended else 0,
                        "exit_code": (1 if state == "failed" else 0) if ended else None,
                        "node": f"bench-{number % 40:03d}",
                        "cpu_ms": took * 5,
                        "max_rss_mb": 4_000,
                    }
                )
                holds.append({"id": ids[Hold][n], "uid": f"hld-{pk:012d}", "key": ref, "budget_id": budget})
                if ended:
                    items.append(UsageItem(ref, took, started, started + took, hold_key=ref, description="train"))
            put(
                Hold,
                holds,
                price_id=self.price.pk,
                quantity=limit,
                amount=amount,
                description="train",
                state="open",
                created_at=begun,
                expires_at=self.now + timedelta(days=9),
            )
            for budget in Budget.objects.filter(pk__in=held):
                Budget.objects.filter(pk=budget.pk).update(held=budget.held + held[budget.pk] * amount)
            put(
                Job,
                jobs,
                cluster_id=self.cluster.pk,
                accelerator_id=self.kind.pk,
                command=["python", "train.py"],
                accelerator_count=1,
                cpus=8,
                memory_mb=16_000,
                time_limit_ms=limit,
            )
            put(Run, runs)
            record_usage(self.actor, source=f"engine:{CODE}", items=items)

    def _job_state(self, to_the_end: int, active: int) -> str:
        if to_the_end <= active:
            return "running" if to_the_end > active * 3 // 4 else "queued"
        if to_the_end % 20 == 0:
            return "failed"
        return "timeout" if to_the_end % 50 == 1 else "completed"

    def log(self, count: int) -> None:
        """Rows of the audit log about the latest jobs, chained as any other."""
        from django.db import transaction

        from aisc.core.audit import record
        from aisc.jobs.models import Job
        from aisc.people.models import Person

        rows = Job.objects.order_by("-pk").values_list(
            "pk", "uid", "name", "project", "submitted_by", "project__organisation"
        )
        latest = list(rows[:count])[::-1]
        names = dict(Person.objects.values_list("pk", "name"))
        for first in range(0, len(latest), BATCH):
            with transaction.atomic():
                record.write(
                    [
                        record.Row(
                            at=self.now,
                            person_id=person,
                            actor=names[person],
                            action="jobs.submit",
                            object_type="jobs.job",
                            object_id=uid,
                            object_label=f"{name} ({uid})",
                            details={"runs": 1},
                            subjects=[("jobs.job", pk), ("people.project", project), ("people.organisation", place)],
                            address="192.0.2.7",
                            via="session",
                        )
                        for pk, uid, name, project, person, place in latest[first : first + BATCH]
                    ]
                )

    def world(self) -> World:
        from aisc.people.models import Membership, Person

        project, place, _person = self.projects[0]
        alone = Membership.objects.filter(project=project, role="member").first()
        return World(
            people={
                "member": alone.person,
                "owner": Person.objects.get(pk=self.owners[place]),
                **self.staff,
            },
            urls={
                "project": f"/projects/prj-{project:012d}/",
                "job": f"/jobs/job-{self.made['job']:012d}/",
                "budget": self._budget_url(),
                "application": f"/applications/app-{self.made['application']:012d}/",
            },
        )

    def _budget_url(self) -> str:
        from aisc.ledger.models import Budget

        return f"/budgets/{Budget.objects.get(pk=self.budget_of[0]).uid}/"
