"""Background work: each room registers tasks; ``aisc worker`` runs whatever is due, for ever.

A task finds what is due and calls actions. It keeps no state of its own and is safe to run twice, late
or at the same time in two processes, so the worker needs neither a broker nor a queue.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from django.db import DatabaseError, InterfaceError, connection

from aisc.core import clock, metrics
from aisc.core.state import StateFolder

log = logging.getLogger("aisc.worker")


@dataclass
class Task:
    """``run`` is called every ``every_s`` seconds, and at once after a wake-up when ``wakes``."""

    name: str
    run: Callable[[], None]
    every_s: float
    wakes: bool = False
    due: float = field(default=0.0)
    failures: int = field(default=0)
    beaten: float = field(default=0.0)


_tasks: dict[str, Task] = {}


def task(name: str, *, every_s: float, wakes: bool = False) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Register a background task. ``wakes``: run it also as soon as somebody calls ``wake_worker``."""

    def wrap(function: Callable[[], None]) -> Callable[[], None]:
        if name in _tasks:
            raise ValueError(f"task {name} is declared twice")
        _tasks[name] = Task(name=name, run=function, every_s=every_s, wakes=wakes)
        return function

    return wrap


def tasks() -> dict[str, Task]:
    return dict(_tasks)


def run_all_once() -> None:
    """Run every task one time, in order; errors are raised. For tests and for ``aisc worker --once``."""
    for each in _tasks.values():
        each.run()


class Worker:
    """The loop. :meth:`stop` ends it after the running task."""

    POLL_S = 0.05
    BEAT_S = 5.0

    def __init__(self, folder: StateFolder):
        self._wake_file = folder.run / "wake"
        self._stop = threading.Event()

    def stop(self) -> None:
        self._stop.set()

    def _woken_at(self) -> int:
        try:
            return self._wake_file.stat().st_mtime_ns
        except OSError:
            return 0

    def run(self) -> None:
        woken = self._woken_at()
        while not self._stop.is_set():
            latest = self._woken_at()
            wake, woken = latest != woken, latest
            for each in _tasks.values():
                if self._stop.is_set():
                    break
                if time.monotonic() >= each.due or (wake and each.wakes and not each.failures):
                    self._run_one(each)
            self._stop.wait(self.POLL_S)

    def _run_one(self, each: Task) -> None:
        began = time.monotonic()
        try:
            each.run()
        except Exception as error:
            each.failures += 1
            metrics.TASK_FAILURES.labels(each.name).inc()
            # One line while a database or disk is away, the whole trace once.
            log.log(
                logging.ERROR,
                "task %s failed (%d): %s",
                each.name,
                each.failures,
                error,
                exc_info=each.failures == 1,
            )
            connection.close()
            each.due = time.monotonic() + min(30.0, each.every_s * 2 ** min(each.failures, 5))
            self._beat(each, ok=False, detail=f"{type(error).__name__}: {error}")
            return
        metrics.TASK_SECONDS.labels(each.name).observe(time.monotonic() - began)
        recovered, each.failures = each.failures, 0
        if recovered:
            log.info("task %s works again after %d failures", each.name, recovered)
        each.due = time.monotonic() + each.every_s
        if recovered or time.monotonic() - each.beaten >= self.BEAT_S:
            self._beat(each, ok=True)

    def _beat(self, each: Task, *, ok: bool, detail: str = "") -> None:
        from aisc.core.models import WorkerBeat

        try:
            WorkerBeat.objects.update_or_create(
                task=each.name, defaults={"ran_at": clock.now(), "ok": ok, "detail": detail[:500]}
            )
            each.beaten = time.monotonic()
        except (DatabaseError, InterfaceError):
            connection.close()
