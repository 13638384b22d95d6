"""The life of a job, from asking to the settled charge, on the real engine of one machine."""

from __future__ import annotations

import json
import sys
from datetime import timedelta

import pytest

from aisc.core import clock
from aisc.core.errors import Conflict
from aisc.core.money import MS_PER_HOUR, round_half_up
from aisc.jobs import actions, queries, tasks, workspaces
from aisc.jobs.models import EngineCursor, Run
from aisc.jobs.words import reason_in_words
from aisc.ledger.models import Entry, Hold, UsageRecord
from aisc.people.models import Notice

PYTHON = sys.executable


def test_a_job_runs_and_is_charged_for_what_it_used(local, team, drive, sums):
    code = (
        "import os, pathlib, time; time.sleep(0.2); print('hello 世界');"
        "pathlib.Path(os.environ['AISC_OUTPUT'], 'answer.txt').write_text(os.environ['AISC_JOB'])"
    )
    job = team.submit(PYTHON, "-c", code, accelerator="h800", time_limit_ms="1h")
    assert (job.state, job.array_size, job.cpus, job.memory_mb) == ("held", 1, 2, 4096)
    assert sums(team.budget) == (0, 0, 2000)

    job = drive(job)

    run = job.runs.get()
    assert (job.state, run.state, run.exit_code, run.reason) == ("completed", "completed", 0, "")
    assert run.elapsed_ms >= 200
    assert run.ended_ms == run.started_ms + run.elapsed_ms
    cost = round_half_up(run.elapsed_ms * 2000, MS_PER_HOUR)
    scheme = round_half_up(cost * 7000, 10_000)
    assert sums(team.budget) == (cost, scheme, 0)
    assert queries.costs([job])[job.pk] == queries.Cost(cost, scheme, cost - scheme, 0)
    usage = UsageRecord.objects.get()
    assert (usage.source, usage.source_id, usage.quantity) == ("engine:local", run.ref, run.elapsed_ms)
    assert usage.hold_id == run.hold_id
    assert Hold.objects.get().state == "settled"
    assert local.read_log(run.ref).data.decode() == "hello 世界\n"
    descriptor, _facts = workspaces.open_file(team.project, f"results/{job.uid}/answer.txt")
    with open(descriptor) as file:
        assert file.read() == job.uid
    notice = Notice.objects.get(person=team.person, url=f"/jobs/{job.uid}/")
    assert str(notice).startswith("“Test” has completed. Cost: HK$0.")


def test_an_array_runs_each_index_once_with_its_own_place_for_results(local, team, drive, sums):
    code = (
        "import json, os, pathlib; e = os.environ;"
        "pathlib.Path(e['AISC_OUTPUT'], 'run.json').write_text(json.dumps("
        "[e['AISC_RUN'], e['AISC_ARRAY_INDEX'], e['AISC_ARRAY_SIZE'], e['COLOUR']]));"
        "raise SystemExit(3 if e['AISC_ARRAY_INDEX'] == '4' else 0)"
    )
    job = team.submit(PYTHON, "-c", code, array_size=6, environment={"COLOUR": "紅"}, memory_mb=512)

    job = drive(job)

    assert job.state == "failed"
    assert queries.state_counts(job) == {"completed": 5, "failed": 1}
    assert [run.exit_code for run in queries.runs_of(job)] == [0, 0, 0, 0, 3, 0]
    found = []
    for item in workspaces.walk(team.project, f"results/{job.uid}"):
        descriptor, _facts = workspaces.open_file(team.project, item.path)
        with open(descriptor) as file:
            found.append(json.load(file))
    assert found == [[f"{job.uid}-{index}", str(index), "6", "紅"] for index in range(6)]
    assert sums(team.budget)[2] == 0
    assert UsageRecord.objects.count() == 6
    assert "5 of 6 runs completed" in str(Notice.objects.get(url=f"/jobs/{job.uid}/"))


@pytest.mark.parametrize(
    ("argv", "asked", "state", "words"),
    [
        (["-c", "raise SystemExit(7)"], {}, "failed", "exit code 7"),
        (["-c", "import os; os.kill(os.getpid(), 11)"], {}, "failed", "signal 11 (SIGSEGV)"),
        (["-c", "import time; time.sleep(60)"], {"time_limit_ms": 1000}, "timeout", "time limit of 1 s"),
        (["-c", "x = b'x' * (300 << 20); input()"], {"memory_mb": 64}, "out_of_memory", "more than the 64 MB"),
    ],
)
def test_how_a_run_ended_is_said_in_words(local, team, drive, sums, argv, asked, state, words):
    job = drive(team.submit(PYTHON, *argv, **asked))
    run = job.runs.get()
    assert (job.state, run.state) == (state, state)
    assert words in reason_in_words(run)
    assert sums(team.budget)[2] == 0
    assert run.elapsed_ms <= job.time_limit_ms


def test_a_command_that_is_not_there(local, team, drive):
    job = drive(team.submit("no-such-program"))
    assert job.state == "failed"
    assert "could not be found" in reason_in_words(job.runs.get())


def test_a_running_job_can_be_cancelled_and_pays_for_what_it_used(local, team, drive, sums):
    job = team.submit(PYTHON, "-c", "import time; time.sleep(60)", accelerator="h800", time_limit_ms="1h")
    drive(job, until=lambda job: job.state == "running")
    actions.cancel_job(team.actor, job=job)
    actions.cancel_job(team.actor, job=job)

    job = drive(job)

    run = job.runs.get()
    assert (job.state, run.state, run.reason) == ("cancelled", "cancelled", "cancelled")
    assert 0 < run.elapsed_ms < 30_000
    charged, _scheme, held = sums(team.budget)
    assert (charged, held) == (round_half_up(run.elapsed_ms * 2000, MS_PER_HOUR), 0)
    with pytest.raises(Conflict, match="ended already"):
        actions.cancel_job(team.actor, job=job)


def test_a_job_that_is_cancelled_before_it_was_dispatched_costs_nothing(local, team, drive, sums):
    job = team.submit(PYTHON, "-c", "pass")
    actions.cancel_job(team.actor, job=job)
    job = drive(job)
    run = job.runs.get()
    assert (job.state, run.started_ms, run.elapsed_ms) == ("cancelled", None, 0)
    assert reason_in_words(run) == "It was cancelled before it started."
    assert sums(team.budget) == (0, 0, 0)


def test_a_job_waits_for_those_it_comes_after(local, team, drive):
    marks = "import pathlib, sys, time; pathlib.Path('order').open('a').write(sys.argv[1])"
    first = team.submit(PYTHON, "-c", f"import time; time.sleep(0.3); {marks}", "a", array_size=2, memory_mb=128)
    second = team.submit(PYTHON, "-c", marks, "b", after=[first.uid], memory_mb=128)
    second = drive(second)
    first.refresh_from_db()
    assert (first.state, second.state) == ("completed", "completed")
    assert (workspaces.root_of(team.project) / "order").read_text() == "aab"


def test_a_job_does_not_start_when_what_it_comes_after_failed(local, team, drive, sums):
    first = team.submit(PYTHON, "-c", "raise SystemExit(1)")
    second = team.submit(PYTHON, "-c", "pass", after=[first.uid])
    third = team.submit(PYTHON, "-c", "pass", after=[second.uid])
    drive(third)
    second.refresh_from_db()
    assert (second.state, third.state) == ("cancelled", "cancelled")
    assert reason_in_words(third.runs.get()) == "It never started: a job it comes after did not complete."
    assert sums(team.budget)[2] == 0


def test_what_no_machine_can_run_is_rejected_and_the_money_is_free_again(local, team, drive, sums, cluster):
    cluster.nodes.update(memory_mb=10**6)
    job = drive(team.submit(PYTHON, "-c", "pass", memory_mb="500 GB"))
    run = job.runs.get()
    assert (job.state, run.state) == ("rejected", "rejected")
    assert "this machine has 4 CPUs" in run.detail
    assert sums(team.budget) == (0, 0, 0)
    assert "cannot be run by the centre" in str(Notice.objects.get(url=f"/jobs/{job.uid}/"))
    assert not Entry.objects.filter(kind="charge").exists()


def test_a_job_can_be_run_again(local, team, drive):
    job = drive(team.submit(PYTHON, "-c", "raise SystemExit(1)", note="try", environment={"A": "1"}, outputs=["x/*"]))
    again = actions.retry_job(team.actor, job=job)
    assert again.uid != job.uid
    assert again.retry_of == job
    for field in ("name", "command", "environment", "outputs", "note", "cpus", "memory_mb", "time_limit_ms"):
        assert getattr(again, field) == getattr(job, field), field
    with pytest.raises(Conflict, match="under way"):
        actions.retry_job(team.actor, job=again)
    drive(again)


def test_a_template_runs_and_leaves_its_results_where_they_are_looked_for(local, team, drive):
    pytest.importorskip("sklearn")
    job = team.submit(template="digits-classifier", parameters={"epochs": "1"}, time_limit_ms=None)
    assert job.parameters == {"epochs": "1"}
    assert (job.accelerator_count, job.memory_mb, job.time_limit_ms) == (2, 2048, 600_000)
    job = drive(job, timeout_s=120)
    assert job.state == "completed", local.read_log(job.runs.get().ref).data.decode()
    assert f"results/{job.uid}/report.html" in {item.path for item in workspaces.walk(team.project)}
    assert f"results/{job.uid}/report.html" in job.outputs
    again = actions.retry_job(team.actor, job=job)
    assert again.command != job.command  # its own results folder
    assert again.outputs == [each.replace(job.uid, again.uid) for each in job.outputs]
    actions.cancel_job(team.actor, job=again)
    drive(again)


def test_a_clock_that_jumps_changes_no_charge(local, team, drive, sums):
    job = team.submit(PYTHON, "-c", "import time; time.sleep(0.3)")
    with clock.fixed(clock.now() - timedelta(days=400)):
        drive(job, until=lambda job: job.state == "running")
    with clock.fixed(clock.now() + timedelta(days=400)):
        job = drive(job)
    run = job.runs.get()
    assert 300 <= run.elapsed_ms < 20_000
    assert sums(team.budget)[2] == 0


def test_the_cursor_follows(local, team, drive):
    for _ in range(3):
        drive(team.submit(PYTHON, "-c", "pass"))
    assert EngineCursor.objects.get().cursor == "3"
    tasks.run_engines()
    assert UsageRecord.objects.count() == Run.objects.count() == 3
