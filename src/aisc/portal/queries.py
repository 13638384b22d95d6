"""What the home pages and the operator's overview show, each in a constant number of SQL queries."""

from __future__ import annotations

import email
import email.policy
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Count, Min, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from aisc.centre import queries as centre
from aisc.centre.models import Node
from aisc.core import clock, health
from aisc.core.actions import Actor
from aisc.core.language import chosen
from aisc.core.money import format_cents
from aisc.core.question import Question
from aisc.jobs.models import Job, Run
from aisc.jobs.states import ACTIVE
from aisc.ledger.forecast import forecasts, may_overrun
from aisc.ledger.models import Budget, Entry, Proof, Seal, Statement, UsageRecord
from aisc.people.access import WRITERS, has_centre_role, held_roles
from aisc.people.models import CentreRole, Notice
from aisc.people.queries import project_ids_of
from aisc.portal.todo import APPLICATION, BUDGET, JOB, PARTS, ToDo, ending_budgets, todo
from aisc.scheme import queries as scheme
from aisc.scheme.days import in_words
from aisc.scheme.models import Application, Call
from aisc.scheme.ribbon import next_step
from aisc.scheme.states import APPLICATION as STATES

Role = CentreRole.Role
IN_HAND = ("submitted", "returned", "in_review", "reviewed", "approved")
SCHEME = (Role.SECRETARIAT, Role.COMMITTEE)
NOTICES = 5
STAFF = (Role.OPERATOR, Role.FINANCE, Role.ADMINISTRATOR, Role.AUDITOR)


@dataclass
class Home:
    """What a person's home page shows."""

    todo: list[ToDo] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    budgets: list[Budget] = field(default_factory=list)
    applications: list[dict[str, Any]] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    desks: list[dict[str, Any]] = field(default_factory=list)
    proof: Proof | None = None
    centre: dict[str, Any] | None = None
    open_call: Call | None = None
    has_organisation: bool = False
    can_run: bool = False
    works_here: bool = False  # has a role in the centre

    @property
    def first_steps(self) -> bool:
        """Whether this is somebody who has still to find the way to a first job."""
        return not (self.jobs or self.budgets or self.works_here)


def home(actor: Actor) -> Home:
    """Everything on the home page of ``actor``'s person."""
    person = actor.person
    own = project_ids_of(actor)
    roles = {role for role, _organisation, _project in held_roles(actor)}
    ending, budgets = ending_budgets(actor), _budgets(own)
    ends = forecasts([*filter(may_overrun, ending), *budgets])
    for budget in budgets:
        budget.forecast_end = ends.get(budget.pk)
    shown = Home(
        todo=todo(actor, ending, ends),
        jobs=_jobs(own),
        budgets=budgets,
        applications=_under_way(actor),
        notices=_notices(person.pk),
        has_organisation=bool(roles),
    )
    shown.can_run = bool(shown.budgets) and not roles.isdisjoint(WRITERS)
    shown.works_here = has_centre_role(actor, tuple(Role))
    if shown.first_steps:
        shown.open_call = open_call()
    if has_centre_role(actor, SCHEME):
        shown.desks = _desks(actor)
    if has_centre_role(actor, (Role.AUDITOR, Role.FINANCE)):
        shown.proof = Proof.objects.first()
    if has_centre_role(actor, STAFF):
        shown.centre = load() | {"charged_today": format_cents(charged_today())}
    return shown


# Which they are is found first, and then what they show (``core.paging``).
_jobs = Question(
    lambda own: (
        Job.objects.filter(pk__in=Job.objects.filter(project__among=own).order_by("-id").values("pk")[:8])
        .select_related("project")
        .only(*JOB)
        .order_by("-id")
    )
)
_notices = Question(lambda person: Notice.objects.filter(person=person, read_at=None)[:NOTICES])
_budgets = Question(
    lambda own: (
        Budget.objects.filter(project__among=own, state=Budget.State.ACTIVE)
        .select_related("project")
        .only(*BUDGET)
        .order_by("-id")[:4]
    )
)


def _under_way(actor: Actor) -> list[dict[str, Any]]:
    """The applications of the person's organisations that somebody else must act on: who, what, and by when."""
    shown = []
    for application in _waiting_elsewhere(actor.person.pk):
        who, what = next_step(application)
        shown.append({"application": application, "who": who, "what": what, "due": scheme.due(application)})
    return shown


def _waiting_elsewhere_of(person: int) -> QuerySet[Application]:
    rows = scheme.applications_of(person).filter(state__in=("submitted", "in_review", "reviewed"))
    return rows.select_related("call", "award").only(*APPLICATION).order_by("state_since", "id")[:8]


_waiting_elsewhere = Question(_waiting_elsewhere_of)


def _desks(actor: Actor) -> list[dict[str, Any]]:
    """How much waits at each step of the scheme, since when, for those who move it on."""
    rows = (
        scheme.applications_visible_to(actor)
        .filter(state__in=IN_HAND)
        .order_by()
        .values("state")
        .annotate(count=Count("pk", distinct=True), oldest=Min("state_since"))
    )
    found = {row["state"]: row for row in rows}
    labels = dict(STATES.choices)
    return [{"state": state, "label": labels[state], **found[state]} for state in IN_HAND if state in found]


def open_call() -> Call | None:
    """The call that is open now, the one that closes soonest first."""
    return next(iter(_open_call()), None)


_open_call = Question(
    lambda: Call.objects.filter(opens_at__lte=clock.now(), closes_at__gt=clock.now()).order_by("closes_at")[:1]
)


def load() -> dict[str, Any]:
    """Runs running and waiting, and the dense FP16 peak usable and in use (text, in ``unit``), for public pages too."""
    counts = Run.objects.filter(state__in=ACTIVE).aggregate(
        running=Count("id", filter=Q(state="running")), queued=Count("id", filter=~Q(state="running"))
    )
    now = centre.load()
    # A laptop has thousandths of a PFLOPS; say what it has in the unit that people would use for it.
    whole = now.gflops_total >= centre.GFLOPS_PER_PFLOPS // 10
    shown = centre.pflops if whole else centre.tflops
    return counts | {
        "flops_total": shown(now.gflops_total),
        "flops_used": shown(now.gflops_used),
        "flops_unit": "PFLOPS" if whole else "TFLOPS",
    }


def charged_today() -> int:
    """Cents at list price charged since midnight at the centre, net of reversals."""
    today = clock.today()
    start, _end = clock.day_bounds_ms(today)
    # Entries have no index by time, which would cost every charge. What was sealed a day ago is older than today.
    sealed = (
        Seal.objects.filter(day__lt=today - timedelta(days=1)).order_by("-day").values_list("last_entry", flat=True)
    )
    entries = Entry.objects.filter(pk__gt=sealed.first() or 0, at_ms__gte=start).exclude(kind=Entry.Kind.RELEASE)
    return entries.aggregate(total=Sum("amount"))["total"] or 0


def operator() -> dict[str, Any]:
    """The operator's overview."""
    nodes = list(Node.objects.select_related("cluster").prefetch_related("accelerators__type"))
    for node in nodes:
        node.memory_bytes, node.memory_used_bytes = node.memory_mb * 1_048_576, node.memory_used_mb * 1_048_576
    figures = load()
    held = Budget.objects.aggregate(total=Sum("held"))["total"] or 0
    return figures | {
        "of_flops": _("of %(total)s usable, dense FP16 peak") % {"total": figures["flops_total"]},
        "charged_today": format_cents(charged_today()),
        "held": format_cents(held),
        "unattributed": UsageRecord.objects.filter(budget=None).count(),
        "health": [
            {"name": PARTS.get(name, name), "ok": ok, "detail": detail}
            for name, (ok, detail) in health.readiness().items()
        ],
        "nodes": nodes,
        "queue": list(
            Job.objects.filter(state__in=ACTIVE).select_related("project", "accelerator").order_by("id")[:50]
        ),
    }


def document_by_code(code: str) -> dict[str, Any] | None:
    """What was issued under a verification code: title and rows for the public, no more than the paper shows."""
    code = code.strip()
    statement = Statement.objects.select_related("budget").filter(code=code.lower()).first()
    if statement:
        rows = [
            (_("Statement number"), statement.number),
            (_("Organisation"), chosen(statement.names, "organisation")),
            (_("Payer"), statement.get_payer_display()),
            (_("Period"), f"{in_words(statement.period_start)} – {in_words(statement.period_end)}"),
            (_("Total at list price"), format_cents(statement.list_total, statement.budget.currency)),
            (_("This payer's share"), format_cents(statement.payer_total, statement.budget.currency)),
        ]
        title = _("Statement")
    else:
        letter = scheme.find_by_code(code)
        if letter is None:
            return None
        title, rows = letter
    return {"title": title, "rows": [{"label": label, "value": value} for label, value in rows]}


def outbox(limit: int = 50) -> list[dict[str, Any]]:
    """The latest mails kept in the state folder, newest first."""
    found = sorted(Path(settings.EMAIL_FILE_PATH).glob("*.eml"), reverse=True)[:limit]
    return [_mail(path) for path in found]


def _mail(path: Path) -> dict[str, Any]:
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    body = message.get_body(preferencelist=("plain",))
    return {
        "subject": message["subject"],
        "to": message["to"],
        "text": body.get_content() if body else "",
        "at": clock.from_ms(int(path.name.partition("-")[0]) // 1_000_000),
    }
