"""The main pages of the large centre, as the people who use them: SQL queries, and time to answer.

    python -m bench.pages [--state FOLDER] [--database URL] [--rounds N] [--only WORD]

In process and warm: from the request to the finished answer, without the network and without the web server. That
the number of queries does not grow with the centre is tested in tests/end_to_end/test_queries_do_not_grow.py.
One line of JSON comes last. Ends with 1 when one visit in twenty to a page takes more than 100 ms.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import statistics
import sys
import time
from collections.abc import Iterable, Iterator
from typing import Any

import psutil

from bench import large
from bench.filling import World

LIMIT_MS = 100
NOBODY = ""
# Page, its address (or the name of one of the world's), and who reads it.
PAGES: list[tuple[str, str, tuple[str, ...]]] = [
    ("front", "/", (NOBODY,)),
    ("home", "/home", ("member", "owner", "secretariat", "committee", "operator", "finance", "auditor")),
    ("projects", "/projects/", ("member", "owner", "operator")),
    ("project", "project", ("member", "owner", "operator")),
    ("jobs", "/jobs/", ("member", "owner", "operator")),
    ("jobs that failed", "/jobs/?state=failed", ("owner", "operator")),
    ("jobs, page 3", "/jobs/?page=3", ("owner", "operator")),
    ("job", "job", ("member", "owner", "operator")),
    ("budgets", "/budgets/", ("member", "owner", "finance")),
    ("budget", "budget", ("member", "owner", "finance")),
    ("applications", "/applications/", ("owner", "secretariat", "assessor", "committee", "auditor")),
    ("all applications", "/applications/?view=all", ("secretariat", "committee", "auditor")),
    ("application", "application", ("owner", "secretariat", "auditor")),
    ("operator", "/operator/", ("operator", "finance")),
    ("audit", "/audit/", ("auditor",)),
    ("audit of an action", "/audit/?action=jobs.submit", ("auditor",)),
    ("directory", "/directory/", (NOBODY,)),
]


def visits(world: World) -> Iterator[tuple[str, str, Any]]:
    """(page and reader, address, person) of every page."""
    for page, address, readers in PAGES:
        for reader in readers:
            yield f"{page} · {reader or 'nobody'}", world.urls.get(address, address), world.people.get(reader)


def reader(person: Any) -> Any:
    """A browser in which ``person`` is signed in."""
    from django.test import Client

    client = Client()
    if person is not None:
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


def queries(client: Any, address: str) -> list[str]:
    """The SQL queries of one visit, the page having been visited before. Raises when there is no such page."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    for _warming in range(2):
        answer = client.get(address)
    if answer.status_code != 200:
        raise RuntimeError(f"{address} answered {answer.status_code}")
    with CaptureQueriesContext(connection) as captured:
        client.get(address)
    return [each["sql"] for each in captured]


def cpu_s() -> float:
    """Processor time of this process and, where it runs on this machine, of the database's process for it."""
    from django.db import connection

    spent = time.process_time()
    if connection.vendor == "postgresql":
        with contextlib.suppress(psutil.Error):
            server = psutil.Process(connection.connection.info.backend_pid).cpu_times()
            spent += server.user + server.system
    return spent


def measure_these(asked_for: Iterable[tuple[str, str, Any]], rounds: int) -> dict[str, dict[str, float]]:
    """Every page ``rounds`` times, in turns, so that other work on the machine meets them all alike."""
    clients: dict[int | None, Any] = {}
    asked: list[tuple[str, str, Any, list[float], list[float]]] = []
    found: dict[str, dict[str, float]] = {}
    for name, address, person in asked_for:
        key = person and person.pk
        if key not in clients:
            clients[key] = reader(person)
        found[name] = {"queries": len(queries(clients[key], address))}
        asked.append((name, address, clients[key], [], []))
    # As the web process does when it has started (``core.asgi.settle``).
    gc.collect()
    gc.freeze()
    for _round in range(rounds):
        for _name, address, client, walls, cpus in asked:
            began, cpu = time.perf_counter(), cpu_s()
            client.get(address)
            walls.append((time.perf_counter() - began) * 1000)
            cpus.append((cpu_s() - cpu) * 1000)
    for name, _address, _client, walls, cpus in asked:
        found[name] |= {
            "median_ms": round(statistics.median(walls), 1),
            "p95_ms": round(statistics.quantiles(walls, n=20)[-1], 1),
            "cpu_ms": round(statistics.median(cpus), 1),
            "cpu_p95_ms": round(statistics.quantiles(cpus, n=20)[-1], 1),
        }
    return found


def main() -> int:
    parser = large.arguments(__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--only", default="", metavar="WORD", help="pages and readers with this in their name")
    given = parser.parse_args()
    with large.centre(given) as world:
        figures = measure_these((visit for visit in visits(world) if given.only in visit[0]), given.rounds)
        load = [round(each, 1) for each in os.getloadavg()]
        slow = [name for name, page in figures.items() if page["p95_ms"] >= LIMIT_MS]
        width = max(map(len, figures))
        for name, page in figures.items():
            print(
                f"{name:{width}} {page['queries']:3} queries {page['median_ms']:7.1f} ms, p95 {page['p95_ms']:7.1f},"
                f" processor {page['cpu_ms']:6.1f}, p95 {page['cpu_p95_ms']:6.1f}",
                file=sys.stderr,
            )
        print(json.dumps({"pages": figures, "slow": slow, "load": load, "rounds": given.rounds}))
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
