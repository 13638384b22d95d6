"""What a run may not exceed, and that it does not."""

from __future__ import annotations

import os
import subprocess
import sys

import psutil
import pytest

from aisc.jobs.engines.base import Reason, State


def test_time_limit_is_what_is_charged_and_the_grace_is_not(bench):
    status = bench.run(sh="trap '' TERM; echo stubborn; while :; do sleep 0.05; done", time_limit_ms=500)
    assert (status.state, status.reason) == (State.TIMEOUT, Reason.TIME_LIMIT)
    assert status.elapsed_ms == bench.usage().elapsed_ms == 500
    assert status.ended_at - status.started_at == 800  # limit and grace, however slow the machine
    assert bench.processes() == []


def test_a_run_that_obeys_at_its_time_limit_still_timed_out(bench):
    status = bench.run(sh="trap 'exit 0' TERM; while :; do sleep 0.02; done", time_limit_ms=300)
    assert (status.state, status.exit_code, status.elapsed_ms) == (State.TIMEOUT, 0, 300)


def test_elapsed_of_a_running_run_never_passes_its_limit(bench):
    ref = bench.start(sh="trap '' TERM; touch run.here; while :; do sleep 0.05; done", time_limit_ms=200)
    seen = []

    def ended():
        seen.append(bench.status(ref))
        return seen[-1].state is State.TIMEOUT

    bench.drive(ended)
    assert max(status.elapsed_ms for status in seen) == 200


def test_memory(bench):
    hog = "x = []\nwhile True: x.append(bytearray(b'x') * (8 << 20))"
    status = bench.run(python=hog, memory_mb=200)
    assert (status.state, status.reason) == (State.OUT_OF_MEMORY, Reason.MEMORY_LIMIT)
    assert bench.usage().max_rss_mb > 200


def test_memory_shared_between_processes_counts_once(bench):
    family = """
import os, time
block = bytearray(b"x") * (100 << 20)
children = []
for _ in range(4):
    if (child := os.fork()) == 0:
        time.sleep(0.8)
        os._exit(0)
    children.append(child)
for child in children: os.waitpid(child, 0)
"""
    assert bench.run(python=family, memory_mb=200).state is State.COMPLETED
    assert 100 < bench.usage().max_rss_mb < 200


def test_too_many_processes(bench):
    status = bench.run(sh="for i in 1 2 3 4 5 6 7 8 9; do sleep 60 & done; wait", max_processes=8)
    assert (status.state, status.reason) == (State.OVER_LIMIT, Reason.PROCESS_LIMIT)
    assert bench.processes() == []


FORK_BOMB = """
import os, sys
end = int(sys.argv[1])
while os.getpid() and end:
    try: os.fork()
    except OSError: pass
    if sum(1 for n in os.listdir('/proc') if n.isdigit()) > end: break  # mercy on the machine of the test
import time; time.sleep(600)
"""

RABBIT = """
import os, time
os.setsid()
end = time.monotonic() + 60
while time.monotonic() < end:  # always a new process, never an old one
    if os.fork(): os._exit(0)
    os.setsid()
"""


def test_a_fork_bomb_is_stopped_and_wholly_removed(bench):
    status = bench.run("run", sys.executable, "-c", FORK_BOMB, "1500", max_processes=64, time_limit_ms=15_000)
    assert (status.state, status.reason) == (State.OVER_LIMIT, Reason.PROCESS_LIMIT)
    assert bench.processes() == []


def test_a_process_that_flees_by_forking_is_caught(bench):
    start = f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {RABBIT!r}]); time.sleep(0.3)"
    bench.run(python=start)
    assert bench.usage().state is State.COMPLETED
    assert bench.processes() == []


def test_a_file_that_grows_beyond_its_limit(bench):
    status = bench.run(sh="head -c 2000000 /dev/zero > big", max_file_mb=1)
    assert (status.state, status.reason) == (State.OVER_LIMIT, Reason.OUTPUT_LIMIT)
    assert (bench.work / "big").stat().st_size == 1 << 20


def test_a_log_that_grows_beyond_its_limit(bench):
    program = "import time\nwhile True:\n try: print('x' * 1000, flush=True)\n except OSError: time.sleep(1)"
    status = bench.run(python=program, max_file_mb=1)
    assert (status.state, status.reason) == (State.OVER_LIMIT, Reason.OUTPUT_LIMIT)
    assert (bench.folder() / "output.log").stat().st_size == 1 << 20


def test_with_too_little_disk_left_nothing_starts_and_what_runs_ends(bench):
    ref = bench.start(sh="touch run.here; sleep 600")
    launch = bench.folder(ref) / "launch.json"
    bench.open(disk_reserve_mb=1 << 40)
    bench.submit("later")
    bench.engine.tick()
    later = bench.status("later")
    assert (later.state, later.reason, later.position) == (State.QUEUED, Reason.DISK_FULL, 1)
    assert "make space" in bench.engine.health().detail
    assert launch.exists()


@pytest.fixture
def small_disk(tmp_path):
    path = tmp_path / "disk"
    path.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(path)], capture_output=True)
    if mounted.returncode:
        pytest.skip("needs the right to mount a small disk")
    yield path
    subprocess.run(["umount", "-l", str(path)], check=True)


def test_a_job_that_fills_the_disk(bench, small_disk):
    bench.open(disk_reserve_mb=1)
    where = str(small_disk)
    status = bench.run(sh="head -c 1500000 /dev/zero > big; sleep 600", workdir=where, workspace=where)
    assert (status.state, status.reason) == (State.OVER_LIMIT, Reason.DISK_FULL)


def test_the_end_of_a_run_is_recorded_on_a_disk_without_a_byte_left(bench, small_disk):
    (small_disk / "engine").mkdir()
    (small_disk / "work").mkdir()
    bench.folder().parent.rmdir()
    bench.folder().parent.symlink_to(small_disk / "engine")  # the run folders, not the queue
    bench.open(disk_reserve_mb=0)
    where = str(small_disk / "work")
    bench.run(sh="cat /dev/zero > full; exit 4", time_limit_ms=20_000, workdir=where, workspace=where)
    assert (bench.usage().state, bench.usage().exit_code) == (State.FAILED, 4)
    assert os.statvfs(small_disk).f_bavail == 0


def test_cpus_are_pinned_to_those_allocated(bench):
    real = sorted(os.sched_getaffinity(0))
    bench.open(cpus=None)
    refs = [f"run-{cpu}" for cpu in real]
    show = "import os; print(sorted(os.sched_getaffinity(0)), flush=True)\nwhile not os.path.exists('go'): pass"
    bench.engine.submit([bench.spec(ref, python=show) for ref in refs])
    bench.drive(lambda: all(bench.log(ref) for ref in refs), "all to run at once")
    (bench.work / "go").touch()
    bench.finish(*refs)
    assert sorted(bench.log(ref).strip() for ref in refs) == sorted(f"[{cpu}]" for cpu in real)


def test_jobs_are_killed_by_the_kernel_before_the_portal(bench):
    ref = bench.start(sh="touch run.here; sleep 60")
    (command,) = (p for p in bench.processes() if p.name() == "sh")
    with open(f"/proc/{command.pid}/oom_score_adj") as job, open("/proc/self/oom_score_adj") as portal:
        assert int(job.read()) == 700 > int(portal.read())
    assert psutil.Process(bench.inner_and_outer(ref)[0]).nice() == psutil.Process().nice()
