"""What each action checks, writes and leaves alone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aisc.centre.models import AcceleratorType, Cluster, Node
from aisc.core import clock
from aisc.core.actions import ANYONE, Actor
from aisc.core.errors import BadInput, Conflict, Forbidden, InsufficientBudget, NotFound, SignInNeeded, Unavailable
from aisc.core.models import AuditEvent
from aisc.jobs import actions, queries, tasks, workspaces
from aisc.jobs.engines.base import Reason, RunStatus, State, UsageRow
from aisc.jobs.models import EngineCursor, Job, Run, job_uid
from aisc.jobs.words import reason_in_words
from aisc.ledger.models import Entry, Hold, UsageRecord
from aisc.people.models import Notice

HOUR = 3_600_000
H800 = {"accelerator": "h800", "time_limit_ms": HOUR}
WORKER = tasks.ACTOR


# Submitting


def test_submitting_holds_the_worst_case_of_every_run(memory, team, sums):
    job = team.submit("x", array_size=3, accelerator_count=2, **H800)
    assert (job.state, job.cluster.code, job.submitted_by) == ("held", "local", team.person)
    assert [(run.ref, run.index, run.state) for run in job.runs.all()] == [
        (f"{job.uid}-{index}", index, "held") for index in range(3)
    ]
    holds = list(Hold.objects.order_by("key").values_list("key", "quantity", "amount", "description"))
    assert holds == [(f"{job.uid}-{index}", 2 * HOUR, 4000, f"Test [{index}]") for index in range(3)]
    assert sums(team.budget) == (0, 0, 12_000)
    audit = AuditEvent.objects.get(action="jobs.submit")
    assert (audit.object_id, audit.details["runs"], audit.details["held_cents"]) == (job.uid, 3, 12_000)


def test_submitting_wakes_the_worker_when_it_is_committed(
    memory, team, monkeypatch, django_capture_on_commit_callbacks
):
    woken = []
    monkeypatch.setattr("aisc.core.state.StateFolder.wake_worker", lambda self: woken.append(1))
    with django_capture_on_commit_callbacks(execute=True):
        team.submit("x")
        assert woken == []
    assert woken == [1]


def test_what_the_budget_cannot_hold_leaves_nothing(memory, team, sums):
    with pytest.raises(InsufficientBudget):
        team.submit("x", array_size=51, **H800)
    assert (Job.objects.count(), Run.objects.count(), Hold.objects.count()) == (0, 0, 0)
    assert sums(team.budget) == (0, 0, 0)


def test_cpus_and_memory_are_the_part_of_the_machine_that_goes_with_the_accelerators(memory, team):
    one, two = team.submit("x", **H800), team.submit("x", accelerator_count=2, **H800)
    assert [(job.cpus, job.memory_mb) for job in (one, two)] == [(2, 4096), (4, 8192)]
    cpu = team.submit("x", accelerator_count=3)
    assert (cpu.accelerator.code, cpu.cpus, cpu.memory_mb) == ("cpu", 3, 6144)
    own = team.submit("x", cpus=1, memory_mb="1 GB", **H800)
    assert (own.cpus, own.memory_mb) == (1, 1024)


def test_the_same_uid_twice_is_one_job(memory, team):
    uid = job_uid()
    team.submit("x", uid=uid)
    with pytest.raises(Conflict, match="submitted already"):
        team.submit("x", uid=uid)
    assert Job.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "asked"),
    [
        ("name", {"name": ""}),
        ("command", {"command": None}),
        ("command", {"template": "digits-classifier"}),
        ("template", {"command": None, "template": "nothing"}),
        ("epochs", {"command": None, "template": "digits-classifier", "parameters": {"epochs": "many"}}),
        ("epochs", {"command": None, "template": "digits-classifier", "parameters": {"epochs": "0"}}),
        ("nonsense", {"command": None, "template": "digits-classifier", "parameters": {"nonsense": "1"}}),
        ("parameters", {"parameters": {"a": "1"}}),
        ("time_limit", {"time_limit_ms": None}),
        ("time_limit", {"time_limit_ms": "soon"}),
        ("memory", {"memory_mb": "16 GB"}),
        ("memory", {"memory_mb": 1}),
        ("cpus", {"accelerator": "h800", "cpus": 5}),
        ("accelerator", {"accelerator": "nothing"}),
        ("accelerator_count", {"accelerator": "h800", "accelerator_count": 3}),
        ("inputs", {"inputs": ["data/missing.csv"]}),
        ("inputs", {"command": None, "template": "digits-classifier", "parameters": {"data": "missing.csv"}}),
        ("workdir", {"workdir": "missing"}),
        ("after", {"after": ["job-nothing"]}),
    ],
)
def test_bad_input_changes_nothing(memory, team, sums, field, asked):
    with pytest.raises(BadInput) as refused:
        team.submit(**{"command": ["x"]} | asked)
    assert refused.value.field == field
    assert (Job.objects.count(), Hold.objects.count(), sums(team.budget)) == (0, 0, (0, 0, 0))


def test_inputs_and_folder_are_looked_for_in_the_workspace(memory, team):
    workspaces.place(team.project, "data/a.csv", workspaces.receive(team.project, [b"1"]))
    job = team.submit("x", inputs=["data/a.csv", "data"], workdir="data")
    assert (job.inputs, job.workdir) == (["data/a.csv", "data"], "data")
    with pytest.raises(BadInput):
        team.submit("x", workdir="data/a.csv")


def test_a_budget_of_another_project_cannot_pay(memory, team, make_team):
    other = make_team()
    with pytest.raises(BadInput, match="another project"):
        team.submit("x", budget=other.budget)


def test_a_closed_project_runs_nothing(memory, team):
    team.project.closed_at = clock.now()
    team.project.save()
    with pytest.raises(Conflict, match="closed"):
        team.submit("x")


def test_an_accelerator_without_a_price_cannot_be_asked_for(memory, team):
    kind = AcceleratorType.objects.create(code="new", name="New", vendor="x", fp16_gflops=1, memory_mb=1, power_w=1)
    Node.objects.get().accelerators.create(type=kind, count=1)
    with pytest.raises(BadInput, match="no price"):
        team.submit("x", accelerator="new")


def test_where_no_machine_has_reported_yet_the_engine_decides(memory, team):
    Node.objects.all().delete()
    job = team.submit("x", accelerator="h800", accelerator_count=8)
    assert (job.cpus, job.memory_mb) == (8, 16_384)


def test_a_centre_without_a_cluster(prices, make_team):
    team = make_team()
    with pytest.raises(Unavailable, match="no cluster"):
        team.submit("x")


def test_what_fits_no_machine_whole_is_refused(memory, team, cluster):
    other = Node.objects.create(cluster=cluster, name="big", cpus=1, memory_mb=10**6, seen_at=clock.now())
    assert other.accelerators.count() == 0
    with pytest.raises(BadInput, match="No one machine"):
        team.submit("x", accelerator_count=4, memory_mb="100 GB")
    Node.objects.exclude(pk=other.pk).delete()
    with pytest.raises(BadInput, match="at the moment"):
        team.submit("x", **H800)


def test_a_machine_that_is_up_is_taken_before_one_that_is_down(memory, team):
    slow = Cluster.objects.create(code="slow", engine="local", name_en="Slow")
    Node.objects.create(cluster=slow, name="a", cpus=2, memory_mb=2048, up=False, seen_at=clock.now())
    assert team.submit("x").cluster.code == "local"
    Node.objects.filter(name="a").update(up=True)
    assert team.submit("x").cluster.code == "slow"


def test_dependencies(memory, team, make_team):
    first = team.submit("x")
    second = team.submit("x", after=[first.uid, first.uid])
    assert list(second.after.all()) == [first]
    stranger = make_team().submit("x")
    with pytest.raises(BadInput, match="no job"):
        team.submit("x", after=[stranger.uid])
    Job.objects.filter(pk=first.pk).update(state="failed")
    with pytest.raises(BadInput, match="did not complete"):
        team.submit("x", after=[first.uid])
    Job.objects.filter(pk=first.pk).update(state="completed")
    assert team.submit("x", after=[first.uid])
    large = team.submit("x", array_size=400, time_limit_ms=1000)
    with pytest.raises(BadInput, match="too many"):
        team.submit("x", after=[large.uid], array_size=400, time_limit_ms=1000)
    other = Cluster.objects.create(code="other", engine="local", name_en="Other")
    Job.objects.filter(pk=second.pk).update(cluster=other)
    with pytest.raises(BadInput, match="another cluster"):
        team.submit("x", after=[second.uid])


# Who may


def test_who_may_submit_and_cancel(memory, team, make_person, member, acting, make_team):
    people = {}
    for role in ("manager", "member", "finance", "read_only"):
        people[role] = make_person()
        member(people[role], team.project, role)
    for role in ("manager", "member"):
        assert team.submit("x", actor=acting(people[role])).submitted_by == people[role]
    for role in ("finance", "read_only"):
        with pytest.raises(NotFound):
            team.submit("x", actor=acting(people[role]))
    job = team.submit("x")
    stranger, operator = make_team(), make_person("operator")
    for who in (acting(people["read_only"]), stranger.actor, acting(make_person("auditor"))):
        for action in (actions.cancel_job, actions.retry_job):
            with pytest.raises((NotFound, Forbidden)):
                action(who, job=job)
    assert actions.cancel_job(acting(operator), job=job).cancel_asked_at
    with pytest.raises((NotFound, Forbidden)):
        actions.annotate_job(acting(operator), job=job, note="x")
    with pytest.raises(SignInNeeded):
        team.submit("x", actor=ANYONE)
    with pytest.raises(SignInNeeded):
        team.submit("x", actor=WORKER)
    for action in (actions.record_accepted, actions.record_lost, actions.record_abandoned):
        with pytest.raises(NotFound):
            action(team.actor, cluster=job.cluster, refs=[])


def test_a_token_needs_the_scope(memory, team):
    with pytest.raises(Forbidden, match="jobs"):
        team.submit("x", actor=Actor(person=team.person, scopes=frozenset({"read"})))
    assert team.submit("x", actor=Actor(person=team.person, scopes=frozenset({"jobs"})))


# Changing


def test_the_note(memory, team):
    job = team.submit("x", note="before")
    assert actions.annotate_job(team.actor, job=job, note=" what came of it ").note == "what came of it"
    audit = AuditEvent.objects.get(action="jobs.annotate")
    assert audit.details == {"before": "before", "after": "what came of it"}
    with pytest.raises(BadInput):
        actions.annotate_job(team.actor, job=job, note="x" * 10_001)


def test_retry_of_a_command_keeps_files(memory, team, drive):
    workspaces.place(team.project, "a", workspaces.receive(team.project, [b"1"]))
    job = team.submit("x", inputs=["a"], outputs=["b/*"])
    Job.objects.filter(pk=job.pk).update(state="failed")
    job.refresh_from_db()
    again = actions.retry_job(team.actor, job=job)
    assert (again.inputs, again.outputs, again.retry_of) == (["a"], ["b/*"], job)


def test_file_actions(team):
    upload = workspaces.receive(team.project, [b"x"])
    assert actions.upload_file(team.actor, project=team.project, path="a/b", incoming=upload).path == "a/b"
    actions.make_folder(team.actor, project=team.project, path="c")
    actions.rename_file(team.actor, project=team.project, path="a/b", to="c/b")
    actions.delete_file(team.actor, project=team.project, path="c")
    assert [item.name for item in workspaces.list_folder(team.project).items] == ["a"]
    assert set(AuditEvent.objects.filter(action__startswith="jobs.").values_list("action", flat=True)) == {
        "jobs.upload_file",
        "jobs.make_folder",
        "jobs.rename_file",
        "jobs.delete_file",
    }


# What the worker writes


def dispatched(team, memory, cluster, **asked):
    job = team.submit("x", **H800 | asked)
    tasks.dispatch(cluster, memory)
    job.refresh_from_db()
    return job, [run.ref for run in job.runs.all()]


def test_recording_is_idempotent_and_leaves_what_has_moved_on(memory, team, cluster):
    job, refs = dispatched(team, memory, cluster, array_size=2)
    assert job.state == "queued"
    assert actions.record_accepted(WORKER, cluster=cluster, refs=refs) == 0
    running = [RunStatus(refs[0], State.RUNNING, started_at=5, node="n"), RunStatus(refs[1], State.UNKNOWN)]
    assert actions.record_states(WORKER, cluster=cluster, statuses=running) == 1
    assert actions.record_states(WORKER, cluster=cluster, statuses=running) == 0
    job.refresh_from_db()
    assert (job.state, job.runs.get(index=0).node) == ("running", "n")
    assert actions.record_rejected(WORKER, cluster=cluster, refs=refs[:1], detail="no") == 0
    assert actions.record_lost(WORKER, cluster=cluster, refs=refs[1:]) == 0
    # A machine failed and the engine queued the run again.
    again = [RunStatus(refs[0], State.QUEUED, Reason.RESOURCES, position=1)]
    actions.record_states(WORKER, cluster=cluster, statuses=again)
    job.refresh_from_db()
    run = job.runs.get(index=0)
    assert (job.state, run.started_ms, run.reason) == ("queued", None, "resources")


def test_an_array_under_way_is_running_between_its_runs(memory, team, cluster):
    job, refs = dispatched(team, memory, cluster, array_size=2)
    memory.start(refs[0])
    memory.finish(refs[0], elapsed_ms=1000)
    tasks.cycle(cluster, memory)
    job.refresh_from_db()
    assert (job.state, job.ended_at) == ("running", None)
    assert not Notice.objects.filter(url=f"/jobs/{job.uid}/").exists()


def row(ref, state=State.COMPLETED, elapsed_ms=HOUR // 2, **facts) -> UsageRow:
    facts = {"project": "p", "accelerator": "h800", "accelerator_count": 1, "node": "n1"} | facts
    facts = {"reason": Reason.NONE, "exit_code": 0, "signal": None, "started_at": 1000} | facts
    return UsageRow(ref=ref, submitted_at=0, ended_at=1000 + elapsed_ms, elapsed_ms=elapsed_ms, state=state, **facts)


def settle(cluster, rows, before="", cursor="1"):
    EngineCursor.objects.get_or_create(cluster=cluster)
    return actions.settle_usage(WORKER, cluster=cluster, ended=rows, before=before, cursor=cursor)


def test_settling_charges_ends_and_moves_the_cursor_once(memory, team, cluster, sums):
    job, refs = dispatched(team, memory, cluster)
    rows = [row(refs[0], cpu_ms=7, max_rss_mb=10**12)]
    assert settle(cluster, rows) == 1
    assert settle(cluster, rows) == 0  # another worker read the same rows
    assert settle(cluster, rows, before="1", cursor="2") == 0  # the engine told them again
    job.refresh_from_db()
    run = job.runs.get()
    assert (job.state, clock.to_ms(job.ended_at), run.cpu_ms) == ("completed", 1000 + HOUR // 2, 7)
    assert sums(team.budget) == (1000, 700, 0)
    assert (UsageRecord.objects.count(), Notice.objects.filter(url__contains=job.uid).count()) == (1, 1)
    assert EngineCursor.objects.get().cursor == "2"


def test_a_failed_machine_is_charged_and_credited_back_in_the_open(memory, team, cluster, sums):
    job, refs = dispatched(team, memory, cluster)
    settle(cluster, [row(refs[0], State.NODE_FAILED, reason=Reason.NODE_RESTARTED)])
    entries = Entry.objects.exclude(kind="release").order_by("seq")
    assert [(entry.kind, entry.amount) for entry in entries] == [("charge", 1000), ("reversal", -1000)]
    assert entries[1].reverses == entries[0]
    assert entries[1].reason == f"Outage: n1 failed under run {refs[0]}"
    assert sums(team.budget) == (0, 0, 0)
    assert "credited back" in reason_in_words(job.runs.get())
    assert "nothing is charged" in str(Notice.objects.get(url__contains=job.uid))


def test_a_machine_that_fails_before_anything_was_used_needs_no_credit(memory, team, cluster):
    _job, refs = dispatched(team, memory, cluster)
    settle(cluster, [row(refs[0], State.NODE_FAILED, elapsed_ms=0, started_at=None)])
    assert not Entry.objects.filter(kind="reversal").exists()


def test_usage_of_runs_that_are_not_ours_is_kept_unattributed(memory, team, cluster, sums):
    settle(cluster, [row("somebodys-own")])
    usage = UsageRecord.objects.get()
    assert (usage.source_id, usage.budget, usage.quantity) == ("somebodys-own", None, HOUR // 2)
    assert usage.description == "somebodys-own (p)"


def test_usage_that_turns_up_after_a_run_was_written_off_is_kept_unattributed(memory, team, cluster, sums):
    job, refs = dispatched(team, memory, cluster)
    actions.record_states(WORKER, cluster=cluster, statuses=[RunStatus(refs[0], State.RUNNING, started_at=5)])
    assert actions.record_lost(WORKER, cluster=cluster, refs=refs) == 1
    job.refresh_from_db()
    assert (job.state, sums(team.budget)) == ("node_failed", (0, 0, 0))
    assert "lost sight of it" in reason_in_words(job.runs.get())
    settle(cluster, [row(refs[0])])
    assert UsageRecord.objects.get().budget is None
    assert sums(team.budget) == (0, 0, 0)


def test_a_long_job_is_also_told_by_mail(
    memory, team, cluster, mailoutbox, settings, django_capture_on_commit_callbacks
):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    start = clock.now()
    with clock.fixed(start):
        _short, short = dispatched(team, memory, cluster, name="short")
        _long, long = dispatched(team, memory, cluster, name="long")
    with django_capture_on_commit_callbacks(execute=True):
        begun = clock.to_ms(start)
        settle(cluster, [row(short[0], elapsed_ms=1000, started_at=begun)])
        late = row(long[0], elapsed_ms=HOUR, started_at=begun)
        late = UsageRow(**vars(late) | {"ended_at": begun + HOUR})
        settle(cluster, [late], before="1", cursor="2")
    assert [("long" in mail.subject, "short" in mail.subject) for mail in mailoutbox] == [(True, False)]


def test_the_cost_in_a_notice_is_both_payers(memory, team, cluster):
    job, refs = dispatched(team, memory, cluster, name="訓練")
    settle(cluster, [row(refs[0])])
    assert str(Notice.objects.get(url=f"/jobs/{job.uid}/")) == (
        "“訓練” has completed. Cost: HK$10.00 (scheme HK$7.00, applicant HK$3.00)."
    )


def test_costs_and_resources(memory, team, cluster):
    job, refs = dispatched(team, memory, cluster, array_size=3)
    settle(cluster, [row(refs[0], cpu_ms=HOUR // 2, max_rss_mb=1024), row(refs[1], State.TIMEOUT, HOUR)])
    assert queries.costs([job])[job.pk] == queries.Cost(3000, 2100, 900, 2000)
    used = queries.resources(job)
    assert (used.ended, used.elapsed_ms, used.accelerator_ms) == (2, HOUR * 3 // 2, HOUR * 3 // 2)
    assert (used.cpu_percent, used.memory_percent, used.time_percent) == (17, 25, 100)
    runs = list(queries.runs_of(job))
    assert [queries.run_charges(runs)[run.pk] for run in runs] == [1000, 2000, 0]
    assert [run.index for run in queries.runs_of(job, state="ended")] == [0, 1]
    assert queries.resources(team.submit("x")).cpu_percent is None


def test_holds_expire_long_after_the_job_could_have_run(noon, memory, team):
    team.submit("x", time_limit_ms="1d")
    assert Hold.objects.get().expires_at == noon + timedelta(days=31)
