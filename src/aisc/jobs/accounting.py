"""What stands behind the ledger's usage records: the engines' own accounting for its proof, jobs for its pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from aisc.centre.models import Cluster
from aisc.core import addresses
from aisc.core.question import Question
from aisc.jobs.actions.settling import measured
from aisc.jobs.models import EngineCursor, Run
from aisc.jobs.registry import engine_for
from aisc.ledger import evidence
from aisc.ledger.actions.usage import EXCESS
from aisc.ledger.evidence import Evidence
from aisc.ledger.models import UsageRecord
from aisc.ledger.prove import SourceRow, register_source

PAGE = 5_000
# The clusters whose accounting the proof reads. Known without a database, since they are registered at the start.
CLUSTERS = ("local", "simulated")


def rows_of(code: str) -> Iterator[SourceRow]:
    """Everything the engine of the cluster called ``code`` accounted for, up to where it was taken over.

    Nothing is asked with a cursor that lies beyond that point: an engine may forget what comes before a cursor.
    """
    cluster = Cluster.objects.filter(code=code).first()
    position = EngineCursor.objects.filter(cluster=cluster).first() if cluster else None
    if position is None or not position.cursor:
        return
    engine = engine_for(cluster)
    cursor = ""
    while cursor != position.cursor:
        page, cursor = engine.usage_since(cursor, PAGE)
        if not page:
            return
        # Asked after the page was read, so that no row of the page is newer than what this tells.
        waiting, _cursor = engine.usage_since(position.cursor, 1)
        first_waiting = waiting[0].ref if waiting else None
        for row in page:
            if row.ref == first_waiting:
                return
            yield SourceRow(*measured(row))


def _factory(code: str) -> Callable[[], Iterator[SourceRow]]:
    return lambda: rows_of(code)


def jobs_of(records: list[UsageRecord]) -> dict[int, Evidence]:
    """The job that made each usage record; one query."""
    refs = {record.pk: record.source_id.removesuffix(EXCESS) for record in records}
    runs = {run.ref: run for run in _runs(frozenset(refs.values()))}
    return {pk: _evidence(runs[ref]) for pk, ref in refs.items() if ref in runs}


_runs = Question(
    lambda refs: (
        Run.objects.filter(ref__among=refs)
        .select_related("job")
        .only("ref", "index", "job__uid", "job__name", "job__array_size")
    )
)


def _evidence(run: Run) -> Evidence:
    page = addresses.to("jobs:job", run.job.uid)
    if run.job.array_size == 1:
        return Evidence(label=run.job.name, url=page)
    return Evidence(label=f"{run.job.name} [{run.index}]", url=f"{page}?run={run.index}")


for _code in CLUSTERS:
    register_source(f"engine:{_code}", _factory(_code))
evidence.register("engine:", jobs_of)
