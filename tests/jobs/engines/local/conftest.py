"""A real engine in a temporary folder, with real processes; whatever a test leaves running is ended."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from aisc.jobs.engines.base import FINAL, RunSpec, RunStatus, UsageRow
from aisc.jobs.engines.local import LocalEngine
from aisc.jobs.engines.local.keeper import facts

DEADLINE_S = 20.0


def poll(condition: Callable[[], Any], what: str = "condition", deadline_s: float = DEADLINE_S) -> Any:
    """Waits for a true answer and returns it; fails loudly at the deadline."""
    end = time.monotonic() + deadline_s
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > end:
            pytest.fail(f"waited {deadline_s} s in vain for: {what}")
        time.sleep(0.01)


class Bench:
    """An engine under test and the handles a test needs around it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.area = root / "area"  # the workspace
        self.work = self.area / "work"
        self.work.mkdir(parents=True)
        self.engines: list[LocalEngine] = []
        self.engine = self.open()

    def open(self, **options: Any) -> LocalEngine:
        """Opens the folder, as another process of AISC (or the next one after a restart) would."""
        options = {"cpus": 4, "memory_mb": 4096, "gpus": {}, "grace_ms": 300, "disk_reserve_mb": 1} | options
        self.engine = LocalEngine(self.root / "engine", **options)
        self.engines.append(self.engine)
        return self.engine

    def spec(self, ref: str = "run", *argv: str, sh: str = "", python: str = "", **fields: Any) -> RunSpec:
        """A specification with sensible defaults; ``sh`` and ``python`` are programs."""
        if sh:
            argv = ("sh", "-c", sh)
        if python:
            argv = (sys.executable, "-c", python)
        values: dict[str, Any] = {
            "ref": ref,
            "name": ref,
            "project": "chemistry",
            "argv": argv or ("true",),
            "workdir": str(self.work),
            "workspace": str(self.area),
            "accelerator": "cpu",
            "accelerator_count": fields.get("cpus", 1),
            "cpus": 1,
            "memory_mb": 256,
            "time_limit_ms": 60_000,
        }
        return RunSpec(**(values | fields))

    def submit(self, *args: Any, **fields: Any) -> str:
        spec = self.spec(*args, **fields)
        self.engine.submit([spec])
        return spec.ref

    def status(self, ref: str = "run") -> RunStatus:
        return self.engine.states([ref])[ref]

    def drive(self, condition: Callable[[], Any], what: str = "condition", deadline_s: float = DEADLINE_S) -> Any:
        """Takes turns, as a worker does, until the condition holds."""

        def turn() -> Any:
            self.engine.tick()
            return condition()

        return poll(turn, what, deadline_s)

    def finish(self, *refs: str, deadline_s: float = DEADLINE_S) -> list[RunStatus]:
        """Takes turns until all the runs have ended."""

        def ended() -> list[RunStatus] | None:
            states = self.engine.states(refs)
            return [states[ref] for ref in refs] if all(s.state in FINAL for s in states.values()) else None

        return self.drive(ended, f"{refs} to end", deadline_s)

    def run(self, *args: Any, deadline_s: float = DEADLINE_S, **fields: Any) -> RunStatus:
        """Submits one run and sees it through."""
        return self.finish(self.submit(*args, **fields), deadline_s=deadline_s)[0]

    def start(self, *args: Any, **fields: Any) -> str:
        """Submits one run whose program touches ``<ref>.here``, and waits for that."""
        ref = self.submit(*args, **fields)
        self.drive((self.work / f"{ref}.here").exists, f"{ref} to start")
        return ref

    def usage(self, ref: str = "run") -> UsageRow:
        rows = [row for row in self.engine.usage_since("")[0] if row.ref == ref]
        assert len(rows) == 1
        return rows[0]

    def log(self, ref: str = "run") -> str:
        return self.engine.read_log(ref).data.decode()

    def folder(self, ref: str = "run") -> Path:
        return self.root / "engine" / "runs" / ref

    def keepers(self, ref: str = "run") -> list[int]:
        """Process numbers of the keepers: the outer one first."""
        mine = [p for p in psutil.process_iter(["cmdline", "ppid"]) if _keeps(p) == str(self.folder(ref))]
        pids = {p.pid for p in mine}
        return [p.pid for p in sorted(mine, key=lambda p: p.info["ppid"] in pids)]

    def inner_and_outer(self, ref: str = "run") -> tuple[int, int]:
        outer, inner = poll(lambda: pair if len(pair := self.keepers(ref)) == 2 else None, "two keepers")
        return inner, outer

    def processes(self) -> list[psutil.Process]:
        """Live processes of any run of this bench: whatever is in the namespaces of its runs or carries their mark."""
        spaces = {_space(pid) for pid in self._firsts()} - {None}
        return [p for p in psutil.process_iter() if self._is_mine(p, spaces)]

    def _firsts(self) -> list[int]:
        starts = [facts.read(folder, facts.START) for folder in (self.root / "engine" / "runs").glob("*")]
        return [start["first"][0] for start in starts if start and start["first"]]

    def _is_mine(self, process: psutil.Process, spaces: set[int]) -> bool:
        try:
            if process.status() == psutil.STATUS_ZOMBIE or process.pid in self._firsts():
                return False
            folder = process.environ().get("AISC_RUN_FOLDER", "")
            return _space(process.pid) in spaces or folder.startswith(str(self.root))
        except psutil.Error:
            return False

    @staticmethod
    def is_first(pid: int) -> bool:
        """Whether this is the first process of a job's namespaces, whose end is the job's."""
        return _space(pid) is not None

    poll = staticmethod(poll)

    @staticmethod
    def kill(pid: int) -> None:
        """``kill -9``; a process that is gone already is fine."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    def clear(self) -> None:
        for engine in self.engines:
            engine.close()
        for process in psutil.process_iter(["cmdline"]):
            if _keeps(process).startswith(str(self.root)):
                self.kill(process.pid)
        while left := self.processes():
            for process in left:
                self.kill(process.pid)
        shutil.rmtree(self.root, ignore_errors=True)


def _space(pid: int) -> int | None:
    """Which process namespace a process is in, where it is another than the tests'; None for theirs and the dead."""
    try:
        found = os.stat(f"/proc/{pid}/ns/pid").st_ino
    except OSError:
        return None
    return None if found == os.stat("/proc/self/ns/pid").st_ino else found


def _keeps(process: psutil.Process) -> str:
    """The run folder a keeper process looks after; empty for any other process. The first process of a job's
    namespaces was forked from a keeper, and keeps nothing."""
    line = process.info["cmdline"] or []
    return line[-1] if len(line) == 5 and line[1:3] == ["-I", "-S"] and _space(process.pid) is None else ""


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench(Path(tempfile.mkdtemp(prefix="aisc-engine-")))
    yield bench
    bench.clear()
