"""What the stories of the year share: the clock's end, the people, the simulated cluster."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

from aisc.centre.models import AcceleratorType, Cluster
from aisc.core import clock
from aisc.core.actions import Actor
from aisc.jobs import tasks
from aisc.jobs.actions import record_rejected
from aisc.jobs.engines.base import RunRejected, RunSpec
from aisc.jobs.engines.simulated import SimulatedEngine
from aisc.jobs.models import Job
from aisc.ledger.models import Budget
from aisc.people.models import Organisation, Person
from aisc.portal.demonstration.stories import Teller
from aisc.scheme.models import Call

CLUSTER = "simulated"


@dataclass
class World:
    """``scale``: the part, in hundredths, of each project's jobs that is told; tests tell fewer."""

    end: datetime
    engine: SimulatedEngine
    teller: Teller
    scale: int = 100
    cluster: Cluster | None = None
    persons: dict[str, Person] = field(default_factory=dict)
    places: dict[str, Organisation] = field(default_factory=dict)
    calls: dict[int, Call] = field(default_factory=dict)
    budgets: dict[str, Budget] = field(default_factory=dict)  # by the project's English name
    kinds: dict[int, str] = field(default_factory=dict)  # what the jobs of a budget are about, by its key
    accelerators: dict[str, AcceleratorType] = field(default_factory=dict)

    def at(self, days: int, hour: int = 0, minute: int = 0) -> datetime:
        """The moment ``days`` days before the end, at this time of day at the centre."""
        zone = ZoneInfo(settings.TIME_ZONE)
        day = self.end.astimezone(zone).date() - timedelta(days=days)
        return datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone)

    def office(self, moment: datetime, chance: random.Random) -> datetime:
        """``moment`` moved to a minute of that day at which offices work, and to Monday from a weekend."""
        local = moment.astimezone(ZoneInfo(settings.TIME_ZONE))
        local = local.replace(hour=chance.randint(9, 17), minute=chance.randint(0, 59), second=chance.randint(0, 59))
        return local + timedelta(days=max(0, 7 - local.weekday()) if local.weekday() > 4 else 0)

    def some(self, count: int, *, least: int) -> int:
        """As many of ``count`` as are told, but ``least``; none of none."""
        return min(count, max(least, count * self.scale // 100))

    def chance(self, *what: object) -> random.Random:
        """Chance that is always the same for the same thing."""
        return random.Random("/".join(map(str, what)))  # noqa: S311 - a story, no secret

    def actor(self, key: str) -> Actor:
        return Actor(person=self.persons[key])

    def run(self, job: Job, after: tuple[str, ...] = ()) -> None:
        """Give a job to the simulated cluster, as the worker does at once; the engine may refuse it for good."""
        specs = [
            RunSpec(
                ref=f"{job.uid}-{index}",
                name=job.name,
                project=job.project.uid,
                argv=tuple(job.command),
                workdir="/",
                accelerator=job.accelerator.code,
                accelerator_count=job.accelerator_count,
                cpus=job.cpus,
                memory_mb=job.memory_mb,
                time_limit_ms=job.time_limit_ms,
                after=after,
            )
            for index in range(job.array_size)
        ]
        try:
            self.engine.submit(specs)
        except RunRejected as error:
            refs = [spec.ref for spec in specs]
            record_rejected(tasks.ACTOR, cluster=self.cluster, refs=refs, detail=str(error))

    def soon(self, **delta: int) -> datetime:
        """A while from now."""
        return clock.now() + timedelta(**delta)
