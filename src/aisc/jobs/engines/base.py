"""The engine protocol: what AISC asks of whatever runs its jobs.

An engine runs *runs*. A run is one execution of one job (or of one index of an array), named by a
``ref`` that AISC chooses, so that submitting the same run twice is submitting it once. Engines know
nothing of the database, of money or of people: they are given specifications and give back facts.

All times are integer milliseconds. ``*_at`` is wall-clock time since the Unix epoch in UTC;
``elapsed_ms`` is measured with a clock that neither jumps nor stops, and is what is charged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class EngineError(Exception):
    """The engine could not do what was asked; nothing was changed. Worth trying again later."""


class RunRejected(EngineError):  # noqa: N818 - reads as the fact it is
    """The engine will never accept this specification (no such accelerator, larger than any node)."""


class State(StrEnum):
    """Where a run stands in the engine."""

    UNKNOWN = "unknown"  # the engine has no such run
    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"  # exit code 0
    FAILED = "failed"  # exit code other than 0, or ended by a signal of its own making
    CANCELLED = "cancelled"
    TIMEOUT = "timeout"  # reached its time limit
    OUT_OF_MEMORY = "out_of_memory"
    OVER_LIMIT = "over_limit"  # too many processes, too much output, disk full: see ``reason``
    NODE_FAILED = "node_failed"  # the machine failed or restarted under it


FINAL = frozenset(State) - {State.UNKNOWN, State.QUEUED, State.RUNNING}


class Reason(StrEnum):
    """Why a run waits or ended, as a code; the portal says it in the reader's language."""

    NONE = ""
    RESOURCES = "resources"  # waiting for free accelerators, CPUs or memory
    PRIORITY = "priority"  # others are before it by fair-share
    DEPENDENCY = "dependency"  # waiting for another run
    DEPENDENCY_FAILED = "dependency_failed"
    TIME_LIMIT = "time_limit"
    MEMORY_LIMIT = "memory_limit"
    PROCESS_LIMIT = "process_limit"
    OUTPUT_LIMIT = "output_limit"  # a single file or the log grew beyond its limit
    DISK_FULL = "disk_full"
    CANCELLED = "cancelled"
    NON_ZERO_EXIT = "non_zero_exit"
    SIGNAL = "signal"
    COMMAND_NOT_FOUND = "command_not_found"
    NODE_RESTARTED = "node_restarted"
    EXIT_STATUS_LOST = "exit_status_lost"  # every process that could have seen the end was killed


@dataclass(frozen=True)
class RunSpec:
    """Everything an engine needs to run one run.

    ``accelerator`` is the code of an accelerator type; ``"cpu"`` counts CPU cores as accelerators, in
    which case ``cpus`` equals ``accelerator_count``. ``after`` names runs that must have completed
    successfully first; a failed one cancels this run with ``DEPENDENCY_FAILED``.

    ``workspace`` is the folder with the project's files, all that the run may write to: an engine may show it to the
    run at another path. ``workdir`` lies in it, and so do the paths in ``places``, which become environment variables
    with the path as the run sees it.
    """

    ref: str  # 1 to 64 of [a-z0-9-], chosen by AISC
    name: str
    project: str  # key of the fair-share
    argv: tuple[str, ...]
    workdir: str  # absolute path, exists
    accelerator: str
    accelerator_count: int
    cpus: int
    memory_mb: int
    time_limit_ms: int
    env: Mapping[str, str] = field(default_factory=dict)
    workspace: str = ""  # absolute path; empty: ``workdir``
    places: Mapping[str, str] = field(default_factory=dict)
    after: tuple[str, ...] = ()
    shares: int = 1  # weight of the project in the fair-share
    max_processes: int = 512
    max_file_mb: int = 10_240  # one file, the log included


@dataclass(frozen=True)
class RunStatus:
    """Where a run stands now. Times are ``None`` until they have happened."""

    ref: str
    state: State
    reason: Reason = Reason.NONE
    position: int | None = None  # place in the queue, from 1
    submitted_at: int | None = None
    started_at: int | None = None
    ended_at: int | None = None
    elapsed_ms: int = 0
    exit_code: int | None = None
    signal: int | None = None
    node: str = ""


@dataclass(frozen=True)
class UsageRow:
    """One ended (or node-failed) run as the engine's own accounting has it: what is metered and charged.

    A run that never started has ``elapsed_ms`` 0 and still has a row: AISC releases its hold by it.
    """

    ref: str
    project: str
    accelerator: str
    accelerator_count: int
    submitted_at: int
    started_at: int | None
    ended_at: int
    elapsed_ms: int
    state: State
    reason: Reason
    exit_code: int | None
    signal: int | None
    node: str
    cpu_ms: int = 0  # user and system time of the whole process tree
    max_rss_mb: int = 0  # peak resident memory of the process tree


@dataclass(frozen=True)
class LogChunk:
    """Bytes of a run's log from ``offset``; ``ended`` when the run is over and nothing more will come."""

    data: bytes
    next_offset: int
    ended: bool


@dataclass(frozen=True)
class NodeStatus:
    """One machine: what it has and how much of it is in use. Memory in MiB."""

    name: str
    up: bool
    cpus: int
    cpus_used: int
    memory_mb: int
    memory_used_mb: int
    accelerators: Mapping[str, int]  # accelerator code -> count, "cpu" included
    accelerators_used: Mapping[str, int]
    detail: str = ""


@dataclass(frozen=True)
class Health:
    """Whether the engine works; ``detail`` says in plain English what is wrong and what to do."""

    ok: bool
    detail: str = ""


class Engine(Protocol):
    """What every engine offers. Every call is safe to repeat."""

    name: str

    def submit(self, specs: Sequence[RunSpec]) -> None:
        """Accept the runs; a ``ref`` already known is left as it is. Raises EngineError or RunRejected."""

    def cancel(self, refs: Sequence[str]) -> None:
        """Ask for the runs to end. Unknown and ended runs are ignored."""

    def states(self, refs: Sequence[str]) -> dict[str, RunStatus]:
        """Status of each of ``refs``, in bulk; ``State.UNKNOWN`` for a run the engine does not have."""

    def usage_since(self, cursor: str, limit: int = 1000) -> tuple[list[UsageRow], str]:
        """Ended runs after ``cursor`` (``""`` from the beginning), oldest first, and the next cursor."""

    def read_log(self, ref: str, offset: int = 0, limit: int = 65_536) -> LogChunk:
        """A piece of the run's log. An unknown or not yet started run has an empty log."""

    def nodes(self) -> list[NodeStatus]:
        """The machines and their load."""

    def health(self) -> Health:
        """Whether jobs can be accepted and run now."""
