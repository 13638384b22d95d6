"""How a job ended: as an exit code for scripts, and in a line for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aisc.cli.output import Exit
from aisc.cli.tongue import gettext as _
from aisc.cli.user import words

if TYPE_CHECKING:
    from aisc.client import Client
    from aisc.client.models.jobs import JobDetail, Run

_BY_STATE = {
    "completed": Exit.OK,
    "timeout": Exit.JOB_TIMEOUT,
    "out_of_memory": Exit.JOB_MEMORY,
    "cancelled": Exit.INTERRUPTED,
}


def deciding_run(client: Client, job: JobDetail) -> Run | None:
    """The run that makes the job what it is called: the first of those in its state."""
    return next(client.jobs.runs(job, state=job.state), None)


def exit_code(job: JobDetail, run: Run | None) -> int:
    """The job's own exit code where it has one (128 + number for a signal), or what ``Exit`` says of its end."""
    if job.state != "failed":
        return int(_BY_STATE.get(job.state, Exit.JOB_STOPPED))
    if run is None:
        return int(Exit.JOB_STOPPED)
    if run.signal:
        return 128 + run.signal
    if run.exit_code is None:
        return int(Exit.JOB_STOPPED)
    # What is no exit code of a process here would be read as another one, or as success.
    return run.exit_code if 0 < run.exit_code < 256 else int(Exit.FAILED)


def cost(job: JobDetail) -> str:
    """``HK$0.17 = scheme HK$0.12 + applicant HK$0.05``."""
    found = job.cost
    listed, scheme, applicant = (
        words.money(cents, found.currency) for cents in (found.list_cents, found.scheme_cents, found.applicant_cents)
    )
    return _("{listed} = scheme {scheme} + applicant {applicant}").format(
        listed=listed, scheme=scheme, applicant=applicant
    )


def summary(job: JobDetail, run: Run | None) -> list[str]:
    """What is said when a job has ended: how, after how long, why, and what it cost to whom."""
    head = f"{job.name} ({job.uid}): {job.state.replace('_', ' ')}"
    if job.array_size > 1:
        head += (
            " (" + ", ".join(f"{count:,} {state.replace('_', ' ')}" for state, count in job.run_states.items()) + ")"
        )
    elif run is not None and run.started_at is not None:
        head += " " + _("after {elapsed_ms}").format(elapsed_ms=words.duration(run.elapsed_ms))
    lines = [head]
    if job.state != "completed" and run is not None and run.reason_text:
        which = _("Run {index}:").format(index=run.index) + " " if job.array_size > 1 else ""
        lines.append(which + run.reason_text)
    lines.append(_("Cost: {job}").format(job=cost(job)))
    return lines
