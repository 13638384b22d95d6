"""A disk that is really full and a database that is really away: said clearly, and nothing is lost when they return."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from postgres import private_server
from whole_centre import COMMAND, Centre, free_port, start_centre, submit, until

from aisc.client.errors import CentreError

MEGABYTE = 1_048_576


def small_disk(folder: Path, megabytes: int) -> list[str]:
    """A command prefix: what follows sees a file system of this size in ``folder``, and nobody else does."""
    folder.mkdir(parents=True)
    mine = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]
    script = 'mount -t tmpfs -o "size=$1m" aisc "$2" && shift 2 && exec "$@"'
    prefix = [*mine, "sh", "-c", script, "sh", str(megabytes), str(folder)]
    tried = subprocess.run([*prefix, "true"], capture_output=True, text=True)
    if tried.returncode:
        pytest.skip(f"this machine lets nobody mount a small disk: {tried.stderr.strip()}")
    return prefix


def fill(ballast: Path) -> None:
    """Write to ``ballast`` until nothing more goes onto its disk."""
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(b"\0" * MEGABYTE):
            pass


def inside(centre: Centre, *arguments: str) -> subprocess.CompletedProcess:
    """``aisc …`` where the centre's own disk is seen."""
    enter = ["nsenter", "--mount", "--target", str(centre.process.pid)]
    if os.geteuid():
        enter.insert(1, "--user")
    command = [*enter, *COMMAND[:3], *arguments]
    return subprocess.run(command, env=centre.environment, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("filled", ["quite", "nearly"])
def test_a_full_disk_at_the_start_is_said_and_nothing_is_begun(tmp_path, filled):
    state, megabytes = tmp_path / "disk" / "state", 16
    prefix = small_disk(state.parent, megabytes)
    taken = megabytes if filled == "quite" else megabytes - 1
    script = (
        'mkdir "$0" && head -c "$1" /dev/zero >"$0/../ballast" 2>/dev/null; shift; "$@"; code=$?; ls "$0"; exit $code'
    )
    environment = os.environ | {"AISC_STATE": str(state), "AISC_PORT": str(free_port())}
    done = subprocess.run(
        [*prefix, "sh", "-c", script, str(state), str(taken * MEGABYTE), *COMMAND],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 6, done.stderr
    assert str(state) in done.stderr
    assert "ree some space" in done.stderr
    assert "Traceback" not in done.stderr
    assert "aisc.sqlite3" not in done.stdout


def test_a_disk_that_fills_while_the_centre_works(tmp_path):
    """Writes are refused with a way on, reading goes on; with space again all works and every cent agrees."""
    state = tmp_path / "disk" / "state"
    prefix = small_disk(state.parent, 800)  # the engine keeps a reserve of 512 MB
    centre = start_centre(state, prefix)
    try:
        seen = Path(f"/proc/{centre.process.pid}/root{state}")
        with centre.client("researcher") as client:
            budget = next(iter(client.budgets.list()))
            before = submit(client, budget, "before", "sh", "-c", "echo before")
            assert client.jobs.wait(before).state == "completed"
            ballast = seen / "ballast"
            fill(ballast)
            assert shutil.disk_usage(seen).free == 0

            def refused() -> CentreError | None:
                try:
                    submit(client, budget, "while it is full", "sh", "-c", "echo full")
                except CentreError as error:
                    return error
                return None

            # What SQLite had allocated before may still take a few rows.
            error = until(refused)
            assert "Traceback" not in str(error)
            assert client.jobs.get(before).state == "completed"
            ballast.unlink()
            until(lambda: httpx.get(f"{centre.url}/readyz").status_code == 200)
            after = submit(client, budget, "after", "sh", "-c", "echo after")
            assert client.jobs.wait(after).state == "completed"
            for job in client.jobs.list():
                assert client.jobs.wait(job.uid).state in {"completed", "failed", "cancelled"}, job
            assert client.budgets.get(budget).held_cents == 0
        assert json.loads(inside(centre, "ledger", "prove", "--json").stdout)["ok"] is True
    finally:
        centre.stop()


@pytest.mark.postgres
def test_a_database_that_is_away_and_comes_back(tmp_path):
    """Pages and API say so, the running job goes on, and what ended meanwhile is charged once, to the cent."""
    with private_server() as database:
        centre = start_centre(tmp_path / "state", AISC_DATABASE_URL=database.url)
        try:
            with centre.client("researcher") as client:
                budget = next(iter(client.budgets.list()))
                job = submit(client, budget, "through it", "sh", "-c", "for i in 1 2 3 4; do echo $i; sleep 1; done")
                until(lambda: client.jobs.get(job).state == "running")
                database.stop()
                ready = httpx.get(f"{centre.url}/readyz")
                assert (ready.status_code, ready.json()["parts"]["database"]["ok"]) == (503, False)
                assert httpx.get(f"{centre.url}/healthz").status_code == 200
                page = httpx.get(f"{centre.url}/")
                assert (page.status_code, page.headers["Retry-After"]) == (503, "30")
                unknown = {"Authorization": "Bearer aisc_" + "x" * 43}
                answer = httpx.get(f"{centre.url}/api/v1/whoami", headers=unknown)
                assert (answer.status_code, answer.headers["Content-Type"]) == (503, "application/problem+json")
                database.start()
                until(lambda: httpx.get(f"{centre.url}/readyz").status_code == 200)
                assert client.jobs.wait(job).state == "completed"
                assert client.budgets.get(budget).held_cents == 0
            assert json.loads(centre.aisc("ledger", "prove", "--json").stdout)["ok"] is True
        finally:
            centre.stop()
