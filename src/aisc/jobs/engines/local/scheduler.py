"""One turn of the scheduler: record what ended, choose what starts, see that everything active has a keeper.

Only the database says what is decided and only the files of a run say what happened to it. A turn writes the
decision first and acts on it afterwards, and every turn acts again on every decision that is not yet fact; so a
turn may be killed anywhere, and the next one goes on from there.
"""

from __future__ import annotations

import fcntl
import logging
import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .choose import Running, choose, cost, in_order
from .isolation import FIRST_UID, UIDS, Isolation
from .keeper import facts
from .machine import Machine, free_disk_mb
from .runs import Runs
from .settings import Settings
from .store import Active, Store

log = logging.getLogger(__name__)

SLOWEST_RETRY_MS = 30_000


@dataclass(frozen=True)
class Turn:
    """What one turn did. ``ran`` is false where another process was at it."""

    ran: bool
    ended: int = 0
    started: int = 0


class Scheduler:
    """Turns over one engine folder, one at a time among all processes."""

    def __init__(
        self,
        root: Path,
        machine: Machine,
        store: Store,
        runs: Runs,
        settings: Settings,
        clock: Callable[[], int],
        boot: str,
        isolation: Isolation,
    ) -> None:
        self._root = root
        self._isolation = isolation
        self._machine = machine
        self._store = store
        self._runs = runs
        self._settings = settings
        self._clock = clock
        self._boot = boot

    def turn(self) -> Turn:
        """Runs one turn. Raises EngineError where the database cannot be used."""
        with self._alone() as alone:
            if not alone:
                return Turn(ran=False)
            ended = self._collect() + self._store.cancel_orphans(self._clock())
            started = self._allocate()
            self._keep()
            facts.write(self._root, "turn.json", {"boot": self._boot, "now_ms": facts.now_ms()}, durable=False)
            return Turn(ran=True, ended=ended, started=started)

    @contextmanager
    def _alone(self) -> Iterator[bool]:
        with open(self._root / "turn.lock", "a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True

    def _collect(self) -> int:
        """Records runs that ended, oldest end first, and queues again what a restart of the machine prevented."""
        now = self._clock()
        ends, again = [], []
        costs: dict[str, float] = defaultdict(float)
        for run in self._store.active():
            end = self._runs.end_of(run, now)
            if end is not None:
                ends.append(end)
                costs[run.spec.project] += cost(run.needs, end.elapsed_ms, self._machine.resources)
            elif self._runs.must_start_again(run):
                again.append(run.ref)
        if again:
            self._store.requeue(again)
        if ends:
            ends.sort(key=lambda end: end.ended_at)
            self._store.end(ends, costs, now, self._settings.half_life_ms)
        return len(ends)

    def _allocate(self) -> int:
        """Gives parts of the machine to the runs whose turn it is."""
        active = self._store.active()
        cpus, gpus = self._free(active)
        if not cpus or self.disk_is_full() or not self._isolation.allows_runs():
            return 0
        running = [Running(run.spec.project, run.needs, self._remaining_ms(run)) for run in active]
        machine = self._machine.resources
        used = used_with_running(self._store, active, self._machine, self._clock(), self._settings)
        chosen = choose(in_order(self._store.eligible(), used, machine), running, machine)
        given = {}
        for run in chosen:
            devices: list[str] = []
            for code, count in run.needs.gpus.items():
                devices += [gpus[code].pop(0) for _ in range(count)]
            given[run.ref] = ([cpus.pop(0) for _ in range(run.needs.cpus)], devices)
        if given:
            self._store.allocate(given, self._boot)
        return len(given)

    def _free(self, active: Sequence[Active]) -> tuple[list[int], dict[str, list[str]]]:
        cpus_used = {cpu for run in active for cpu in run.cpu_ids}
        gpus_used = {gpu for run in active for gpu in run.gpu_ids}
        return (
            [cpu for cpu in self._machine.cpu_ids if cpu not in cpus_used],
            {code: [d for d in devices if d not in gpus_used] for code, devices in self._machine.gpus.items()},
        )

    def _remaining_ms(self, run: Active) -> int:
        start = self._runs.start_of(run.ref)
        elapsed = self._runs.elapsed_of(run.ref, start) if start else 0
        return max(1, run.spec.time_limit_ms + self._settings.grace_ms - elapsed)

    def _keep(self) -> None:
        """Starts a keeper for every active run that has none: new ones, and those whose keepers were killed."""
        now_ms, epoch_ms = facts.now_ms(), self._clock() - facts.now_ms()
        alone = []
        active = self._store.active()
        users = self._users(active)
        for run in active:
            if run.cancel:
                self._runs.ask_to_end(run.ref)  # whoever marked it may have been killed before it could
            if now_ms < run.attempted_ms + retry_after_ms(run.attempts) or not self._runs.needs_keeper(run.ref):
                continue
            try:
                uid = users.get(run.spec.project)
                self._runs.prepare(run, pin=self._machine.pin, epoch_ms=epoch_ms, uid=uid)
            except OSError:
                log.exception("Run %s cannot be started yet", run.ref)
            else:
                alone.append(run.ref)
        if alone:
            self._runs.start_keepers(alone)
            self._store.attempted(alone, now_ms)

    def _users(self, active: Sequence[Active]) -> dict[str, int]:
        """The user of each project, where projects have users of their own."""
        if not active or not self._isolation.found.own_users:
            return {}
        numbers = self._store.user_numbers(run.spec.project for run in active)
        return {project: FIRST_UID + number % UIDS for project, number in numbers.items()}

    def disk_is_full(self) -> bool:
        """Whether there is too little space to start anything."""
        return free_disk_mb(self._root) < self._settings.disk_reserve_mb


def retry_after_ms(attempts: int) -> int:
    """How long to leave a run alone after that many keepers: not at all, then ever longer up to half a minute."""
    return 0 if attempts == 0 else min(SLOWEST_RETRY_MS, 50 << min(attempts, 10))


def used_with_running(
    store: Store, active: Sequence[Active], machine: Machine, now: int, settings: Settings
) -> dict[str, float]:
    """Each project's usage for the order: what is past, decayed, and what runs, as if it ran to its limit."""
    used = store.used(now, settings.half_life_ms)
    for run in active:
        weight = cost(run.needs, run.spec.time_limit_ms, machine.resources)
        used[run.spec.project] = used.get(run.spec.project, 0.0) + weight
    return used


def turn_age_ms(root: Path, boot: str) -> int | None:
    """Milliseconds since the last turn; ``None`` where there was none since the machine started."""
    fact = facts.read(os.fspath(root), "turn.json")
    if fact is None or fact["boot"] != boot:
        return None
    return max(0, facts.now_ms() - int(fact["now_ms"]))
