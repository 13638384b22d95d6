"""The worker's loop: due tasks run, a failing one waits longer and tells, the others go on."""

import threading

import pytest
from django.conf import settings

from aisc.core import health, worker
from aisc.core.models import WorkerBeat


@pytest.fixture
def loop(monkeypatch):
    """A worker with no tasks but those of the test."""
    monkeypatch.setattr(worker, "_tasks", {})
    return worker.Worker(settings.STATE)


def test_a_task_is_declared_once(loop):
    worker.task("a", every_s=1)(lambda: None)
    with pytest.raises(ValueError, match="twice"):
        worker.task("a", every_s=1)(lambda: None)
    assert list(worker.tasks()) == ["a"]


def test_runs_what_is_due_and_stops_when_asked(loop, db):
    runs = []

    @worker.task("count", every_s=0)
    def count():
        runs.append(1)
        if runs.count(1) == 3:
            loop.stop()

    @worker.task("never reached after a stop", every_s=0)
    def after():
        runs.append("after")

    loop.run()
    assert runs.count(1) == 3
    assert runs[-1] == 1


def test_a_wake_up_runs_a_task_before_it_is_due(loop, db):
    seen = threading.Event()
    runs = []

    @worker.task("slow", every_s=3600, wakes=True)
    def slow():
        runs.append(1)
        if len(runs) == 1:
            seen.set()
        else:
            loop.stop()

    def wake():
        assert seen.wait(10)
        settings.STATE.wake_worker()

    waker = threading.Thread(target=wake)
    waker.start()
    loop.run()
    waker.join()
    assert len(runs) == 2


def test_a_failing_task_waits_longer_each_time_and_says_so(loop, db, caplog, monkeypatch):
    # The worker drops a connection that may be broken; this one holds the test's transaction.
    monkeypatch.setattr(worker.connection, "close", lambda: None)

    @worker.task("bad", every_s=1)
    def bad():
        raise OSError("disk full")

    each = worker.tasks()["bad"]
    loop._run_one(each)
    first = each.due
    loop._run_one(each)
    assert each.failures == 2
    assert each.due - first > 1
    beat = WorkerBeat.objects.get(task="bad")
    assert (beat.ok, beat.detail) == (False, "OSError: disk full")
    assert str(beat) == "bad: OSError: disk full"
    assert health.worker() == (False, "bad: OSError: disk full")
    # The trace is in the log once, then one line each time.
    assert [bool(record.exc_info) for record in caplog.records] == [True, False]
    each.run = lambda: None
    loop._run_one(each)
    assert each.failures == 0
    assert health.worker() == (True, "")
    assert str(WorkerBeat.objects.get()) == "bad: ok"


def test_beats_are_written_now_and_then_not_at_every_run(loop, db, django_assert_num_queries):
    worker.task("often", every_s=0)(lambda: None)
    each = worker.tasks()["often"]
    loop._run_one(each)
    with django_assert_num_queries(0):
        loop._run_one(each)


def test_a_database_that_is_away_does_not_end_the_loop(loop, db, monkeypatch):
    from django.db import OperationalError

    worker.task("a", every_s=1)(lambda: None)

    def away(**_values):
        raise OperationalError("away")

    monkeypatch.setattr(WorkerBeat.objects, "update_or_create", away)
    monkeypatch.setattr(worker.connection, "close", lambda: None)
    loop._run_one(worker.tasks()["a"])
    assert worker.tasks()["a"].beaten == 0


def test_run_all_once(loop):
    runs = []
    worker.task("a", every_s=1)(lambda: runs.append("a"))
    worker.task("b", every_s=1)(lambda: runs.append("b"))
    worker.run_all_once()
    assert runs == ["a", "b"]


def test_no_beat_at_all_means_no_worker(db):
    ok, detail = health.worker()
    assert not ok
    assert "aisc worker" in detail
