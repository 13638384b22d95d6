"""A small centre in a process of its own, for tests that kill it. Run as a program:

killable.py seed            a project with a budget and a price list; prints the project's uid
killable.py work            the worker's real loop, until it is killed
killable.py submit N        N jobs, a third of them arrays of three
killable.py flood N SIZE    N submissions at once, each holding SIZE cents
killable.py report          everything the tests compare, as JSON
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections import Counter
from datetime import timedelta

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aisc.core.settings")

import django

django.setup()

from django.conf import settings
from django.core.management import call_command
from django.db import connection

from aisc.centre.models import AcceleratorType, Cluster
from aisc.core import clock
from aisc.core.actions import Actor, system
from aisc.core.errors import InsufficientBudget
from aisc.core.money import MS_PER_HOUR
from aisc.jobs import actions, registry
from aisc.jobs.engines.local import LocalEngine
from aisc.jobs.models import EngineCursor, Job, Run
from aisc.ledger import actions as ledger
from aisc.ledger.models import Budget, Entry, Hold, Meter, Price, PriceList, UsageRecord
from aisc.ledger.prove import prove
from aisc.people.models import Membership, Organisation, Person, Project

CODE = "import os, time; time.sleep(0.15); open(os.environ['AISC_OUTPUT'] + '/ran', 'a').write('x')"


def engine() -> LocalEngine:
    return LocalEngine(settings.STATE.engine, cpus=8, memory_mb=16_384, gpus={}, grace_ms=500, disk_reserve_mb=1)


def seed() -> None:
    call_command("migrate", verbosity=0)
    Cluster.objects.create(code="local", engine="local", name_en="Local")
    cpu, _made = AcceleratorType.objects.update_or_create(
        code="cpu",
        defaults={"name": "CPU core", "vendor": "x", "fp16_gflops": 50, "memory_mb": 1024, "power_w": 10},
    )
    meter, _made = Meter.objects.get_or_create(
        code="accelerator:cpu", defaults={"name_en": "CPU", "accelerator": cpu, "unit": "ms", "per": MS_PER_HOUR}
    )
    prices = PriceList.objects.create(
        version="KILL", effective_from=clock.today() - timedelta(days=60), published_at=clock.now()
    )
    Price.objects.create(price_list=prices, meter=meter, cents=3_600_000)  # a cent for each millisecond
    person = Person.objects.create_user("owner@example.org", None, name="Owner")
    organisation = Organisation.objects.create(name_en="Org", category="startup", created_at=clock.now())
    Membership.objects.create(person=person, organisation=organisation, role="owner", created_at=clock.now())
    project = Project.objects.create(organisation=organisation, name_en="Project", created_at=clock.now())
    budget = ledger.open_budget(
        system("test"),
        name="Budget",
        source="award",
        project=project,
        price_list=prices,
        scheme_bps=7000,
        ceiling=10**9,
        starts_on=clock.today() - timedelta(days=1),
        ends_on=clock.today() + timedelta(days=30),
    )
    ledger.release_tranche(system("test"), budget=budget, amount=int(os.environ["RELEASED"]), reason="test")


def submit_one(number: int, time_limit_ms: int = 20_000, array_size: int = 1) -> Job:
    person = Person.objects.get(email="owner@example.org")
    project = Project.objects.get(name_en="Project")
    return actions.submit_job(
        Actor(person=person),
        project=project,
        budget=Budget.objects.get(),
        name=f"job {number}",
        command=[sys.executable, "-c", CODE],
        time_limit_ms=time_limit_ms,
        memory_mb=64,
        array_size=array_size,
    )


def submit(count: int) -> None:
    for number in range(count):
        submit_one(number, array_size=3 if number % 3 == 0 else 1)


def flood(count: int, cents: int) -> None:
    outcomes: Counter[str] = Counter()
    gate = threading.Barrier(count)

    def one(number: int) -> None:
        gate.wait()
        try:
            submit_one(number, time_limit_ms=cents)
            outcomes["accepted"] += 1
        except InsufficientBudget:
            outcomes["refused"] += 1
        except Exception as error:
            outcomes[repr(error)] += 1
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=[number]) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    budget = Budget.objects.get()
    held = sum(Hold.objects.filter(state="open").values_list("amount", flat=True))
    print(
        json.dumps(
            {
                "outcomes": outcomes,
                "released": budget.released,
                "held": budget.held,
                "holds": held,
                "jobs": Job.objects.count(),
                "runs": Run.objects.count(),
            }
        )
    )


def work() -> None:
    from aisc.core.worker import Worker, tasks

    for task in tasks().values():
        if not task.name.startswith("jobs."):
            task.due = float("inf")
    print("working", flush=True)
    Worker(settings.STATE).run()


def report() -> None:
    budget = Budget.objects.get()
    runs = list(Run.objects.order_by("pk"))
    ran = {}
    for run in runs:
        folder = settings.STATE.workspaces / run.job.project.uid / "results" / run.job.uid
        mark = (folder / str(run.index) if run.job.array_size > 1 else folder) / "ran"
        ran[run.ref] = mark.read_text() if mark.exists() else ""
    rows, _cursor = engine().usage_since("", 100_000)
    proof = prove()
    print(
        json.dumps(
            {
                "run_states": Counter(run.state for run in runs),
                "job_states": Counter(Job.objects.values_list("state", flat=True)),
                "ran": Counter(ran.values()),
                "usage": {u.source_id: u.quantity for u in UsageRecord.objects.all()},
                "engine": {row.ref: row.elapsed_ms for row in rows},
                "charges": Entry.objects.filter(kind="charge").count(),
                "amount": sum(Entry.objects.filter(kind="charge").values_list("amount", flat=True)),
                "charged": budget.charged,
                "held": budget.held,
                "open_holds": Hold.objects.filter(state="open").count(),
                "cursor": EngineCursor.objects.get().cursor,
                "notices": Person.objects.get().notices.filter(url__startswith="/jobs/").count(),
                "proof": {"holds": proof.holds, "findings": [str(each) for each in proof.findings]},
            }
        )
    )


if __name__ == "__main__":
    commands = {"seed": seed, "work": work, "submit": submit, "flood": flood, "report": report}
    with registry.using("local", engine()):
        commands[sys.argv[1]](*(int(each) for each in sys.argv[2:]))
