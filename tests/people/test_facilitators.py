"""Facilitators: let in by the centre to read one project for a while."""

from datetime import timedelta

import pytest

from aisc.core import access, clock
from aisc.core.actions import Actor
from aisc.core.errors import BadInput, Conflict, Forbidden, NotFound
from aisc.core.models import AuditEvent
from aisc.people import actions, queries, tasks
from aisc.people.models import Membership, Notice


@pytest.fixture
def helper(cast, make_person):
    return make_person(name="Helper")


@pytest.fixture
def let_in(cast, helper):
    return lambda **values: actions.let_in_facilitator(
        cast.actor("centre_administrator"),
        **({"project": cast.project, "person": helper, "days": 14, "reason": "First large run"} | values),
    )


def test_a_facilitator_reads_that_project_alone_and_its_people_know(cast, helper, let_in, make_project):
    other = make_project(cast.organisation)
    let_in()
    actor = Actor(person=helper)
    assert list(queries.projects_visible_to(actor)) == [cast.project]
    for rule in ("people.view_project", "people.view_members", "jobs.view_files"):
        assert access.may(actor, rule, cast.project)
        assert not access.may(actor, rule, other)
    for rule in ("people.update_project", "people.invite", "jobs.submit", "jobs.upload_file", "people.close_project"):
        assert not access.may(actor, rule, cast.project)
    assert helper not in {each.person for each in queries.people_with_access(cast.project)}
    assert [each.person for each in queries.facilitators_of(cast.project)] == [helper]
    assert {notice.person for notice in Notice.objects.all()} == {helper, cast.owner, cast.manager}
    event = AuditEvent.objects.get(action="people.let_in_facilitator")
    assert (event.object_id, event.reason) == (cast.project.uid, "First large run")


def test_it_ends_by_the_clock(cast, helper, let_in, noon):
    let_in(days=3)
    actor = Actor(person=helper)
    with clock.fixed(noon + timedelta(days=3)):
        assert not queries.projects_visible_to(actor)
        assert not access.may(actor, "people.view_project", cast.project)
        let_in(days=1)  # again, before the worker came by
    with clock.fixed(noon + timedelta(days=9)):
        tasks.expire()
        tasks.expire()
        assert not Membership.with_ended.filter(person=helper).exists()
        ended = AuditEvent.objects.get(action="people.expire_facilitators")
        assert ended.details["ended"] == [{"person": helper.uid, "project": cast.project.uid}]


@pytest.mark.parametrize("part", ["centre_administrator", "owner", "manager"])
def test_who_ends_it(part, cast, helper, let_in):
    actions.end_facilitation(cast.actor(part), membership=let_in())
    assert not queries.projects_visible_to(Actor(person=helper))
    assert "no longer a facilitator" in str(Notice.objects.filter(person=helper).first())


def test_the_facilitator_ends_it_and_others_do_not(cast, helper, let_in):
    membership = let_in()
    for part in ("member", "stranger", "centre_operator"):
        with pytest.raises(NotFound):
            actions.end_facilitation(cast.actor(part), membership=membership)
    actions.end_facilitation(Actor(person=helper), membership=membership)
    with pytest.raises(NotFound):
        actions.end_facilitation(Actor(person=helper), membership=membership)


def test_who_cannot_be_let_in(cast, helper, let_in):
    with pytest.raises(Forbidden, match="Another administrator"):
        let_in(person=cast.people["centre_administrator"])
    account = actions.make_service_account(cast.actor("owner"), place=cast.project, name="x", role="member")
    for values in ({"person": account.person}, {"days": 0}, {"days": 91}, {"reason": " "}):
        with pytest.raises(BadInput):
            let_in(**values)
    for person in (cast.guest, cast.read_only):
        with pytest.raises(Conflict):
            let_in(person=person)
    let_in()
    with pytest.raises(Conflict):
        let_in()
    for part in ("owner", "centre_operator", "centre_secretariat"):
        with pytest.raises(Forbidden):
            actions.let_in_facilitator(cast.actor(part), project=cast.project, person=helper, days=1, reason="x")


def test_nobody_becomes_a_member_by_way_of_it(cast, helper, let_in):
    membership = let_in()
    for act in (
        lambda: actions.change_role(cast.actor("owner"), membership=membership, role="owner"),
        lambda: actions.remove_member(cast.actor("owner"), membership=membership),
    ):
        with pytest.raises(NotFound):
            act()
    with pytest.raises(BadInput):
        actions.add_member(cast.actor("owner"), project=cast.project, email=cast.stranger.email, role="facilitator")


ON_PROJECT = [
    "people.view_project",
    "people.update_project",
    "people.close_project",
    "people.view_members",
    "people.invite",
    "people.view_facilitators",
    "people.view_service_accounts",
    "people.list_project",
    "ledger.open_own_budget",
    "jobs.submit",
    "jobs.view_files",
    "jobs.upload_file",
    "jobs.make_folder",
    "jobs.rename_file",
    "jobs.delete_file",
]


@pytest.mark.parametrize(
    ("part", "may"),
    [
        (
            "finance",
            {"people.view_project", "people.view_members", "people.view_facilitators", "jobs.view_files",
             "ledger.open_own_budget"},
        ),
        ("read_only", {"people.view_project", "people.view_members", "people.view_facilitators", "jobs.view_files"}),
    ],
)  # fmt: skip
def test_what_finance_and_readers_may_in_a_project(part, may, cast):
    assert {name for name in ON_PROJECT if access.may(cast.actor(part), name, cast.project)} == may


def test_finance_and_readers_change_nothing_in_the_organisation(cast):
    names = [
        "people.update_organisation",
        "people.create_project",
        "people.add_member",
        "people.invite",
        "people.offer_ownership",
        "people.list_organisation",
        "people.make_service_account",
        "scheme.start_draft",
        "people.view_invitations",
    ]
    for part in ("finance", "read_only"):
        assert not [name for name in names if access.may(cast.actor(part), name, cast.organisation)]
        assert access.may(cast.actor(part), "people.view_organisation", cast.organisation)
