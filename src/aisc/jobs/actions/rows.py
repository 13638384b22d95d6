"""What the worker's actions share: locked jobs, changed runs written at once, jobs that follow their runs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection
from django.db.models import Count, Max
from django.utils.translation import gettext_noop

from aisc.core import clock
from aisc.core.money import format_cents
from aisc.jobs import queries
from aisc.jobs.models import Job, Run
from aisc.jobs.states import ENDED, JOB, RUN, state_of_job
from aisc.jobs.words import OUTCOMES
from aisc.people.in_charge import in_charge
from aisc.people.notices import notify, word

# Long enough that people have gone to do something else: then the notice is also mailed.
MAIL_AFTER_MS = 10 * 60_000

_ENDED_ONE = gettext_noop("“%(name)s” %(outcome)s. Cost: %(cost)s (scheme %(scheme)s, applicant %(applicant)s).")
_ENDED_ARRAY = gettext_noop(
    "“%(name)s” has ended: %(completed)s of %(total)s runs completed. Cost: %(cost)s (scheme %(scheme)s, applicant "
    "%(applicant)s)."
)


def lock_jobs(ids: Iterable[int]) -> dict[int, Job]:
    """The jobs with these ids, locked in ascending order until the transaction ends."""
    return {job.pk: job for job in Job.objects.select_for_update(no_key=True).filter(pk__in=set(ids)).order_by("pk")}


def lock_runs(refs: Sequence[str], states: Sequence[str]) -> tuple[dict[int, Job], list[Run]]:
    """Those of the named runs that are in one of ``states``, and their jobs, which are locked."""
    ids = set(Run.objects.filter(ref__in=refs).values_list("job_id", flat=True))
    jobs = lock_jobs(ids)
    runs = list(Run.objects.filter(ref__in=refs, state__in=states).select_related("hold").order_by("pk"))
    for run in runs:
        run.job = jobs[run.job_id]
    return jobs, runs


def move(run: Run, state: str) -> None:
    """Move ``run`` unless it is in ``state`` already."""
    if run.state != state:
        RUN.move(run, state)


def write(runs: Sequence[Run], columns: Sequence[str]) -> None:
    """Write these columns of changed runs: one prepared statement, many rows."""
    assignments = ", ".join(f"{connection.ops.quote_name(column)} = %s" for column in columns)
    rows: list[tuple[Any, ...]] = [(*(getattr(run, column) for column in columns), run.pk) for run in runs]
    with connection.cursor() as cursor:
        cursor.executemany(f"UPDATE {Run._meta.db_table} SET {assignments} WHERE id = %s", rows)  # noqa: S608


def follow(jobs: Iterable[Job]) -> None:
    """Bring locked jobs to the state that follows from their runs; tell the submitter of those that ended."""
    jobs = {job.pk: job for job in jobs}
    counts: dict[int, dict[str, int]] = defaultdict(dict)
    last_ms: dict[int, int] = {}
    found = Run.objects.filter(job__in=jobs).order_by().values_list("job_id", "state")
    for job_id, state, count, ended_ms in found.annotate(Count("pk"), Max("ended_ms")):
        counts[job_id][state] = count
        last_ms[job_id] = max(last_ms.get(job_id, 0), ended_ms or 0)
    ended = []
    for job in jobs.values():
        state = state_of_job(counts[job.pk])
        if state == job.state:
            continue
        JOB.move(job, state)
        if state in ENDED:
            job.ended_at = clock.from_ms(last_ms[job.pk]) if last_ms[job.pk] else clock.now()
            ended.append(job)
        job.save(update_fields=["state", "ended_at"])
    if ended:
        _tell(ended, counts)


def _tell(jobs: Sequence[Job], counts: dict[int, dict[str, int]]) -> None:
    costs = queries.costs(jobs)
    full = Job.objects.select_related("submitted_by", "budget", "project").in_bulk([job.pk for job in jobs])
    # Whoever has left the project is told nothing of it any more.
    told = in_charge([(job.submitted_by, job.project) for job in full.values()])
    for job in jobs:
        cost, whole = costs[job.pk], full[job.pk]
        currency = whole.budget.currency
        values: dict[str, Any] = {
            "name": job.name,
            "outcome": word(OUTCOMES[job.state]),
            "cost": format_cents(cost.amount, currency),
            "scheme": format_cents(cost.scheme, currency),
            "applicant": format_cents(cost.applicant, currency),
        }
        message = _ENDED_ONE
        if job.array_size > 1:
            message = _ENDED_ARRAY
            values |= {"completed": counts[job.pk].get("completed", 0), "total": job.array_size}
        took_ms = clock.to_ms(job.ended_at) - clock.to_ms(job.created_at)
        notify(
            told[whole.submitted_by_id, whole.project_id],
            message,
            values,
            url=f"/jobs/{job.uid}/",
            email=took_ms >= MAIL_AFTER_MS,
        )
