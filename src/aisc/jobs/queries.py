"""Readings of this room. Each makes a constant number of SQL queries, however many rows it shows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Count, Max, Q, QuerySet, Sum

from aisc.core import access
from aisc.core.actions import Actor
from aisc.core.errors import NotFound, SignInNeeded
from aisc.core.question import Question
from aisc.jobs.access import OVERSIGHT
from aisc.jobs.models import FileLink, Job, Run
from aisc.jobs.states import ACTIVE, ENDED, LABELS
from aisc.ledger.models import Entry, Hold
from aisc.people.access import EVERY_ROLE, has_centre_role, has_role
from aisc.people.models import Project
from aisc.people.queries import project_ids_of


@dataclass(frozen=True)
class Cost:
    """Cents at list price. ``amount`` = ``scheme`` + ``applicant``, charged so far and net of what was credited
    back; ``held`` is what is still set aside for runs that have not ended."""

    amount: int = 0
    scheme: int = 0
    applicant: int = 0
    held: int = 0


def costs(jobs: Iterable[Job]) -> dict[int, Cost]:
    """What each job has cost, by its primary key; two queries for all."""
    ids = frozenset(job.pk for job in jobs)
    held = dict(_held(ids))
    found = {job_id: (amount, scheme, applicant) for job_id, amount, scheme, applicant in _charged(ids)}
    return {pk: Cost(*found.get(pk, (0, 0, 0)), held=held.get(pk, 0)) for pk in ids}


_charged = Question(
    lambda jobs: (
        Entry.objects.filter(usage__hold__run__job__among=jobs)
        .order_by()
        .values_list("usage__hold__run__job")
        .annotate(Sum("amount"), Sum("scheme_share"), Sum("applicant_share"))
    )
)
_held = Question(
    lambda jobs: (
        Hold.objects.filter(run__job__among=jobs, state=Hold.State.OPEN)
        .order_by()
        .values_list("run__job")
        .annotate(Sum("amount"))
    )
)


def jobs_visible_to(actor: Actor) -> QuerySet[Job]:
    """Jobs of the projects in which the actor has any role; all for those who answer for the centre."""
    if actor.is_system or has_centre_role(actor, OVERSIGHT):
        return Job.objects.all()
    return Job.objects.filter(project__among=project_ids_of(actor))


def latest_of(actor: Actor, project: Project) -> list[Job]:
    """The project's newest jobs, as its page shows them; none for those who may not see them."""
    if not (actor.is_system or has_role(actor, project, EVERY_ROLE) or has_centre_role(actor, OVERSIGHT)):
        return []
    return _latest(project.pk)


_latest = Question(
    lambda project: (
        Job.objects.filter(project=project)
        .select_related("budget")
        .only("uid", "name", "state", "created_at", "budget__currency")
        .order_by("-id")[:10]
    )
)


# What the list can be narrowed to by state: one word for several states where people think of them as one.
GROUPS: dict[str, tuple[str, ...]] = {
    "active": ACTIVE,
    "ended": ENDED,
    **{state: (state,) for state in LABELS},
}


def listed(
    jobs: QuerySet[Job], *, state: str = "", project: str = "", budget: str = "", mine: Actor | None = None, q: str = ""
) -> QuerySet[Job]:
    """``jobs`` that match, newest first, with what a line of the list shows. An unknown ``state`` matches nothing."""
    if state:
        jobs = jobs.filter(state__in=GROUPS.get(state, ()))
    if project:
        jobs = jobs.filter(project__uid=project)
    if budget:
        jobs = jobs.filter(budget__uid=budget)
    if mine is not None:
        jobs = jobs.filter(submitted_by=mine.person)
    if q:
        jobs = jobs.filter(Q(name__icontains=q) | Q(uid=q))
    return jobs.select_related("project__organisation", "budget", "accelerator", "submitted_by").order_by("-id")


def job(actor: Actor, uid: str, rule: str = "jobs.view") -> Job:
    """The job, if ``actor`` may do ``rule`` with it. Raises SignInNeeded, or NotFound as if it did not exist."""
    if actor.person is None and not actor.is_system:
        raise SignInNeeded
    found = (
        Job.objects.filter(uid=uid)
        .select_related("project__organisation", "budget", "accelerator", "submitted_by", "cluster", "retry_of")
        .first()
    )
    if found is None:
        raise NotFound
    access.require(actor, rule, found)
    return found


def link(actor: Actor, uid: str, action: str) -> FileLink:
    """The link to a file, if the actor may do ``action`` with it. Raises SignInNeeded, Forbidden, NotFound."""
    found = FileLink.objects.select_related("project__organisation", "made_by").filter(uid=uid).first()
    if found is None:
        raise NotFound if actor.person or actor.is_system else SignInNeeded
    access.require(actor, action, found)
    return found


def project(actor: Actor, uid: str, rule: str) -> Project:
    """The project, if ``actor`` may do ``rule`` in it. Raises SignInNeeded, or NotFound as if it did not exist."""
    if actor.person is None and not actor.is_system:
        raise SignInNeeded
    found = Project.objects.filter(uid=uid).select_related("organisation").first()
    if found is None:
        raise NotFound
    access.require(actor, rule, found)
    return found


def run(of: Job, index: int) -> Run:
    """Run ``index`` of a job that the actor was shown to see. Raises NotFound."""
    found = Run.objects.filter(job=of, index=min(index, 2**31 - 1)).select_related("hold").first()
    if found is None:
        raise NotFound
    found.job = of
    return found


def runs_of(of: Job, *, state: str = "") -> QuerySet[Run]:
    """The runs of a job in the order of their indexes."""
    runs = Run.objects.filter(job=of).select_related("job__cluster").order_by("index")
    return runs.filter(state__in=GROUPS.get(state, ())) if state else runs


def run_charges(runs: Iterable[Run]) -> Mapping[int, int]:
    """Cents charged for each run, net, by its primary key; one query."""
    found = (
        Entry.objects.filter(usage__hold__run__in=[run.pk for run in runs])
        .order_by()
        .values_list("usage__hold__run")
        .annotate(Sum("amount"))
    )
    return defaultdict(int, dict(found))


@dataclass(frozen=True)
class Resources:
    """What a job has used, over its ended runs. Times in milliseconds."""

    ended: int
    elapsed_ms: int
    accelerator_ms: int
    cpu_ms: int
    peak_mb: int
    cpu_percent: int | None  # of the CPU time that was reserved for it
    memory_percent: int | None  # peak of any run, of the memory asked for
    time_percent: int | None  # longest run, of the time limit


def resources(of: Job) -> Resources:
    """One query."""
    found = Run.objects.filter(job=of, state__in=ENDED, started_ms__isnull=False).aggregate(
        ended=Count("pk"),
        elapsed=Sum("elapsed_ms", default=0),
        longest=Max("elapsed_ms", default=0),
        cpu=Sum("cpu_ms", default=0),
        peak=Max("max_rss_mb", default=0),
    )
    elapsed, any_ended = found["elapsed"], found["ended"] > 0
    reserved_cpu = elapsed * of.cpus
    return Resources(
        ended=found["ended"],
        elapsed_ms=elapsed,
        accelerator_ms=elapsed * of.accelerator_count,
        cpu_ms=found["cpu"],
        peak_mb=found["peak"],
        cpu_percent=min(100, round(100 * found["cpu"] / reserved_cpu)) if reserved_cpu else None,
        memory_percent=round(100 * found["peak"] / of.memory_mb) if any_ended else None,
        time_percent=round(100 * found["longest"] / of.time_limit_ms) if any_ended else None,
    )


def state_counts(of: Job) -> dict[str, int]:
    """How many runs of a job are in each state, in the order of the states."""
    found = dict(Run.objects.filter(job=of).order_by().values_list("state").annotate(Count("pk")))
    return {state: found[state] for state in LABELS if state in found}
