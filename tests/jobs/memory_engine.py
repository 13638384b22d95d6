"""An engine without processes: runs start and end when the test says so, and calls fail when it says so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from types import SimpleNamespace

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

START_MS = 1_781_496_000_000  # 15 June 2026, noon in Hong Kong


class MemoryEngine:
    name = "memory"

    def __init__(self) -> None:
        self.specs: dict[str, RunSpec] = {}
        self.started: dict[str, int] = {}
        self.ended: dict[str, UsageRow] = {}
        self.order: list[str] = []
        self.logs: dict[str, bytes] = defaultdict(bytes)
        self.progress: dict[str, SimpleNamespace] = {}
        self.cancelled: set[str] = set()
        self.refuse: Callable[[RunSpec], bool] = lambda spec: False
        self.away: set[str] = set()
        self.calls: list[str] = []

    def _call(self, name: str) -> None:
        self.calls.append(name)
        if name in self.away:
            raise EngineError(f"{name} is away")

    # what the test does

    def start(self, ref: str, at: int = START_MS) -> None:
        self.started[ref] = at

    def finish(self, ref: str, state: State = State.COMPLETED, elapsed_ms: int = 0, **facts) -> None:
        """End a run; one that never started has no elapsed time."""
        spec = self.specs[ref]
        started = self.started.get(ref)
        if elapsed_ms and started is None:
            started = self.started[ref] = START_MS
        facts = {"exit_code": 0 if state is State.COMPLETED else None, "signal": None, "reason": Reason.NONE} | facts
        self.ended[ref] = UsageRow(
            ref=ref,
            project=spec.project,
            accelerator=spec.accelerator,
            accelerator_count=spec.accelerator_count,
            submitted_at=START_MS,
            started_at=started,
            ended_at=(started or START_MS) + elapsed_ms,
            elapsed_ms=elapsed_ms,
            state=state,
            node="node1" if started else "",
            **facts,
        )
        self.order.append(ref)

    def reset(self) -> None:
        """Nothing was ever submitted."""
        for thing in (self.specs, self.started, self.ended, self.order, self.cancelled, self.logs):
            thing.clear()

    def forget(self, *refs: str) -> None:
        for ref in refs:
            self.specs.pop(ref, None)
            self.started.pop(ref, None)

    # the protocol

    def submit(self, specs: Sequence[RunSpec]) -> None:
        self._call("submit")
        for spec in specs:
            if self.refuse(spec):
                raise RunRejected(f"{spec.ref} is too large")
        for spec in specs:
            self.specs.setdefault(spec.ref, spec)

    def cancel(self, refs: Sequence[str]) -> None:
        self._call("cancel")
        for ref in refs:
            if ref in self.specs and ref not in self.ended:
                self.cancelled.add(ref)

    def states(self, refs: Sequence[str]) -> dict[str, RunStatus]:
        self._call("states")
        return {ref: self._status(ref) for ref in refs}

    def _status(self, ref: str) -> RunStatus:
        if ref in self.ended:
            return RunStatus(ref, self.ended[ref].state)
        if ref not in self.specs:
            return RunStatus(ref, State.UNKNOWN)
        if ref in self.started:
            return RunStatus(ref, State.RUNNING, started_at=self.started[ref], node="node1")
        waiting = [each for each in self.specs if each not in self.started and each not in self.ended]
        place = waiting.index(ref) + 1
        return RunStatus(ref, State.QUEUED, Reason.RESOURCES if place == 1 else Reason.PRIORITY, position=place)

    def usage_since(self, cursor: str, limit: int = 1000) -> tuple[list[UsageRow], str]:
        self._call("usage_since")
        position = int(cursor or 0)
        found = self.order[position : position + limit]
        return [self.ended[ref] for ref in found], str(position + len(found))

    def read_log(self, ref: str, offset: int = 0, limit: int = 65_536) -> LogChunk:
        self._call("read_log")
        data = self.logs[ref][offset : offset + limit]
        after = offset + len(data)
        return LogChunk(data, after, ref in self.ended and after >= len(self.logs[ref]))

    def read_progress(self, ref: str):
        return self.progress.get(ref)

    def nodes(self) -> list[NodeStatus]:
        return []

    def health(self) -> Health:
        self._call("health")
        return Health(ok=True)
