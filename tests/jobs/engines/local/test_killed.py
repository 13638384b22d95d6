"""Killing any process of AISC at any moment: nothing is lost, nothing runs twice, every millisecond is metered."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest

from aisc.jobs.engines import local
from aisc.jobs.engines.base import Reason, State
from aisc.jobs.engines.local.keeper import facts

PACKAGE = Path(local.__file__).parent
JOURNAL = 'echo "$AISC_RUN" >> ../journal; '
SLEEPER = JOURNAL + "touch run.here; i=0; while [ ! -e go ]; do sleep 0.02; done; echo done; exit 5"

WORKER = """
import os, signal, sys
from aisc.jobs.engines.local import LocalEngine, runs, scheduler, store
engine = LocalEngine(sys.argv[1], cpus=4, memory_mb=4096, gpus={{}}, grace_ms=300, disk_reserve_mb=1)
def die(*_, **__): os.kill(os.getpid(), signal.SIGKILL)
def after(function): return lambda *a, **k: (function(*a, **k), die())
{fault}
while True:
    engine.tick()
    engine.wait(0.02)
"""


def journal(bench):
    path = bench.area / "journal"
    return path.read_text().split() if path.exists() else []


def start_worker(bench, fault=""):
    program = WORKER.format(fault=fault)
    return subprocess.Popen([sys.executable, "-c", program, str(bench.root / "engine")])


@pytest.mark.parametrize(
    "fault",
    [
        "store.Store.allocate = die",
        "store.Store.allocate = after(store.Store.allocate)",
        "runs.Runs.prepare = die",
        "runs.Runs.prepare = after(runs.Runs.prepare)",
        "runs.Runs._start_keeper = after(runs.Runs._start_keeper)",
        "runs.Runs.start_keepers = after(runs.Runs.start_keepers)",
        "store.Store.attempted = after(store.Store.attempted)",
        "store.Store.end = die",
        "store.Store._end = staticmethod(lambda db, ends, f=store.Store._end: (f(db, ends), ends and die()))",
        "store.Store.end = after(store.Store.end)",
    ],
)
def test_a_worker_killed_at_any_step_of_a_turn(bench, fault):
    bench.submit(sh=JOURNAL + "echo whole; exit 5")
    worker = start_worker(bench, fault)
    assert worker.wait(20) == -9
    (status,) = bench.finish("run")
    assert (status.state, status.exit_code, journal(bench), bench.log()) == (State.FAILED, 5, ["run"], "whole\n")
    assert len(bench.engine.usage_since("")[0]) == 1


@pytest.mark.parametrize("victim", ["inner", "outer"])
def test_either_keeper_may_be_killed(bench, victim):
    ref = bench.start(sh=SLEEPER)
    inner, outer = bench.inner_and_outer(ref)
    bench.kill(inner if victim == "inner" else outer)
    bench.poll(lambda: len(bench.keepers(ref)) == 1, "one keeper")
    (bench.work / "go").touch()
    (status,) = bench.finish(ref)
    assert (status.state, status.reason, status.exit_code) == (State.FAILED, Reason.NON_ZERO_EXIT, 5)
    assert (bench.log(), journal(bench)) == ("done\n", ["run"])


def test_the_keeper_left_over_still_ends_daemons_and_limits(bench):
    daemon = "(setsid sleep 600 &) ; "
    ref = bench.start(sh=daemon + "trap '' TERM; touch run.here; while :; do sleep 0.05; done", time_limit_ms=1500)
    bench.kill(bench.inner_and_outer(ref)[0])
    (status,) = bench.finish(ref)
    assert (status.state, status.elapsed_ms) == (State.TIMEOUT, 1500)
    assert bench.processes() == []


def test_keepers_end_with_the_command_where_the_folder_was_removed(bench):
    ref = bench.start(sh=SLEEPER)
    pids = bench.inner_and_outer(ref)
    folder = bench.root / "engine" / "runs" / ref
    while folder.exists():  # whoever writes there may make a file between the last removed and the folder itself
        shutil.rmtree(folder, ignore_errors=True)
    (bench.work / "go").touch()
    bench.poll(lambda: not any(psutil.pid_exists(pid) for pid in pids), "no keeper left")


def orphan(bench, ref):
    """Kills both keepers of a running run."""
    for pid in bench.inner_and_outer(ref):
        bench.kill(pid)
    bench.poll(lambda: not bench.keepers(ref), "no keeper")


def test_a_run_without_keepers_goes_on_and_is_adopted(bench):
    begin = time.monotonic()
    ref = bench.start(sh=SLEEPER)
    orphan(bench, ref)
    bench.drive(lambda: bench.keepers(ref), "an adopting keeper")
    assert bench.status(ref).state is State.RUNNING
    (bench.work / "go").touch()
    (status,) = bench.finish(ref)
    lived_ms = (time.monotonic() - begin) * 1000
    assert (status.state, status.reason, status.exit_code) == (State.FAILED, Reason.EXIT_STATUS_LOST, None)
    assert (bench.log(), journal(bench)) == ("done\n", ["run"])
    assert 0 < status.elapsed_ms <= lived_ms
    assert status.ended_at == status.started_at + status.elapsed_ms


def test_an_adopted_run_is_metered_to_its_end(bench):
    ref = bench.start(sh="touch run.here; sleep 1; echo $(date +%s%3N) > ended")
    orphan(bench, ref)
    (status,) = bench.finish(ref)
    ended = int((bench.work / "ended").read_text())
    assert abs(status.ended_at - ended) < 300
    assert status.elapsed_ms >= 1000


@pytest.mark.parametrize("how", ["cancel", "time limit", "memory"])
def test_an_adopted_run_is_still_limited_daemons_and_all(bench, how):
    program = "(setsid sleep 600 &); touch run.here; while [ ! -e go ]; do sleep 0.05; done; exec python -c "
    program += "'x = b\"x\" * (400 << 20); import time; time.sleep(600)'"
    ref = bench.start(sh=program, time_limit_ms=1500 if how == "time limit" else 60_000)
    orphan(bench, ref)
    bench.drive(lambda: bench.keepers(ref), "an adopting keeper")
    if how == "cancel":
        bench.engine.cancel([ref])
    if how == "memory":
        (bench.work / "go").touch()
    expected = {"cancel": State.CANCELLED, "time limit": State.TIMEOUT, "memory": State.OUT_OF_MEMORY}
    assert bench.finish(ref)[0].state is expected[how]
    assert bench.processes() == []


def test_an_adopting_keeper_may_be_killed_too(bench):
    ref = bench.start(sh=SLEEPER)
    orphan(bench, ref)
    for _ in range(2):
        (keeper,) = bench.drive(lambda: bench.keepers(ref), "an adopting keeper")
        bench.kill(keeper)
        bench.poll(lambda: not bench.keepers(ref))
    (bench.work / "go").touch()
    (status,) = bench.finish(ref)
    assert (status.reason, bench.log(), journal(bench)) == (Reason.EXIT_STATUS_LOST, "done\n", ["run"])


def test_an_end_that_nobody_saw_is_charged_up_to_the_last_heartbeat(bench):
    ref = bench.start(sh="(setsid sleep 600 &); " + SLEEPER)
    bench.poll(lambda: (bench.folder(ref) / "heartbeat.json").exists())
    orphan(bench, ref)
    (bench.work / "go").touch()
    bench.poll(lambda: names(bench.processes()) == ["sleep"], "only the daemon")
    (status,) = bench.finish(ref)
    assert (status.state, status.reason) == (State.FAILED, Reason.EXIT_STATUS_LOST)
    assert status.elapsed_ms < 5000
    assert bench.processes() == []


def names(processes):
    """What they are called; one that has just ended is left out."""
    found = []
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            found.append(process.name())
    return found


FAULTY_KEEPER = """
import os, signal, sys
sys.path.append({package!r})
from keeper import command, facts, main, procs, watch
folder = sys.argv[-1]
def once():
    try: os.close(os.open(folder + "/fault", os.O_CREAT | os.O_EXCL))
    except FileExistsError: return False
    return True
def one(*_):
    if once(): os.kill(os.getpid(), signal.SIGKILL)
def both(*_):  # the keepers are one process group
    if once():
        os.killpg(int(open(folder + "/group").read()), signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)
def before(function, fault): return lambda *a, **k: (fault(), function(*a, **k))[1]
def only(name, fault): return lambda f, n, *a, **k: (n == name and fault(), write(f, n, *a, **k))[1]
def mark():
    sid()
    open(folder + "/group", "w").write(str(os.getpgid(0)))
sid, write = os.setsid, facts.write
main.os.setsid = lambda: mark() if not os.path.exists(folder + "/group") else sid()
{fault}
main.main(folder)
"""


def faulty(bench, tmp_path, fault):
    program = tmp_path / "keeper.py"
    program.write_text(textwrap.dedent(FAULTY_KEEPER).format(package=str(PACKAGE), fault=fault))
    return bench.open(keeper=program)


@pytest.mark.parametrize(
    "fault",
    [
        "main._start = before(main._start, one)",
        "main._keep_inner = before(main._keep_inner, one)",
        "main._keep_inner = before(main._keep_inner, both)",
        "main.become = before(main.become, one)",
        "main.become = before(main.become, both)",
        "main._watch_child = before(main._watch_child, one)",
        "facts.write = only('start.json', one)",
        "facts.write = only('start.json', both)",
        "facts.write = only('heartbeat.json', one)",
        "watch.Watch._record = before(watch.Watch._record, one)",
        "facts.write_exit = before(facts.write_exit, one)",
        "watch.Watch._end = before(watch.Watch._end, one)",
    ],
)
def test_a_keeper_killed_at_any_step(bench, tmp_path, fault):
    faulty(bench, tmp_path, fault)
    status = bench.run(sh=JOURNAL + "sleep 0.2; echo whole; exit 5")
    assert (bench.folder() / "fault").exists()
    assert (status.state, status.exit_code, journal(bench), bench.log()) == (State.FAILED, 5, ["run"], "whole\n")


@pytest.mark.parametrize(
    "fault",
    ["watch.Watch._record = before(watch.Watch._record, both)", "watch.Watch._end = before(watch.Watch._end, both)"],
)
def test_both_keepers_killed_between_the_end_and_its_record(bench, tmp_path, fault):
    faulty(bench, tmp_path, fault)
    status = bench.run(sh=JOURNAL + "sleep 0.5; echo whole")
    assert (status.state, status.reason, status.exit_code) == (State.FAILED, Reason.EXIT_STATUS_LOST, None)
    assert (journal(bench), bench.log()) == (["run"], "whole\n")


@pytest.mark.parametrize("victims", ["one", "both"])
def test_a_keeper_killed_between_deciding_to_end_a_run_and_doing_so(bench, tmp_path, victims):
    faulty(bench, tmp_path, f"watch.Watch._ask_to_end = before(watch.Watch._ask_to_end, {victims})")
    status = bench.run(sh="sleep 600", time_limit_ms=300)
    assert (status.state, status.reason, status.elapsed_ms) == (State.TIMEOUT, Reason.TIME_LIMIT, 300)


def test_a_machine_restart_ends_what_ran_and_starts_what_did_not(bench):
    bench.open(boot="before")
    ref = bench.start(sh=SLEEPER)
    bench.poll(lambda: (bench.folder(ref) / "heartbeat.json").exists())
    orphan(bench, ref)
    for process in bench.processes():
        bench.kill(process.pid)
    bench.engine._scheduler._keep = lambda: None
    bench.submit("allocated")
    bench.engine.tick()
    bench.submit("queued")
    bench.open(boot="after")
    assert not bench.engine.health().ok  # no worker since the restart
    bench.finish(ref, "allocated", "queued")
    row = bench.usage(ref)
    assert (row.state, row.reason, row.exit_code) == (State.NODE_FAILED, Reason.NODE_RESTARTED, None)
    assert 0 < row.elapsed_ms < 5000
    assert row.ended_at == row.started_at + row.elapsed_ms
    assert {bench.usage(r).state for r in ("allocated", "queued")} == {State.COMPLETED}
    assert journal(bench) == [ref]


def test_a_run_that_ended_before_the_restart_keeps_its_end(bench):
    bench.open(boot="before")
    bench.submit(sh="exit 5")
    bench.engine.tick()
    bench.poll(lambda: (bench.folder() / "exit.json").exists())
    bench.open(boot="after")
    assert bench.finish("run")[0].exit_code == 5


def kill_keeper(bench, pid):
    """Kills a keeper. Held still meanwhile, so that it stays what it is found to be: the command itself is not to be
    killed here, nor the first process of its namespaces, with which the kernel ends it."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGSTOP)
        with contextlib.suppress(psutil.Error):
            line = psutil.Process(pid).cmdline() or [""]
            start = facts.read(line[-1], "start.json") or {}
            mine = line[-1].startswith(str(bench.root / "engine" / "runs"))
            if mine and start.get("pid") != pid and not bench.is_first(pid):
                os.kill(pid, signal.SIGKILL)
        os.kill(pid, signal.SIGCONT)


def test_chaos(bench):
    """Workers and keepers are killed at random while forty runs go through."""
    dice = random.Random(20)
    refs = [f"r{i}" for i in range(40)]
    program = JOURNAL + "sleep 0.1; echo whole; exit 5"
    bench.engine.submit([bench.spec(ref, sh=program) for ref in refs])
    worker = start_worker(bench)
    end = time.monotonic() + 60
    while any(s.state in (State.QUEUED, State.RUNNING) for s in bench.engine.states(refs).values()):
        assert time.monotonic() < end
        time.sleep(dice.uniform(0, 0.05))
        keepers = [
            p.pid
            for p in psutil.process_iter(["cmdline"])
            if (line := p.info["cmdline"] or []) and line[-1].startswith(str(bench.root / "engine" / "runs"))
        ]
        if keepers and dice.random() < 0.4:
            kill_keeper(bench, dice.choice(keepers))
        if dice.random() < 0.2:
            bench.kill(worker.pid)
            worker.wait()
            worker = start_worker(bench)
    bench.kill(worker.pid)
    worker.wait()
    rows = bench.engine.usage_since("")[0]
    assert sorted(row.ref for row in rows) == sorted(refs)
    assert {(row.state, row.reason) for row in rows} <= {
        (State.FAILED, Reason.NON_ZERO_EXIT),
        (State.FAILED, Reason.EXIT_STATUS_LOST),
    }
    assert sorted(journal(bench)) == sorted(refs)
    assert {bench.log(ref) for ref in refs} == {"whole\n"}
    assert bench.processes() == []
