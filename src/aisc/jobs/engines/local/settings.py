"""What an operator may choose about the local engine."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

from .isolation import Policy

KEEPER = Path(__file__).parent / "keeper"
WEEK_MS = 7 * 24 * 3_600_000


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Times in milliseconds, space in MiB."""

    grace_ms: int = 5_000
    """Between asking a run to end (SIGTERM) and making it (SIGKILL), at its time limit or when cancelled."""

    disk_reserve_mb: int = 512
    """With less space than this left, no run starts and running ones end with ``DISK_FULL``."""

    half_life_ms: int = WEEK_MS
    """After this time, usage counts half in the fair-share."""

    nice: int = 5
    """CPU priority of the jobs below the portal's (0 = the same, 19 = lowest)."""

    oom_score_adj: int = 700
    """How much sooner than others the kernel kills a job when the machine runs out of memory (0 to 1000)."""

    path: str = os.pathsep.join((os.path.dirname(sys.executable), "/usr/local/bin", "/usr/bin", "/bin"))
    """``PATH`` of the jobs: the interpreter that runs AISC first, so that ``python`` is that one."""

    isolation: Policy = field(default_factory=Policy)
    """How jobs are kept apart from AISC and from each other."""

    keeper: Path = KEEPER
    """The keeper program."""
