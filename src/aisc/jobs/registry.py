"""Which engine runs the jobs of a cluster. One engine object per cluster and process; tests put in their own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from aisc.centre.models import Cluster
from aisc.core import clock
from aisc.core.errors import AiscError, Unavailable
from aisc.jobs import library
from aisc.jobs.engines.base import Engine, EngineError, State
from aisc.jobs.engines.local.isolation import Policy, Wanted
from aisc.jobs.models import Run
from aisc.jobs.templates import LIBRARY


def isolation_policy() -> Policy:
    """How this centre's settings want jobs of the local engine kept apart."""
    return Policy(
        wanted=Wanted(settings.JOB_ISOLATION),
        network=settings.JOB_NETWORK,
        # By its own path as well: so it stands in jobs that were submitted to earlier versions.
        shared={LIBRARY: str(library.FOLDER)} | {each: each for each in (str(library.FOLDER), *settings.JOB_PATHS)},
        hidden=(str(settings.STATE.root),),
    )


def _local(_cluster: Cluster) -> Engine:
    from aisc.jobs.engines.local import LocalEngine

    return LocalEngine(settings.STATE.engine, isolation=isolation_policy())


def _simulated(cluster: Cluster) -> Engine:
    from aisc.jobs.engines.simulated import SimulatedEngine

    return SimulatedEngine(settings.STATE.engine / f"{cluster.code}.sqlite3", clock.now_ms)


MAKERS: dict[str, Callable[[Cluster], Engine]] = {"local": _local, "simulated": _simulated}

_engines: dict[str, Engine] = {}
_lock = threading.Lock()


def engine_for(cluster: Cluster) -> Engine:
    """The engine of ``cluster``. Raises Unavailable for a kind of engine that this installation does not have."""
    with _lock:
        engine = _engines.get(cluster.code)
        if engine is None:
            maker = MAKERS.get(cluster.engine)
            if maker is None:
                raise Unavailable(
                    _("The engine “%(engine)s” of cluster %(cluster)s is not installed.")
                    % {"engine": cluster.engine, "cluster": cluster.code},
                    code="engine.unknown",
                )
            engine = _engines[cluster.code] = maker(cluster)
        return engine


def with_places(runs: Iterable[Run]) -> list[Run]:
    """``runs`` of one job; those that wait get their place in the queue and the reason as they are now."""
    runs = list(runs)
    waiting = {run.ref: run for run in runs if run.state == "queued"}
    if waiting:
        try:
            statuses = engine_for(runs[0].job.cluster).states(list(waiting))
        except (EngineError, AiscError):
            return runs
        for ref, status in statuses.items():
            if status.state is State.QUEUED:
                waiting[ref].position, waiting[ref].reason = status.position, status.reason.value
    return runs


@dataclass(frozen=True)
class Progress:
    """How far a job says it is; ``total`` is None where it does not know."""

    done: int
    total: int | None
    message: str


def progress_of(run: Run) -> Progress | None:
    """How far a running run says it is; None where it or its engine does not say."""
    if run.state != "running":
        return None
    try:
        read = getattr(engine_for(run.job.cluster), "read_progress", None)
        said = read(run.ref) if read else None
    except (EngineError, AiscError):
        return None
    return said and Progress(said.done, said.total, said.message[:200])


@contextmanager
def using(code: str, engine: Engine) -> Iterator[Engine]:
    """Let ``engine`` run the cluster called ``code`` inside the block."""
    with _lock:
        before = _engines.get(code)
        _engines[code] = engine
    try:
        yield engine
    finally:
        with _lock:
            if before is None:
                del _engines[code]
            else:
                _engines[code] = before
