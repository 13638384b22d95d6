"""The worker's part: give the engines what is held, take over what they did. ``docs/architecture.md`` has the picture.

One cycle for each cluster: dispatch → cancel → tick → look → meter. Every step finds what is due in the database
or the engine, calls the engine (outside any transaction, repeatable), then writes with one action. Nothing is
remembered between cycles but when something was last done, so a cycle may be killed at any point, run twice, or
run in two workers at once.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from django.conf import settings
from django.db.models import Exists, OuterRef

from aisc.centre.actions import sync_nodes
from aisc.centre.models import Cluster
from aisc.core import clock, health
from aisc.core.actions import system
from aisc.core.errors import AiscError, Unavailable
from aisc.core.worker import task
from aisc.jobs import actions, workspaces
from aisc.jobs.engines.base import Engine, EngineError, RunRejected, RunSpec, RunStatus, State
from aisc.jobs.models import EngineCursor, Job, Run
from aisc.jobs.registry import engine_for
from aisc.jobs.sayings import in_words
from aisc.jobs.states import ENDED
from aisc.jobs.templates import results_folder

log = logging.getLogger("aisc.jobs")
T = TypeVar("T")

ACTOR = system("jobs worker")
BATCH = 500
METER_BATCH = 1_000
# An engine works out the whole queue to answer for one run of it: it is asked for many at a time, and where many
# are under way less often. Ends never wait for it.
LOOK_BATCH = 10_000
FEW = 200
LOOK_EVERY_S = 2.0
MS_PER_DAY = 24 * 3_600_000

# For each cluster, when its runs were last looked at and how many there were.
_looked: dict[str, tuple[float, int]] = {}


@task("jobs.engine", every_s=0.2, wakes=True)
def run_engines() -> None:
    """One cycle for every cluster."""
    _for_every_cluster(cycle)


@task("jobs.nodes", every_s=5.0)
def report_nodes() -> None:
    """Tell the centre what machines the engines have and how busy they are."""
    _for_every_cluster(lambda cluster, engine: sync_nodes(ACTOR, cluster=cluster, nodes=engine.nodes()))


@task("jobs.reconcile", every_s=60.0)
def reconcile_engines() -> None:
    """Compare everything that is under way here with what the engines have; see :func:`reconcile`."""
    workspaces.sweep()
    _for_every_cluster(reconcile)


@task("jobs.prune", every_s=3600.0)
def prune_runs() -> None:
    """Remove the logs and temporary files of runs that ended longer ago than the operator keeps them."""
    if not settings.KEEP_LOGS_DAYS:
        return
    before = clock.now_ms() - settings.KEEP_LOGS_DAYS * MS_PER_DAY

    def prune(cluster: Cluster, engine: Engine) -> None:
        remove = getattr(engine, "prune", None)
        if remove is not None and (count := remove(before)):
            log.info("cluster %s: removed the files of %d runs", cluster.code, count)

    _for_every_cluster(prune)


def _for_every_cluster(work: Callable[[Cluster, Engine], object]) -> None:
    """A cluster whose engine is away does not keep the others waiting. Raises EngineError at the end."""
    problems = []
    for cluster in Cluster.objects.order_by("pk"):
        try:
            work(cluster, engine_for(cluster))
        except (EngineError, AiscError) as error:
            problems.append(f"{cluster.code}: {error}")
    if problems:
        raise EngineError("; ".join(problems))


def cycle(cluster: Cluster, engine: Engine) -> None:
    """Everything that is due between AISC and one engine, in the order in which a run lives."""
    dispatch(cluster, engine)
    cancel(cluster, engine)
    tick = getattr(engine, "tick", None)
    if tick is not None:
        tick()
    look(cluster, engine)
    meter(cluster, engine)


def batches(items: Iterable[T], size: int = BATCH) -> Iterator[list[T]]:
    batch: list[T] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


# Dispatch


@dataclass(frozen=True)
class _Group:
    """Runs of one job, ready to be submitted."""

    job: Job
    specs: list[RunSpec]


def dispatch(cluster: Cluster, engine: Engine) -> int:
    """Give the engine every run that is held, oldest first. How many it accepted.

    A worker killed after the engine accepted and before that was written gives it the same runs again, under the
    same names, which changes nothing.
    """
    accepted = 0
    while held := _held(cluster):
        accepted += _submit(cluster, engine, _prepared(cluster, held))
    return accepted


def _held(cluster: Cluster) -> list[Run]:
    runs = Run.objects.filter(state="held", job__cluster=cluster).order_by("pk")
    return list(runs.select_related("job__project", "job__accelerator")[:BATCH])


def _prepared(cluster: Cluster, runs: Iterable[Run]) -> list[_Group]:
    """The specifications of the runs by job. A job whose folders cannot be made is rejected for that; a full disk,
    though, is nobody's fault and passes: then everything waits."""
    by_job: dict[int, list[Run]] = defaultdict(list)
    for run in runs:
        by_job[run.job_id].append(run)
    groups = []
    for some in by_job.values():
        try:
            groups.append(_Group(some[0].job, specifications(some)))
        except Unavailable:
            raise
        except AiscError as error:
            refs = [run.ref for run in some]
            actions.record_rejected(ACTOR, cluster=cluster, refs=refs, detail=str(error))
    return groups


def _submit(cluster: Cluster, engine: Engine, groups: Sequence[_Group]) -> int:
    """Submit runs and record it. Where some are refused, job by job, so that only those are."""
    hopeless = _hopeless(groups)
    for group in groups:
        if group.job.pk in hopeless:
            actions.record_abandoned(ACTOR, cluster=cluster, refs=[spec.ref for spec in group.specs])
    groups = [group for group in groups if group.job.pk not in hopeless]
    specs = [spec for group in groups for spec in group.specs]
    if not specs:
        return 0
    refs = [spec.ref for spec in specs]
    try:
        engine.submit(specs)
    except RunRejected as error:
        if len(groups) == 1:
            actions.record_rejected(ACTOR, cluster=cluster, refs=refs, detail=str(error))
            return 0
        return sum(_submit(cluster, engine, [group]) for group in groups)
    return actions.record_accepted(ACTOR, cluster=cluster, refs=refs)


def _hopeless(groups: Sequence[_Group]) -> set[int]:
    """Jobs that come after one that has ended otherwise than well. The engine would keep them waiting for ever if
    that one was rejected here, since it never heard of it."""
    failed = Job.objects.filter(before__in=[group.job for group in groups], state__in=ENDED).exclude(state="completed")
    return set(failed.values_list("before", flat=True))


def specifications(runs: Sequence[Run]) -> list[RunSpec]:
    """What the engine is told of each run. Makes the folders that the runs start in and write to."""
    after: dict[int, tuple[str, ...]] = {}
    specs = []
    for run in runs:
        job = run.job
        if job.pk not in after:
            waits = Run.objects.filter(job__before=job).exclude(state="completed")
            after[job.pk] = tuple(waits.order_by("pk").values_list("ref", flat=True))
        output = results_folder(job.uid) + (f"/{run.index}" if job.array_size > 1 else "")
        workdir, results = workspaces.prepare_run(job.project, job.workdir, output)
        specs.append(
            RunSpec(
                ref=run.ref,
                name=job.name,
                project=job.project.uid,
                argv=tuple(job.command),
                workspace=str(workspaces.root_of(job.project)),
                workdir=str(workdir),
                accelerator=job.accelerator.code,
                accelerator_count=job.accelerator_count,
                cpus=job.cpus,
                memory_mb=job.memory_mb,
                time_limit_ms=job.time_limit_ms,
                env={
                    **job.environment,
                    "AISC_JOB": job.uid,
                    "AISC_RUN": run.ref,
                    "AISC_ARRAY_INDEX": str(run.index),
                    "AISC_ARRAY_SIZE": str(job.array_size),
                },
                places={"AISC_OUTPUT": str(results)},
                after=after[job.pk],
                shares=max(1, job.project.shares),
            )
        )
    return specs


# Cancel


def cancel(cluster: Cluster, engine: Engine) -> None:
    """Tell the engine which runs are to end. Said again until their accounting has come: saying it is harmless."""
    asked = Run.objects.filter(
        state__in=("queued", "running"), job__cluster=cluster, job__cancel_asked_at__isnull=False
    )
    for refs in batches(asked.order_by("pk").values_list("ref", flat=True)):
        engine.cancel(refs)


# Look


def look(cluster: Cluster, engine: Engine) -> int:
    """Write what the engine says about waiting and running runs. How many changed."""
    at, count = _looked.get(cluster.code, (0.0, 0))
    if count > FEW and time.monotonic() - at < LOOK_EVERY_S:
        return 0
    under_way = Run.objects.filter(state__in=("queued", "running"), job__cluster=cluster).order_by("pk")
    known = {ref: (state, reason) for ref, state, reason in under_way.values_list("ref", "state", "reason")}
    _looked[cluster.code] = (time.monotonic(), len(known))
    changed = 0
    news = (status for refs in batches(known, LOOK_BATCH) for status in engine.states(refs).values())
    for some in batches(status for status in news if _is_new(status, known)):
        changed += actions.record_states(ACTOR, cluster=cluster, statuses=some)
    return changed


def _is_new(status: RunStatus, known: Mapping[str, tuple[str, str]]) -> bool:
    """Whether a run waits or runs otherwise than is written here. Its end comes with the accounting."""
    under_way = status.state in (State.QUEUED, State.RUNNING)
    return under_way and (status.state.value, status.reason.value) != known[status.ref]


# Meter


def meter(cluster: Cluster, engine: Engine) -> int:
    """Take over the engine's accounting from where it was left. How many runs ended."""
    ended = 0
    while True:
        position, _made = EngineCursor.objects.get_or_create(cluster=cluster)
        found, cursor = engine.usage_since(position.cursor, METER_BATCH)
        if not found:
            return ended
        ended += actions.settle_usage(ACTOR, cluster=cluster, ended=found, before=position.cursor, cursor=cursor)
        if len(found) < METER_BATCH:
            return ended


# Reconcile


def reconcile(cluster: Cluster, engine: Engine) -> None:
    """Find runs that are under way here and unknown to the engine, whose memory was lost or put back.

    One that was waiting is given to it again. One that had started is not, since it may have done its work: it is
    written off and nothing is charged for it. Held runs are the dispatcher's.
    """
    meter(cluster, engine)
    _end_waiting_for_nothing(cluster, engine)
    for state in ("queued", "running"):
        refs = Run.objects.filter(state=state, job__cluster=cluster).order_by("pk").values_list("ref", flat=True)
        for batch in batches(list(refs)):
            lost = _unknown(engine, batch)
            if not lost:
                continue
            if state == "running":
                log.error("cluster %s no longer knows %d runs that had started", cluster.code, len(lost))
                actions.record_lost(ACTOR, cluster=cluster, refs=lost)
            else:
                log.warning("cluster %s never heard of %d queued runs; submitting again", cluster.code, len(lost))
                _submit_again(cluster, engine, lost)


def _end_waiting_for_nothing(cluster: Cluster, engine: Engine) -> None:
    """End runs whose turn can never come, because a run they wait for was rejected here after they were submitted."""
    failed = Job.objects.filter(state__in=ENDED, before=OuterRef("job")).exclude(state="completed")
    waiting = Run.objects.filter(Exists(failed), state="queued", job__cluster=cluster).order_by("pk")
    for refs in batches(list(waiting.values_list("ref", flat=True))):
        engine.cancel(refs)


def _unknown(engine: Engine, refs: Sequence[str]) -> list[str]:
    return [ref for ref, status in engine.states(refs).items() if status.state is State.UNKNOWN]


def _submit_again(cluster: Cluster, engine: Engine, refs: Sequence[str]) -> None:
    runs = Run.objects.filter(ref__in=refs, state="queued").order_by("pk")
    _submit(cluster, engine, _prepared(cluster, runs.select_related("job__project", "job__accelerator")))


def engine_health() -> tuple[bool, str]:
    """For ``/readyz``: whether every cluster's engine can run jobs now."""
    problems = []
    for cluster in Cluster.objects.order_by("pk"):
        try:
            state = engine_for(cluster).health()
        except (EngineError, AiscError) as error:
            problems.append(f"{cluster.code}: {in_words(str(error))}")
            continue
        if not state.ok:
            problems.append(f"{cluster.code}: {in_words(state.detail)}")
    return not problems, "; ".join(problems)


def isolation_health() -> tuple[bool, str]:
    """For ``/readyz`` and the operator: how far jobs are kept apart. Only what was asked for and cannot be had is
    wrong; what is weaker than it could be is said and does not stop the centre."""
    said, fine = [], True
    for cluster in Cluster.objects.order_by("pk"):
        try:
            isolation = getattr(engine_for(cluster), "isolation", None)
        except (EngineError, AiscError):
            continue  # said by the engine's own part
        if isolation is not None:
            fine = fine and isolation.allows_runs()
            said.append(f"{cluster.code}: {in_words(isolation.found.sentence())}")
    return fine, " ".join(said)


health.register("engine", engine_health)
health.register("isolation", isolation_health)
