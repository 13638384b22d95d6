"""What the money core can do: usage recorded, rated, split, posted and chained per second; holds per second; the proof.

    python -m bench.ledger --records 1000000 --budgets 2000     # SQLite, in a folder of its own
    python -m bench.ledger --holds --clients 64                 # concurrent clients against one budget
    python tests/postgres.py python -m bench.ledger             # the same on a private PostgreSQL
    python -m bench.ledger --database postgresql://…            # on a server of yours, in a database made for it

One line of JSON with the figures comes last. Ends with 1 when money is overspent or the proof does not hold.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import os
import random
import resource
import sys
import tempfile
import threading
import time
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil

STARTED_MS = 1_780_000_000_000
HOUR_MS = 3_600_000


@contextmanager
def database(url: str) -> Iterator[None]:
    """An empty database with AISC's tables: a SQLite file, or one created in the PostgreSQL at ``url``."""
    with tempfile.TemporaryDirectory(prefix="aisc-bench-") as folder:
        os.environ |= {"AISC_STATE": folder, "DJANGO_SETTINGS_MODULE": "aisc.core.settings", "AISC_LOG_LEVEL": "ERROR"}
        if not url:
            os.environ.pop("AISC_DATABASE_URL", None)
            _migrate(folder)
            yield
            return
        import psycopg

        name = f"aisc_bench_{os.getpid()}"
        with psycopg.connect(url, autocommit=True) as server:
            server.execute(f"CREATE DATABASE {name}")
            try:
                os.environ["AISC_DATABASE_URL"] = url.rsplit("/", 1)[0] + f"/{name}"
                _migrate(folder)
                yield
            finally:
                from django.db import connections

                connections.close_all()
                server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _migrate(folder: str) -> None:
    import django

    from aisc.core.state import StateFolder

    StateFolder(Path(folder)).prepare()
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def make_centre() -> Any:
    """Prices as the demonstration's, with amounts that do not divide evenly. The price list."""
    from aisc.centre.models import AcceleratorType
    from aisc.core import clock
    from aisc.ledger.models import Meter, Price, PriceList

    prices = PriceList.objects.create(
        version="BENCH", effective_from=clock.today(), illustrative=True, published_at=clock.now()
    )
    for code, cents in [("cpu", 53), ("h800", 1999)]:
        accelerator = AcceleratorType.objects.create(
            code=code, name=code, vendor="x", fp16_gflops=1, memory_mb=1, power_w=1
        )
        meter = Meter.objects.create(
            code=f"accelerator:{code}", name_en=code, accelerator=accelerator, unit="ms", per=HOUR_MS
        )
        Price.objects.create(price_list=prices, meter=meter, cents=cents)
    return prices


def make_budgets(count: int, prices: Any, released: int) -> list[Any]:
    """Budgets of 50 organisations, 70 % paid by the scheme, opened and released by the ledger's own actions."""
    from django.db import transaction

    from aisc.core import clock
    from aisc.core.actions import system
    from aisc.ledger import actions
    from aisc.people.models import Organisation, Project

    bench = system("bench")
    organisations = [
        Organisation.objects.create(name_en=f"Organisation {n}", category="startup", created_at=clock.now())
        for n in range(min(count, 50))
    ]
    budgets = []
    with transaction.atomic():
        for n in range(count):
            organisation = organisations[n % len(organisations)]
            project = Project.objects.create(organisation=organisation, name_en=f"P{n}", created_at=clock.now())
            budget = actions.open_budget(
                bench,
                name=f"Budget {n}",
                source="award",
                project=project,
                price_list=prices,
                scheme_bps=7000,
                ceiling=released,
                starts_on=clock.today() - timedelta(days=1),
                ends_on=clock.today() + timedelta(days=365),
            )
            actions.release_tranche(bench, budget=budget, amount=released, reason="bench")
            budgets.append(budget)
    return budgets


def bulk(records: int, budgets: int, batch: int, *, held: bool) -> dict[str, Any]:
    """Record ``records`` uses over ``budgets`` budgets; with ``held``, each settles a hold placed before."""
    from aisc.core import clock
    from aisc.core.actions import system
    from aisc.ledger import actions
    from aisc.ledger.actions import HoldRequest, UsageItem

    bench, dice = system("bench"), random.Random(1)
    price_list = make_centre()
    prices = [price.pk for price in price_list.prices.order_by("id")]
    opened = [budget.pk for budget in make_budgets(budgets, price_list, 10**12)]
    place_s = 0.0
    if held:
        from aisc.ledger.models import Budget, Price

        began = time.perf_counter()
        price = Price.objects.select_related("meter").get(pk=prices[0])
        each = -(-records // len(opened))
        for budget in Budget.objects.all():
            keys = [f"hold-{budget.pk}-{n}" for n in range(each)]
            actions.place_holds(
                bench,
                budget=budget,
                price=price,
                requests=[HoldRequest(key, HOUR_MS) for key in keys],
                expires_at=clock.now(),
            )
        place_s = time.perf_counter() - began
    work_s = cpu_s = 0.0
    quantities = array("q")
    for start in range(0, records, batch):
        items = []
        for n in range(start, min(start + batch, records)):
            quantity = dice.randrange(1, HOUR_MS)
            if held:
                budget = opened[n % len(opened)]
                more: dict[str, Any] = {"hold_key": f"hold-{budget}-{n // len(opened)}"}
            else:
                more = {"budget_id": dice.choice(opened), "price_id": prices[n & 1]}
            quantities.append(quantity)
            began_ms = STARTED_MS + n
            items.append(UsageItem(f"run-{n:09d}", quantity, began_ms, began_ms + quantity, **more))
        began, cpu_began = time.perf_counter(), _cpu_s()
        actions.record_usage(bench, source="engine:bench", items=items)
        work_s += time.perf_counter() - began
        cpu_s += _cpu_s() - cpu_began
        if (start // batch) % 10 == 9:
            print(f"{start + batch:>10,} records, {(start + batch) / work_s:,.0f}/s", file=sys.stderr)
    recording = peak_rss_mb()
    return {
        "records": records,
        "budgets": budgets,
        "batch": batch,
        "held": held,
        "holds_placed_per_s": round(records / place_s) if held else None,
        "record_s": round(work_s, 1),
        "record_cpu_s": round(cpu_s, 1),  # less than record_s when others use the machine too
        "records_per_s": round(records / work_s),
        "record_peak_rss_mb": recording,
        **_close_the_month(),
        **_prove(quantities),
    }


def _close_the_month() -> dict[str, Any]:
    """Seal the day and issue everybody's statements, as the worker does when the month is over."""
    from aisc.core import clock
    from aisc.ledger.models import Statement
    from aisc.ledger.seals import seal_due_days
    from aisc.ledger.tasks import statements

    with clock.fixed((clock.now().replace(day=1) + timedelta(days=32)).replace(day=2)):
        began = time.perf_counter()
        seal_due_days()
        sealed = time.perf_counter()
        statements()
        issued = time.perf_counter()
    return {
        "seal_s": round(sealed - began, 1),
        "statements": Statement.objects.count(),
        "statements_s": round(issued - sealed, 1),
    }


def _prove(quantities: array[int]) -> dict[str, Any]:
    """Prove everything, down to the accounting of the pretended engine."""
    from aisc.ledger.prove import SourceRow, prove

    def accounting() -> Iterator[SourceRow]:
        for n, quantity in enumerate(quantities):
            yield SourceRow(f"run-{n:09d}", quantity, STARTED_MS + n, STARTED_MS + n + quantity)

    began = time.perf_counter()
    report = prove(accounting={"engine:bench": accounting})
    for line in report.lines():
        print(line, file=sys.stderr)
    return {
        "prove_s": round(time.perf_counter() - began, 1),
        "prove_stages_ms": report.stages,
        "differences": report.total_findings,
        "peak_rss_mb": peak_rss_mb(),
    }


def _cpu_s() -> float:
    """CPU time of this process and, where it runs on this machine, of the database's process for it."""
    from django.db import connection

    spent = time.process_time()
    if connection.vendor == "postgresql":
        with contextlib.suppress(psutil.Error):
            server = psutil.Process(connection.connection.info.backend_pid).cpu_times()
            spent += server.user + server.system
    return spent


def peak_rss_mb() -> int:
    """The most memory this process ever had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _client(number: int, budget_id: int, price_id: int, until: float, answers: list[tuple[int, int, float]]) -> None:
    """One client: holds, gives some back, settles some with more than was held; goes on when refused."""
    from django.db import connection

    from aisc.core import clock
    from aisc.core.actions import system
    from aisc.core.errors import InsufficientBudget
    from aisc.ledger import actions
    from aisc.ledger.actions import HoldRequest, UsageItem
    from aisc.ledger.models import Budget, Price

    bench, dice = system(f"client {number}"), random.Random(number)
    budget, price = Budget.objects.get(pk=budget_id), Price.objects.select_related("meter").get(pk=price_id)
    placed = refused = 0
    slowest = 0.0
    while time.time() < until:
        key = f"client-{number}-{placed + refused}"
        began = time.perf_counter()
        try:
            actions.place_holds(
                bench,
                budget=budget,
                price=price,
                requests=[HoldRequest(key, dice.randrange(1, HOUR_MS))],
                expires_at=clock.now(),
            )
            placed += 1
        except InsufficientBudget:
            refused += 1
            continue
        finally:
            slowest = max(slowest, time.perf_counter() - began)
        if dice.random() < 0.2:
            actions.release_holds(bench, keys=[key], reason="cancelled")
        elif dice.random() < 0.1:
            item = UsageItem(key, dice.randrange(1, 2 * HOUR_MS), STARTED_MS, STARTED_MS + 1, hold_key=key)
            actions.record_usage(bench, source=f"engine:{number}", items=[item])
    connection.close()
    answers.append((placed, refused, slowest))


def _clients(first: int, count: int, budget_id: int, price_id: int, seconds: float, start: Any, results: Any) -> None:
    """Some of the clients, each in a thread of its own with its own connection."""
    import django

    django.setup()
    start.wait()
    answers: list[tuple[int, int, float]] = []
    until = time.time() + seconds
    threads = [
        threading.Thread(target=_client, args=(first + n, budget_id, price_id, until, answers)) for n in range(count)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    results.put((answers, time.time()))


def holds(clients: int, seconds: float, released: int) -> dict[str, Any]:
    """``clients`` clients in up to 8 processes draw on one budget of ``released`` cents, all at the same time."""
    from django.db import connections
    from django.db.models import Sum

    from aisc.ledger.models import Budget, Entry, Hold

    price_list = make_centre()
    (budget,) = make_budgets(1, price_list, released)
    price = price_list.prices.order_by("id").last()
    connections.close_all()
    groups = [len(range(n, clients, min(clients, 8))) for n in range(min(clients, 8))]
    context = multiprocessing.get_context("spawn")
    results, start = context.Queue(), context.Barrier(len(groups) + 1)
    processes = [
        context.Process(target=_clients, args=(sum(groups[:n]), count, budget.pk, price.pk, seconds, start, results))
        for n, count in enumerate(groups)
    ]
    for process in processes:
        process.start()
    start.wait(timeout=300)
    began = time.time()
    ended = [results.get(timeout=seconds + 300) for _process in processes]
    for process in processes:
        process.join()
    answers = [answer for group, _at in ended for answer in group]
    took = max(at for _group, at in ended) - began
    after = Budget.objects.get(pk=budget.pk)
    open_holds = Hold.objects.filter(state="open").aggregate(total=Sum("amount", default=0))["total"]
    charged = Entry.objects.filter(kind="charge").aggregate(total=Sum("amount", default=0))["total"]
    placed = sum(answer[0] for answer in answers)
    if len(answers) != clients or Hold.objects.count() != placed:
        raise RuntimeError(f"{clients - len(answers)} clients failed, {placed} holds were placed")
    return {
        "clients": clients,
        "seconds": round(took, 1),
        "holds": placed,
        "refused": sum(answer[1] for answer in answers),
        "tries_per_s": round(sum(answer[0] + answer[1] for answer in answers) / took),
        "slowest_s": round(max(answer[2] for answer in answers), 2),
        "lost_updates_cents": abs(after.held - open_holds) + abs(after.charged - charged),
        "overspent_cents": max(0, charged + open_holds - after.released),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", default=os.environ.get("AISC_DATABASE_URL", ""), metavar="URL")
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--budgets", type=int, default=2_000)
    parser.add_argument("--batch", type=int, default=10_000)
    parser.add_argument("--held", action="store_true", help="every record settles a hold that was placed before")
    parser.add_argument("--holds", action="store_true", help="measure concurrent clients instead")
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--released", type=int, default=1_000_000, help="cents that the clients may draw on")
    given = parser.parse_args()
    with database(given.database):
        if given.holds:
            figures = holds(given.clients, given.seconds, given.released)
            good = figures["overspent_cents"] == 0 and figures["lost_updates_cents"] == 0
        else:
            figures = bulk(given.records, given.budgets, given.batch, held=given.held)
            good = figures["differences"] == 0
        figures["database"] = "PostgreSQL" if given.database else "SQLite"
        print(json.dumps(figures))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
