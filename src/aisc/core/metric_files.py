"""Where a process keeps its counters, so that any web process can answer ``/metrics`` for all of them."""

from __future__ import annotations

import os
from pathlib import Path

import psutil

# The library maps these files into memory. A sparse one would end the process (SIGBUS) at the first write on a full
# disk, so the space is taken when the process starts; a few hundred routes and tasks need about half of it.
BYTES = 2 * 1024 * 1024


def keep_in(folder: Path) -> None:
    """Have this process keep its counters in ``folder``, and drop those of processes that are gone.

    To be called before ``core.metrics`` is imported. Without room for the files the counters stay in memory, and only
    this process tells them.
    """
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        for file in folder.glob("*.db"):
            pid = file.stem.rpartition("_")[2]
            if not (pid.isdigit() and psutil.pid_exists(int(pid))):
                file.unlink(missing_ok=True)
        for kind in ("counter", "histogram"):
            with (folder / f"{kind}_{os.getpid()}.db").open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, BYTES)
    except OSError:
        return
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
