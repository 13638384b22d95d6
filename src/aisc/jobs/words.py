"""Where a run stands and why, in words, in the reader's language."""

from __future__ import annotations

import signal as signals
from pathlib import PurePath

from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext as _

from aisc.jobs.engines.base import Reason
from aisc.jobs.models import Job, Run
from aisc.jobs.specification import show_memory

_WAITING = {
    Reason.RESOURCES: gettext_noop("Waiting until enough of a machine is free. It is first in line."),
    Reason.PRIORITY: gettext_noop("Waiting its turn: other jobs are before it by fair-share."),
    Reason.DEPENDENCY: gettext_noop("Waiting for the jobs it comes after."),
    Reason.DISK_FULL: gettext_noop("Waiting: the centre's disk is full. The operator has been told."),
}

_UNITS = (
    (86_400_000, gettext_noop("%(count)d d")),
    (3_600_000, gettext_noop("%(count)d h")),
    (60_000, gettext_noop("%(count)d min")),
    (1000, gettext_noop("%(count)d s")),
    (1, gettext_noop("%(count)d ms")),
)

# How a run ended, as the end of a sentence that begins with the job's name. Notices keep the message id.
OUTCOMES = {
    "completed": gettext_noop("has completed"),
    "failed": gettext_noop("has failed"),
    "cancelled": gettext_noop("was cancelled"),
    "timeout": gettext_noop("reached its time limit and was stopped"),
    "out_of_memory": gettext_noop("used more memory than it had asked for and was stopped"),
    "over_limit": gettext_noop("went over a limit of the centre and was stopped"),
    "node_failed": gettext_noop("was lost because a machine of the centre failed; nothing is charged for it"),
    "rejected": gettext_noop("cannot be run by the centre; the money held for it is free again"),
}


def command_as_written(job: Job) -> list[str]:
    """The command as the person or the template wrote it: not where this machine keeps a template's programs."""
    if not job.template:
        return list(job.command)
    given = set(job.parameters.values())
    return [PurePath(word).name if PurePath(word).is_absolute() and word not in given else word for word in job.command]


def limit_in_words(ms: int) -> str:
    """A time limit as people say it: “2 h 30 min”; ``show_time`` writes what programs read."""
    parts = []
    for unit_ms, text in _UNITS:
        count, ms = divmod(ms, unit_ms)
        if count:
            parts.append(gettext(text) % {"count": count})
    return " ".join(parts)


def reason_in_words(run: Run, job: Job | None = None) -> str:
    """Why ``run`` waits, or how it ended and what to do about it: one or two sentences. Empty while it runs."""
    job = job or run.job
    if run.state == "running":
        return ""
    if run.state in ("held", "queued"):
        return _waiting(run, job)
    return _ended(run, job)


def _waiting(run: Run, job: Job) -> str:
    if job.cancel_asked_at:
        return _("It is being cancelled.")
    if run.state == "held":
        return _("The money is held; the run is about to be given to the engine.")
    text = gettext(_WAITING.get(run.reason, gettext_noop("Waiting in the queue.")))
    if run.position:
        text += " " + _("Place in the queue: %(position)s.") % {"position": f"{run.position:,}"}
    return text


def _ended(run: Run, job: Job) -> str:
    limit, memory = limit_in_words(job.time_limit_ms), show_memory(job.memory_mb)
    if run.state == "completed":
        return _("It ended by itself without an error.")
    if run.state == "timeout":
        return _(
            "It reached its time limit of %(limit)s and was stopped. Run it again with a longer limit, or let it save "
            "its work and go on from there."
        ) % {"limit": limit}
    if run.state == "out_of_memory":
        return _("It used more than the %(memory)s of memory it had asked for. Run it again with more.") % {
            "memory": memory
        }
    if run.state == "node_failed":
        if run.reason == Reason.EXIT_STATUS_LOST:
            return _("The engine lost sight of it. Nothing is charged for it. Run it again.")
        return _("The machine failed or restarted under it. What it had used is credited back. Run it again.")
    if run.state == "rejected":
        return _("No machine of the centre can run this. Nothing was charged. Ask for less or another accelerator.")
    if run.state == "cancelled":
        if run.reason == Reason.DEPENDENCY_FAILED:
            return _("It never started: a job it comes after did not complete.")
        return _("It was cancelled before it started.") if run.started_ms is None else _("It was cancelled.")
    if run.state == "over_limit":
        return _over_limit(run)
    return _failed(run)


def _over_limit(run: Run) -> str:
    return {
        Reason.PROCESS_LIMIT: _("It started more processes than one run may have."),
        Reason.OUTPUT_LIMIT: _("It wrote a file, or a log, larger than one file may be."),
        Reason.DISK_FULL: _("The disk became full while it ran. Delete files you no longer need, then run it again."),
    }.get(run.reason, _("It went over a limit of the centre."))


def _failed(run: Run) -> str:
    if run.reason == Reason.COMMAND_NOT_FOUND:
        return _("The command could not be found or started. Check its spelling, and that the file is executable.")
    if run.reason == Reason.EXIT_STATUS_LOST:
        return _("How it ended could not be seen, because what watches over it was killed as well. See the log.")
    if run.signal:
        return _("It was ended by signal %(number)d (%(name)s). The log may say why.") % {
            "number": run.signal,
            "name": _signal_name(run.signal),
        }
    return _("It ended with exit code %(code)s. The end of the log usually says why.") % {
        "code": "?" if run.exit_code is None else run.exit_code
    }


def _signal_name(number: int) -> str:
    try:
        return signals.Signals(number).name
    except ValueError:
        return "?"
