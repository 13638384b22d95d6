"""The local engine as the rest of AISC sees it."""

from __future__ import annotations

import contextlib
import os
import select
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from aisc.jobs.engines.base import (
    EngineError,
    Health,
    LogChunk,
    NodeStatus,
    Reason,
    RunRejected,
    RunSpec,
    RunStatus,
    State,
    UsageRow,
)

from .choose import in_order
from .isolation import Isolation
from .keeper import facts
from .machine import Machine, free_disk_mb
from .runs import Progress, Runs, check
from .scheduler import Scheduler, Turn, turn_age_ms, used_with_running
from .settings import Settings
from .store import ACTIVE, QUEUED, Store

TURN_OVERDUE_MS = 30_000
STUCK_ATTEMPTS = 5


def wall_clock_ms() -> int:
    """Milliseconds since the Unix epoch."""
    return time.time_ns() // 1_000_000


class LocalEngine:
    """Runs jobs as detached processes on this machine, from a queue in ``root``.

    Any number of processes may use one folder at once; the machine must be the same, and the folder on a local
    disk. Submitting only queues: a worker calls :meth:`tick`, again and again, with :meth:`wait` in between::

        while True:
            engine.tick()
            engine.wait(1.0)

    **Charged time.** ``UsageRow.elapsed_ms`` and ``RunStatus.elapsed_ms`` are never more than the run's time
    limit, since that is what was held for it: the grace between SIGTERM and SIGKILL is free. ``ended_at`` is when
    the run really ended, up to limit and grace. It is counted from ``started_at`` by a clock that does not jump.

    **Trust.** A run is kept away from AISC, from other projects and from the machine as far as the machine allows:
    see :mod:`.isolation`, and ``engine.isolation.found`` for how far that is.

    ``cpus``, ``memory_mb`` and ``gpus`` (accelerator code to device names for ``CUDA_VISIBLE_DEVICES``) limit
    what jobs may use; left out, they are found. ``settings`` are fields of :class:`.settings.Settings`.
    """

    name = "local"

    def __init__(
        self,
        root: Path,
        *,
        cpus: int | None = None,
        memory_mb: int | None = None,
        gpus: Mapping[str, Sequence[str]] | None = None,
        clock: Callable[[], int] = wall_clock_ms,
        boot: str | None = None,
        **settings: Any,
    ) -> None:
        self.root = Path(root).absolute()
        self.settings = replace(Settings(), **settings)
        self.machine = Machine.discover(cpus=cpus, memory_mb=memory_mb, gpus=gpus)
        self._clock = clock
        self._pipe: int | None = None
        self._boot = boot or facts.boot_id()
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.isolation = Isolation(self.root, self.settings.isolation, self.settings.keeper)
            self._runs = Runs(self.root / "runs", self.settings, self.machine.name, self._boot, self.isolation)
        except OSError as error:
            raise EngineError(f"The engine's folder {self.root} cannot be used: {error.strerror}") from error
        self._store = Store(self.root / "engine.sqlite3")
        self._scheduler = Scheduler(
            self.root, self.machine, self._store, self._runs, self.settings, clock, self._boot, self.isolation
        )

    def close(self) -> None:
        """Closes this thread's connection to the queue and the pipe of :meth:`wait`; both open again when needed."""
        self._store.close()
        if self._pipe is not None:
            os.close(self._pipe)
            self._pipe = None

    # The protocol

    def submit(self, specs: Sequence[RunSpec]) -> None:
        """Queues the runs, all or none; a ``ref`` already known is left as it is.

        A run waits for those in ``after`` even where they are submitted later. Raises RunRejected where a
        specification makes no sense or asks for more than this machine has, EngineError where the queue cannot
        be written.
        """
        for spec in specs:
            self._check(spec)
        self._store.add(specs, self._clock())
        facts.wake(self.root)

    def cancel(self, refs: Sequence[str]) -> None:
        """Ends queued runs now and asks running ones to end: SIGTERM, and SIGKILL after the grace."""
        for ref in self._store.cancel(refs, self._clock()):
            self._runs.ask_to_end(ref)
        facts.wake(self.root)

    def states(self, refs: Sequence[str]) -> dict[str, RunStatus]:
        """Status of each run; what has ended counts as running until a turn has recorded it."""
        statuses = {ref: RunStatus(ref, State.UNKNOWN) for ref in refs}
        rows = self._store.rows(refs)
        places = self._places() if any(row["stage"] == QUEUED for row in rows) else {}
        full = bool(places) and self._scheduler.disk_is_full()
        for row in rows:
            if row["stage"] == QUEUED:
                statuses[row["ref"]] = _queued(row, places.get(row["ref"]), full)
            elif row["stage"] == ACTIVE:
                statuses[row["ref"]] = self._active(row)
            else:
                statuses[row["ref"]] = _ended(row)
        return statuses

    def usage_since(self, cursor: str, limit: int = 1000) -> tuple[list[UsageRow], str]:
        """Ended runs after ``cursor``, and the next cursor.

        Asking with a cursor says that everything before it was taken over: :meth:`prune` may then remove its
        files. Raises EngineError for what is no cursor of this engine.
        """
        if cursor and not cursor.isdecimal():
            raise EngineError(f"{cursor!r} is not a usage cursor of the local engine.")
        rows, last = self._store.ended_after(int(cursor or 0), limit)
        return rows, str(last)

    def read_log(self, ref: str, offset: int = 0, limit: int = 65_536) -> LogChunk:
        """A piece of the run's output, standard output and error as they came."""
        try:
            return self._runs.read_log(ref, offset, limit, ended=self._store.has_ended(ref))
        except ValueError:
            return LogChunk(b"", offset, False)

    def nodes(self) -> list[NodeStatus]:
        """This machine, and what is given to runs of it."""
        machine, active = self.machine, self._store.active()
        cpus_used = sum(run.spec.cpus for run in active)
        used = dict.fromkeys(machine.gpus, 0)
        for run in active:
            for code, count in run.needs.gpus.items():
                used[code] = used.get(code, 0) + count
        return [
            NodeStatus(
                name=machine.name,
                up=True,
                cpus=len(machine.cpu_ids),
                cpus_used=cpus_used,
                memory_mb=machine.memory_mb,
                memory_used_mb=sum(run.spec.memory_mb for run in active),
                accelerators={"cpu": len(machine.cpu_ids)} | {c: len(ids) for c, ids in machine.gpus.items()},
                accelerators_used={"cpu": cpus_used} | used,
            )
        ]

    def health(self) -> Health:
        """Whether the folder can be written, there is space, a worker takes its turns, and runs can start."""
        try:
            problems = self._problems()
        except (EngineError, OSError) as error:
            problems = [f"The engine's folder {self.root} cannot be used: {error}."]
        return Health(ok=not problems, detail=" ".join(problems))

    # Beyond the protocol

    def tick(self) -> Turn:
        """One turn of the scheduler; quick, safe to repeat, and safe in several processes at once."""
        return self._scheduler.turn()

    def wait(self, timeout_s: float) -> bool:
        """Sleeps until something happens that a turn should look at, at most ``timeout_s``; whether it did.

        What happens between two calls is not missed: the first call opens the pipe and it stays open.
        """
        try:
            pipe = self._wake_pipe()
        except OSError:  # a disk without pipes
            time.sleep(min(timeout_s, 0.25))
            return False
        ready, _, _ = select.select([pipe], [], [], timeout_s)
        with contextlib.suppress(BlockingIOError):  # another worker woke up as well and emptied it
            if ready:
                os.read(pipe, 65_536)
        return bool(ready)

    def read_progress(self, ref: str) -> Progress | None:
        """What the job last wrote to the file named by its ``AISC_PROGRESS``: ``{"done": 3, "total": 10}``."""
        try:
            return self._runs.read_progress(ref)
        except ValueError:
            return None

    def running_count(self) -> int:
        """How many runs hold a part of the machine now."""
        return self._store.count_open()[1]

    def prune(self, before_ms: int) -> int:
        """Removes the folders, logs included, of runs that ended before ``before_ms`` (wall clock) and whose usage
        was collected. Their accounting stays. Returns how many."""
        refs = self._store.prunable(before_ms)
        for ref in refs:
            self._runs.remove(ref)
        self._store.pruned(refs)
        return len(refs)

    # Helpers

    def _wake_pipe(self) -> int:
        if self._pipe is None:
            path = self.root / "wake"
            with contextlib.suppress(FileExistsError):
                os.mkfifo(path, 0o600)
            self._pipe = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        return self._pipe

    def _check(self, spec: RunSpec) -> None:
        if complaint := check(spec):
            raise RunRejected(f"Run {spec.ref!r} cannot be run: {complaint}.")
        machine = self.machine
        gpus = len(machine.gpus.get(spec.accelerator, ()))
        if (
            spec.cpus > len(machine.cpu_ids)
            or spec.memory_mb > machine.memory_mb
            or (spec.accelerator != "cpu" and spec.accelerator_count > gpus)
        ):
            asked = f"{spec.cpus} CPUs, {spec.memory_mb} MiB of memory"
            if spec.accelerator != "cpu":
                asked += f", {spec.accelerator_count} × {spec.accelerator}"
            raise RunRejected(f"Run {spec.ref!r} asks for {asked}; this machine has {machine.describe()}.")

    def _places(self) -> dict[str, int]:
        """Place in the queue of every run that could start."""
        active = self._store.active()
        used = used_with_running(self._store, active, self.machine, self._clock(), self.settings)
        ordered = in_order(self._store.eligible(), used, self.machine.resources)
        return {run.ref: place for place, run in enumerate(ordered, start=1)}

    def _active(self, row: sqlite3.Row) -> RunStatus:
        start = self._runs.start_of(row["ref"])
        if start is None:
            return RunStatus(row["ref"], State.QUEUED, position=None, submitted_at=row["submitted_at"])
        return RunStatus(
            row["ref"],
            State.RUNNING,
            submitted_at=row["submitted_at"],
            started_at=start["started_at"],
            elapsed_ms=min(self._runs.elapsed_of(row["ref"], start), row["time_limit_ms"]),
            node=self.machine.name,
        )

    def _problems(self) -> list[str]:
        problems = []
        facts.write(self.root, "health.json", {}, durable=False)
        free, reserve = free_disk_mb(self.root), self.settings.disk_reserve_mb
        if free < reserve:
            problems.append(f"{self.root} has {free} MiB free, less than the reserve of {reserve}: make space.")
        age = turn_age_ms(self.root, self._boot)
        if age is None:
            problems.append("No worker has looked at the queue since the machine started: start `aisc worker`.")
        elif age > TURN_OVERDUE_MS:
            problems.append(f"No worker has looked at the queue for {age // 1000} s: start `aisc worker`.")
        if not self.isolation.allows_runs():
            problems.append(
                "No job starts: AISC_ISOLATION is “require”, and this machine cannot isolate jobs. "
                + self.isolation.found.why_not
            )
        for run in self._store.active():
            if run.attempts >= STUCK_ATTEMPTS and self._runs.start_of(run.ref) is None:
                log = self._runs.folder(run.ref) / "keeper.log"
                problems.append(f"Run {run.ref} could not be started {run.attempts} times: see {log}.")
        return problems


def _queued(row: sqlite3.Row, place: int | None, disk_is_full: bool) -> RunStatus:
    if place is None:
        reason = Reason.DEPENDENCY
    elif disk_is_full:
        reason = Reason.DISK_FULL
    else:
        reason = Reason.RESOURCES if place == 1 else Reason.PRIORITY
    return RunStatus(row["ref"], State.QUEUED, reason, position=place, submitted_at=row["submitted_at"])


def _ended(row: sqlite3.Row) -> RunStatus:
    return RunStatus(
        row["ref"],
        State(row["stage"]),
        Reason(row["reason"]),
        submitted_at=row["submitted_at"],
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        elapsed_ms=row["elapsed_ms"],
        exit_code=row["exit_code"],
        signal=row["signal"],
        node=row["node"],
    )
