"""The simulated cluster keeps the promises of every engine, and says what it is."""

from __future__ import annotations

import pytest

from aisc.jobs.engines.base import Reason, RunRejected, RunSpec, State
from aisc.jobs.engines.simulated import SimulatedEngine, fleet
from aisc.jobs.engines.simulated.fates import fate

HOUR = 3_600_000
END = 20_000 * 24 * HOUR
BEGIN = END - 300 * 24 * HOUR


class Clock:
    def __init__(self) -> None:
        self.ms = BEGIN

    def __call__(self) -> int:
        return self.ms


@pytest.fixture
def time() -> Clock:
    return Clock()


@pytest.fixture
def engine(tmp_path, time) -> SimulatedEngine:
    engine = SimulatedEngine(tmp_path / "simulated.sqlite3", time)
    engine.begin(END)
    return engine


def spec(ref: str, count: int = 1, accelerator: str = "h800", hours: int = 10, after: tuple[str, ...] = ()) -> RunSpec:
    return RunSpec(
        ref=ref,
        name=f"run {ref}",
        project="prj-1",
        argv=("true",),
        workdir="/",
        accelerator=accelerator,
        accelerator_count=count,
        cpus=4,
        memory_mb=1024,
        time_limit_ms=hours * HOUR,
        after=after,
    )


def good(prefix: str) -> str:
    """A name whose run completes."""
    names = (f"{prefix}-{number}" for number in range(100))
    return next(name for name in names if fate(spec(name)).state is State.COMPLETED)


def test_a_run_waits_runs_and_is_accounted_for_once(engine, time):
    ref = good("a")
    engine.submit([spec(ref)])
    engine.submit([spec(ref)])
    assert engine.states([ref])[ref].state is State.QUEUED
    assert engine.read_log(ref).data == b""
    assert engine.read_progress(ref) is None
    time.ms += HOUR
    assert engine.states([ref])[ref].state is State.RUNNING
    assert b"simulated by the demonstration" in engine.read_log(ref).data
    assert 0 < engine.read_progress(ref).done < engine.read_progress(ref).total
    assert engine.usage_since("") == ([], "")
    time.ms += 10 * HOUR
    rows, cursor = engine.usage_since("")
    assert [row.ref for row in rows] == [ref]
    assert rows[0].elapsed_ms == fate(spec(ref)).elapsed_ms
    assert engine.usage_since(cursor) == ([], cursor)
    assert engine.states([ref])[ref].state is State.COMPLETED
    whole = engine.read_log(ref)
    assert whole.ended
    assert whole.data.endswith(b"done\n")
    assert engine.read_log(ref, offset=5, limit=3).data == whole.data[5:8]


def test_the_same_name_always_goes_the_same_way():
    assert fate(spec("x-1")) == fate(spec("x-1"))
    ends = {fate(spec(f"y-{number}")).reason for number in range(2_000)}
    assert ends >= {Reason.NON_ZERO_EXIT, Reason.TIME_LIMIT, Reason.MEMORY_LIMIT, Reason.SIGNAL, Reason.DISK_FULL}


def test_more_than_there_are_wait_in_their_order_and_move_up(engine, time):
    machines = sum(each.accelerator == "h800" and not each.since_ms for each in fleet(END)[0])
    refs = [good(f"b{number}") for number in range(machines + 2)]
    engine.submit([spec(ref, count=8) for ref in refs])
    time.ms += 60_000
    states = engine.states(refs)
    assert [states[ref].state for ref in refs].count(State.RUNNING) == machines
    waiting = sorted(each.position for each in states.values() if each.state is State.QUEUED)
    assert waiting == [1, 2]
    assert {each.reason for each in states.values()} == {Reason.NONE, Reason.RESOURCES, Reason.PRIORITY}
    used = {node.name: node.accelerators_used for node in engine.nodes()}
    assert used["sim-h800-01"] == {"h800": 8}


def test_a_cancelled_run_ends_soon_and_only_once(engine, time):
    ref = good("c")
    engine.submit([spec(ref)])
    time.ms += HOUR
    engine.cancel([ref, "unknown"])
    engine.cancel([ref])
    time.ms += 10_000
    (row,), _cursor = engine.usage_since("")
    assert row.state is State.CANCELLED
    assert HOUR < row.elapsed_ms + 10_000 < HOUR + 20_000
    waiting = good("d")
    engine.submit([spec(waiting)])
    engine.cancel([waiting])
    time.ms += 10_000
    assert engine.states([waiting])[waiting].state is State.CANCELLED


def test_what_comes_after_a_failure_never_starts(engine, time):
    bad = next(ref for ref in (f"e-{n}" for n in range(100)) if fate(spec(ref)).state is State.FAILED)
    first = good("f")
    engine.submit([spec(bad), spec("g-1", after=(bad,)), spec(first), spec("h-1", after=(first,))])
    assert engine.states(["h-1"])["h-1"].reason is Reason.DEPENDENCY
    time.ms += 30 * HOUR
    found = engine.states(["g-1", "h-1"])
    assert (found["g-1"].state, found["g-1"].reason) == (State.CANCELLED, Reason.DEPENDENCY_FAILED)
    assert found["h-1"].started_at is not None


def test_an_outage_loses_what_runs_there_and_nothing_starts_until_it_is_over(engine, time):
    outage = fleet(END)[1][0]
    time.ms = outage.start_ms - HOUR // 4
    refs = [good(f"i{number}") for number in range(8)]
    engine.submit([spec(ref, count=8) for ref in refs])
    time.ms = outage.start_ms + 60_000
    assert not next(node for node in engine.nodes() if node.name == "sim-h800-01").up
    lost = [row for row in engine.usage_since("")[0] if row.state is State.NODE_FAILED]
    assert lost
    assert {row.ended_at for row in lost} == {outage.start_ms}
    time.ms = outage.end_ms + HOUR
    assert all(node.up for node in engine.nodes())


def test_what_it_cannot_run_is_refused(engine):
    for wrong in (spec("j", count=9), spec("k", accelerator="t4"), spec("l", hours=24 * 8)):
        with pytest.raises(RunRejected):
            engine.submit([wrong])
    assert engine.states(["j"])["j"].state is State.UNKNOWN
    assert engine.health().ok


def test_another_process_sees_the_same(engine, time, tmp_path):
    ref = good("m")
    engine.submit([spec(ref)])
    other = SimulatedEngine(tmp_path / "simulated.sqlite3", time)
    other.submit([spec(good("n"), count=8)])
    engine.submit([spec(good("o"), count=8)])
    time.ms += HOUR
    assert other.states([ref]) == engine.states([ref])
    assert sum(sum(node.accelerators_used.values()) for node in engine.nodes()) == 17
