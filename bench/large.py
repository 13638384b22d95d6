"""The large centre that pages, load and backup are measured on: 2,000 projects, 100,000 applications, 1,000,000 jobs.

    python -m bench.large --state FOLDER                       # make it, and keep it there
    python -m bench.large --state FOLDER --database postgresql://…

Filling takes some minutes, so ``--state`` keeps the folder (and, on PostgreSQL, the database called ``aisc_large``)
for the next measurement; without it everything is made in a temporary place.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.filling import World

DATABASE = "aisc_large"


def arguments(about: str | None) -> argparse.ArgumentParser:
    """What every measurement of the large centre can be told."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", default=os.environ.get("AISC_DATABASE_URL", ""), metavar="URL")
    parser.add_argument("--state", type=Path, metavar="FOLDER", help="keep the centre here, or use the one kept here")
    parser.add_argument("--projects", type=int, default=2_000)
    parser.add_argument("--applications", type=int, default=100_000)
    parser.add_argument("--jobs", type=int, default=1_000_000)
    parser.add_argument("--audit", type=int, default=200_000, help="rows of the audit log")
    return parser


@contextmanager
def centre(given: argparse.Namespace) -> Iterator[World]:
    """The centre, filled or as it was kept, with its tables as the code has them now and Django set up for it."""
    kept = given.state
    folder = kept or Path(tempfile.mkdtemp(prefix="aisc-large-"))
    os.environ |= {
        "AISC_STATE": str(folder),
        "DJANGO_SETTINGS_MODULE": "aisc.core.settings",
        "AISC_LOG_LEVEL": "ERROR",
        # One address asks for everything here.
        "AISC_ALLOWED_HOSTS": "127.0.0.1,localhost,testserver",
    }
    os.environ.pop("AISC_DATABASE_URL", None)
    if given.database:
        os.environ["AISC_DATABASE_URL"] = _database(given.database)
    try:
        yield _filled(folder, given)
    finally:
        if not kept:
            from django.db import connections

            connections.close_all()
            if given.database:
                on_server(given.database, f"DROP DATABASE {DATABASE} WITH (FORCE)")
            shutil.rmtree(folder, ignore_errors=True)


def on_server(url: str, command: str) -> list[tuple]:
    """Carry out ``command`` in the server of ``url``, outside of transactions; its rows."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as server:
        cursor = server.execute(command)
        return cursor.fetchall() if cursor.description else []


def _database(url: str) -> str:
    if not on_server(url, f"SELECT 1 FROM pg_database WHERE datname = '{DATABASE}'"):  # noqa: S608 - a constant
        on_server(url, f"CREATE DATABASE {DATABASE}")
    return f"{url.rsplit('/', 1)[0]}/{DATABASE}"


def _filled(folder: Path, given: argparse.Namespace) -> World:
    import django

    from aisc.core.state import StateFolder

    StateFolder(folder).prepare()
    django.setup()
    from django.core.management import call_command

    from aisc.people.models import Person
    from bench.filling import fill

    call_command("migrate", verbosity=0)
    note = folder / "large.json"
    if note.exists():
        told = json.loads(note.read_text())
        people = {role: Person.objects.get(pk=pk) for role, pk in told["people"].items()}
        return World(people, told["urls"])
    began, cpu = time.perf_counter(), time.process_time()
    world = fill(projects=given.projects, applications=given.applications, jobs=given.jobs, audit=given.audit)
    settle()
    took = {"fill_s": round(time.perf_counter() - began), "fill_cpu_s": round(time.process_time() - cpu)}
    print(json.dumps(took), file=sys.stderr)
    people = {role: person.pk for role, person in world.people.items()}
    note.write_text(json.dumps({"people": people, "urls": world.urls, **took}))
    return world


def settle() -> None:
    """What a PostgreSQL does by itself in time: statistics, and which pages are wholly visible. SQLite does nothing."""
    from django.db import connection

    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")


def main() -> None:
    with centre(arguments(__doc__).parse_args()) as world:
        print(json.dumps(world.urls))


if __name__ == "__main__":
    main()
