"""Jobs when a project closes, somebody leaves, or two accounts become one."""

import asyncio

import pytest

from aisc.core.actions import Actor, system
from aisc.core.errors import Conflict
from aisc.jobs import streaming
from aisc.jobs.actions import submit_job
from aisc.jobs.api import _still_reads
from aisc.jobs.models import Job
from aisc.ledger.actions import HoldRequest, place_holds
from aisc.ledger.models import Hold
from aisc.people import actions as people
from aisc.people.models import Membership, Notice
from aisc.people.tokens import actor_from_token


@pytest.fixture
def submit(team, memory):
    def go(person=None, name="train") -> Job:
        return submit_job(
            Actor(person=person or team.person),
            project=team.project,
            budget=team.budget,
            name=name,
            command=["true"],
            accelerator="cpu",
            accelerator_count=1,
            cpus=1,
            memory_mb=100,
            time_limit_ms=60_000,
        )

    return go


@pytest.fixture
def colleague(team, make_person, member):
    person = make_person(name="Colleague")
    member(person, team.organisation, "member")
    return person


def test_a_project_does_not_close_under_running_jobs(team, submit):
    jobs = [submit(name=f"train-{number}") for number in range(7)]
    with pytest.raises(Conflict, match="Jobs are under way: train-0") as refused:
        people.close_project(team.actor, project=team.project)
    assert "train-4" in str(refused.value)
    assert "train-5" not in str(refused.value)
    assert "end them" in str(refused.value)
    assert len(refused.value.extra["jobs"]) == 6
    team.project.refresh_from_db()
    assert team.project.closed_at is None
    people.close_project(team.actor, project=team.project, cancel_jobs=True)
    assert Job.objects.filter(cancel_asked_at__isnull=False).count() == len(jobs)
    # Money of runs that have not ended yet waits for what they used.
    assert Hold.objects.filter(state="open").count() == len(jobs)


def test_closing_frees_money_that_is_held_for_nothing(noon, team, prices):
    from datetime import timedelta

    price = prices.prices.get(meter__code="accelerator:cpu")
    place_holds(
        system("test"), budget=team.budget, price=price, requests=[HoldRequest("stray", 3_600_000, "stray")],
        expires_at=noon + timedelta(days=1),
    )  # fmt: skip
    people.close_project(team.actor, project=team.project)
    assert Hold.objects.get().state == "released"
    team.budget.refresh_from_db()
    assert team.budget.held == 0
    people.reopen_project(team.actor, project=team.project)


def test_jobs_of_somebody_who_leaves(team, submit, colleague, drive, memory):
    job = submit(colleague, "mine")
    submit(name="other")
    membership = Membership.objects.get(person=colleague)
    found = people.departure(team.actor, membership)
    assert found.jobs_under_way
    named = {str(each.what): list(each.names) for each in found.consequences}
    assert named["jobs under way"] == [str(job)]
    people.remove_member(team.actor, membership=membership, cancel_jobs=True)
    asked = Job.objects.filter(cancel_asked_at__isnull=False)
    assert [each.pk for each in asked] == [job.pk]


def test_the_successor_hears_of_jobs_that_go_on(team, submit, colleague, make_person, member):
    from aisc.jobs.actions import record_rejected

    second = make_person(name="Second")
    member(second, team.organisation, "member")
    job = submit(colleague, "mine")
    people.remove_member(team.actor, membership=Membership.objects.get(person=colleague), successor=second)
    Notice.objects.all().delete()
    refs = list(job.runs.values_list("ref", flat=True))
    record_rejected(system("test"), cluster=job.cluster, refs=refs, detail="x")
    assert [notice.person for notice in Notice.objects.all()] == [second]


def test_jobs_follow_the_human(team, submit, colleague, make_person):
    job = submit(colleague)
    survivor, admin = make_person(), make_person("administrator")
    said = {str(each.what): each.count for each in people.persons_preview(survivor, colleague)}
    assert said["jobs"] == 1
    people.merge_persons(
        Actor(person=admin), survivor=survivor, duplicate=colleague, confirmation=colleague.uid, reason="same"
    )
    job.refresh_from_db()
    assert job.submitted_by == survivor


def test_who_leaves_reads_no_further_in_a_log(team, submit, colleague, rf):
    run = submit().runs.select_related("job__project").get()
    actor = Actor(person=colleague)
    _token, secret = people.issue_token(actor, name="x", scopes=["read"])
    request = rf.get("/", headers={"Authorization": f"Bearer {secret}"})
    request.actor = actor_from_token(secret, request)
    by_page = rf.get("/")
    by_page.actor = actor
    assert _still_reads(request, run)
    assert _still_reads(by_page, run)
    people.revoke_token(actor, token=_token)
    assert not _still_reads(request, run)
    assert _still_reads(by_page, run)
    people.remove_member(team.actor, membership=Membership.objects.get(person=colleague))
    assert not _still_reads(by_page, run)


def test_a_stream_ends_where_reading_is_no_longer_allowed(monkeypatch):
    monkeypatch.setattr(streaming, "RECHECK_S", 0.0)
    monkeypatch.setattr(streaming, "_let_go_of_database", lambda: None)

    async def source():
        for number in range(5):
            yield str(number)

    async def read(answers):
        return [piece async for piece in streaming.while_allowed(source(), lambda: answers.pop(0))]

    assert asyncio.run(read([True, True, False])) == ["0", "1"]
    monkeypatch.setattr(streaming, "RECHECK_S", 60.0)
    assert asyncio.run(read([])) == ["0", "1", "2", "3", "4"]
