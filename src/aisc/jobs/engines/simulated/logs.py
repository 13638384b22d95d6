"""What a simulated run says while it goes: that it is simulated, and how far it would be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from aisc.jobs.engines.base import Reason, State
from aisc.jobs.engines.simulated.store import Row

STEPS = 20
# Under a job's progress.
NOTE = "Simulated: nothing is computed."
_HONEST = "This run is simulated by the demonstration centre: nothing was computed.\n"
_LAST_WORDS = {
    Reason.NON_ZERO_EXIT: "Traceback (most recent call last): …\nValueError: the simulated data has no rows\n",
    Reason.COMMAND_NOT_FOUND: "command not found\n",
    Reason.SIGNAL: "Segmentation fault (simulated)\n",
    Reason.OUTPUT_LIMIT: "write: file too large (simulated)\n",
    Reason.PROCESS_LIMIT: "fork: resource temporarily unavailable (simulated)\n",
    Reason.DISK_FULL: "write: no space left on device (simulated)\n",
}


@dataclass(frozen=True)
class Progress:
    """How far a job says it is."""

    done: int
    total: int
    message: str


def _done(row: Row, until: int) -> int:
    started = row.started_at or until
    return STEPS * (until - started) // max(1, row.ended_at - started)


def progress(row: Row, now: int) -> Progress:
    """Whole steps of twenty."""
    return Progress(_done(row, now), STEPS, NOTE)


def text(row: Row, until: int) -> str:
    """The log up to ``until``; it only ever grows."""
    started = row.started_at or until
    lines = [f"[{_clock(started)}] {row.name} on {row.node}, {row.accelerator_count} × {row.accelerator}\n", _HONEST]
    for step in range(1, _done(row, until) + 1):
        at = started + (row.ended_at - started) * step // STEPS
        lines.append(f"[{_clock(at)}] step {step}/{STEPS}\n")
    if until >= row.ended_at:
        lines.append(_LAST_WORDS.get(row.reason, ""))
        if row.state is State.COMPLETED:
            lines.append("done\n")
    return "".join(lines)


def _clock(ms: int) -> str:
    # Hong Kong's time: UTC+8 all year.
    return f"{datetime.fromtimestamp(ms // 1000, UTC) + timedelta(hours=8):%Y-%m-%d %H:%M:%S}"
