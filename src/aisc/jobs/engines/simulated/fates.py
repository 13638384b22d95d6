"""How a simulated run will go: decided by its name alone, so that the same run always goes the same way."""

from __future__ import annotations

import random
from dataclasses import dataclass

from aisc.jobs.engines.base import Reason, RunSpec, State


@dataclass(frozen=True)
class Fate:
    """How long a run goes on undisturbed, and how it then ends. Milliseconds and MiB."""

    elapsed_ms: int
    state: State
    reason: Reason
    exit_code: int | None
    signal: int | None
    max_rss_mb: int


# In ten thousand runs: how many end so, with exit code and signal.
_ENDS = (
    (8_620, State.COMPLETED, Reason.NONE, 0, None),
    (480, State.FAILED, Reason.NON_ZERO_EXIT, 1, None),
    (90, State.FAILED, Reason.NON_ZERO_EXIT, 2, None),
    (120, State.FAILED, Reason.COMMAND_NOT_FOUND, 127, None),
    (90, State.FAILED, Reason.SIGNAL, None, 11),
    (30, State.FAILED, Reason.EXIT_STATUS_LOST, None, None),
    (230, State.TIMEOUT, Reason.TIME_LIMIT, None, 15),
    (220, State.OUT_OF_MEMORY, Reason.MEMORY_LIMIT, None, 9),
    (50, State.OVER_LIMIT, Reason.OUTPUT_LIMIT, None, 9),
    (40, State.OVER_LIMIT, Reason.PROCESS_LIMIT, None, 9),
    (30, State.OVER_LIMIT, Reason.DISK_FULL, None, 9),
)
_QUICK = (Reason.COMMAND_NOT_FOUND, Reason.PROCESS_LIMIT)


def fate(spec: RunSpec) -> Fate:
    """What becomes of ``spec`` once it has started, if its machine stays up and nobody cancels it."""
    chance = random.Random(spec.ref)  # noqa: S311 - a story, no secret
    _weight, state, reason, exit_code, signal = chance.choices(_ENDS, [end[0] for end in _ENDS])[0]
    part = min(97, 30 + int(60 * chance.betavariate(2.2, 2.0)))
    elapsed = spec.time_limit_ms * part // 100
    memory = spec.memory_mb * chance.randint(25, 88) // 100
    if state is State.TIMEOUT:
        elapsed = spec.time_limit_ms
    elif state is State.OUT_OF_MEMORY:
        elapsed, memory = elapsed * chance.randint(10, 80) // 100, spec.memory_mb
    elif reason in _QUICK:
        elapsed = chance.randint(400, 9_000)
    elif state is not State.COMPLETED:
        elapsed = elapsed * chance.randint(2, 90) // 100
    elapsed += chance.randint(1, 997)
    return Fate(min(max(1, elapsed), spec.time_limit_ms), state, reason, exit_code, signal, memory)
