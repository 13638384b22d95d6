"""Which waiting runs start now: fair-share between projects, backfill that never delays the first in line.

Pure: no clock, no disk, no randomness. Time is in milliseconds, memory in MiB.

*Order.* The project that has used least of the machine for its shares goes next; within a project, first come,
first served. What a project has running, and what this very pass gives it, counts as used in full, so that two
projects with equal shares take turns instead of one taking all that is free.

*Backfill.* The first run that does not fit gets a reservation: the moment at which, by the time limits of what
runs, enough is free for it. A run behind it may start only if it ends before that moment or leaves what the
reserved run needs untouched. Limits are enforced, so the reservation holds: a large run waits for those that
run already and for nobody who came later.
"""

from __future__ import annotations

import heapq
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

BACKFILL_DEPTH = 500  # how many runs behind a blocked one are tried in one pass


@dataclass(frozen=True, slots=True)
class Resources:
    """An amount of the machine: wanted, free or in use."""

    cpus: int
    memory_mb: int
    gpus: Mapping[str, int] = field(default_factory=dict)

    def __add__(self, other: Resources) -> Resources:
        return self._combine(other, 1)

    def __sub__(self, other: Resources) -> Resources:
        return self._combine(other, -1)

    def _combine(self, other: Resources, sign: int) -> Resources:
        gpus = dict(self.gpus)
        for code, count in other.gpus.items():
            gpus[code] = gpus.get(code, 0) + sign * count
        return Resources(self.cpus + sign * other.cpus, self.memory_mb + sign * other.memory_mb, gpus)

    def holds(self, other: Resources) -> bool:
        """Whether ``other`` fits into this."""
        return (
            other.cpus <= self.cpus
            and other.memory_mb <= self.memory_mb
            and all(count <= self.gpus.get(code, 0) for code, count in other.gpus.items())
        )

    def share_of(self, machine: Resources) -> float:
        """The largest fraction of any one resource of ``machine``: half of its memory is half of it."""
        fractions = [self.cpus / max(1, machine.cpus), self.memory_mb / max(1, machine.memory_mb)]
        fractions += [count / max(1, machine.gpus.get(code, 0)) for code, count in self.gpus.items()]
        return max(fractions)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A run that could start as far as its dependencies are concerned."""

    ref: str
    project: str
    shares: int
    needs: Resources
    limit_ms: int


@dataclass(frozen=True, slots=True)
class Running:
    """A run that holds its part of the machine for at most ``ends_in_ms`` more."""

    project: str
    needs: Resources
    ends_in_ms: int


def cost(needs: Resources, duration_ms: int, machine: Resources) -> float:
    """What a run weighs in the fair-share: milliseconds of the whole machine."""
    return needs.share_of(machine) * duration_ms


def in_order(waiting: Iterable[Waiting], used: Mapping[str, float], machine: Resources) -> Iterator[Waiting]:
    """Yields ``waiting`` (given in the order of submission) in the order of priority, lazily.

    ``used`` is each project's usage as :func:`cost` has it, what is running included.
    """
    queues: dict[str, deque[tuple[int, Waiting]]] = defaultdict(deque)
    for number, run in enumerate(waiting):
        queues[run.project].append((number, run))
    spent = {project: used.get(project, 0.0) for project in queues}

    def rank(project: str) -> tuple[float, int, str]:
        number, run = queues[project][0]
        return spent[project] / max(1, run.shares), number, project

    heap = [rank(project) for project in queues]
    heapq.heapify(heap)
    while heap:
        project = heapq.heappop(heap)[2]
        _, run = queues[project].popleft()
        yield run
        spent[project] += cost(run.needs, run.limit_ms, machine)
        if queues[project]:
            heapq.heappush(heap, rank(project))


def choose(ordered: Iterable[Waiting], running: Sequence[Running], machine: Resources) -> list[Waiting]:
    """The runs to start now, given the priority order. Never more than the machine has free."""
    free = machine
    for run in running:
        free -= run.needs
    held = [(run.ends_in_ms, run.needs) for run in running]
    chosen: list[Waiting] = []
    reservation: Reservation | None = None
    tried = 0
    for run in ordered:
        if free.cpus <= 0 or tried >= BACKFILL_DEPTH:  # every run needs a CPU
            break
        if reservation is not None:
            tried += 1
        if not free.holds(run.needs):
            # One that could never fit (the machine has shrunk since it was accepted) blocks nobody.
            if reservation is None and machine.holds(run.needs):
                reservation = Reservation.of(run, free, held)
            continue
        if reservation is not None and not reservation.admits(run):
            continue
        free -= run.needs
        held.append((run.limit_ms, run.needs))
        chosen.append(run)
    return chosen


@dataclass(slots=True)
class Reservation:
    """The promise to one blocked run: from ``at_ms`` on, all but ``spare`` is its."""

    at_ms: int
    spare: Resources

    @classmethod
    def of(cls, run: Waiting, free: Resources, held: Iterable[tuple[int, Resources]]) -> Reservation:
        """The earliest moment at which ``run`` fits, if everything runs to its limit."""
        ends = sorted(held, key=lambda item: item[0])
        at_ms = 0
        for index, (end, needs) in enumerate(ends):
            free += needs
            at_ms = end
            if free.holds(run.needs):
                for later_end, later in ends[index + 1 :]:  # those that end at the same moment
                    if later_end == at_ms:
                        free += later
                break
        return cls(at_ms, free - run.needs)

    def admits(self, run: Waiting) -> bool:
        """Whether starting ``run`` keeps the promise; if it outlasts it, it takes its part of ``spare``."""
        if run.limit_ms <= self.at_ms:
            return True
        if self.spare.holds(run.needs):
            self.spare -= run.needs
            return True
        return False
