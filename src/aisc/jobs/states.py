"""How runs and jobs move. A run is one execution; a job's state follows from its runs (``actions.settle``)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from aisc.core.states import Machine, Transition

LABELS = {
    "held": _("money held"),
    "queued": _("queued"),
    "running": _("running"),
    "completed": _("completed"),
    "failed": _("failed"),
    "cancelled": _("cancelled"),
    "timeout": _("time limit reached"),
    "out_of_memory": _("out of memory"),
    "over_limit": _("stopped at a limit"),
    "node_failed": _("machine failed"),
    "rejected": _("rejected by the engine"),
}
ACTIVE = ("held", "queued", "running")
ENDED = tuple(state for state in LABELS if state not in ACTIVE)

_ENDS = [state for state in ENDED if state != "rejected"]

# What an array is called when its runs ended differently: the first of these that any of them has.
WORST_FIRST = (
    "failed",
    "out_of_memory",
    "over_limit",
    "timeout",
    "node_failed",
    "rejected",
    "cancelled",
    "completed",
)


def state_of_job(counts: dict[str, int]) -> str:
    """The state of a job whose runs are in these states. ``counts``: how many runs are in each, none empty."""
    if any(state in counts for state in ACTIVE):
        if set(counts) == {"held"}:
            return "held"
        # Between two of its runs an array is still under way.
        under_way = "running" in counts or any(state in counts for state in ("completed", "failed", "timeout"))
        return "running" if under_way else "queued"
    return next(state for state in WORST_FIRST if state in counts)


RUN = Machine(
    "run",
    LABELS,
    [
        Transition("held", "queued", who="worker", guard="the engine accepted the run", effect="waits in the queue"),
        Transition("held", "rejected", who="worker", guard="the engine will never run it", effect="hold released"),
        Transition(
            "queued", "rejected", who="worker", guard="the engine lost it and refuses it now", effect="hold released"
        ),
        Transition("held", "running", who="worker", guard="started before the worker looked again"),
        Transition("queued", "running", who="worker", guard="the engine started it"),
        # A machine that failed may give its run back to the queue.
        Transition("running", "queued", who="worker", guard="the engine requeued it"),
        *(
            Transition(
                source,
                end,
                who="worker",
                guard="the engine's accounting says so",
                effect="usage charged, hold settled",
            )
            for source in ACTIVE
            for end in _ENDS
        ),
    ],
)

JOB = Machine(
    "job",
    LABELS,
    [
        *(
            Transition(source, target, who="worker", guard="follows from the runs")
            for source in ACTIVE
            for target in LABELS
            if target not in (source, "held")
        ),
    ],
)
