"""Background work: awards that nobody accepts are reminded of once, and lapse when their day has passed."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta

from aisc.core import clock
from aisc.core.actions import system
from aisc.core.errors import Conflict
from aisc.core.worker import task
from aisc.scheme import actions
from aisc.scheme.models import Award

log = logging.getLogger("aisc.scheme")

REMIND_DAYS = 7
BATCH = 100


@task("scheme.awards", every_s=60)
def awards() -> None:
    """Lapse what is overdue, then remind of what soon will be. Safe to run twice: the actions check again."""
    today = clock.today()
    offered = Award.objects.filter(application__state="approved").order_by("pk")
    for award in offered.filter(accept_by__lt=today)[:BATCH]:
        _try(actions.lapse, award)
    soon = today + timedelta(days=REMIND_DAYS)
    # Not on the day of the decision: the letter itself has just been announced.
    known = offered.filter(application__state_since__lt=clock.now() - timedelta(days=1))
    for award in known.filter(accept_by__gte=today, accept_by__lte=soon, reminded_at=None)[:BATCH]:
        _try(actions.remind, award)


def _try(act: Callable[..., Award], award: Award) -> None:
    try:
        act(system("worker: awards"), award=award)
    except Conflict as error:
        # Accepted, or done by another worker, since the list was read; the next run looks again.
        log.info("award %s: %s", award.number, error)
