"""Templates and jobs: submit, watch, follow the log, end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

from aisc.client.errors import CentreError, Unreachable
from aisc.client.events import Event, events
from aisc.client.models import Ref, uid_of
from aisc.client.models.jobs import Job, JobDetail, LogPiece, Result, Run, Template
from aisc.client.resources.base import Resource, at
from aisc.client.transport import Pauses

FIRST_LOOK_S, SLOWEST_LOOK_S = 0.2, 2.0
# The centre says “still here” every 15 seconds: a stream that is silent for longer is dead.
SILENCE_S = 45
PIECE = 262_144


class Templates(Resource):
    def list(self) -> Iterator[Template]:
        return self._pages(Template, "/templates")


class Jobs(Resource):
    def submit(
        self,
        *,
        project: Ref,
        budget: Ref,
        name: str,
        command: Sequence[str] | None = None,
        template: str = "",
        parameters: Mapping[str, str] | None = None,
        accelerator: str = "",
        accelerator_count: int | None = None,
        cpus: int | None = None,
        memory: int | str | None = None,
        time_limit: int | str | None = None,
        array_size: int = 1,
        environment: Mapping[str, str] | None = None,
        inputs: Sequence[str] = (),
        outputs: Sequence[str] = (),
        workdir: str = "",
        after: Sequence[Ref] = (),
        note: str = "",
        key: str | None = None,
    ) -> JobDetail:
        """Submit a command, or a template with parameters; its worst-case cost is held on the budget.

        ``time_limit``: milliseconds, or text such as ``2h30m``; ``memory``: MiB, or text such as ``4 GB``.
        What is left out comes from the template, or is the part of a machine that goes with the accelerators.
        Raises InsufficientBudget, BadInput, Conflict.
        """
        body: dict[str, Any] = {
            "project": uid_of(project),
            "budget": uid_of(budget),
            "name": name,
            "command": list(command) if command is not None else None,
            "template": template,
            "parameters": dict(parameters or {}),
            "accelerator": accelerator,
            "accelerator_count": accelerator_count,
            "cpus": cpus,
            "memory_mb": memory,
            "time_limit_ms" if isinstance(time_limit, int) else "time_limit": time_limit,
            "array_size": array_size,
            "environment": dict(environment or {}),
            "inputs": list(inputs),
            "outputs": list(outputs),
            "workdir": workdir,
            "after": [uid_of(each) for each in after],
            "note": note,
        }
        return JobDetail.read(self._t.post("/jobs", body, key=key))

    def get(self, job: Ref) -> JobDetail:
        return JobDetail.read(self._t.get(at("/jobs/{}", uid_of(job))))

    def list(
        self, *, state: str = "", project: Ref | None = None, budget: Ref | None = None, mine: bool = False, q: str = ""
    ) -> Iterator[Job]:
        """Jobs one may see, newest first. ``state``: a state, ``active`` or ``ended``."""
        where = {
            "state": state,
            "project": uid_of(project) if project else "",
            "budget": uid_of(budget) if budget else "",
            "mine": mine or None,
            "q": q,
        }
        return self._pages(Job, "/jobs", **where)

    def runs(self, job: Ref, *, state: str = "") -> Iterator[Run]:
        """The runs of a job, by index."""
        return self._pages(Run, at("/jobs/{}/runs", uid_of(job)), state=state)

    def results(self, job: Ref) -> Iterator[Result]:
        """Files that a job left behind, those that its template names first."""
        return self._pages(Result, at("/jobs/{}/results", uid_of(job)))

    def annotate(self, job: Ref, note: str, *, key: str | None = None) -> JobDetail:
        """Replace the job's note."""
        return JobDetail.read(self._t.write("PATCH", at("/jobs/{}", uid_of(job)), {"note": note}, key=key))

    def cancel(self, job: Ref, *, key: str | None = None) -> JobDetail:
        """Ask for a job to end; what it has used until then is charged. Raises Conflict when it has ended."""
        return JobDetail.read(self._t.post(at("/jobs/{}/cancel", uid_of(job)), key=key))

    def retry(self, job: Ref, *, key: str | None = None) -> JobDetail:
        """Submit the same job again, as a new one."""
        return JobDetail.read(self._t.post(at("/jobs/{}/retry", uid_of(job)), key=key))

    def wait(
        self, job: Ref, *, timeout_s: float | None = None, on_change: Callable[[JobDetail], None] | None = None
    ) -> JobDetail:
        """The job once it has ended and its cost is settled. Raises TimeoutError after ``timeout_s``."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        seen, pause = None, FIRST_LOOK_S
        while True:
            found = self.get(job)
            if on_change and found != seen:
                on_change(found)
            if found.ended and not found.cost.held_cents:
                return found
            pause = FIRST_LOOK_S if seen is not None and found != seen else min(SLOWEST_LOOK_S, pause * 1.5)
            seen = found
            if deadline is not None and time.monotonic() + pause > deadline:
                raise TimeoutError(f"{found.uid} is still {found.state} after {timeout_s} s")
            time.sleep(pause)

    # Logs

    def log(self, job: Ref, *, run: int = 0, offset: int = 0, limit: int = PIECE) -> LogPiece:
        """The piece of a run's log that begins at byte ``offset``."""
        return LogPiece.read(self._t.get(at("/jobs/{}/log", uid_of(job)), offset=offset, run=run, limit=limit))

    def pieces(self, job: Ref, *, run: int = 0, offset: int = 0) -> Iterator[LogPiece]:
        """What a run has written until now, from byte ``offset`` on."""
        while True:
            piece = self.log(job, run=run, offset=offset)
            if piece.next_offset == offset and not piece.ended:
                return
            yield piece
            if piece.ended:
                return
            offset = piece.next_offset

    def follow(self, job: Ref, *, run: int = 0, offset: int = 0) -> Iterator[LogPiece]:
        """A run's log from byte ``offset`` on, as it grows, until the run has ended.

        The centre's events say how far the log has grown, with lines made fit for a page; the bytes between are
        asked for as they are. A connection that breaks is made again from the byte that was reached, so nothing
        is lost and nothing comes twice. Raises Unreachable when the centre stays away.
        """
        pauses = Pauses(self._t.patience_s)
        while True:
            # Also what makes this polling, ever more slowly, where something on the way holds events back.
            for piece in self.pieces(job, run=run, offset=offset):
                yield piece
                offset, pauses = piece.next_offset, Pauses(self._t.patience_s)
                if piece.ended:
                    return
            try:
                with closing(self._growth(job, run, offset)) as growth:
                    for event in growth:
                        for piece in self.pieces(job, run=run, offset=offset):
                            yield piece
                            offset, pauses = piece.next_offset, Pauses(self._t.patience_s)
                            if piece.ended:
                                return
                        if event.name == "end":
                            return
            except Unreachable as error:
                if not pauses.take(error.detail):
                    raise

    def _growth(self, job: Ref, run: int, offset: int) -> Iterator[Event]:
        """The centre's events from byte ``offset`` on, until the connection ends."""
        headers = {"Accept": "text/event-stream", "Last-Event-ID": str(offset)}
        with self._t.stream(
            at("/jobs/{}/events", uid_of(job)), headers=headers, read_timeout_s=SILENCE_S, run=run
        ) as answer:
            if not answer.headers.get("Content-Type", "").startswith("text/event-stream"):
                raise CentreError("What answered is not the log of a job. Is this the address of an AISC centre?")
            yield from events(answer.iter_bytes(), last_id=str(offset))
