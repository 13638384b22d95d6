"""Leaving and being removed: what will happen is said, and happens; nothing can be read afterwards."""

import pytest

from aisc.core.actions import Actor, system
from aisc.core.errors import BadInput, Conflict, Forbidden
from aisc.people import actions, consent, queries
from aisc.people.in_charge import in_charge
from aisc.people.models import Handover, Invitation, Listing, Membership, Notice, ServiceAccount
from aisc.people.tokens import actor_from_token


def of(person, place=None):
    return Membership.objects.get(person=person, project=place)


@pytest.fixture
def busy(cast):
    """The manager has a service account with a token, an open invitation, and is in the directory."""
    actor = cast.actor("manager")
    account = actions.make_service_account(actor, place=cast.project, name="Nightly", role="member")
    _token, secret = actions.issue_service_token(actor, account=account, name="ci", scopes=["read"])
    actions.list_organisation(
        cast.actor("owner"),
        organisation=cast.organisation,
        agreed_text=consent.current().wording.digest,
        summary_en="Robots",
    )
    actions.list_oneself(
        actor, organisation=cast.organisation, agreed_text=consent.current().wording.digest, name_en="Lead"
    )
    actions.invite(actor, place=cast.organisation, email="new@example.org", role="member")
    return account, secret


def test_what_will_happen_is_listed_and_nothing_changes(cast, busy, django_assert_max_num_queries):
    found = actions.departure(cast.actor("owner"), of(cast.manager))
    assert {str(each.what): each.count for each in found.consequences} == {
        "projects": 1,
        "service accounts": 1,
        "tokens of service accounts": 1,
        "open invitations": 1,
        "entries in the directory": 1,
    }
    assert found.successors[0] == cast.owner
    assert cast.manager not in found.successors
    assert not found.jobs_under_way
    assert of(cast.manager).role == "manager"
    assert Invitation.objects.get().state == "open"


def test_and_then_it_happens(cast, busy, rf):
    account, secret = busy
    assert actor_from_token(secret, rf.get("/")) is not None
    actions.remove_member(cast.actor("owner"), membership=of(cast.manager), successor=cast.member)
    account.refresh_from_db()
    assert account.owner == cast.member
    # Whoever leaves knows the secret of the token that they made.
    assert actor_from_token(secret, rf.get("/")) is None
    assert Invitation.objects.get().state == "revoked"
    assert not Listing.objects.filter(person=cast.manager, withdrawn_at=None).exists()
    assert Handover.objects.get().successor == cast.member
    assert "taken over the work of Manager" in str(Notice.objects.filter(person=cast.member).first())
    actor = cast.actor("manager")
    assert not queries.projects_visible_to(actor)
    assert not queries.organisations_visible_to(actor)
    assert in_charge([(cast.manager, cast.project)]) == {(cast.manager.pk, cast.project.pk): cast.member}


def test_successors_are_people_who_stay(cast, make_person):
    for wrong in (cast.stranger, cast.guest, cast.manager):
        with pytest.raises(BadInput, match="stays there"):
            actions.remove_member(cast.actor("owner"), membership=of(cast.manager), successor=wrong)
    assert of(cast.manager).role == "manager"


def test_leaving_one_project_keeps_what_the_organisation_gives(cast, member):
    member(cast.member, cast.project, "manager")
    found = actions.departure(cast.actor("member"), of(cast.member, cast.project))
    assert found.consequences == []
    found = actions.departure(cast.actor("guest"), of(cast.guest, cast.project))
    assert [str(each.what) for each in found.consequences] == ["projects"]
    assert found.successors[0] == cast.owner
    actions.remove_member(cast.actor("guest"), membership=of(cast.guest, cast.project))
    assert Handover.objects.get().project == cast.project


def test_work_goes_on_along_the_successors(cast, make_person, member):
    second = make_person(name="Second")
    member(second, cast.organisation, "manager")
    actions.remove_member(cast.actor("owner"), membership=of(cast.manager), successor=second)
    actions.remove_member(cast.actor("owner"), membership=of(second), successor=cast.member)
    pairs = [(cast.manager, cast.project), (cast.owner, cast.project)]
    key = cast.project.pk
    assert in_charge(pairs) == {(cast.manager.pk, key): cast.member, (cast.owner.pk, key): cast.owner}
    # Where that leads nowhere, an owner is told.
    Membership.objects.filter(person=cast.member).delete()
    assert in_charge(pairs[:1]) == {(cast.manager.pk, key): cast.owner}
    Handover.objects.create(
        person=cast.member, successor=cast.manager, organisation=cast.organisation, at=Handover.objects.first().at
    )
    assert in_charge(pairs[:1]) == {(cast.manager.pk, key): cast.owner}


def test_a_place_without_anybody_else(make_person, make_organisation, make_project, member):
    organisation = make_organisation()
    project = make_project(organisation)
    alone = member(make_person(), project, "member")
    actions.remove_member(Actor(person=alone.person), membership=alone)
    assert not Handover.objects.exists()
    assert in_charge([(alone.person, project)]) == {(alone.person.pk, project.pk): alone.person}


def test_service_accounts_are_no_people(cast, rf):
    account = actions.make_service_account(
        cast.actor("owner"), place=cast.organisation, name="Reader", role="read_only", purpose="Reports"
    )
    token, secret = actions.issue_service_token(cast.actor("owner"), account=account, name="x", scopes=["read"])
    actor = actor_from_token(secret, rf.get("/"))
    assert set(queries.projects_visible_to(actor)) == {cast.project}
    assert account.person not in {each.person for each in queries.members_of(cast.organisation)}
    assert not account.person.has_usable_password()
    assert queries.person_with_address(account.person.email) is None
    # It manages nobody, and answers for nothing.
    for act in (
        lambda: actions.make_service_account(actor, place=cast.organisation, name="y", role="member"),
        lambda: actions.create_organisation(actor, category="startup", name_en="Shell"),
        lambda: actions.issue_token(actor, name="more", scopes=["read"]),
    ):
        with pytest.raises(Forbidden):
            act()
    # Its owner is told what it should know.
    assert Notice.objects.filter(person=account.person).count() == 0
    actions.revoke_service_token(cast.actor("manager"), account=account, token=token)
    actions.revoke_service_token(cast.actor("manager"), account=account, token=token)
    assert actor_from_token(secret, rf.get("/")) is None
    actions.close_service_account(cast.actor("manager"), account=account)
    actions.close_service_account(cast.actor("manager"), account=account)
    assert "was closed" in str(Notice.objects.filter(person=cast.owner).first())
    with pytest.raises(Conflict, match="closed"):
        actions.issue_service_token(cast.actor("owner"), account=account, name="x", scopes=["read"])


def test_what_service_accounts_cannot_be(cast, monkeypatch):
    make = actions.make_service_account
    for role in ("owner", "manager", "emperor"):
        with pytest.raises(BadInput):
            make(cast.actor("owner"), place=cast.organisation, name="x", role=role)
    with pytest.raises(Forbidden):
        make(cast.actor("manager"), place=cast.organisation, name="x", role="finance")
    with pytest.raises(Forbidden):
        make(cast.actor("member"), place=cast.organisation, name="x", role="member")
    assert not ServiceAccount.objects.exists()
    account = make(cast.actor("owner"), place=cast.organisation, name="x", role="finance")
    issue = actions.issue_service_token
    for scopes, days in ((["people"], 1), ([], 1), (["read", "account"], 1), (["read"], 0), (["read"], 366)):
        with pytest.raises(BadInput):
            issue(cast.actor("owner"), account=account, name="t", scopes=scopes, days=days)
    # A manager may not have finance's secret.
    with pytest.raises(Forbidden):
        issue(cast.actor("manager"), account=account, name="t", scopes=["read"])
    limited = Actor(person=cast.owner, scopes=frozenset({"people", "read"}))
    with pytest.raises(Forbidden, match="more than itself"):
        issue(limited, account=account, name="t", scopes=["money"])
    issue(cast.actor("owner"), account=account, name="t", scopes=["money"])
    monkeypatch.setattr("aisc.people.actions.service_accounts.MOST_TOKENS", 1)
    with pytest.raises(Conflict, match="1 tokens"):
        issue(cast.actor("owner"), account=account, name="t", scopes=["money"])
    monkeypatch.setattr("aisc.people.actions.service_accounts.MOST_ACCOUNTS", 1)
    with pytest.raises(Conflict, match="1 service accounts"):
        make(cast.actor("owner"), place=cast.organisation, name="y", role="member")


def test_the_one_who_answers_hears_of_tokens_that_others_make(cast, make_person, member):
    account = actions.make_service_account(cast.actor("manager"), place=cast.project, name="Nightly", role="member")
    actions.issue_service_token(cast.actor("owner"), account=account, name="spare", scopes=["read"])
    assert "spare" in str(Notice.objects.get(person=cast.manager))
    with pytest.raises(Exception, match="Sign in"):
        actions.make_service_account(system("x"), place=cast.project, name="Nightly", role="member")
