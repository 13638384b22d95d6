"""The engine's accounting becomes usage, charges and final states: all of it and the cursor, or none of it."""

from __future__ import annotations

from collections.abc import Sequence

from aisc.centre.models import Cluster
from aisc.core import clock
from aisc.core.actions import Actor, action
from aisc.core.actions import note as audit
from aisc.jobs.actions import rows
from aisc.jobs.engines.base import State, UsageRow
from aisc.jobs.models import EngineCursor, Run
from aisc.jobs.states import ACTIVE
from aisc.ledger import actions as ledger
from aisc.ledger.actions import UsageItem
from aisc.ledger.models import Entry

_ENDED_COLUMNS = [
    "state",
    "reason",
    "started_ms",
    "ended_ms",
    "elapsed_ms",
    "exit_code",
    "signal",
    "node",
    "cpu_ms",
    "max_rss_mb",
]
_MAX_RSS = 2_147_483_647  # the column's


def source_of(cluster: Cluster) -> str:
    """The name of a cluster's accounting among the sources of usage."""
    return f"engine:{cluster.code}"[:32]


def measured(row: UsageRow) -> tuple[str, int, int, int]:
    """What is metered of an accounting row: its name, accelerator-milliseconds, begin and end (epoch, ms)."""
    started = row.ended_at if row.started_at is None else row.started_at
    return row.ref, row.accelerator_count * row.elapsed_ms, started, max(started, row.ended_at)


@action("jobs.settle_usage", on="cluster")
def settle_usage(actor: Actor, *, cluster: Cluster, ended: Sequence[UsageRow], before: str, cursor: str) -> int:
    """Take over the accounting rows ``ended`` that the engine gave for the cursor ``before``.

    Charges every row once, settles the holds, ends the runs and their jobs, credits back what a failed machine
    used, and moves the cursor. If another worker has taken these rows over already, nothing is done. How many
    runs ended.
    """
    position = EngineCursor.objects.select_for_update(no_key=True).get(cluster=cluster)
    if position.cursor != before:
        audit(target=cluster, runs=0, superseded=True)
        return 0
    refs = [row.ref for row in ended]
    jobs, runs = rows.lock_runs(refs, ACTIVE)
    open_runs = {run.ref: run for run in runs}
    ledger.record_usage(
        actor,
        source=source_of(cluster),
        items=[_item(row, open_runs.get(row.ref)) for row in ended],
    )
    for row in ended:
        if row.ref in open_runs:
            _end(open_runs[row.ref], row)
    rows.write(runs, _ENDED_COLUMNS)
    credited = _credit_back(actor, cluster, [row for row in ended if row.state is State.NODE_FAILED])
    position.cursor, position.read_at = cursor, clock.now()
    position.save(update_fields=["cursor", "read_at"])
    rows.follow(jobs.values())
    audit(target=cluster, runs=len(runs), rows=len(ended), credited=credited, cursor=cursor)
    return len(runs)


def _item(row: UsageRow, run: Run | None) -> UsageItem:
    """One row as usage. A run that is not open (ended here already, or not ours) belongs to no hold: its usage is
    kept as unattributed, for the finance officer to look at."""
    if run is None:
        return UsageItem(*measured(row), description=(f"{row.ref} ({row.project})" if row.project else row.ref)[:200])
    return UsageItem(*measured(row), hold_key=run.hold.key, description=run.hold.description)


def _end(run: Run, row: UsageRow) -> None:
    rows.move(run, row.state.value)
    run.reason = row.reason.value
    run.started_ms, run.ended_ms, run.elapsed_ms = row.started_at, row.ended_at, row.elapsed_ms
    run.exit_code, run.signal, run.node = row.exit_code, row.signal, row.node[:100]
    run.cpu_ms, run.max_rss_mb = row.cpu_ms, min(row.max_rss_mb, _MAX_RSS)


def _credit_back(actor: Actor, cluster: Cluster, failed: Sequence[UsageRow]) -> int:
    """Outages are the centre's: what was charged for a run under which a machine failed is reversed, openly."""
    nodes = {row.ref: row.node for row in failed}
    if not nodes:
        return 0
    charges = Entry.objects.filter(
        kind=Entry.Kind.CHARGE,
        usage__source=source_of(cluster),
        usage__source_id__in=list(nodes),
        reversed_by=None,
        amount__gt=0,
    ).select_related("usage")
    entries = list(charges.order_by("budget_id", "seq"))
    for entry in entries:
        ref = entry.usage.source_id
        ledger.reverse_entry(actor, entry=entry, reason=f"Outage: {nodes[ref]} failed under run {ref}"[:300])
    return len(entries)
