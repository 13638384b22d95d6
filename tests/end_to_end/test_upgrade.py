"""A centre of the previous version becomes one of this version, and nothing of it is lost.

``tests/data/centre-0.1.0*.tar.gz`` are backups that version 0.1.0 made of a demonstration centre in which three more
jobs had run and statements had been issued, on SQLite and on PostgreSQL.
"""

from __future__ import annotations

import json
import os
import subprocess
import tarfile
from pathlib import Path

import psycopg
import pytest
from postgres import private_server
from whole_centre import COMMAND, Centre, start_centre, submit

DATA = Path(__file__).parents[1] / "data"
# What may not change, whatever else does: money, its proof, documents, who did what.
KEPT = {
    "ledger_budget": "uid, name, released, charged, charged_scheme, held, entry_count, head_hash",
    "ledger_entry": "seq, kind, amount, hash",
    "ledger_posting": "id",
    "ledger_usagerecord": "source, source_id, quantity, started_ms, ended_ms",
    "ledger_statement": "number, code, list_total, payer_total",
    "scheme_award": "number",
    "scheme_application": "uid, state, number",
    "jobs_job": "uid, name, state",
    "jobs_run": "ref, state, exit_code, elapsed_ms",
    "people_person": "uid, email, name",
    "people_apitoken": "digest",
    "core_auditevent": "action, actor, object_id, reason",
}


def kept(execute) -> dict[str, list[tuple]]:
    """The rows that must stay, in the order of their numbers. ``execute(sql)`` answers rows."""
    return {
        table: [tuple(row) for row in execute(f"SELECT {what} FROM {table} ORDER BY id")]
        for table, what in KEPT.items()
    }


def sqlite_rows(file: Path) -> dict[str, list[tuple]]:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(file)) as database:
        return kept(lambda sql: database.execute(sql).fetchall())


def postgres_rows(url: str) -> dict[str, list[tuple]]:
    with psycopg.connect(url) as database:
        return kept(lambda sql: database.execute(sql).fetchall())


def begins_with(now: dict[str, list[tuple]], then: dict[str, list[tuple]]) -> bool:
    """Every row of then is there, unchanged and in its place; rows may have been added."""
    return all(now[table][: len(rows)] == rows and rows for table, rows in then.items())


def works(centre: Centre) -> None:
    """People sign in with their old passwords, see their old work, and run something new."""
    with centre.client("researcher") as client:
        budget = next(iter(client.budgets.list()))
        assert {job.name for job in client.jobs.list()} >= {"job 0 訓練", "job 1 訓練", "job 2 訓練"}
        job = client.jobs.wait(submit(client, budget, "after the upgrade", "sh", "-c", "sleep 2; cat out.txt"))
        assert job.state == "completed"
        assert "hello" in "".join(piece.text for piece in client.jobs.pieces(job))
        assert client.budgets.get(budget).entries == budget.entries + 1  # two seconds: less than a cent
    with centre.client("finance") as client:
        for statement in client.statements.list():
            assert client.statements.pdf(statement.number).startswith(b"%PDF")
    assert json.loads(centre.aisc("ledger", "prove", "--json").stdout)["ok"] is True


def test_in_place_on_sqlite(tmp_path):
    """``aisc up`` in the old state folder puts a copy aside, upgrades, and goes on."""
    state = tmp_path / "state"
    with tarfile.open(DATA / "centre-0.1.0.tar.gz") as tar:
        tar.extractall(state, filter="data")
    (state / "manifest.json").unlink()
    (state / "demonstration").touch()
    before = sqlite_rows(state / "aisc.sqlite3")
    centre = start_centre(state)
    try:
        assert begins_with(sqlite_rows(state / "aisc.sqlite3"), before)
        assert sqlite_rows(next(state.glob("aisc.before-upgrade-*.sqlite3"))) == before
        works(centre)
    finally:
        centre.stop()


@pytest.mark.postgres
def test_by_restoring_on_postgresql(tmp_path):
    """``aisc restore`` brings back the backup of the older version, upgrades it and proves the ledger."""
    state = tmp_path / "state"
    with private_server() as database:
        environment = os.environ | {"AISC_STATE": str(state), "AISC_DATABASE_URL": database.url}
        command = [*COMMAND[:3], "restore", str(DATA / "centre-0.1.0-postgresql.tar.gz"), "--json"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["proof"]["ok"] is True
        before = _dumped(tmp_path, database.port)
        assert begins_with(postgres_rows(database.url), before)
        (state / "demonstration").touch()
        centre = start_centre(state, AISC_DATABASE_URL=database.url)
        try:
            works(centre)
        finally:
            centre.stop()


def _dumped(folder: Path, port: int) -> dict[str, list[tuple]]:
    """What the backup itself holds, loaded into a database of its own beside."""
    with tarfile.open(DATA / "centre-0.1.0-postgresql.tar.gz") as tar:
        tar.extract("postgresql.dump", folder, filter="data")
    there = ["-h", "127.0.0.1", "-p", str(port), "-U", "aisc"]
    subprocess.run(["createdb", *there, "as_it_was"], check=True)
    load = ["pg_restore", *there, "--no-owner", "--exit-on-error", "-d", "as_it_was", str(folder / "postgresql.dump")]
    subprocess.run(load, check=True)
    return postgres_rows(f"postgresql://aisc@127.0.0.1:{port}/as_it_was")
