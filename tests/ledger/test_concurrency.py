"""Many clients at once, in real processes on real database files and servers: nothing overspent, nothing twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from postgres import ROOT, child_environment, python

SQLITE = "sqlite"


@pytest.fixture(params=[SQLITE, pytest.param("postgresql", marks=pytest.mark.postgres)])
def environment(request, tmp_path) -> dict[str, str]:
    """The environment of child processes that use a SQLite file, or a PostgreSQL server."""
    if request.param == SQLITE:
        environment = child_environment("")
        del environment["AISC_DATABASE_URL"]
    else:
        environment = child_environment(request.getfixturevalue("postgres_url"))
    return {**environment, "AISC_STATE": str(tmp_path / "state")}


def test_sixty_four_clients_never_overspend(environment):
    done = subprocess.run(
        python("-m", "bench.ledger", "--holds", "--clients", "64", "--seconds", "3", "--released", "60000"),
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=400,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    figures = json.loads(done.stdout.splitlines()[-1])
    assert (figures["clients"], figures["overspent_cents"], figures["lost_updates_cents"]) == (64, 0, 0)
    assert figures["holds"] > 0
    assert figures["refused"] > 0  # the budget was empty at times, so the limit was reached


CHILD = Path(__file__).with_name("crashing.py")


def test_killed_in_the_middle_and_repeated_gives_exactly_once(environment):
    """kill -9 between and within batches, three times; then everything once more from the beginning."""
    run = python(str(CHILD))
    for batches in (1, 3, 5):
        process = subprocess.Popen(run, env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for line in process.stdout:
            if line.startswith(f"batch {batches}"):
                break
        # Somewhere within the next batch.
        time.sleep(0.03 * batches)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        assert process.returncode == -signal.SIGKILL
    done = subprocess.run(run, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "records": 20_000,
        "charges": 20_000,
        "quantity": sum(range(20_000)),
        "open_holds": 0,
        "differences": 0,
    }
