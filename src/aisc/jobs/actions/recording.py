"""What the worker writes about runs before they end. Each takes what the engine said and checks it under the lock:
a run that has moved on in the meantime is left as it is, so that every one of these may be repeated or come late."""

from __future__ import annotations

from collections.abc import Sequence

from aisc.centre.models import Cluster
from aisc.core import clock
from aisc.core.actions import Actor, action
from aisc.core.actions import note as audit
from aisc.jobs.actions import rows
from aisc.jobs.engines.base import Reason, RunStatus, State
from aisc.jobs.states import ACTIVE
from aisc.ledger import actions as ledger


@action("jobs.record_accepted", on="cluster")
def record_accepted(actor: Actor, *, cluster: Cluster, refs: Sequence[str]) -> int:
    """The engine has these runs: those still ``held`` are ``queued`` now. How many there were."""
    jobs, runs = rows.lock_runs(refs, ("held",))
    for run in runs:
        rows.move(run, "queued")
    rows.write(runs, ["state"])
    rows.follow(jobs.values())
    audit(target=cluster, runs=len(runs))
    return len(runs)


@action("jobs.record_rejected", on="cluster")
def record_rejected(actor: Actor, *, cluster: Cluster, refs: Sequence[str], detail: str) -> int:
    """The engine will never run these: their money is free again and the submitter is told."""
    return _end_unused(actor, cluster, refs, ("held", "queued"), "rejected", Reason.NONE, detail)


@action("jobs.record_abandoned", on="cluster")
def record_abandoned(actor: Actor, *, cluster: Cluster, refs: Sequence[str]) -> int:
    """What these wait for will never complete, and the engine does not know it: they end here."""
    detail = "a job it comes after did not complete"
    return _end_unused(actor, cluster, refs, ("held", "queued"), "cancelled", Reason.DEPENDENCY_FAILED, detail)


@action("jobs.record_lost", on="cluster")
def record_lost(actor: Actor, *, cluster: Cluster, refs: Sequence[str]) -> int:
    """The engine no longer knows these runs, which had started: nobody can say what they used, so nothing is
    charged. Should their accounting turn up after all, it is recorded as usage that nobody is known to pay for."""
    detail = "the engine no longer knows this run"
    return _end_unused(actor, cluster, refs, ("running",), "node_failed", Reason.EXIT_STATUS_LOST, detail)


def _end_unused(
    actor: Actor,
    cluster: Cluster,
    refs: Sequence[str],
    states: Sequence[str],
    target: str,
    reason: Reason,
    detail: str,
) -> int:
    jobs, runs = rows.lock_runs(refs, states)
    now_ms = clock.now_ms()
    for run in runs:
        rows.move(run, target)
        run.reason, run.detail, run.ended_ms = reason.value, detail[:500], now_ms
    rows.write(runs, ["state", "reason", "detail", "ended_ms"])
    if runs:
        ledger.release_holds(actor, keys=[run.hold.key for run in runs], reason=f"{target}: {detail}"[:300])
    rows.follow(jobs.values())
    audit(target=cluster, runs=len(runs), reason=detail[:500])
    return len(runs)


@action("jobs.record_states", on="cluster")
def record_states(actor: Actor, *, cluster: Cluster, statuses: Sequence[RunStatus]) -> int:
    """What the engine says about runs that wait or run. Ends are not taken from here but from the accounting.

    How many runs changed.
    """
    by_ref = {status.ref: status for status in statuses if status.state in (State.QUEUED, State.RUNNING)}
    jobs, runs = rows.lock_runs(list(by_ref), ACTIVE)
    changed = []
    for run in runs:
        status = by_ref[run.ref]
        before = (run.state, run.reason)
        rows.move(run, status.state.value)
        run.reason = status.reason.value
        run.started_ms, run.node = status.started_at, status.node[:100]
        if (run.state, run.reason) != before:
            changed.append(run)
    rows.write(changed, ["state", "reason", "started_ms", "node"])
    rows.follow(jobs.values())
    audit(target=cluster, runs=len(changed))
    return len(changed)
