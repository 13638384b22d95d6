"""The folders of the runs: what the engine puts there for the keepers, and what it reads of theirs."""

from __future__ import annotations

import json
import os
import pwd
import re
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aisc.jobs.engines.base import LogChunk, Reason, RunSpec, State

from .isolation import RUN_FOLDER, Isolation, Level
from .keeper import facts
from .settings import Settings
from .store import Active, End

REF = re.compile(r"[a-z0-9-]{1,64}")
THREAD_COUNTS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
MOST_PROGRESS_BYTES = 65_536
KEEPER_START_S = 30


@dataclass(frozen=True)
class Progress:
    """How far a job says it is. ``total`` is ``None`` where it does not know."""

    done: int
    total: int | None = None
    message: str = ""


class Runs:
    """The folder of run folders."""

    def __init__(self, path: Path, settings: Settings, node: str, boot: str, isolation: Isolation) -> None:
        self.path = path
        self._isolation = isolation
        self._settings = settings
        self._node = node
        self._boot = boot
        path.mkdir(mode=0o700, parents=True, exist_ok=True)

    def folder(self, ref: str) -> Path:
        """Where the files of the run lie. Raises ValueError for what is no reference (it names a path)."""
        if not REF.fullmatch(ref):
            raise ValueError(f"{ref!r} is not the reference of a run")
        return self.path / ref

    # For the keepers

    def ask_to_end(self, ref: str) -> None:
        """Leaves word for the keeper. A run without a folder has no keeper yet and gets it with its folder."""
        folder = self.folder(ref)
        if folder.is_dir():
            (folder / facts.CANCEL).touch()

    def needs_keeper(self, ref: str) -> bool:
        """Whether nobody looks after an active run."""
        folder = self.folder(ref)
        if not folder.is_dir():
            return True
        return not facts.exists(folder, facts.EXIT) and not facts.is_kept(folder)

    def prepare(self, run: Active, *, pin: bool, epoch_ms: int, uid: int | None) -> None:
        """Writes what the keeper must know. Raises OSError. ``epoch_ms``: wall-clock time of the machine's start,
        by the engine's clock, so that all times of a run come from one clock. ``uid``: whom the run becomes."""
        folder = self.folder(run.ref)
        for name in (facts.TMP, facts.SAID):
            (folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        if run.cancel:
            (folder / facts.CANCEL).touch()
        spec = run.spec
        if uid is not None and os.path.isdir(spec.workspace or spec.workdir):
            self._isolation.hand_over(spec, folder, uid)
        launch = {
            "ref": run.ref,
            "argv": self._isolation.argv_for(spec),
            "env": self.environment(run),
            "workdir": self._isolation.path_for(spec.workdir, spec),
            "disks": [spec.workspace or spec.workdir],
            "isolation": self._isolation.plan(spec, folder, uid, run.gpu_ids),
            "cpu_ids": list(run.cpu_ids),
            "pin": pin,
            "memory_mb": spec.memory_mb,
            "time_limit_ms": spec.time_limit_ms,
            "grace_ms": self._settings.grace_ms,
            "max_processes": spec.max_processes,
            "max_file_mb": spec.max_file_mb,
            "disk_reserve_mb": self._settings.disk_reserve_mb,
            "nice": self._settings.nice,
            "oom_score_adj": self._settings.oom_score_adj,
            "boot": self._boot,
            "epoch_ms": epoch_ms,
        }
        facts.write(folder, facts.LAUNCH, launch, durable=False)

    def environment(self, run: Active) -> dict[str, str]:
        """The whole environment of the job: made from nothing, so that nothing of AISC's own leaks into it.

        The specification may override the conveniences (``PATH``, thread counts) but not what keeps runs apart.
        """
        spec, folder = run.spec, self.folder(run.ref)
        inside = self._isolation.found.level is Level.NAMESPACES
        workdir = self._isolation.path_for(spec.workdir, spec)
        user = _user() if self._isolation.found.level is Level.NONE else "job"
        said = RUN_FOLDER if inside else str(folder / facts.SAID)
        return {
            "PATH": self._settings.path,
            "HOME": workdir,
            "PWD": workdir,
            "LANG": "C.UTF-8",
            "USER": user,
            "LOGNAME": user,
            "SHELL": "/bin/sh",
            **dict.fromkeys(THREAD_COUNTS, str(spec.cpus)),
            **spec.env,
            **{name: self._isolation.path_for(path, spec) for name, path in spec.places.items()},
            "TMPDIR": "/tmp" if inside else str(folder / facts.TMP),  # noqa: S108 - the run's own
            "CUDA_VISIBLE_DEVICES": ",".join(run.gpu_ids),
            "AISC_RUN": run.ref,
            "AISC_RUN_FOLDER": RUN_FOLDER if inside else str(folder),
            "AISC_PROGRESS": f"{said}/{facts.PROGRESS}",
        }

    def start_keepers(self, refs: Iterable[str]) -> None:
        """Starts a keeper for each run, all at once, and waits until each has taken charge.

        Starting one too many does no harm: the lock of the run and ``start.json`` decide.
        """
        started = [self._start_keeper(ref) for ref in refs]
        for process in started:
            try:
                process.wait(KEEPER_START_S)
            except subprocess.TimeoutExpired:  # a machine in great trouble; the next turn looks again
                process.kill()
                process.wait()

    def _start_keeper(self, ref: str) -> subprocess.Popen[bytes]:
        folder = self.folder(ref)
        with open(folder / "keeper.log", "ab") as log:
            return subprocess.Popen(
                [sys.executable, "-I", "-S", str(self._settings.keeper), str(folder)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
                cwd="/",
                start_new_session=True,
            )

    # Of the keepers

    def end_of(self, run: Active, now: int) -> End | None:
        """How the run ended, where it has; ``now``: wall-clock time, for one that never started."""
        fact = facts.read(self.folder(run.ref), facts.EXIT)
        if fact is not None:
            return self._end(run, fact, now)
        if run.boot != self._boot and (start := self.start_of(run.ref)) is not None:
            beat = self._heartbeat(run.ref)
            return self._end(
                run,
                {
                    **beat,
                    "state": State.NODE_FAILED,
                    "reason": Reason.NODE_RESTARTED,
                    "started_at": start["started_at"],
                },
                now,
            )
        return None

    def must_start_again(self, run: Active) -> bool:
        """Whether the machine restarted before the run started."""
        return run.boot != self._boot and self.start_of(run.ref) is None

    def start_of(self, ref: str) -> dict[str, Any] | None:
        """``started_at`` and ``started_ms`` of a run that has started."""
        return facts.read(self.folder(ref), facts.START)

    def elapsed_of(self, ref: str, start: dict[str, Any]) -> int:
        """How long a started run has run by now, in milliseconds, without regard to its limit."""
        end = facts.read(self.folder(ref), facts.EXIT)
        if end is not None:
            return int(end["elapsed_ms"])
        if start["boot"] != self._boot:
            return int(self._heartbeat(ref).get("elapsed_ms", 0))
        return max(0, facts.now_ms() - int(start["started_ms"]))

    def _heartbeat(self, ref: str) -> dict[str, Any]:
        return facts.read(self.folder(ref), facts.HEARTBEAT) or {}

    def _end(self, run: Active, fact: dict[str, Any], now: int) -> End:
        """The true time is bounded by limit and grace, after which nothing can have run; the charged by the limit."""
        started_at = fact.get("started_at")
        elapsed = max(0, int(fact.get("elapsed_ms", 0)))
        true = min(elapsed, run.spec.time_limit_ms + self._settings.grace_ms)
        return End(
            ref=run.ref,
            state=State(fact["state"]),
            reason=Reason(fact["reason"]),
            started_at=started_at,
            ended_at=now if started_at is None else started_at + true,
            elapsed_ms=min(elapsed, run.spec.time_limit_ms),
            exit_code=fact.get("exit_code"),
            signal=fact.get("signal"),
            cpu_ms=int(fact.get("cpu_ms", 0)),
            max_rss_mb=-(-int(fact.get("max_rss", 0)) // (1 << 20)),
            node=self._node,
        )

    # Of the jobs

    def read_log(self, ref: str, offset: int, limit: int, *, ended: bool) -> LogChunk:
        """See :meth:`Engine.read_log`. ``ended``: the run was over before this call."""
        try:
            with open(self.folder(ref) / facts.LOG, "rb") as file:
                file.seek(offset)
                data = file.read(limit)
                rest = os.fstat(file.fileno()).st_size - offset - len(data)
        except FileNotFoundError:
            data, rest = b"", 0
        return LogChunk(data, offset + len(data), ended and rest <= 0)

    def read_progress(self, ref: str) -> Progress | None:
        """What the job last wrote, or ``None`` where that is nothing, half written or not understood."""
        for _ in range(3):
            try:
                said = json.loads(_own_file(self.folder(ref) / facts.SAID / facts.PROGRESS, MOST_PROGRESS_BYTES))
            except OSError:
                return None
            except ValueError:  # caught in the middle of a write
                time.sleep(0.005)
            else:
                return _progress(said)
        return None

    def remove(self, ref: str) -> None:
        """Deletes the run's folder, log and all."""
        shutil.rmtree(self.folder(ref), ignore_errors=True)


def check(spec: RunSpec) -> str:
    """What is wrong with a specification on any machine, in words; empty if nothing."""
    env = "".join(f"{name}={value}" for name, value in spec.env.items())
    complaints = {
        "the reference must be 1 to 64 of a-z, 0-9 and -": not REF.fullmatch(spec.ref),
        "the command is empty": not spec.argv or not spec.argv[0],
        "the command or the environment contains a NUL byte": "\0" in "".join(spec.argv) + env,
        "an environment variable has no proper name": any(not n or "=" in n for n in spec.env),
        "the working directory must be an absolute path": not os.path.isabs(spec.workdir) or "\0" in spec.workdir,
        "the working directory and its places must lie in the workspace": os.path.isabs(spec.workdir)
        and not all(_lies_in(path, spec.workspace or spec.workdir) for path in (spec.workdir, *spec.places.values())),
        "it asks for no accelerator": spec.accelerator_count < 1,
        "it asks for no CPU": spec.cpus < 1,
        "it asks for no memory": spec.memory_mb < 1,
        "cpus and accelerator_count must be equal for the accelerator 'cpu'": (
            spec.accelerator == "cpu" and spec.cpus != spec.accelerator_count
        ),
        "it has no time limit": spec.time_limit_ms < 1,
        "it may have no process": spec.max_processes < 1,
        "it may write no file": spec.max_file_mb < 1,
        "the project's shares must be at least 1": spec.shares < 1,
    }
    return "; ".join(complaint for complaint, applies in complaints.items() if applies)


def _lies_in(path: str, folder: str) -> bool:
    return f"{os.path.normpath(path)}/".startswith(f"{os.path.normpath(folder)}/")


def _own_file(path: Path, most: int) -> bytes:
    """The beginning of a file in a folder where a job may put anything: no link is followed, no pipe waited for."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(f"{path} is not a file")
        return file.read(most)


def _progress(said: Any) -> Progress | None:
    if not isinstance(said, dict):
        return None
    done, total, message = said.get("done"), said.get("total"), said.get("message", "")
    if type(done) is not int or done < 0 or not (total is None or (type(total) is int and total >= 0)):
        return None
    return Progress(done, total, message if isinstance(message, str) else "")


def _user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a user without a name, as containers have them
        return str(os.getuid())
