"""What the home pages and the operator's overview show, each in a constant number of SQL queries."""

from __future__ import annotations

import email
import email.policy
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Count, Q, Sum
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aisc.centre import queries as centre
from aisc.centre.models import Node
from aisc.core import clock, health
from aisc.core.actions import Actor
from aisc.core.money import format_cents
from aisc.jobs.models import Job, Run
from aisc.jobs.queries import jobs_visible_to
from aisc.jobs.states import ACTIVE
from aisc.ledger.models import Budget, Entry, Statement, UsageRecord
from aisc.ledger.queries import budgets_visible_to
from aisc.people.access import WRITERS, has_centre_role
from aisc.people.models import CentreRole, Membership, Notice
from aisc.scheme import queries as scheme
from aisc.scheme.models import Application, Call

Role = CentreRole.Role
PARTS = {
    "database": gettext_lazy("Database"),
    "worker": gettext_lazy("Background worker"),
    "engine": gettext_lazy("Engine"),
}
STAFF = (Role.OPERATOR, Role.FINANCE, Role.ADMINISTRATOR, Role.AUDITOR)


@dataclass(frozen=True)
class ToDo:
    """One thing that waits for this person."""

    what: str
    about: str
    url: str
    due: date | datetime | None = None


@dataclass
class Home:
    """What a person's home page shows."""

    todo: list[ToDo] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    budgets: list[Budget] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    centre: dict[str, Any] | None = None
    open_call: Call | None = None
    has_organisation: bool = False
    can_run: bool = False

    @property
    def first_steps(self) -> bool:
        return not (self.jobs or self.budgets or self.centre)


def home(actor: Actor) -> Home:
    """Everything on the home page of ``actor``'s person."""
    person = actor.person
    roles = set(Membership.objects.filter(person=person).values_list("role", flat=True))
    shown = Home(
        todo=_todo(actor),
        jobs=list(
            jobs_visible_to(actor)
            .filter(project__organisation__memberships__person=person)
            .select_related("project")
            .distinct()
            .order_by("-id")[:8]
        ),
        budgets=list(
            budgets_visible_to(actor)
            .filter(state=Budget.State.ACTIVE, project__organisation__memberships__person=person)
            .select_related("project")
            .distinct()
            .order_by("-id")[:4]
        ),
        notices=list(Notice.objects.filter(person=person, read_at=None)[:5]),
        open_call=open_call(),
        has_organisation=bool(roles),
    )
    shown.can_run = bool(shown.budgets) and not roles.isdisjoint(WRITERS)
    if has_centre_role(actor, STAFF):
        shown.centre = load() | {"charged_today": format_cents(charged_today())}
    return shown


def open_call() -> Call | None:
    """The call that is open now, the one that closes soonest first."""
    now = clock.now()
    return Call.objects.filter(opens_at__lte=now, closes_at__gt=now).order_by("closes_at").first()


def _todo(actor: Actor) -> list[ToDo]:
    person = actor.person
    items = [
        ToDo(
            _("Write your review"),
            str(review.application),
            _application_url(review.application),
            scheme.due(review.application),
        )
        for review in scheme.reviews_waiting_for(person)
    ]
    own = Application.objects.filter(
        organisation__memberships__person=person,
        organisation__memberships__project=None,
        organisation__memberships__role__in=(Membership.Role.OWNER, Membership.Role.MANAGER),
    ).select_related("award")
    words = {
        "draft": _("Finish your application"),
        "returned": _("Complete your application"),
        "approved": _("Accept your award"),
    }
    items += [
        ToDo(words[each.state], str(each), _application_url(each), scheme.due(each))
        for each in own.filter(state__in=words).order_by("id")[:20]
    ]
    desks = [
        (Role.SECRETARIAT, "submitted", _("Check and assign an application")),
        (Role.COMMITTEE, "reviewed", _("Decide on an application")),
    ]
    for role, state, words_for in desks:
        if has_centre_role(actor, (role,)):
            waiting = scheme.applications_visible_to(actor).filter(state=state).order_by("submitted_at", "id")[:20]
            items += [ToDo(words_for, str(each), _application_url(each), scheme.due(each)) for each in waiting]
    if has_centre_role(actor, (Role.FINANCE,)):
        asked = Budget.objects.filter(source=Budget.Source.OWN, released=0, state=Budget.State.ACTIVE).order_by("id")[
            :20
        ]
        items += [
            ToDo(_("Release an own-money budget"), str(each), reverse("ledger:budget", args=[each.uid]))
            for each in asked
        ]
    if has_centre_role(actor, (Role.OPERATOR,)):
        items += [
            ToDo(_("Mend a part of the centre"), f"{name}: {detail}", reverse("portal:operator"))
            for name, (ok, detail) in health.readiness().items()
            if not ok
        ]
    return items


def _application_url(application: Application) -> str:
    return reverse("scheme:application", args=[application.uid])


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
    start, _end = clock.day_bounds_ms(clock.today())
    entries = Entry.objects.filter(at_ms__gte=start).exclude(kind=Entry.Kind.RELEASE)
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
    statement = Statement.objects.select_related("budget__organisation").filter(code=code.lower()).first()
    if statement:
        rows = [
            (_("Statement number"), statement.number),
            (_("Organisation"), str(statement.budget.organisation)),
            (_("Payer"), statement.get_payer_display()),
            (_("Period"), f"{statement.period_start} – {statement.period_end}"),
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
