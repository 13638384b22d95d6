"""Two hundred people at once, reading and writing in the large centre, against ``aisc web`` with two workers.

    python -m bench.load [--state FOLDER] [--database URL] [--people N] [--seconds N]

Locust comes from PyPI into an environment of its own (``--locust`` keeps it). Everybody is signed in at the beginning,
looks at a page for 3 to 9 seconds and goes on; one request in fourteen writes: a job submitted, whose worst case is
held, a note, a cancellation. Locust, the workers and PostgreSQL share the machine. Nothing is cached between people.
One line of JSON comes last. Ends with 1 when any answer was an error, or the ledger's proof does not hold afterwards.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import venv
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil

from bench import large
from bench.filling import World

LOCUST = "locust==2.47.0"
ROOT = Path(__file__).resolve().parent.parent
WORKERS = 2


def environment(folder: Path) -> Path:
    """The ``locust`` of an environment of its own."""
    program = folder / "venv" / "bin" / "locust"
    if not program.exists():
        venv.create(folder / "venv", with_pip=True)
        subprocess.run([program.with_name("python"), "-m", "pip", "install", "--quiet", LOCUST], check=True)
    return program


def everybody(world: World, count: int, port: int) -> list[dict[str, Any]]:
    """Sessions, tokens and addresses: most work in one project, some own an organisation, a few are staff."""
    from django.test import Client

    from aisc.core import clock
    from aisc.jobs.models import Job
    from aisc.ledger.models import Budget
    from aisc.people.models import ApiToken, Membership
    from aisc.people.tokens import digest_of, new_secret

    inside = list(Membership.objects.filter(project__isnull=False).select_related("person")[: count * 6 // 5])
    owners = list(Membership.objects.filter(role="owner").select_related("person")[: count // 5])
    staff = [world.people[role] for role in ("operator", "secretariat", "auditor", "finance")]
    members = inside[:: max(1, len(inside) // count)]
    people = [(each.person, each.project_id, True) for each in members[: count - len(owners) - 10]]
    people += [(each.person, each.organisation.projects.values_list("pk", flat=True).first(), True) for each in owners]
    people += [(staff[n % len(staff)], people[n][1], False) for n in range(count - len(people))]
    made = []
    for person, project, may_submit in people:
        client = Client()
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        secret = new_secret()
        ApiToken.objects.create(
            person=person,
            name="load",
            prefix=secret[:12],
            digest=digest_of(secret),
            scopes=["read", "jobs"],
            created_at=clock.now(),
            expires_at=clock.now() + timedelta(days=1),
        )
        budget = Budget.objects.select_related("project").filter(project=project).first()
        made.append(
            {
                "cookie": f"aisc_session_{port}",
                "session": client.session.session_key,
                "token": secret,
                "project": f"/projects/{budget.project.uid}/",
                "budget": budget.uid,
                "job": Job.objects.filter(project=project).first().uid,
                "may_submit": may_submit,
            }
        )
    return made


def measure(world: World, given: Any, folder: Path) -> dict[str, Any]:
    """The figures of one run."""
    from django.db import connections

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    people = folder / "people.json"
    people.write_text(json.dumps(everybody(world, given.people, port)))
    connections.close_all()
    program = environment(given.locust or folder / "locust")
    web = subprocess.Popen(
        [sys.executable, "-m", "aisc", "web", f"--port={port}", f"--workers={WORKERS}"],
        env=os.environ | {"AISC_PORT": str(port), "AISC_PUBLIC_URL": f"http://127.0.0.1:{port}"},
    )
    try:
        _wait(port)
        began = _cpu(web.pid)
        options = ["--headless", "--only-summary", "--exit-code-on-error", "0"]
        options += ["--users", str(given.people), "--spawn-rate", "10", "--run-time", f"{given.seconds}s"]
        options += ["--host", f"http://127.0.0.1:{port}", "--locustfile", str(ROOT / "bench" / "locustfile.py")]
        options += ["--csv", str(folder / "load")]
        done = subprocess.run(
            [program, *options],
            env=os.environ | {"BENCH_PEOPLE": str(people)},
            stdout=subprocess.DEVNULL,
        )
        spent = _cpu(web.pid) - began
    finally:
        web.terminate()
        web.wait()
    if done.returncode:
        raise RuntimeError(f"locust ended with {done.returncode}")
    with (folder / "load_stats.csv").open() as file:
        rows = {row["Name"]: row for row in csv.DictReader(file)}
    with (folder / "load_failures.csv").open() as file:
        errors = [f"{row['Occurrences']} × {row['Name']}: {row['Error']}" for row in csv.DictReader(file)]
    whole = rows["Aggregated"]
    requests = int(whole["Request Count"])
    return {
        "people": given.people,
        "seconds": given.seconds,
        "requests": requests,
        "requests_per_s": round(float(whole["Requests/s"]), 1),
        "median_ms": int(whole["50%"]),
        "p95_ms": int(whole["95%"]),
        "p99_ms": int(whole["99%"]),
        "errors": int(whole["Failure Count"]),
        "what": errors[:10],
        "web_cpu_ms_each": round(spent * 1000 / requests, 1),
        "p95_ms_by_page": {name: int(row["95%"]) for name, row in rows.items() if name != "Aggregated"},
    }


def _wait(port: int) -> None:
    for _attempt in range(600):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5)
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError("aisc web did not start")


def _cpu(pid: int) -> float:
    """Processor seconds of the server and its workers until now."""
    web = psutil.Process(pid)
    return sum(sum(each.cpu_times()[:2]) for each in [web, *web.children(recursive=True)])


def main() -> int:
    parser = large.arguments(__doc__)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--locust", type=Path, metavar="FOLDER", help="keep Locust's environment here")
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="aisc-load-"))
    try:
        with large.centre(given) as world:
            figures = measure(world, given, folder)
            figures["load"] = [round(each, 1) for each in os.getloadavg()]
            from aisc.ledger.prove import prove

            figures["differences"] = prove().total_findings
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(figures, ensure_ascii=False))
    return 1 if figures["errors"] or figures["differences"] else 0


if __name__ == "__main__":
    sys.exit(main())
