"""The simulated engine. A run's whole course is worked out when it is submitted; time then only uncovers it.

First come, first served: a run starts on the machine that has enough accelerators free soonest. That keeps the
engine a function of the clock it is given, so a year passes as fast as it can be written down, and a centre that
was stopped for a week finds its simulated jobs ended when it starts again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from aisc.jobs.engines.base import (
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
from aisc.jobs.engines.simulated import logs
from aisc.jobs.engines.simulated.fates import fate
from aisc.jobs.engines.simulated.fleet import NOTE, Machine, Outage, fleet
from aisc.jobs.engines.simulated.store import Row, Store

# Who asks for longer is refused for good, as clusters do.
LONGEST_MS = 7 * 86_400_000
# How long a run takes to end after it was told to; also keeps its end after every cursor that was given out.
STOPS_AFTER_MS = 2_000
_STARTS_AFTER_MS = 1_500


class SimulatedEngine:
    """See the module's text. ``now_ms`` is the clock; ``path`` the SQLite file with everything submitted."""

    name = "simulated"

    def __init__(self, path: Path, now_ms: Callable[[], int]):
        self._store = Store(path)
        self._now_ms = now_ms
        self._free: dict[str, list[int]] = {}  # by machine: when each of its accelerators is free
        self._known = -1  # the store's revision that ``_free`` tells of
        self._machines: list[Machine] = []
        self._outages: list[Outage] = []

    # The demonstration's

    def begin(self, end_ms: int) -> None:
        """Forget everything and begin the year that ends at ``end_ms``."""
        self._store.begin(end_ms)
        self._machines, self._known = [], -1

    def commit(self) -> None:
        """Put down what :meth:`hold_back` has kept in memory."""
        self._store.commit()

    def hold_back(self) -> None:
        """Write nothing to the disk until :meth:`commit`: a year is written once and not ten thousand times."""
        self._store.hold_back()

    # The protocol

    def submit(self, specs: Sequence[RunSpec]) -> None:
        self._load()
        known = self._store.known([spec.ref for spec in specs])
        fresh = [spec for spec in specs if spec.ref not in known]
        for spec in fresh:
            self._check(spec)
        rows: dict[str, Row] = {}
        for spec in fresh:
            rows[spec.ref] = self._course(spec, rows)
        self._known += self._store.add(rows.values())

    def cancel(self, refs: Sequence[str]) -> None:
        end = self._now_ms() + STOPS_AFTER_MS
        for row in self._store.get(refs):
            if row.ended_at > end and row.reason is not Reason.CANCELLED:
                self._store.end(row.cancelled(end))

    def states(self, refs: Sequence[str]) -> dict[str, RunStatus]:
        now = self._now_ms()
        found = {row.ref: row for row in self._store.get(refs)}
        places = self._places(now) if any(self._waits(row, now) for row in found.values()) else {}
        unknown = {ref: RunStatus(ref, State.UNKNOWN) for ref in refs}
        return unknown | {ref: self._status(row, now, places) for ref, row in found.items()}

    def usage_since(self, cursor: str, limit: int = 1000) -> tuple[list[UsageRow], str]:
        rows = self._store.ended(cursor, self._now_ms(), limit)
        return [row.usage() for row in rows], (rows[-1].cursor if rows else cursor)

    def read_log(self, ref: str, offset: int = 0, limit: int = 65_536) -> LogChunk:
        now = self._now_ms()
        row = next(iter(self._store.get([ref])), None)
        if row is None or row.started_at is None or row.started_at > now:
            return LogChunk(b"", offset, ended=row is not None and row.ended_at <= now)
        data = logs.text(row, min(now, row.ended_at)).encode()
        chunk = data[offset : offset + limit]
        end = offset + len(chunk)
        return LogChunk(chunk, end, ended=row.ended_at <= now and end >= len(data))

    def read_progress(self, ref: str) -> logs.Progress | None:
        """How far a running run says it is."""
        now = self._now_ms()
        row = next(iter(self._store.get([ref])), None)
        if row is None or row.started_at is None or not row.started_at <= now < row.ended_at:
            return None
        return logs.progress(row, now)

    def nodes(self) -> list[NodeStatus]:
        self._load()
        now = self._now_ms()
        used: dict[str, int] = {}
        for row in self._store.active(now):
            if row.started_at is not None and row.started_at <= now:
                used[row.node] = used.get(row.node, 0) + row.accelerator_count
        return [self._node(machine, used.get(machine.name, 0), now) for machine in self._machines_at(now)]

    def health(self) -> Health:
        return Health(ok=True)

    # Helpers

    def _load(self) -> None:
        """Read the machines, and work out when they are free unless that is known."""
        if not self._machines:
            self._machines, self._outages = fleet(self._store.end_ms())
        revision = self._store.revision()
        if revision == self._known:
            return
        self._known = revision
        self._free = {machine.name: [machine.since_ms] * machine.count for machine in self._machines}
        for row in self._store.active(self._now_ms()):
            if row.started_at is not None:
                self._take(row.node, row.accelerator_count, row.ended_at)

    def _take(self, machine: str, count: int, until_ms: int) -> None:
        free = self._free[machine]
        free[:count] = [until_ms] * count
        free.sort()

    def _machines_at(self, now: int) -> list[Machine]:
        return [machine for machine in self._machines if machine.since_ms <= now]

    def _check(self, spec: RunSpec) -> None:
        fitting = [
            machine
            for machine in self._machines_at(self._now_ms())
            if machine.accelerator == spec.accelerator and machine.count >= spec.accelerator_count
        ]
        if not fitting:
            raise RunRejected(f"No machine has {spec.accelerator_count} × {spec.accelerator}.")
        if spec.time_limit_ms > LONGEST_MS:
            raise RunRejected(f"A run has at most {LONGEST_MS // 86_400_000} days on this cluster.")

    def _course(self, spec: RunSpec, together: dict[str, Row]) -> Row:
        """Everything that will happen to ``spec``. ``together`` are the courses of those submitted with it."""
        now = self._now_ms()
        ready = now + _STARTS_AFTER_MS
        before = [together[ref] for ref in spec.after if ref in together]
        before += self._store.get([ref for ref in spec.after if ref not in together])
        failed = [row.ended_at for row in before if row.state is not State.COMPLETED]
        if failed:
            return Row.never_started(spec, now, max(now, min(failed)) + STOPS_AFTER_MS)
        ready = max([ready, *(row.ended_at + _STARTS_AFTER_MS for row in before)])
        start, machine = min(
            (self._soonest(machine, spec.accelerator_count, ready), machine.name)
            for machine in self._machines
            if machine.accelerator == spec.accelerator and machine.count >= spec.accelerator_count
        )
        will = fate(spec)
        row = Row.planned(spec, now, start, machine, will)
        for outage in self._outages:
            if machine in outage.machines and start < outage.start_ms < row.ended_at:
                row = row.lost(outage.start_ms)
        self._take(machine, spec.accelerator_count, row.ended_at)
        return row

    def _soonest(self, machine: Machine, count: int, ready: int) -> int:
        start = max(ready, self._free[machine.name][count - 1])
        for outage in self._outages:
            if machine.name in outage.machines and outage.start_ms <= start < outage.end_ms:
                start = outage.end_ms
        return start

    def _waits(self, row: Row, now: int) -> bool:
        return row.ended_at > now and (row.started_at is None or row.started_at > now)

    def _places(self, now: int) -> dict[str, int]:
        waiting = [row for row in self._store.active(now) if row.started_at is not None and row.started_at > now]
        waiting.sort(key=lambda row: (row.started_at, row.seq))
        return {row.ref: place for place, row in enumerate(waiting, start=1)}

    def _status(self, row: Row, now: int, places: dict[str, int]) -> RunStatus:
        if row.ended_at <= now:
            return row.status()
        if not self._waits(row, now):
            return RunStatus(
                row.ref,
                State.RUNNING,
                submitted_at=row.submitted_at,
                started_at=row.started_at,
                elapsed_ms=now - (row.started_at or now),
                node=row.node,
            )
        place = places.get(row.ref)
        reason = Reason.RESOURCES if place == 1 else Reason.PRIORITY
        if json.loads(row.after) and any(each.ended_at > now for each in self._store.get(json.loads(row.after))):
            reason, place = Reason.DEPENDENCY, None
        return RunStatus(row.ref, State.QUEUED, reason, position=place, submitted_at=row.submitted_at)

    def _node(self, machine: Machine, used: int, now: int) -> NodeStatus:
        down = next((o for o in self._outages if machine.name in o.machines and o.start_ms <= now < o.end_ms), None)
        part = (machine.cpus * used // machine.count, machine.memory_mb * used // machine.count * 6 // 10)
        return NodeStatus(
            name=machine.name,
            up=down is None,
            cpus=machine.cpus,
            cpus_used=part[0],
            memory_mb=machine.memory_mb,
            memory_used_mb=part[1],
            accelerators={} if machine.accelerator == "cpu" else {machine.accelerator: machine.count},
            accelerators_used={} if machine.accelerator == "cpu" else {machine.accelerator: used},
            detail=f"{NOTE} {down.why}" if down else NOTE,
        )
