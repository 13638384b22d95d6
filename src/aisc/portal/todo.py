"""What needs a person now: one list for all of somebody's roles, the most urgent first.

Each rule makes a constant number of SQL queries and names one thing, one address and, where there is one, the day
by which it should be done.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from aisc.centre.models import Node
from aisc.core import addresses, clock, health
from aisc.core.actions import Actor
from aisc.core.question import Question
from aisc.jobs.models import Job
from aisc.jobs.sayings import in_words
from aisc.ledger.displays import proof
from aisc.ledger.models import Budget, UsageRecord
from aisc.ledger.queries import overdue_holds
from aisc.people.access import MANAGERS, PAYERS, has_centre_role, held_roles
from aisc.people.models import CentreRole, Membership, Person
from aisc.people.models_joining import Invitation, JoinRequest
from aisc.people.queries_sign_in import unverified_domains
from aisc.scheme import queries as scheme
from aisc.scheme.models import Application

Role = CentreRole.Role
EACH = 20  # rows of one kind; the page of that kind has them all
SOON = timedelta(days=3)
ENDING = timedelta(days=30)  # how long before its end a budget is spoken of
FAILED_FOR = timedelta(days=3)  # how long a failed job stays on the list of whoever submitted it
NEARLY_EMPTY = 10  # per cent of what was released
# What a line of a list shows; the other columns of these tables are many and wide.
APPLICATION = ("uid", "number", "name_en", "name_zh", "state", "state_since", "call__closes_at", "award__accept_by")
JOB = ("uid", "name", "state", "created_at", "project__name_en", "project__name_zh")
BUDGET = (
    *("uid", "name", "state", "currency", "starts_on", "ends_on", "project__name_en", "project__name_zh"),
    *("ceiling", "released", "charged", "charged_scheme", "held"),
)
PARTS = {
    "database": gettext_lazy("Database"),
    "worker": gettext_lazy("Background worker"),
    "engine": gettext_lazy("Engine"),
    "isolation": gettext_lazy("Isolation of jobs"),
}
UNHAPPY = ("failed", "timeout", "out_of_memory", "over_limit", "node_failed", "rejected")


@dataclass(frozen=True)
class ToDo:
    """One thing that waits for this person. ``wrong``: something is broken, and comes before what is only due."""

    what: str
    about: str
    url: str
    due: date | datetime | None = None
    wrong: bool = False

    @property
    def day(self) -> date | None:
        return clock.day_of_ms(clock.to_ms(self.due)) if isinstance(self.due, datetime) else self.due

    @property
    def urgency(self) -> str:
        """``late``, ``soon`` or empty: what the page marks."""
        if self.wrong or (self.day and self.day < clock.today()):
            return "late"
        return "soon" if self.day and self.day <= clock.today() + SOON else ""


def todo(actor: Actor, ending: Iterable[Budget], ends: Mapping[int, int]) -> list[ToDo]:
    """Everything that waits for ``actor``'s person, in the order in which it should be done.

    ``ending``: their :func:`ending_budgets`; ``ends``: the forecasts (cents) of those that may not last, by id.
    """
    rules = (_assessing, _applying, _desks, _joining, _running, _finance, _operating, _auditing, _administering)
    found = [each for rule in rules for each in rule(actor)] + list(_paying(ending, ends))
    return sorted(found, key=lambda each: (not each.wrong, each.day or date.max))


def application_url(application: Application) -> str:
    return addresses.to("scheme:application", application.uid)


def title(application: Application) -> str:
    """Its number, once it has one, and its name."""
    return f"{application.number or ''} {application.name}".strip()


def _assessing(actor: Actor) -> Iterator[ToDo]:
    for review in _assigned(actor.person.pk):
        application = review.application
        yield ToDo(_("Write your review"), title(application), application_url(application), scheme.due(application))


_assigned = Question(lambda person: scheme.reviews_waiting_for(person)[:EACH])


def _applying(actor: Actor) -> Iterator[ToDo]:
    words = {
        "draft": _("Finish your application"),
        "returned": _("Complete your application"),
        "approved": _("Accept your award"),
    }
    for each in _unfinished(actor.person.pk):
        yield ToDo(words[each.state], title(each), application_url(each), scheme.due(each))


def _unfinished_of(person: int) -> QuerySet[Application]:
    roles = (Membership.Role.OWNER, Membership.Role.MANAGER)
    held = Membership.objects.filter(person=person, project=None, role__in=roles).values("organisation")
    own = Application.objects.filter(organisation__in=held, state__in=("draft", "returned", "approved"))
    return own.select_related("award", "call").only(*APPLICATION).order_by("id")[:EACH]


_unfinished = Question(_unfinished_of)


def _desks(actor: Actor) -> Iterator[ToDo]:
    words = {"check": _("Check and assign an application"), "decide": _("Decide on an application")}
    for name, waiting in scheme.desk(actor).items():
        if name in words:
            for each in waiting[:EACH]:
                yield ToDo(words[name], title(each), application_url(each), scheme.due(each))


def _joining(actor: Actor) -> Iterator[ToDo]:
    """Places that want this person, and people who want to belong to this person's organisations."""
    for invitation in _invited(actor.person.pk):
        url = addresses.to("people:invitation", invitation.uid)
        yield ToDo(_("Answer an invitation"), str(invitation.place), url, invitation.expires_at)
    if any(project is None and role in MANAGERS for role, _organisation, project in held_roles(actor)):
        for asked in _asking(actor.person.pk):
            url = addresses.to("people:organisation", asked.organisation.uid)
            yield ToDo(_("Answer a request to join"), f"{asked.person} · {asked.organisation}", url)


def _invited_to(person: int) -> QuerySet[Invitation]:
    confirmed = Person.objects.filter(pk=person, emailaddress__verified=True).values("emailaddress__email")
    rows = Invitation.objects.filter(state="open", expires_at__gt=clock.now(), email__in=confirmed)
    return rows.select_related("organisation", "project").order_by("expires_at", "id")[:EACH]


def _asked_of(person: int) -> QuerySet[JoinRequest]:
    held = Membership.objects.filter(person=person, project=None, role__in=MANAGERS).values("organisation")
    rows = JoinRequest.objects.filter(state="open", organisation__in=held)
    return rows.select_related("person", "organisation").order_by("id")[:EACH]


_invited = Question(_invited_to)
_asking = Question(_asked_of)


def _running(actor: Actor) -> Iterator[ToDo]:
    """Jobs of the person's own that ended badly of late and were not run again."""
    for job in _failed(actor.person.pk, clock.now() - FAILED_FOR):
        yield ToDo(_("See why a job failed"), f"{job.name} · {job.project}", addresses.to("jobs:job", job.uid))


def _failed_of(person: int, since: datetime) -> QuerySet[Job]:
    again = Job.objects.filter(retry_of=OuterRef("pk"))
    failed = Job.objects.filter(~Exists(again), submitted_by=person, state__in=UNHAPPY, ended_at__gte=since)
    return failed.select_related("project").only(*JOB).order_by("-id")[:3]


_failed = Question(_failed_of)


def ending_budgets(actor: Actor) -> list[Budget]:
    """The budgets for which ``actor``'s person answers, those first that end first."""
    return _ending(actor.person.pk, clock.today())


def _paying(budgets: Iterable[Budget], ends: Mapping[int, int]) -> Iterator[ToDo]:
    """Budgets that end soon, run out, or will not last to their end, for those who answer for the money."""
    today = clock.today()
    for budget in budgets:
        url = addresses.to("ledger:budget", budget.uid)
        about = f"{budget.name} · {budget.project}"
        if budget.available * 100 < budget.released * NEARLY_EMPTY:
            yield ToDo(_("A budget is nearly used up"), about, url)
        elif ends.get(budget.pk, 0) > budget.ceiling:
            yield ToDo(_("A budget will not last to its end"), about, url, budget.ends_on)
        elif budget.ends_on <= today + ENDING:
            yield ToDo(_("Use a budget before it ends"), about, url, budget.ends_on)


def _ending_of(person: int, today: date) -> QuerySet[Budget]:
    held = Membership.objects.filter(
        person=person, organisation=OuterRef("project__organisation"), project=None, role__in=PAYERS
    )
    active = Budget.objects.filter(Exists(held), state=Budget.State.ACTIVE, released__gt=0, ends_on__gte=today)
    return active.select_related("project").only(*BUDGET).order_by("ends_on", "id")[:EACH]


_ending = Question(_ending_of)


def _finance(actor: Actor) -> Iterator[ToDo]:
    if not has_centre_role(actor, (Role.FINANCE,)):
        return
    asked = Budget.objects.filter(source=Budget.Source.OWN, released=0, state=Budget.State.ACTIVE)
    for budget in asked.select_related("organisation").order_by("id")[:EACH]:
        url = addresses.to("ledger:budget", budget.uid)
        yield ToDo(_("Release an own-money budget"), f"{budget.name} · {budget.organisation}", url)
    yield from _differences()


def _differences() -> Iterator[ToDo]:
    last = proof.last()
    if last.proof and not last.proof.ok:
        words = ngettext("%(count)d difference", "%(count)d differences", last.total) % {"count": last.total}
        yield ToDo(_("Look into the differences of the last proof"), words, addresses.to("ledger:proof"), wrong=True)


def _operating(actor: Actor) -> Iterator[ToDo]:
    if not has_centre_role(actor, (Role.OPERATOR,)):
        return
    page = addresses.to("portal:operator")
    for name, (ok, detail) in health.readiness().items():
        if not ok:
            yield ToDo(_("Mend a part of the centre"), f"{PARTS.get(name, name)} · {detail}", page, wrong=True)
    for node in Node.objects.filter(up=False).select_related("cluster")[:EACH]:
        which = " · ".join(filter(None, (str(node), in_words(node.detail))))
        yield ToDo(_("A machine is down"), which, page, wrong=True)
    yield from _counted(overdue_holds(), _("Look into holds past their expiry"), addresses.to("ledger:budgets"))
    unpaid = UsageRecord.objects.filter(budget=None)
    yield from _counted(unpaid, _("Say who pays for uses without a payer"), addresses.to("ledger:unattributed"))


def _counted(rows: QuerySet, what: str, url: str) -> Iterator[ToDo]:
    count = rows.count()
    if count:
        yield ToDo(what, ngettext("%(count)d open", "%(count)d open", count) % {"count": count}, url)


def _auditing(actor: Actor) -> Iterator[ToDo]:
    if has_centre_role(actor, (Role.AUDITOR,)) and not has_centre_role(actor, (Role.FINANCE,)):
        yield from _differences()


def _administering(actor: Actor) -> Iterator[ToDo]:
    """Domains to verify, and roles of the centre that nobody holds: work for them would wait for ever."""
    if not has_centre_role(actor, (Role.ADMINISTRATOR,)):
        return
    for domain in unverified_domains()[:EACH]:
        url = addresses.to("people:sign_in_settings")
        yield ToDo(_("Verify an e-mail domain"), f"{domain} · {domain.organisation}", url)
    held = set(CentreRole.objects.values_list("role", flat=True).distinct())
    for role in Role:
        if role not in held:
            yield ToDo(
                _("Give somebody a role that nobody holds"), str(role.label), addresses.to("people:centre_roles")
            )
