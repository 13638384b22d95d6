"""Real processes on a real database: workers killed with SIGKILL, and sixty-four submissions at the same moment."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("killable.py")


@pytest.fixture
def centre(tmp_path):
    """``centre(command, …)`` runs the small centre's program on its own state folder and database."""
    environment = os.environ | {"AISC_STATE": str(tmp_path), "RELEASED": "100000000"}
    dropped = None
    if url := os.environ.get("AISC_DATABASE_URL"):
        import psycopg

        name = f"aisc_kill_{uuid.uuid4().hex[:8]}"
        with psycopg.connect(url, autocommit=True) as database:
            database.execute(f"CREATE DATABASE {name}")
        dropped = (url, name)
        environment["AISC_DATABASE_URL"] = url.rpartition("/")[0] + f"/{name}"
    from aisc.core.state import StateFolder

    StateFolder(tmp_path).prepare()

    class Centre:
        def run(self, *words, **variables):
            done = subprocess.run(
                [sys.executable, str(PROGRAM), *map(str, words)],
                env=environment | variables,
                capture_output=True,
                text=True,
                timeout=240,
            )
            assert done.returncode == 0, done.stderr[-3000:]
            return json.loads(done.stdout) if done.stdout.startswith("{") else done.stdout

        def worker(self):
            process = subprocess.Popen(
                [sys.executable, str(PROGRAM), "work"],
                env=environment | {"AISC_LOG_LEVEL": "ERROR"},
                stdout=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
            assert process.stdout.readline() == "working\n"
            return process

    yield Centre()
    if dropped:
        import psycopg

        with psycopg.connect(dropped[0], autocommit=True) as database:
            database.execute(f"DROP DATABASE {dropped[1]} WITH (FORCE)")


def test_a_worker_that_is_killed_again_and_again_loses_and_doubles_nothing(centre):
    centre.run("seed")
    chance = random.Random(20260615)
    submitting = [("submit", 8), ("submit", 8), ("submit", 8)]
    for words in submitting:
        for _ in range(3):
            worker = centre.worker()
            if words:
                centre.run(*words)
                words = None
            time.sleep(chance.uniform(0.1, 1.2))
            os.kill(worker.pid, signal.SIGKILL)
            worker.wait()
            worker.stdout.close()
    worker = centre.worker()
    deadline = time.monotonic() + 90
    while True:
        found = centre.run("report")
        if set(found["run_states"]) <= {"completed"} or time.monotonic() > deadline:
            break
        time.sleep(0.5)
    worker.kill()
    worker.wait()
    worker.stdout.close()
    # 24 jobs; the first, fourth and seventh of every eight are arrays of three.
    assert found["run_states"] == {"completed": 42}
    assert found["job_states"] == {"completed": 24}
    assert found["ran"] == {"x": 42}  # each exactly once
    assert found["usage"] == found["engine"]
    assert (found["charges"], found["open_holds"], found["held"]) == (42, 0, 0)
    assert found["amount"] == found["charged"] == sum(found["usage"].values())
    assert (found["cursor"], found["notices"]) == ("42", 24)
    assert found["proof"] == {"holds": True, "findings": []}


def test_sixty_four_submissions_at_once_never_overspend(centre):
    centre.run("seed", RELEASED="50000")
    found = centre.run("flood", 64, 4_000)
    assert found == {
        "outcomes": {"accepted": 12, "refused": 52},
        "released": 50_000,
        "held": 48_000,
        "holds": 48_000,
        "jobs": 12,
        "runs": 12,
    }
