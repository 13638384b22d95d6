"""Who may do what: the whole matrix, and that those in conflict see nothing."""

import pytest

from aisc.core import access
from aisc.core.actions import Actor
from aisc.core.errors import Forbidden, NotFound, SignInNeeded
from aisc.scheme import actions, queries
from aisc.scheme.models import Application
from aisc.scheme.states import APPLICATION

ORGANISATION = {"owner", "manager", "writer", "finance", "reader"}
DESK = {"secretary", "auditor"}
DECIDED = {"approved", "rejected", "accepted", "declined", "lapsed"}


def allowed(world, name, target):
    return {who for who, person in world.everybody.items() if access.may(Actor(person), name, target)}


@pytest.mark.parametrize("state", list(APPLICATION.labels))
def test_who_sees_an_application(world, state):
    application = world.application(state)
    expected = set(ORGANISATION)
    if application.submitted_at:
        expected |= DESK
    if state in {"in_review", "reviewed"} | DECIDED:
        expected |= {"assessor"}
    if state in {"reviewed"} | DECIDED:
        expected |= {"member", "second_member"}
    assert allowed(world, "scheme.view_application", application) == expected


@pytest.mark.parametrize("state", list(APPLICATION.labels))
def test_lists_show_what_the_rule_lets_see(world, state):
    application = world.application(state)
    for who, person in world.everybody.items():
        actor = Actor(person)
        listed = application in queries.applications_visible_to(actor)
        assert listed == access.may(actor, "scheme.view_application", application), who


def test_who_may_act(world):
    application = world.application("reviewed")
    assert allowed(world, "scheme.save_draft", application) == {"owner", "manager", "writer"}
    assert allowed(world, "scheme.submit_application", application) == {"owner", "manager"}
    assert allowed(world, "scheme.withdraw", application) == {"owner", "manager"}
    assert allowed(world, "scheme.return_application", application) == {"secretary"}
    assert allowed(world, "scheme.assign_assessor", application) == {"secretary"}
    assert allowed(world, "scheme.take_back", application) == {"secretary"}
    assert allowed(world, "scheme.declare_conflict", application) == {"assessor"}
    assert allowed(world, "scheme.save_review", application) == {"assessor"}
    assert allowed(world, "scheme.submit_review", application) == {"assessor"}
    assert allowed(world, "scheme.decide", application) == {"member", "second_member"}
    assert allowed(world, "scheme.view_reviews", application) == DESK | {"assessor", "member", "second_member"}
    assert allowed(world, "scheme.view_letter", application) == ORGANISATION | DESK | {"member", "second_member"}


def test_who_may_act_on_an_award_and_on_calls(world):
    award = world.application("approved").award
    assert allowed(world, "scheme.accept_award", award) == {"owner"}
    assert allowed(world, "scheme.decline_award", award) == {"owner"}
    assert allowed(world, "scheme.lapse", award) == set()
    assert allowed(world, "scheme.remind", award) == set()
    assert allowed(world, "scheme.create_call", None) == {"secretary"}
    assert allowed(world, "scheme.edit_call", world.call) == {"secretary"}
    assert allowed(world, "scheme.view_calls", None) == set(world.everybody)
    assert allowed(world, "scheme.start_draft", world.organisation) == {"owner", "manager", "writer"}


def test_nobody_signed_in_sees_nothing(world):
    application = world.application("submitted")
    assert not access.may(Actor(), "scheme.view_application", application)
    assert list(queries.applications_visible_to(Actor())) == []
    with pytest.raises(SignInNeeded):
        queries.application_by_uid(Actor(), application.uid)


def test_the_system_sees_everything(world):
    from aisc.core.actions import system

    application = world.application("draft")
    assert list(queries.applications_visible_to(system("test"))) == [application]


def test_a_token_needs_the_scope(world):
    application = world.application("submitted")
    reading = Actor(world.secretary, scopes=frozenset({"read"}))
    assert access.may(reading, "scheme.view_application", application)
    with pytest.raises(Forbidden):
        actions.return_application(reading, application=application, missing="x")


def _connect_by_organisation(world, person, member, make_project):
    member(person, world.organisation, "finance")


def _connect_by_project(world, person, member, make_project):
    member(person, make_project(world.organisation), "read_only")


def _connect_by_team(world, person, member, make_project):
    application = Application.objects.get()
    application.team.create(name="x", role="y", email=person.email.upper())


def _connect_as_author(world, person, member, make_project):
    Application.objects.update(created_by=person)


ABOUT_NO_APPLICATION = {"view_calls", "call_history", "view_applications", "create_call", "edit_call", "start_draft"}


@pytest.mark.parametrize(
    "connect", [_connect_by_organisation, _connect_by_project, _connect_by_team, _connect_as_author]
)
@pytest.mark.parametrize("who", ["secretary", "assessor", "member", "auditor"])
def test_the_connected_act_for_nobody_but_their_own(world, member, make_project, connect, who):
    application = world.application("reviewed")
    person = getattr(world, who)
    connect(world, person, member, make_project)
    application.refresh_from_db()
    rules = [name for name in access.table() if name.startswith("scheme.")]
    may = {
        name
        for name in rules
        if name.split(".")[1] not in ABOUT_NO_APPLICATION and access.may(Actor(person), name, application)
    }
    # A role in the organisation itself shows what it shows to all its members; reviews are not among that.
    own = {"scheme.view_application", "scheme.view_letter"} if connect is _connect_by_organisation else set()
    assert may == own
    assert (application in queries.applications_visible_to(Actor(person))) == bool(own)
    for rows in queries.desk(Actor(person)).values():
        assert application not in rows


def test_a_recused_assessor_loses_access_whatever_other_role_they_hold(world):
    from aisc.core import clock
    from aisc.people.models import CentreRole

    application = world.application("in_review")
    for role in ("committee", "auditor", "secretariat"):
        CentreRole.objects.create(person=world.assessor, role=role, granted_at=clock.now())
    actions.declare_conflict(Actor(world.assessor), application=application, conflict="I advise the company.")
    actions.assign_assessor(Actor(world.secretary), application=application, assessor=world.second_assessor)
    world.review(application, world.second_assessor)
    application.refresh_from_db()
    actor = Actor(world.assessor)
    for name in ("view_application", "view_reviews", "view_letter", "decide", "submit_review", "return_application"):
        assert not access.may(actor, f"scheme.{name}", application), name
    assert list(queries.applications_visible_to(actor)) == []
    assert {name: list(rows) for name, rows in queries.desk(actor).items()} == {"check": [], "assess": [], "decide": []}
    with pytest.raises(NotFound):
        queries.application_by_uid(actor, application.uid)
    with pytest.raises(NotFound):
        actions.decide(actor, application=application, outcome="rejected", reasons="x")


def test_an_assessor_who_lost_the_role_loses_access(world):
    application = world.application("in_review")
    world.assessor.centre_roles.all().delete()
    assert not access.may(Actor(world.assessor), "scheme.view_application", application)


def test_the_assessor_on_the_committee_sees_but_does_not_decide(world):
    from aisc.core import clock
    from aisc.people.models import CentreRole

    CentreRole.objects.create(person=world.assessor, role="committee", granted_at=clock.now())
    application = world.application("reviewed")
    assert access.may(Actor(world.assessor), "scheme.view_application", application)
    with pytest.raises(NotFound):
        actions.decide(Actor(world.assessor), application=application, outcome="rejected", reasons="x")
    assert application not in queries.desk(Actor(world.assessor))["decide"]
    assert application in queries.desk(Actor(world.member))["decide"]


def test_an_assessor_reads_only_their_own_review(world):
    application = world.application("in_review")
    actions.take_back(Actor(world.secretary), application=application, reason="On leave")
    actions.assign_assessor(Actor(world.secretary), application=application, assessor=world.second_assessor)
    own = queries.reviews_of(Actor(world.second_assessor), application)
    assert [review.assessor for review in own] == [world.second_assessor]
    both = queries.reviews_of(Actor(world.secretary), application)
    assert [review.assessor for review in both] == [world.assessor, world.second_assessor]
    with pytest.raises(NotFound):
        queries.reviews_of(Actor(world.assessor), application)
    with pytest.raises(NotFound):
        queries.reviews_of(Actor(world.owner), application)
