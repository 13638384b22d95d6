"""Fixtures of the jobs' tests: a cluster, a team with a budget, and the engines their jobs run on."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from memory_engine import MemoryEngine

from aisc.core import clock

PYTHON = sys.executable


@pytest.fixture(autouse=True)
def nothing_on_its_way():
    """Tests that look at what is left of uploads look at their own."""
    from aisc.jobs import workspaces

    for left in workspaces.beside(".incoming").iterdir():
        workspaces.destroy(left)


@pytest.fixture
def cluster(prices):
    """One machine: 4 CPU cores, 8 GiB, 2 H800; its engine is put in by ``memory`` or ``local``."""
    from aisc.centre.models import AcceleratorType, Cluster, Node, NodeAccelerator
    from aisc.jobs import tasks

    found, _ = Cluster.objects.get_or_create(
        code="local", defaults={"engine": "local", "name_en": "This machine", "name_zh": "本機"}
    )
    node = Node.objects.create(cluster=found, name="node1", cpus=4, memory_mb=8192, seen_at=clock.now())
    tasks._looked.clear()
    NodeAccelerator.objects.create(node=node, type=AcceleratorType.objects.get(code="h800"), count=2)
    return found


@pytest.fixture
def memory(cluster):
    """The engine that the test moves by hand."""
    from aisc.jobs.registry import using

    with using(cluster.code, MemoryEngine()) as engine:
        yield engine


@pytest.fixture
def local(cluster, tmp_path):
    """The real engine of one machine."""
    from aisc.jobs.engines.local import LocalEngine
    from aisc.jobs.registry import isolation_policy, using

    engine = LocalEngine(
        tmp_path / "engine",
        cpus=4,
        memory_mb=8192,
        gpus={"h800": ("0", "1")},
        grace_ms=500,
        disk_reserve_mb=1,
        isolation=isolation_policy(),
    )
    with using(cluster.code, engine):
        yield engine
    engine.close()


@dataclass
class Team:
    person: Any
    organisation: Any
    project: Any
    budget: Any
    actor: Any

    def submit(self, *argv: str, **asked: Any):
        from aisc.jobs import actions

        asked = {"name": "Test", "time_limit_ms": 60_000, "command": argv or None} | asked
        asked = {"project": self.project, "budget": self.budget} | asked
        return actions.submit_job(asked.pop("actor", self.actor), **asked)


@pytest.fixture
def make_team(make_person, make_organisation, make_project, make_budget, acting):
    def make(**budget: Any) -> Team:
        person = make_person()
        organisation = make_organisation(owner=person)
        project = make_project(organisation)
        return Team(person, organisation, project, make_budget(project, **budget), acting(person))

    return make


@pytest.fixture
def team(cluster, make_team):
    """An owner with a project and a budget of HK$1,000 of which the scheme pays 70%."""
    return make_team()


@pytest.fixture
def drive():
    """``drive(job)``: let the worker's cycle go round until the job has ended; answers the job as it is then."""
    from aisc.jobs import tasks
    from aisc.jobs.states import ENDED

    def go(job, until=None, timeout_s: float = 30.0):
        deadline = time.monotonic() + timeout_s
        while True:
            tasks.run_engines()
            job.refresh_from_db()
            if until(job) if until else job.state in ENDED:
                return job
            assert time.monotonic() < deadline, f"{job} is still {job.state}"
            time.sleep(0.02)

    return go


@pytest.fixture
def sums():
    """``sums(budget)``: (charged, charged to the scheme, held) as the budget has them now."""

    def read(budget):
        budget.refresh_from_db()
        return budget.charged, budget.charged_scheme, budget.held

    return read
