"""The jobs' figures for ``/metrics``."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Count, Min

from aisc.core import clock, metrics
from aisc.jobs.models import Run
from aisc.jobs.states import ACTIVE


def read() -> Iterator:
    """Runs under way by state, and how long the oldest of them has waited, in one query."""
    found = Run.objects.filter(state__in=ACTIVE).values("state").annotate(n=Count("id"), oldest=Min("job__created_at"))
    counts = {row["state"]: row for row in found}
    runs = [((state,), counts[state]["n"] if state in counts else 0) for state in ACTIVE]
    yield metrics.gauge("aisc_runs", "Runs that have not ended, by state.", runs, ("state",))
    waiting = [counts[state]["oldest"] for state in ("held", "queued") if state in counts]
    seconds = (clock.now() - min(waiting)).total_seconds() if waiting else 0
    yield metrics.gauge("aisc_oldest_waiting_seconds", "How long the oldest waiting run has waited.", [((), seconds)])


metrics.register("jobs", read)
