"""Following a job until it ends: its log, where it stands, and what Ctrl-C means meanwhile."""

from __future__ import annotations

import queue
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import typer

from aisc.cli.output import Exit, say
from aisc.cli.tongue import gettext as _
from aisc.cli.user import ask, words
from aisc.cli.user.screen import Screen, bar
from aisc.cli.user.session import connect

if TYPE_CHECKING:
    from aisc.client import Client
    from aisc.client.models.jobs import JobDetail, Run

# The job goes on whatever happens to the connection, so it is worth waiting for a centre that restarts.
PATIENCE_S = 300
LOOK_EVERY_S = 1.0


class _Follower(threading.Thread):
    """Reads the log over a connection of its own, so that the main thread is free for Ctrl-C and the status line."""

    def __init__(self, uid: str, run: int, news: queue.Queue[tuple[str, Any]]):
        super().__init__(name=f"log of {uid}", daemon=True)
        self._uid, self._run_index, self._news = uid, run, news

    def run(self) -> None:
        from aisc.client import CentreError

        try:
            with connect(patience_s=PATIENCE_S, on_pause=self._paused) as client:
                for piece in client.jobs.follow(self._uid, run=self._run_index):
                    self._news.put(("text", piece.text))
            self._news.put(("end", None))
        except CentreError as error:
            self._news.put(("error", error))

    def _paused(self, seconds: float, why: str) -> None:
        if seconds >= 1:
            self._news.put(
                (
                    "remark",
                    _("{why} The job goes on; looking again in {seconds:.0f} s.").format(why=why, seconds=seconds),
                )
            )


class Watch:
    """One job being watched. ``log=False`` watches without its log, as arrays are."""

    def __init__(self, client: Client, job: JobDetail, *, run: int = 0, log: bool = True):
        self._client, self._job, self._run_index = client, job, run
        self._screen = Screen()
        self._news: queue.Queue[tuple[str, Any]] = queue.Queue()
        self._following = log
        self._started: datetime | None = None
        self._looked = 0.0
        if log:
            _Follower(job.uid, run, self._news).start()

    def until_ended(self) -> JobDetail:
        """Show everything until the job has ended and its cost is settled; the job as it is then.

        Ends the command when the person at the terminal detaches. Raises CentreError.
        """
        try:
            while True:
                try:
                    self._step()
                    if not self._following and self._job.ended and not self._job.cost.held_cents:
                        return self._job
                except KeyboardInterrupt:
                    self._interrupted()
        finally:
            self._screen.close()

    def _step(self) -> None:
        """The next piece of the log; now and then also a look at the job."""
        try:
            kind, value = self._news.get(timeout=0.1)
        except queue.Empty:
            pass
        else:
            if kind == "text":
                self._screen.write(value)
            elif kind == "remark":
                self._screen.remark(value)
            elif kind == "end":
                self._following = False
                self._looked = 0.0
            else:
                self._screen.remark(
                    _("The job goes on. Watch it again with “aisc logs -f {uid}”.").format(uid=self._job.uid)
                )
                raise value
        # A log that pours in is not held up by looks at the job.
        if time.monotonic() - self._looked >= LOOK_EVERY_S and self._news.empty():
            self._look()

    def _look(self) -> None:
        self._job = self._client.jobs.get(self._job)
        if self._job.state == "running" and self._started is None and self._job.array_size == 1:
            run = next(self._client.jobs.runs(self._job), None)
            self._started = run.started_at if run else None
        self._looked = time.monotonic()
        self._screen.status(status_line(self._job, self._started), remark=remark(self._job))

    # Ctrl-C

    def _interrupted(self) -> None:
        """Ask what was meant; a second Ctrl-C means: let it run, and leave me alone."""
        self._screen.close()
        if not ask.interactive():
            self._detach()
        try:
            answer = typer.prompt(
                _("{uid} is {state}. Cancel it (c), leave it running (d), go on watching (Enter)").format(
                    uid=self._job.uid, state=self._job.state
                ),
                default="",
                show_default=False,
                err=True,
            )
        except (KeyboardInterrupt, typer.Abort):
            say("")
            self._detach()
        choice = answer.strip().lower()[:1]
        if choice == "d":
            self._detach()
        if choice == "c":
            self._cancel()

    def _cancel(self) -> None:
        from aisc.client import Conflict

        try:
            self._client.jobs.cancel(self._job)
            self._screen.remark(_("Cancelling…"))
        except Conflict as error:  # it has ended meanwhile
            self._screen.remark(error.detail)

    def _detach(self) -> None:
        uid = self._job.uid
        say(_("{uid} goes on. Watch it again: aisc logs -f {uid}   End it: aisc cancel {uid}").format(uid=uid))
        raise typer.Exit(int(Exit.INTERRUPTED))


def status_line(job: JobDetail, started: datetime | None, now: datetime | None = None) -> str:
    """Where a job stands, in one line."""
    parts = [job.state.replace("_", " ")]
    if job.array_size > 1:
        ended = sum(count for state, count in job.run_states.items() if state not in {"held", "queued", "running"})
        parts.append(
            _("{bar} {ended:,} of {array_size:,} runs").format(
                bar=bar(ended, job.array_size), ended=ended, array_size=job.array_size
            )
        )
    elif job.state == "running":
        if started is not None:
            elapsed = max(0, int(((now or datetime.now(UTC)) - started).total_seconds()))
            parts.append(
                _("{elapsed} of at most {time_limit_ms}").format(
                    elapsed=words.duration(elapsed * 1000), time_limit_ms=words.limit(job.time_limit_ms)
                )
            )
        if (progress := job.progress) is not None:
            parts.append(bar(progress.done, progress.total) if progress.total else f"{progress.done:,}")
            parts.append(progress.message)
    elif not job.ended:
        parts.append(job.reason)
    if job.cancel_asked and not job.ended:
        parts.append(_("being cancelled"))
    return " · ".join(filter(None, parts))


def remark(job: JobDetail) -> str:
    """What is said once, where there is no terminal to draw on."""
    if job.array_size > 1:
        return f"{job.uid}: {job.state}"
    return f"{job.uid}: {job.state}" + (f". {job.reason}" if job.state == "queued" and job.reason else "")


def finish(client: Client, job: JobDetail) -> tuple[Run | None, int]:
    """Say how a job ended; the run that decided it, and the exit code."""
    from aisc.cli.user import outcome

    run = outcome.deciding_run(client, job)
    for line in outcome.summary(job, run):
        say(line)
    return run, outcome.exit_code(job, run)
