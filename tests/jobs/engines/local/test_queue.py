"""Submission, order, dependencies, allocation, accounting: the engine as a queue."""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import replace

import pytest

from aisc.jobs.engines.base import EngineError, Reason, RunRejected, State
from aisc.jobs.engines.local import LocalEngine, Turn

WAIT = "touch $AISC_RUN.here; while [ ! -e go ]; do sleep 0.02; done"
HAS = "this machine has 4 CPUs, 4096 MiB of memory, 2 × h200."


def test_submitting_again_changes_nothing(bench):
    spec = bench.spec(sh="echo first")
    bench.engine.submit([spec])
    bench.engine.submit([replace(spec, argv=("sh", "-c", "echo second")), bench.spec("other")])
    bench.finish("run", "other")
    bench.engine.submit([spec])
    bench.engine.tick()
    assert bench.log() == "first\n"
    assert sorted(row.ref for row in bench.engine.usage_since("")[0]) == ["other", "run"]


def test_a_batch_is_accepted_whole_or_not_at_all(bench):
    with pytest.raises(RunRejected):
        bench.engine.submit([bench.spec("good"), bench.spec("bad", memory_mb=1 << 30)])
    assert bench.status("good").state is State.UNKNOWN


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"cpus": 5, "accelerator_count": 5},
            f"Run 'run' asks for 5 CPUs, 256 MiB of memory; {HAS}",
        ),
        (
            {"accelerator": "h200", "accelerator_count": 3},
            f"Run 'run' asks for 1 CPUs, 256 MiB of memory, 3 × h200; {HAS}",
        ),
        (
            {"accelerator": "b300"},
            f"Run 'run' asks for 1 CPUs, 256 MiB of memory, 1 × b300; {HAS}",
        ),
        ({"argv": ()}, "Run 'run' cannot be run: the command is empty."),
        (
            {"argv": ("a\0b",)},
            "Run 'run' cannot be run: the command or the environment contains a NUL byte.",
        ),
        ({"env": {"A=B": "C"}}, "Run 'run' cannot be run: an environment variable has no proper name."),
        ({"workdir": "here"}, "Run 'run' cannot be run: the working directory must be an absolute path."),
        (
            {"accelerator_count": 0, "cpus": 0},
            "Run 'run' cannot be run: it asks for no accelerator; it asks for no CPU.",
        ),
        ({"time_limit_ms": 0}, "Run 'run' cannot be run: it has no time limit."),
        (
            {"cpus": 2, "accelerator_count": 1},
            "Run 'run' cannot be run: cpus and accelerator_count must be equal for the accelerator 'cpu'.",
        ),
        (
            {"ref": "../run"},
            "Run '../run' cannot be run: the reference must be 1 to 64 of a-z, 0-9 and -.",
        ),
    ],
)
def test_what_no_node_could_ever_run_is_rejected_with_the_reason(bench, fields, message):
    bench.open(gpus={"h200": ["0", "1"]})
    with pytest.raises(RunRejected) as caught:
        bench.engine.submit([replace(bench.spec(), **fields)])
    assert str(caught.value) == message


def test_ten_thousand_runs_are_one_submission(bench):
    """One call submits, asks about, starts or cancels all of them; none is answered twice or left out."""
    specs = [bench.spec(f"array-{i}", sh=WAIT) for i in range(10_000)]
    bench.engine.submit(specs)
    states = bench.engine.states([spec.ref for spec in specs])
    assert bench.engine.tick() == Turn(ran=True, ended=0, started=4)
    assert [s.position for s in states.values()] == list(range(1, 10_001))
    bench.engine.cancel([spec.ref for spec in specs[4:]])
    (bench.work / "go").touch()
    bench.finish(*(spec.ref for spec in specs))
    rows, cursor = bench.engine.usage_since("", limit=20_000)
    assert (len({row.ref for row in rows}), cursor) == (10_000, "10000")


def test_place_and_reason_in_the_queue(bench):
    bench.open(cpus=1)
    bench.start("first", sh=WAIT)
    bench.engine.submit(
        [
            bench.spec("second"),
            bench.spec("third"),
            bench.spec("other", project="physics"),
            bench.spec("after", after=("third",)),
            bench.spec("orphan", after=("not-submitted-yet",)),
        ]
    )
    bench.engine.tick()
    states = bench.engine.states(["first", "second", "third", "other", "after", "orphan", "unknown"])
    assert {ref: (s.state, s.reason, s.position) for ref, s in states.items()} == {
        "first": (State.RUNNING, Reason.NONE, None),
        "other": (State.QUEUED, Reason.RESOURCES, 1),  # physics has used nothing yet
        "second": (State.QUEUED, Reason.PRIORITY, 2),
        "third": (State.QUEUED, Reason.PRIORITY, 3),
        "after": (State.QUEUED, Reason.DEPENDENCY, None),
        "orphan": (State.QUEUED, Reason.DEPENDENCY, None),
        "unknown": (State.UNKNOWN, Reason.NONE, None),
    }


def test_a_run_waits_for_those_it_needs(bench):
    bench.engine.submit(
        [
            bench.spec("sum", sh="cat a b", after=("part-a", "part-b")),
            bench.spec("part-a", sh="sleep 0.2; echo A > a"),
            bench.spec("part-b", sh="echo B > b"),
        ]
    )
    assert [s.state for s in bench.finish("sum", "part-a", "part-b")] == [State.COMPLETED] * 3
    assert bench.log("sum") == "A\nB\n"


def test_what_needs_a_failed_run_is_cancelled_down_the_chain(bench):
    bench.engine.submit(
        [
            bench.spec("a", sh="exit 1"),
            bench.spec("b", after=("a",)),
            bench.spec("c", after=("b",)),
            bench.spec("d"),
        ]
    )
    bench.finish("a", "b", "c", "d")
    rows = {row.ref: (row.state, row.reason, row.elapsed_ms, row.started_at) for row in bench.engine.usage_since("")[0]}
    assert rows["b"] == rows["c"] == (State.CANCELLED, Reason.DEPENDENCY_FAILED, 0, None)
    assert rows["d"][0] is State.COMPLETED


def test_two_runs_never_share_a_gpu(bench):
    bench.open(gpus={"h200": ["GPU-a", "GPU-b", "GPU-c"], "l40s": ["GPU-x"]})
    show = "echo $CUDA_VISIBLE_DEVICES; " + WAIT
    sizes = {"one": 1, "two": 2, "three": 3, "uno": 1}
    bench.engine.submit(
        [bench.spec(ref, sh=show, accelerator="h200", accelerator_count=n) for ref, n in sizes.items()]
        + [bench.spec("other", sh=show, accelerator="l40s")]
    )
    bench.drive(lambda: bench.log("one") and bench.log("two") and bench.log("other"))
    node = bench.engine.nodes()[0]
    assert (node.accelerators, node.accelerators_used) == (
        {"cpu": 4, "h200": 3, "l40s": 1},
        {"cpu": 3, "h200": 3, "l40s": 1},
    )
    assert (node.cpus, node.cpus_used, node.memory_mb, node.memory_used_mb) == (4, 3, 4096, 768)
    assert [bench.log(ref).strip() for ref in sizes] == ["GPU-a", "GPU-b,GPU-c", "", ""]
    assert bench.log("other").strip() == "GPU-x"
    (bench.work / "go").touch()
    bench.finish(*sizes)
    assert bench.log("three").strip() == "GPU-a,GPU-b,GPU-c"
    assert bench.log("uno").strip() in {"GPU-a", "GPU-b", "GPU-c"}


def test_projects_with_equal_shares_take_turns(bench):
    bench.open(cpus=1)
    bench.engine.submit([bench.spec(f"chem-{i}") for i in range(3)])
    bench.engine.submit([bench.spec(f"phys-{i}", project="physics") for i in range(3)])
    bench.finish(*(f"{name}-{i}" for name in ("chem", "phys") for i in range(3)))
    rows = bench.engine.usage_since("")[0]
    assert [row.ref for row in sorted(rows, key=lambda r: r.started_at)[:2]] == ["chem-0", "phys-0"]


def test_past_usage_counts_less_as_time_goes_by(bench):
    now = [1_000_000]
    bench.open(clock=lambda: now[0], half_life_ms=1000)
    bench.run(sh="sleep 0.2")
    before = bench.engine._store.used(now[0], 1000)["chemistry"]
    assert bench.engine._store.used(now[0] + 2000, 1000)["chemistry"] == pytest.approx(before / 4)
    assert bench.engine._store.used(now[0] - 9000, 1000)["chemistry"] == before  # the clock was set back


def test_usage_is_read_once_each_by_cursor(bench):
    bench.engine.submit([bench.spec(f"r{i}") for i in range(5)])
    bench.finish(*(f"r{i}" for i in range(5)))
    seen, cursor = [], ""
    while True:
        rows, cursor = bench.engine.usage_since(cursor, limit=2)
        if not rows:
            break
        seen.append([row.ref for row in rows])
    assert ([len(page) for page in seen], cursor) == ([2, 2, 1], "5")
    assert sorted(ref for page in seen for ref in page) == [f"r{i}" for i in range(5)]
    assert bench.engine.usage_since(cursor) == ([], "5")
    with pytest.raises(EngineError, match="'x' is not a usage cursor of the local engine"):
        bench.engine.usage_since("x")


def test_pruning_takes_only_what_was_collected(bench):
    bench.run("first", sh="echo hello")
    assert bench.engine.prune(1 << 60) == 0
    rows, cursor = bench.engine.usage_since("")
    bench.engine.usage_since(cursor)
    bench.run("second")
    assert bench.engine.prune(rows[0].ended_at) == 0  # not before its time
    assert bench.engine.prune(1 << 60) == 1
    assert bench.engine.prune(1 << 60) == 0
    assert (bench.folder("first").exists(), bench.folder("second").exists()) == (False, True)
    chunk = bench.engine.read_log("first")
    assert (chunk.data, chunk.ended) == (b"", True)
    assert bench.engine.usage_since("")[0][0] == rows[0]


def test_many_workers_at_once_start_each_run_once(bench):
    refs = [f"r{i}" for i in range(12)]
    bench.engine.submit([bench.spec(ref, sh="echo $AISC_RUN >> ../journal") for ref in refs])
    stop = threading.Event()
    turns = []

    def work():
        engine = LocalEngine(bench.root / "engine", cpus=4, memory_mb=4096, gpus={}, disk_reserve_mb=1)
        while not stop.is_set():
            turns.append(engine.tick())
            engine.wait(0.05)
        engine.close()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    try:
        bench.finish(*refs)
    finally:
        stop.set()
        for worker in workers:
            worker.join()
    assert sorted((bench.area / "journal").read_text().split()) == sorted(refs)
    assert any(not turn.ran for turn in turns)


def test_waiting_ends_as_soon_as_there_is_something_to_do(bench):
    assert bench.engine.wait(0.01) is False
    threading.Timer(0.05, lambda: bench.open().submit([bench.spec(sh="sleep 0.1")])).start()
    # A wait that nothing ended would answer False.
    assert bench.engine.wait(60) is True
    bench.engine.tick()
    assert bench.engine.wait(60) is True  # its end
    bench.engine.tick()
    assert bench.usage().state is State.COMPLETED


def test_health_says_what_is_wrong_and_what_to_do(bench, monkeypatch):
    assert (
        bench.engine.health().detail
        == "No worker has looked at the queue since the machine started: start `aisc worker`."
    )
    bench.engine.tick()
    assert (bench.engine.health().ok, bench.engine.health().detail) == (True, "")
    monkeypatch.setattr("aisc.jobs.engines.local.engine.turn_age_ms", lambda *_: 45_000)
    assert bench.engine.health().detail == "No worker has looked at the queue for 45 s: start `aisc worker`."
    assert not bench.engine.health().ok


def test_health_names_a_run_that_cannot_be_started(bench, tmp_path):
    broken = tmp_path / "broken.py"
    broken.write_text("raise SystemExit('no')")
    bench.open(keeper=broken)
    bench.submit()
    bench.engine.tick()
    bench.engine._store.attempted(["run"] * 4, 0)
    health = bench.engine.health()
    log = bench.folder() / "keeper.log"
    assert (health.ok, health.detail) == (False, f"Run run could not be started 5 times: see {log}.")
    assert "no" in log.read_text()
    bench.open()
    assert bench.finish("run")[0].state is State.COMPLETED


def test_a_broken_queue_is_an_engine_error(bench, tmp_path):
    (tmp_path / "engine.sqlite3").write_bytes(b"not a database" * 100)
    with pytest.raises(EngineError, match="cannot be used: file is not a database"):
        LocalEngine(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(EngineError, match="cannot be used: Not a directory"):
        LocalEngine(tmp_path / "file" / "engine")


def test_health_of_a_queue_that_broke(bench):
    bench.engine.tick()
    with sqlite3.connect(bench.root / "engine" / "engine.sqlite3") as db:
        db.execute("ALTER TABLE run RENAME TO gone")
    db.close()
    health = bench.engine.health()
    assert not health.ok
    assert "no such table: run" in health.detail
