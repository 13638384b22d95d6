"""What needs whom: each rule says its thing to those who must act, to nobody else, and the most urgent first."""

from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress

from aisc.centre.models import AcceleratorType, Cluster, Node
from aisc.core import clock
from aisc.jobs.models import Job
from aisc.ledger.models import Budget, Proof, UsageRecord
from aisc.people.models import CentreRole
from aisc.people.models_joining import Invitation, JoinRequest
from aisc.people.models_sign_in import EmailDomain
from aisc.portal.queries import home
from aisc.portal.todo import ToDo


@pytest.fixture
def owner(make_person, make_organisation, make_project, member):
    """Somebody who answers for an organisation's money, and a project of it."""
    person, organisation = make_person(), make_organisation()
    member(person, organisation, "owner")
    return person, make_project(organisation)


@pytest.fixture
def staff(make_person):
    """``staff(role)``: somebody with a role in the centre, while every other role is held by others."""

    def make(role: str):
        people = {each: make_person() for each in CentreRole.Role.values}
        for each, person in people.items():
            CentreRole.objects.create(person=person, role=each, granted_at=clock.now())
        return people[role]

    return make


@pytest.fixture
def asked(acting):
    """``asked(person)``: what the home page says and how urgent each is, in order."""
    return lambda person: [(each.what, each.urgency) for each in home(acting(person)).todo]


def test_what_is_broken_comes_before_what_is_due_and_that_before_what_may_wait(noon):
    today = clock.today()
    late = ToDo("late", "", "", due=today - timedelta(days=1))
    tonight = ToDo("tonight", "", "", due=clock.now() + timedelta(hours=3))
    someday = ToDo("someday", "", "")
    broken = ToDo("broken", "", "", wrong=True)
    assert [each.urgency for each in (late, tonight, someday, broken)] == ["late", "soon", "", "late"]
    assert ToDo("", "", "", due=today + timedelta(days=4)).urgency == ""
    assert tonight.day == today


def test_budgets_speak_before_it_is_too_late(noon, owner, make_budget, asked, make_person):
    person, project = owner
    today = clock.today()
    for released, ends in ((1000_00, 20), (1000_00, 200)):
        make_budget(project, released=released, ends_on=today + timedelta(days=ends))
    assert asked(person) == [("Use a budget before it ends", "")]
    assert asked(make_person()) == []
    Budget.objects.filter(ends_on=today + timedelta(days=200)).update(charged=950_00, charged_scheme=0)
    assert asked(person) == [("Use a budget before it ends", ""), ("A budget is nearly used up", "")]


def test_a_budget_that_will_not_last_says_so(noon, owner, make_budget, asked, monkeypatch):
    person, project = owner
    dates = {"starts_on": clock.today() - timedelta(days=5), "ends_on": clock.today() + timedelta(days=2)}
    make_budget(project, released=1000_00, **dates)
    Budget.objects.update(charged=800_00, charged_scheme=0)
    monkeypatch.setattr("aisc.portal.queries.forecasts", lambda rows: {budget.pk: 2000_00 for budget in rows})
    assert asked(person) == [("A budget will not last to its end", "soon")]


def test_a_failed_job_is_shown_to_whoever_submitted_it_until_it_is_run_again(noon, owner, make_budget, asked):
    person, project = owner
    budget = make_budget(project)
    facts = {
        "project": project,
        "budget": budget,
        "cluster": Cluster.objects.create(code="jobs", name_en="Jobs", engine="local"),
        "submitted_by": person,
        "command": ["true"],
        "accelerator": AcceleratorType.objects.get(code="cpu"),
        "accelerator_count": 1,
        "cpus": 1,
        "memory_mb": 100,
        "time_limit_ms": 1000,
        "array_size": 1,
        "created_at": clock.now(),
    }
    failed = Job.objects.create(name="Broken", state="failed", ended_at=clock.now(), **facts)
    Job.objects.create(name="Old", state="failed", ended_at=clock.now() - timedelta(days=9), **facts)
    Job.objects.create(name="Fine", state="completed", ended_at=clock.now(), **facts)
    assert asked(person) == [("See why a job failed", "")]
    Job.objects.create(name="Again", state="queued", retry_of=failed, **facts)
    assert asked(person) == []


def test_invitations_and_requests_to_join_wait_for_those_who_answer(noon, owner, asked, make_person, make_organisation):
    person, _project = owner
    organisation = person.memberships.get().organisation
    guest, stranger = make_person(), make_person()
    at = clock.now()
    JoinRequest.objects.create(organisation=organisation, person=stranger, created_at=at)
    JoinRequest.objects.create(organisation=make_organisation(), person=stranger, created_at=at)
    times = {"created_at": at, "sent_at": at}
    for state, days in (("open", 9), ("revoked", 9), ("open", -1)):
        Invitation.objects.create(
            email=guest.email,
            organisation=organisation if state == "open" and days > 0 else make_organisation(),
            role="member",
            invited_by=person,
            state=state,
            expires_at=at + timedelta(days=days),
            **times,
        )
    EmailAddress.objects.filter(user=guest).update(verified=False)
    assert asked(guest) == []  # whose address is not confirmed
    EmailAddress.objects.filter(user=guest).update(verified=True)
    assert asked(guest) == [("Answer an invitation", "")]
    assert asked(person) == [("Answer a request to join", "")]
    assert asked(stranger) == []


def test_an_administrator_is_told_of_domains_to_verify(noon, staff, asked, make_organisation):
    administrator = staff("administrator")
    domain = EmailDomain.objects.create(organisation=make_organisation(), domain="a.example", claimed_at=clock.now())
    assert asked(administrator) == [("Verify an e-mail domain", "")]
    EmailDomain.objects.filter(pk=domain.pk).update(verified_at=clock.now())
    assert asked(administrator) == []


def test_each_role_of_the_centre_is_told_of_its_own(noon, staff, asked, make_person):
    operator, auditor, finance, administrator = map(staff, ("operator", "auditor", "finance", "administrator"))
    cluster = Cluster.objects.create(code="a", name_en="A", engine="local")
    Node.objects.create(cluster=cluster, name="n1", cpus=1, memory_mb=1, up=False, seen_at=clock.now())
    UsageRecord.objects.create(
        source="x", source_id="1", quantity=1, started_ms=0, ended_ms=1, recorded_ms=clock.now_ms()
    )
    Proof.objects.create(at=clock.now(), ok=False, milliseconds=1, report={"total_findings": 2, "findings": []})
    of_operator = asked(operator)
    assert ("A machine is down", "late") in of_operator
    assert of_operator[-1] == ("Say who pays for uses without a payer", "")
    differences = [("Look into the differences of the last proof", "late")]
    assert asked(auditor) == differences
    assert asked(finance) == differences
    assert asked(administrator) == []
    CentreRole.objects.filter(role="assessor").delete()
    assert asked(administrator) == [("Give somebody a role that nobody holds", "")]
    assert asked(make_person()) == []
