"""Starting, stopping, being killed: what goes wrong is said, what ran is found again, nothing is left over."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import psutil
import pytest
from whole_centre import COMMAND, free_port, start_centre, submit, until


def up(state: Path, port: int, **options) -> subprocess.CompletedProcess:
    """``aisc up`` where it cannot start; it must end by itself."""
    environment = os.environ | {"AISC_STATE": str(state), "AISC_PORT": str(port)}
    return subprocess.run(COMMAND, env=environment, capture_output=True, text=True, timeout=60, **options)


@contextmanager
def running(state: Path):
    centre = start_centre(state)
    try:
        yield centre
    finally:
        if centre.process.poll() is None:
            centre.stop()


def processes_of(state: Path) -> list[psutil.Process]:
    """Every process that carries this state folder in its environment."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("AISC_STATE") == str(state):
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def test_a_taken_port_is_named_with_a_way_out(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = up(tmp_path / "state", port)
    assert done.returncode == 6
    assert f"Port {port}" in done.stderr
    assert f"AISC_PORT={port + 1}" in done.stderr


def test_a_state_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("x")
    done = up(tmp_path / "file" / "state", free_port())
    assert done.returncode == 6
    assert "AISC_STATE=/path" in done.stderr


def test_what_is_no_database_is_named_and_left_as_it_is(tmp_path):
    state = tmp_path / "state"
    state.mkdir()
    (state / "aisc.sqlite3").write_bytes(b"half of a copy" * 1000)
    done = up(state, free_port())
    assert done.returncode == 6
    assert "aisc restore" in done.stderr
    assert (state / "aisc.sqlite3").read_bytes() == b"half of a copy" * 1000


def test_an_empty_file_is_a_start_that_was_interrupted(tmp_path):
    state = tmp_path / "state"
    state.mkdir()
    (state / "aisc.sqlite3").touch()
    with running(state) as centre:
        assert httpx.get(f"{centre.url}/readyz").status_code == 200


def test_a_database_of_a_newer_version_is_refused(tmp_path):
    state = tmp_path / "state"
    environment = os.environ | {"AISC_STATE": str(state)}
    subprocess.run([sys.executable, "-m", "aisc", "init"], env=environment, check=True, capture_output=True)
    with closing(sqlite3.connect(state / "aisc.sqlite3")) as database:
        database.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('ledger', '9999_later', '2030-01-01')"
        )
        database.commit()
    done = up(state, free_port())
    assert done.returncode == 6
    assert "newer version" in done.stderr
    assert "ledger.9999_later" in done.stderr


def test_a_second_start_in_the_same_folder_is_refused(centre):
    done = up(centre.state, free_port())
    assert done.returncode == 6
    assert "Another “aisc up” uses" in done.stderr


def test_ctrl_c_leaves_no_process_and_no_port(tmp_path):
    with running(tmp_path / "state") as centre:
        assert len(processes_of(centre.state)) >= 3
        centre.stop()
    assert processes_of(centre.state) == []
    with pytest.raises(httpx.ConnectError):
        httpx.get(centre.url)


def test_killing_everything_loses_no_job_no_log_and_no_second(tmp_path):
    """Web, worker and supervisor are killed while jobs run and wait; all end once and are charged once: proven."""
    state = tmp_path / "state"

    def named(word: str) -> list[psutil.Process]:
        return [each for each in processes_of(state) if word in each.cmdline() and "aisc" in each.cmdline()]

    with running(state) as centre, centre.client("researcher") as client:
        budget = next(iter(client.budgets.list()))
        counting = "i=0; while [ $i -lt 8 ]; do i=$((i+1)); echo line $i; sleep 1; done"
        jobs = [submit(client, budget, f"count {number}", "sh", "-c", counting) for number in range(4)]
        until(lambda: client.jobs.get(jobs[0]).state == "running")
        for word in ("worker", "web"):
            (victim,) = named(word)
            victim.kill()
            until(lambda word=word, victim=victim: [each for each in named(word) if each.pid != victim.pid])
        until(lambda: _answers(centre.url))
        centre.process.send_signal(signal.SIGKILL)
        centre.process.wait()
        centre.process.stdout.close()
        # What it started ends with it; the jobs go on.
        until(lambda: not named("web") and not named("worker"))
    with running(state) as centre, centre.client("researcher") as client:
        for job in jobs:
            assert client.jobs.wait(job).state == "completed"
            written = "".join(piece.text for piece in client.jobs.pieces(job))
            assert written.split("\n") == [*(f"line {number}" for number in range(1, 9)), ""]
            (run,) = client.jobs.runs(job)
            assert run.elapsed_ms >= 8_000
        assert json.loads(centre.aisc("ledger", "prove", "--json").stdout)["ok"] is True
        assert client.budgets.get(budget).held_cents == 0


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz").status_code == 200
    except httpx.TransportError:
        return False


def test_backup_while_running_and_restore_with_a_proof(centre, tmp_path):
    backup = tmp_path / "centre.tar.gz"
    centre.aisc("backup", str(backup))
    environment = centre.environment | {"AISC_STATE": str(tmp_path / "again")}
    done = centre.aisc("restore", str(backup), "--json", env=environment)
    assert json.loads(done.stdout)["proof"]["ok"] is True
    again = centre.aisc("restore", str(backup), check=False, env=environment)
    assert again.returncode == 3
    assert "not empty" in again.stderr


def test_check_says_what_is_right_and_what_is_wrong(centre, tmp_path):
    findings = json.loads(centre.aisc("check", "--json").stdout)
    assert {name for name, found in findings.items() if not found["ok"]} == set()
    environment = os.environ | {"AISC_STATE": str(tmp_path / "new")}
    centre.aisc("init", env=environment)
    done = centre.aisc("check", check=False, env=environment)
    assert done.returncode == 1
    assert "aisc worker" in done.stdout
    assert "AISC_EMAIL_URL" in done.stdout


def test_the_first_role_is_given_on_the_machine(centre):
    done = centre.aisc("grant", "operator", "newcomer@example.org")
    assert "operator" in done.stdout
    assert centre.aisc("grant", "operator", "nobody@example.org", check=False).returncode == 3
    assert centre.aisc("grant", "king", "newcomer@example.org", check=False).returncode == 3
