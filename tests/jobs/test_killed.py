"""A worker that is killed between any two steps: nothing is run, charged, held or told twice, and nothing is lost."""

from __future__ import annotations

import itertools
from functools import wraps

import pytest
from django.db import transaction

from aisc.jobs import actions, queries, tasks
from aisc.jobs.actions import rows
from aisc.jobs.engines.base import Reason, State
from aisc.jobs.models import EngineCursor, Job, Run
from aisc.ledger import actions as ledger
from aisc.ledger.models import Entry, Hold, UsageRecord
from aisc.people.models import Notice

HOUR = 3_600_000


class Killed(BaseException):
    """Not an Exception: nothing in the code may catch it, as nothing can catch a kill."""


class Gun:
    """Kills at the n-th of the instrumented moments: before and after each call."""

    def __init__(self):
        self.at = None
        self.moment = 0
        self.name = ""

    def aim(self, at):
        self.at, self.moment = at, 0

    def pass_by(self, name):
        self.moment += 1
        if self.moment == self.at:
            self.name = name
            raise Killed(name)

    def around(self, name, function):
        @wraps(function)
        def run(*args, **kwargs):
            self.pass_by(f"before {name}")
            result = function(*args, **kwargs)
            self.pass_by(f"after {name}")
            return result

        return run


@pytest.fixture
def gun(memory, monkeypatch):
    gun = Gun()
    for name in ("submit", "cancel", "states", "usage_since"):
        monkeypatch.setattr(memory, name, gun.around(f"engine.{name}", getattr(memory, name)))
    for name in ("record_accepted", "record_rejected", "record_states", "settle_usage", "record_abandoned"):
        monkeypatch.setattr(actions, name, gun.around(name, getattr(actions, name)))
    for name in ("record_usage", "release_holds", "reverse_entry"):
        monkeypatch.setattr(ledger, name, gun.around(f"ledger.{name}", getattr(ledger, name)))
    for name in ("write", "follow"):
        monkeypatch.setattr(rows, name, gun.around(f"rows.{name}", getattr(rows, name)))
    return gun


def set_out(team, memory):
    """One job of each fate."""
    memory.refuse = lambda spec: spec.name == "refused"
    h800 = {"accelerator": "h800", "time_limit_ms": HOUR}
    jobs = {
        "array": team.submit("x", name="array", array_size=3, **h800),
        "refused": team.submit("x", name="refused", **h800),
        "cancelled": team.submit("x", name="cancelled", **h800),
        "outage": team.submit("x", name="outage", **h800),
    }
    jobs["orphan"] = team.submit("x", name="orphan", after=[jobs["refused"].uid], **h800)
    actions.cancel_job(team.actor, job=jobs["cancelled"])
    return jobs


def move_world(memory):
    """What the machines do meanwhile: start what waits, end what runs or was cancelled. Never undone by a kill."""
    for ref, spec in list(memory.specs.items()):
        if ref in memory.ended:
            continue
        if ref in memory.cancelled:
            memory.finish(ref, State.CANCELLED, 0, reason=Reason.CANCELLED)
        elif ref not in memory.started:
            memory.start(ref)
        elif spec.name == "outage":
            memory.finish(ref, State.NODE_FAILED, HOUR // 2, reason=Reason.NODE_RESTARTED)
        elif ref.endswith("-1"):
            memory.finish(ref, State.FAILED, HOUR // 4, exit_code=1, reason=Reason.NON_ZERO_EXIT)
        else:
            memory.finish(ref, State.COMPLETED, HOUR // 2)


def live(memory, gun, kill_at):
    """Go on until everything has ended; killed once, at ``kill_at``. Whether the kill came to pass."""
    gun.aim(kill_at)
    killed = False
    for _ in range(30):
        try:
            tasks.run_engines()
        except Killed:
            killed = True
        move_world(memory)
        if not Run.objects.filter(state__in=("held", "queued", "running")).exists():
            break
    try:
        tasks.run_engines()
    except Killed:
        tasks.run_engines()
        killed = True
    return killed


def outcome(team, jobs):
    team.budget.refresh_from_db()
    return {
        "states": {name: Job.objects.get(pk=job.pk).state for name, job in jobs.items()},
        "runs": [(r.state, r.reason, r.elapsed_ms, r.exit_code) for r in Run.objects.order_by("pk")],
        "money": (team.budget.charged, team.budget.charged_scheme, team.budget.held, team.budget.released),
        "entries": list(Entry.objects.order_by("kind", "amount").values_list("kind", "amount")),
        "usage": list(UsageRecord.objects.order_by("quantity").values_list("quantity", "budget__name")),
        "holds": sorted(Hold.objects.values_list("state", flat=True)),
        "notices": sorted(str(n) for n in Notice.objects.filter(person=team.person, url__startswith="/jobs/")),
        "cursor": EngineCursor.objects.get().cursor,
    }


def test_killed_at_every_moment_in_turn(memory, gun, make_team, cluster):
    team = make_team(released=1_000_000)
    expected, moments = None, 0
    for kill_at in itertools.count():
        with transaction.atomic():
            jobs = set_out(team, memory)
            killed = live(memory, gun, kill_at)
            found = outcome(team, jobs)
            costs = queries.costs(jobs.values())
            # The next round begins where this one began.
            transaction.set_rollback(True)
        memory.reset()
        assert costs[jobs["array"].pk] == queries.Cost(2500, 1750, 750, 0)
        if expected is None:
            expected, moments = found, gun.moment
            assert found["states"] == {
                "array": "failed",
                "refused": "rejected",
                "cancelled": "cancelled",
                "outage": "node_failed",
                "orphan": "cancelled",
            }
            # Two halves and a quarter of an hour at HK$20, and nothing for the outage.
            assert found["money"] == (2500, 1750, 0, 1_000_000)
            assert [amount for kind, amount in found["entries"] if kind == "reversal"] == [-1000]
            assert len(found["notices"]) == 5
            continue
        assert found == expected, f"killed {gun.name}"
        if not killed:
            break
    assert kill_at > moments > 40
