"""Cold and warm start, memory at rest, and the time from a submission to the start of the job.

python -m bench.start            warm start, memory, submit-to-start
python -m bench.start --cold     also a fresh clone with a new environment, as `make run` makes it
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from aisc.client import Client

ROOT = Path(__file__).resolve().parent.parent
PASSWORD = "demonstration"  # noqa: S105 - the demonstration's public password


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(command: list[str], folder: Path, state: Path) -> tuple[subprocess.Popen, str, float]:
    """Start a centre and wait for its last line: the process, its address, the seconds it took."""
    environment = os.environ | {"AISC_STATE": str(state), "AISC_PORT": str(free_port())}
    began = time.monotonic()
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    while line := process.stdout.readline():
        if line.startswith("AISC is ready at "):
            return process, line.split()[-1], time.monotonic() - began
    raise SystemExit(f"{command} did not start")


def stop(process: subprocess.Popen) -> None:
    """As Ctrl-C in a terminal does: the whole group is interrupted, `make` too."""
    os.killpg(process.pid, signal.SIGINT)
    process.wait(30)


def memory_mib(process: subprocess.Popen) -> dict[str, int]:
    """Proportional set size of the supervisor and of what it started, in MiB."""
    found = {}
    root = psutil.Process(process.pid)
    for each in [root, *root.children(recursive=True)]:
        words = each.cmdline()
        name = words[words.index("aisc") + 1] if "aisc" in words else words[-1]
        found[name] = found.get(name, 0) + each.memory_full_info().pss // 1_048_576
    return found


def submit_to_start_ms(url: str, jobs: int) -> list[int]:
    """Milliseconds from the moment before the request to the start of the command, one job after the other."""
    token = Client(url).tokens.issue(email="researcher@example.org", password=PASSWORD, name="bench")
    client = Client(url, token.secret)
    budget = next(iter(client.budgets.list()))
    waits = []
    for number in range(jobs):
        before = time.time_ns() // 1_000_000
        job = client.jobs.submit(
            project=budget.project,
            budget=budget,
            name=f"bench {number}",
            command=["true"],
            accelerator="cpu",
            accelerator_count=1,
            time_limit="1m",
        )
        client.jobs.wait(job)
        run = next(iter(client.jobs.runs(job)))
        waits.append(int(run.started_at.timestamp() * 1000) - before)
    return waits


def size_mb(folder: Path) -> int:
    return sum(file.lstat().st_size for file in folder.rglob("*") if file.is_file()) // 1_000_000


def cold(scratch: Path) -> None:
    clone = scratch / "a fresh clone"
    subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
    process, _url, seconds = start(["make", "run"], clone, scratch / "cold state")
    print(f"cold `make run`, new environment: {seconds:.1f} s; installed {size_mb(clone / '.venv')} MB")
    stop(process)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cold", action="store_true")
    parser.add_argument("--jobs", type=int, default=20)
    arguments = parser.parse_args()
    command = [sys.executable, "-m", "aisc", "up", "--demo"]
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        if arguments.cold:
            cold(scratch)
        state = scratch / "state"
        process, _url, first = start(command, ROOT, state)
        stop(process)
        warm = []
        for _ in range(5):
            process, url, seconds = start(command, ROOT, state)
            warm.append(seconds)
            if len(warm) < 5:
                stop(process)
        print(f"first start with an empty state folder: {first:.1f} s")
        print(f"warm start, 5 times: {min(warm):.1f} to {max(warm):.1f} s, median {statistics.median(warm):.1f} s")
        waits = submit_to_start_ms(url, arguments.jobs)
        print(
            f"submit to start, {len(waits)} jobs: median {statistics.median(waits)} ms, {min(waits)} to {max(waits)} ms"
        )
        # A minute without requests: what was cached for the first ones is what stays.
        found = memory_mib(process)
        print(f"memory (PSS): {sum(found.values())} MiB: {found}")
        stop(process)


if __name__ == "__main__":
    main()
