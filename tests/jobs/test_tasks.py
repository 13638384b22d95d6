"""The worker's part: what it does when engine, database, disk or clock do not behave."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from memory_engine import MemoryEngine

from aisc.centre.models import Cluster, Node
from aisc.core import clock, health
from aisc.core.errors import Unavailable
from aisc.core.state import StateFolder
from aisc.core.worker import Task, Worker
from aisc.jobs import accounting, actions, registry, tasks, workspaces
from aisc.jobs.engines.base import EngineError, Health, NodeStatus, Reason, State
from aisc.jobs.engines.local import LocalEngine
from aisc.jobs.engines.local.isolation import Found, Level
from aisc.jobs.models import EngineCursor, Job, Run
from aisc.jobs.words import reason_in_words
from aisc.ledger.models import Entry, UsageRecord
from aisc.ledger.prove import prove

HOUR = 3_600_000
H800 = {"accelerator": "h800", "time_limit_ms": HOUR}


def states(*jobs):
    return [Job.objects.get(pk=job.pk).state for job in jobs]


# Dispatch


def test_what_the_engine_is_told(memory, team, cluster):
    job = team.submit(
        "python", "x", workdir="", array_size=2, environment={"A": "1"}, name="名", accelerator_count=2, **H800
    )
    team.project.shares = 0
    team.project.save()
    tasks.dispatch(cluster, memory)
    spec = memory.specs[f"{job.uid}-1"]
    root = workspaces.root_of(team.project)
    assert (spec.argv, spec.name, spec.project, spec.shares) == (("python", "x"), "名", team.project.uid, 1)
    assert (spec.accelerator, spec.accelerator_count, spec.cpus, spec.memory_mb) == ("h800", 2, 4, 8192)
    assert (spec.time_limit_ms, spec.after, spec.workdir) == (HOUR, (), str(root))
    assert spec.env == {
        "A": "1",
        "AISC_JOB": job.uid,
        "AISC_RUN": f"{job.uid}-1",
        "AISC_ARRAY_INDEX": "1",
        "AISC_ARRAY_SIZE": "2",
    }
    assert (spec.workspace, spec.places) == (str(root), {"AISC_OUTPUT": f"{root}/results/{job.uid}/1"})
    assert (root / "results" / job.uid / "1").is_dir()


def test_a_large_array_goes_in_batches(memory, team, cluster, monkeypatch):
    monkeypatch.setattr(tasks, "BATCH", 4)
    monkeypatch.setattr(tasks, "METER_BATCH", 4)
    monkeypatch.setattr(tasks, "FEW", 4)
    job = team.submit("x", array_size=10, time_limit_ms=1000)
    waits = team.submit("x", after=[job.uid], time_limit_ms=1000)
    tasks.run_engines()
    assert memory.calls.count("submit") == 3
    assert len(memory.specs[f"{waits.uid}-0"].after) == 10
    for ref in list(memory.specs):
        memory.finish(ref, elapsed_ms=10)
    tasks.run_engines()
    assert states(job, waits) == ["completed", "completed"]
    assert UsageRecord.objects.count() == 11


def test_with_many_runs_under_way_places_are_read_less_often(memory, team, cluster, monkeypatch):
    monkeypatch.setattr(tasks, "FEW", 1)
    team.submit("x", array_size=3, time_limit_ms=1000)
    tasks.run_engines()
    tasks.run_engines()
    assert memory.calls.count("states") == 1
    monkeypatch.setattr(tasks, "LOOK_EVERY_S", 0.0)
    tasks.run_engines()
    assert memory.calls.count("states") == 2


def test_places_in_the_queue_are_asked_for_and_never_written(memory, team, cluster):
    job = team.submit("x", array_size=3)
    tasks.run_engines()
    runs = registry.with_places(job.runs.order_by("index"))
    assert [(run.position, run.reason) for run in runs] == [(1, "resources"), (2, "priority"), (3, "priority")]
    memory.start(f"{job.uid}-0")
    tasks.run_engines()
    runs = registry.with_places(job.runs.order_by("index"))
    assert [(run.state, run.position) for run in runs] == [("running", None), ("queued", 1), ("queued", 2)]
    memory.away.add("states")
    assert [run.position for run in registry.with_places(job.runs.all())] == [None] * 3
    assert registry.with_places([]) == []


def test_one_job_that_is_refused_holds_up_no_other(memory, team, cluster, sums):
    memory.refuse = lambda spec: spec.name == "bad"
    good, bad, other = (team.submit("x", name=name, array_size=2) for name in ("good", "bad", "other"))
    after = team.submit("x", after=[bad.uid])
    tasks.run_engines()
    assert states(good, bad, other, after) == ["queued", "rejected", "queued", "cancelled"]
    assert bad.runs.first().detail == f"{bad.uid}-0 is too large"
    assert "No machine of the centre can run this" in reason_in_words(bad.runs.first())
    assert not Entry.objects.filter(kind="charge").exists()


def test_a_job_whose_folder_cannot_be_made_is_rejected_alone(memory, team, cluster):
    workspaces.make_folder(team.project, "work")
    job, other = team.submit("x", workdir="work"), team.submit("x")
    workspaces.destroy(workspaces.take_away(team.project, "work"))
    workspaces.place(team.project, "work", workspaces.receive(team.project, [b"a file now"]))
    tasks.run_engines()
    assert states(job, other) == ["rejected", "queued"]
    assert "is a file" in job.runs.get().detail


def test_a_full_disk_makes_everything_wait(memory, team, cluster, monkeypatch):
    job = team.submit("x")

    def full(*_args):
        raise workspaces.disk_full()

    with monkeypatch.context() as patch:
        patch.setattr(workspaces, "prepare_run", full)
        with pytest.raises(EngineError, match="disk is full"):
            tasks.run_engines()
    assert states(job) == ["held"]
    tasks.run_engines()
    assert states(job) == ["queued"]


# When something is away


@pytest.mark.parametrize("call", ["submit", "cancel", "states", "usage_since"])
def test_an_engine_that_is_away_changes_nothing_and_comes_back(memory, team, cluster, call):
    job = team.submit("x", **H800)
    if call != "submit":
        tasks.run_engines()
    actions.cancel_job(team.actor, job=job)
    before = states(job)
    memory.away.add(call)
    for _ in range(2):
        with pytest.raises(EngineError, match=f"local: {call} is away"):
            tasks.run_engines()
    assert states(job) == before or call in ("states", "usage_since")
    memory.away.clear()
    tasks.run_engines()
    memory.finish(f"{job.uid}-0", State.CANCELLED, reason=Reason.CANCELLED)
    tasks.run_engines()
    assert states(job) == ["cancelled"]


def test_a_cluster_that_is_away_keeps_no_other_waiting(memory, team, cluster):
    Cluster.objects.create(pk=cluster.pk - 1, code="aaa", engine="unheard-of", name_en="Broken")
    job = team.submit("x")
    with pytest.raises(EngineError, match="aaa: The engine “unheard-of” of cluster aaa is not installed"):
        tasks.run_engines()
    assert states(job) == ["queued"]


def test_a_database_that_is_away_for_a_moment(memory, team, cluster, monkeypatch, tmp_path):
    """The worker's own loop: it fails, waits, and goes on as if nothing had happened."""
    job = team.submit("x", **H800)
    tasks.run_engines()
    memory.finish(f"{job.uid}-0", elapsed_ms=HOUR // 2)
    real, failures = actions.settle_usage, []

    def away(*args, **kwargs):
        if len(failures) < 3:
            failures.append(1)
            raise OperationalError("server closed the connection unexpectedly")
        return real(*args, **kwargs)

    monkeypatch.setattr(actions, "settle_usage", away)
    monkeypatch.setattr("aisc.core.worker.connection.close", lambda: None)
    worker, task = Worker(StateFolder(tmp_path)), Task("jobs.engine", tasks.run_engines, 0.2)
    for _ in range(4):
        worker._run_one(task)
    assert (len(failures), task.failures) == (3, 0)
    assert states(job) == ["completed"]
    assert UsageRecord.objects.count() == Entry.objects.filter(kind="charge").count() == 1


# Reconciliation


def test_a_waiting_run_that_the_engine_never_heard_of_is_submitted_again(memory, team, cluster):
    job, other = team.submit("x", array_size=2), team.submit("x")
    tasks.run_engines()
    memory.forget(f"{job.uid}-1", f"{other.uid}-0")
    memory.refuse = lambda spec: spec.ref == f"{other.uid}-0"  # the machine has become smaller meanwhile
    tasks.reconcile_engines()
    assert f"{job.uid}-1" in memory.specs
    assert states(job, other) == ["queued", "rejected"]
    calls = len(memory.calls)
    tasks.reconcile_engines()
    assert memory.calls[calls:].count("submit") == 0


def test_a_running_run_that_the_engine_forgot_is_written_off_and_never_run_twice(memory, team, cluster, sums):
    job = team.submit("x", **H800)
    tasks.run_engines()
    memory.start(f"{job.uid}-0")
    tasks.run_engines()
    assert states(job) == ["running"]
    memory.forget(f"{job.uid}-0")
    tasks.reconcile_engines()
    assert states(job) == ["node_failed"]
    assert sums(team.budget) == (0, 0, 0)
    tasks.run_engines()
    assert memory.specs == {}


def test_what_waits_for_a_run_that_was_rejected_later_is_ended(memory, team, cluster):
    first = team.submit("x")
    second = team.submit("x", after=[first.uid])
    tasks.run_engines()
    actions.record_rejected(tasks.ACTOR, cluster=cluster, refs=[f"{first.uid}-0"], detail="lost")
    tasks.reconcile_engines()
    assert memory.cancelled == {f"{second.uid}-0"}


def test_leftovers_are_swept_and_engines_that_are_away_are_said(memory, cluster, monkeypatch):
    swept = []
    monkeypatch.setattr(workspaces, "sweep", lambda: swept.append(1))
    memory.away.add("usage_since")
    with pytest.raises(EngineError, match="usage_since is away"):
        tasks.reconcile_engines()
    assert swept == [1]


# What else it tells


def test_the_machines_are_told_to_the_centre(memory, cluster):
    memory.nodes = lambda: [
        NodeStatus("big", True, 64, 8, 500_000, 1000, {"cpu": 64, "h800": 8}, {"cpu": 8, "h800": 2}, "")
    ]
    tasks.report_nodes()
    node = Node.objects.get(name="big")
    assert (node.cpus, node.cpus_used, node.memory_mb, node.up) == (64, 8, 500_000, True)
    assert [(each.type.code, each.count, each.used) for each in node.accelerators.all()] == [("h800", 8, 2)]
    assert not Node.objects.get(name="node1").up


def test_readiness_says_what_the_engine_says(memory, cluster):
    assert tasks.engine_health() == (True, "")
    memory.health = lambda: Health(ok=False, detail="No worker has looked.")
    assert health.readiness()["engine"] == (False, "local: No worker has looked.")
    memory.health = lambda: (_ for _ in ()).throw(EngineError("gone"))
    assert tasks.engine_health() == (False, "local: gone")


def test_the_engine_of_a_cluster_is_made_once(cluster, settings, tmp_path, monkeypatch):
    made = []

    def make(root, isolation):
        made.append(root)
        return LocalEngine(tmp_path, cpus=1, memory_mb=100, gpus={})

    monkeypatch.setattr("aisc.jobs.engines.local.LocalEngine", make)
    monkeypatch.setattr(registry, "_engines", {})
    assert registry.engine_for(cluster) is registry.engine_for(cluster)
    assert made == [settings.STATE.engine]
    with pytest.raises(Unavailable, match="not installed"):
        registry.engine_for(Cluster(code="x", engine="x"))
    with registry.using(cluster.code, object()) as other:
        assert registry.engine_for(cluster) is other
    assert registry.engine_for(cluster) is not other
    run = Run(state="running", job=Job(cluster=Cluster(code="x", engine="x")))
    assert registry.progress_of(run) is None


# The proof


def test_the_proof_reaches_down_to_the_engine(memory, team, cluster):
    jobs = [team.submit("x", array_size=size, **H800) for size in (1, 3)]
    tasks.run_engines()
    refs = list(memory.specs)
    for ref in refs[:3]:
        memory.finish(ref, elapsed_ms=1000)
    tasks.run_engines()
    # One that has ended and was not taken over yet is not to be found in the ledger.
    memory.finish(refs[3], elapsed_ms=1000)
    rows = list(accounting.rows_of("local"))
    assert [(row.source_id, row.quantity) for row in rows] == [(ref, 1000) for ref in refs[:3]]
    report = prove()
    assert report.holds, report.findings
    # Somebody takes something out of the engine's books, or the ledger's.
    memory.order.remove(refs[1])
    EngineCursor.objects.update(cursor="2")
    assert not prove().holds
    memory.order.insert(1, refs[1])
    EngineCursor.objects.update(cursor="3")
    assert prove().holds
    records = list(UsageRecord.objects.order_by("pk"))
    found = accounting.jobs_of(records)
    assert [found[record.pk].label for record in records] == ["Test", "Test [0]", "Test [1]"]
    assert [found[record.pk].url for record in records] == [
        f"/jobs/{jobs[0].uid}/",
        f"/jobs/{jobs[1].uid}/?run=0",
        f"/jobs/{jobs[1].uid}/?run=1",
    ]
    assert accounting.jobs_of([UsageRecord(pk=1, source_id="somebody-else")]) == {}


def test_the_proof_before_anything_was_metered(memory, cluster, monkeypatch):
    assert list(accounting.rows_of("nothing")) == []
    assert list(accounting.rows_of("local")) == []
    EngineCursor.objects.create(cluster=cluster, cursor="5")
    assert list(accounting.rows_of("local")) == []
    monkeypatch.setattr(accounting, "PAGE", 1)
    assert prove().holds


def test_the_proof_reads_in_pages(memory, team, cluster, monkeypatch):
    monkeypatch.setattr(accounting, "PAGE", 2)
    team.submit("x", array_size=5, time_limit_ms=1000)
    tasks.run_engines()
    for ref in list(memory.specs):
        memory.finish(ref, elapsed_ms=1)
    tasks.run_engines()
    assert len(list(accounting.rows_of("local"))) == 5


def test_settling_a_thousand_runs_takes_as_many_queries_as_settling_ten(memory, team, cluster):
    """A guard against work per run that grows with the number of runs."""

    def queries(runs: int) -> int:
        job = team.submit("x", array_size=runs, time_limit_ms=1000)
        with CaptureQueriesContext(connection) as captured:
            tasks.run_engines()
            for ref in list(memory.specs):
                memory.finish(ref, elapsed_ms=1)
            tasks.run_engines()
        assert states(job) == ["completed"]
        return len(captured)

    assert queries(1000) <= queries(10) * 2


class Isolated(MemoryEngine):
    """An engine that says how far it keeps jobs apart, and forgets old runs."""

    def __init__(self, level, allows=True):
        super().__init__()
        self.isolation = SimpleNamespace(found=Found(level, False, "why"), allows_runs=lambda: allows)
        self.pruned = []

    def prune(self, before_ms):
        self.pruned.append(before_ms)
        return 2


def test_how_far_jobs_are_kept_apart_is_said_and_is_wrong_only_where_more_was_asked_for(cluster, memory):
    assert tasks.isolation_health() == (True, "")
    with registry.using(cluster.code, Isolated(Level.NAMESPACES)):
        assert tasks.isolation_health() == (True, "local: Jobs are isolated in namespaces.")
    with registry.using(cluster.code, Isolated(Level.NONE)):
        fine, said = tasks.isolation_health()
        assert (fine, "NOT isolated" in said, "why" in said) == (True, True, True)
    with registry.using(cluster.code, Isolated(Level.NONE, allows=False)):
        assert tasks.isolation_health()[0] is False
    cluster.engine = "none such"
    cluster.save()
    with registry.using(cluster.code, None):
        registry._engines.pop(cluster.code)
        assert tasks.isolation_health() == (True, "")
        registry._engines[cluster.code] = None


def test_old_logs_are_removed_after_the_operators_time(cluster, memory, settings, noon):
    tasks.prune_runs()  # an engine that keeps its own files
    with registry.using(cluster.code, Isolated(Level.NAMESPACES)) as engine:
        settings.KEEP_LOGS_DAYS = 0
        tasks.prune_runs()
        assert engine.pruned == []
        settings.KEEP_LOGS_DAYS = 10
        before = clock.now_ms()
        tasks.prune_runs()
        assert before - 10 * 86_400_000 <= engine.pruned[0] <= clock.now_ms() - 10 * 86_400_000
