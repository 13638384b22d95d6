"""Files, jobs and their money at a real centre, with jobs that really run."""

from __future__ import annotations

import io
import sys
from contextlib import suppress
from datetime import timedelta

import pytest

from aisc.client import Conflict, Forbidden, InsufficientBudget, NotFound, Refused


@pytest.fixture
def client(client_of):
    return client_of("researcher")


@pytest.fixture
def budget(client):
    return next(each for each in client.budgets.list(state="active", source="award"))


@pytest.fixture
def submit(client, budget):
    def go(code: str, **asked):
        asked = {"name": "Test", "time_limit": "1m", "command": [sys.executable, "-c", code]} | asked
        return client.jobs.submit(project=budget.project, budget=budget, **asked)

    return go


def test_a_job_from_the_first_line_to_the_last_cent(client, budget, submit):
    before = client.budgets.get(budget)
    job = submit(
        "import os,time,pathlib; print('開始', flush=True); time.sleep(.4); print('end', end='');"
        "pathlib.Path(os.environ['AISC_OUTPUT'],'答.txt').write_text('42')",
        memory="128 MB",
        note="first",
    )
    assert (job.state, job.time_limit_ms, job.memory_mb, job.ended) == ("held", 60_000, 128, False)
    assert job.cost.held_cents > 0
    assert "".join(piece.text for piece in client.jobs.follow(job)) == "開始\nend"

    ended = client.jobs.wait(job, timeout_s=30)
    assert (ended.state, ended.ended, ended.run_states, ended.cost.held_cents) == (
        "completed",
        True,
        {"completed": 1},
        0,
    )
    (run,) = client.jobs.runs(ended)
    assert (run.exit_code, run.signal, run.state) == (0, None, "completed")
    assert run.charged_cents == ended.cost.list_cents == ended.cost.scheme_cents + ended.cost.applicant_cents

    (result,) = client.jobs.results(ended)
    assert (result.file.name, result.file.bytes) == ("答.txt", 2)
    assert client.jobs.annotate(ended, "well").note == "well"
    assert next(client.jobs.list(mine=True, q="Test")).uid == job.uid
    assert job.uid in {each.uid for each in client.jobs.list(project=budget.project, budget=budget, state="completed")}

    (usage,) = client.usage.list(source_id=run.ref)
    detail = client.usage.get(usage.id)
    assert (usage.quantity, detail.rating.agrees) == (run.elapsed_ms, True)
    entry = next(each for each in client.budgets.entries(budget, kind="charge") if each.usage == usage.id)
    assert (entry.amount_cents, entry.hash) == (run.charged_cents, detail.rating.hash)
    after = client.budgets.get(budget)
    assert after.charged_cents >= before.charged_cents
    billed = sum(each.list_cents for each in client.statements.list(budget=budget, payer="applicant"))
    assert client.budgets.to_date(budget).list_cents == after.charged_cents - billed


def test_a_piece_of_the_log(client, submit):
    job = client.jobs.wait(submit("print('ab' * 50)"), timeout_s=30)
    piece = client.jobs.log(job, offset=10, limit=5)
    assert (piece.text, piece.next_offset, piece.ended) == ("ababa", 15, False)
    assert "".join(each.text for each in client.jobs.pieces(job, offset=95)) == "babab\n"


def test_a_job_can_be_cancelled_once_and_retried(client, submit):
    job = submit("import time; time.sleep(60)", key="cancel-me")
    assert submit("import time; time.sleep(60)", key="cancel-me").uid == job.uid
    assert client.jobs.cancel(job).cancel_asked
    ended = client.jobs.wait(job, timeout_s=30)
    assert ended.state == "cancelled"
    with pytest.raises(Conflict):
        client.jobs.cancel(job)
    again = client.jobs.retry(job)
    assert (again.retry_of, again.command) == (job.uid, job.command)
    client.jobs.cancel(again)
    client.jobs.wait(again, timeout_s=30)


def test_waiting_has_an_end_and_tells_of_changes(client, submit):
    job, seen = submit("import time; time.sleep(60)"), []
    with pytest.raises(TimeoutError, match=f"{job.uid} is still"):
        client.jobs.wait(job, timeout_s=1, on_change=lambda found: seen.append(found.state))
    assert seen
    client.jobs.cancel(job)
    client.jobs.wait(job, timeout_s=30, on_change=lambda found: seen.append(found.state))
    assert seen[-1] == "cancelled"


def test_an_array_after_another_job(client, submit):
    first = submit("pass")
    array = submit("import os; raise SystemExit(int(os.environ['AISC_ARRAY_INDEX']))", array_size=3, after=[first])
    ended = client.jobs.wait(array, timeout_s=60)
    assert (ended.state, ended.run_states, ended.after) == ("failed", {"completed": 1, "failed": 2}, [first.uid])
    assert [run.exit_code for run in client.jobs.runs(array, state="failed")] == [1, 2]


def test_a_template(client, budget):
    (digits,) = (each for each in client.templates.list() if each.code == "digits-classifier")
    assert {"epochs": "30"}.items() <= {each.name: each.default for each in digits.parameters}.items()
    job = client.jobs.submit(
        project=budget.project, budget=budget, name="Digits", template=digits.code, parameters={"epochs": "1"}
    )
    assert (job.time_limit_ms, job.accelerator_count) == (digits.time_limit_ms, digits.accelerator_count)
    assert client.jobs.wait(job, timeout_s=120).state == "completed"
    assert [each.label for each in client.jobs.results(job) if each.main]


def test_more_than_there_is_is_refused(client, budget, submit):
    estimate = client.budgets.estimate(budget, accelerator="cpu", count=2, time_limit_ms=2_592_000_000, runs=9_000)
    assert not estimate.enough
    assert estimate.list_cents == estimate.scheme_cents + estimate.applicant_cents > estimate.available_cents
    with pytest.raises(InsufficientBudget):
        submit("pass", time_limit="30d", array_size=9_000, accelerator_count=2)


def test_files(client, budget, tmp_path):
    project, files = budget.project, client.files
    (tmp_path / "文 件.txt").write_bytes(b"x" * 300_000)
    told: list[int] = []
    put = files.upload(project, tmp_path / "文 件.txt", "/a/b/./文 #?%.txt/", progress=told.append)
    assert (put.path, put.bytes, told[-1]) == ("a/b/文 #?%.txt", 300_000, 300_000)
    files.upload(project, io.BytesIO(b""), "a/empty")
    assert [(each.name, each.kind) for each in files.list(project, "a").items] == [("b", "folder"), ("empty", "file")]
    assert [each.path for each in files.walk(project, "a")] == ["a/b/文 #?%.txt", "a/empty"]
    assert (files.is_file(project, "a"), files.is_file(project, "a/empty"), files.is_file(project, put.path)) == (
        False,
        True,
        True,
    )
    assert files.download(project, put.path, tmp_path / "back").read_bytes() == b"x" * 300_000
    assert files.download(project, "a/empty", tmp_path / "none").read_bytes() == b""
    assert files.make_folder(project, "c").kind == "folder"
    assert files.rename(project, put.path, "c/d.txt").path == "c/d.txt"
    with pytest.raises(NotFound, match="is a file"):
        files.list(project, "c/d.txt")
    with pytest.raises(Refused):
        files.delete(project, "c")
    files.delete(project, "c", recursive=True)
    files.delete(project, "a/empty")
    with pytest.raises(NotFound):
        files.list(project, "c")
    assert files.list(project).quota_bytes > files.list(project).used_bytes > 0


def test_own_money_from_the_wish_to_the_statement(centre, client_of):
    owner, finance = client_of("applicant"), client_of("finance")
    project = next(each for each in owner.projects.list() if each.name == "Tidal models")
    today = centre.today()
    budget = owner.budgets.open(
        project=project,
        name="More own money",
        ceiling_cents=10_000,
        starts_on=today,
        ends_on=today + timedelta(days=30),
        reference="PO-1",
    )
    assert (budget.released_cents, budget.scheme_bps, budget.source) == (0, 0, "own")
    with pytest.raises((Forbidden, NotFound)):
        owner.budgets.release(budget, amount_cents=10_000, reason="mine")
    entry = finance.budgets.release(budget, amount_cents=6_000, reason="credit granted")
    assert (entry.kind, entry.amount_cents) == ("release", 6_000)
    assert owner.budgets.raise_ceiling(budget, ceiling_cents=20_000, reason="more").ceiling_cents == 20_000
    assert finance.budgets.suspend(budget, reason="check").state == "suspended"
    assert finance.budgets.resume(budget, reason="checked").state == "active"

    job = owner.jobs.submit(
        project=project,
        budget=budget,
        name="Own",
        command=["sleep", "6"],
        accelerator="cpu",
        accelerator_count=2,
        time_limit=60_000,
    )
    assert [hold.amount_cents for hold in owner.budgets.holds(budget, state="open")] == [job.cost.held_cents]
    ended = owner.jobs.wait(job, timeout_s=60)
    assert ended.cost.scheme_cents == 0
    assert ended.cost.list_cents == ended.cost.applicant_cents > 0

    bill = finance.statements.issue(budget=budget, period_start=today, period_end=today)
    # Of own money there is nothing that the scheme would owe.
    assert [each.payer for each in bill.statements] == ["applicant"]
    assert (bill.list_cents, bill.scheme_cents, bill.applicant_cents) == (
        ended.cost.list_cents,
        0,
        ended.cost.list_cents,
    )
    (mine,) = owner.statements.list(budget=budget, payer="applicant")
    assert (mine.payer_cents, owner.statements.get(mine.number).applicant_cents) == (ended.cost.list_cents,) * 2
    assert owner.statements.pdf(mine.number).startswith(b"%PDF-")
    assert (
        job.uid in owner.statements.csv(mine.number).decode()
        or ended.name in owner.statements.csv(mine.number).decode()
    )

    (charge,) = owner.budgets.entries(budget, kind="charge")
    reversal = finance.budgets.reverse(budget, charge.seq, reason="node failed")
    assert (reversal.amount_cents, reversal.reverses) == (-charge.amount_cents, charge.seq)
    assert finance.budgets.close(budget, reason="over").state == "closed"


def test_the_ledgers_proof(client_of):
    auditor = client_of("auditor")
    assert list(auditor.usage.list(unattributed=True)) == []
    assert all(seal.entries >= 0 for seal in auditor.ledger.seals())
    with suppress(NotFound):  # none was run yet
        assert auditor.ledger.proof().ok
