"""Who may do what: every rule of the room, asked for everybody."""

import pytest

from aisc.core import access
from aisc.core.actions import Actor, registry
from aisc.core.errors import Forbidden, NotFound, SignInNeeded
from aisc.people.access import SCOPES
from aisc.people.models import Membership, Notice

STAFF = {"centre_secretariat", "centre_operator", "centre_finance", "centre_auditor", "centre_administrator"}
INSIDE = {"owner", "manager", "member", "finance", "read_only"}
MANAGERS = {"owner", "manager"}
ALL = INSIDE | STAFF | {"guest", "stranger", "centre_assessor", "centre_committee"}

TABLE = {
    "people.view_organisations": (None, ALL),
    "people.view_organisation": ("organisation", INSIDE | STAFF | {"guest"}),
    "people.create_organisation": (None, ALL),
    "people.update_organisation": ("organisation", MANAGERS),
    "people.view_projects": (None, ALL),
    "people.view_project": ("project", INSIDE | STAFF | {"guest"}),
    "people.create_project": ("organisation", MANAGERS),
    "people.update_project": ("project", MANAGERS),
    "people.set_shares": ("project", {"centre_operator"}),
    "people.close_project": ("project", MANAGERS),
    "people.reopen_project": ("project", MANAGERS),
    "people.view_members": ("organisation", INSIDE | STAFF),
    "people.view_membership": ("membership", INSIDE | STAFF),
    "people.add_member": ("organisation", MANAGERS),
    "people.change_role": ("membership", MANAGERS),
    "people.remove_member": ("membership", MANAGERS | {"member"}),
    "people.view_centre_roles": (None, {"centre_administrator", "centre_auditor"}),
    "people.grant_centre_role": (None, {"centre_administrator"}),
    "people.revoke_centre_role": (None, {"centre_administrator"}),
    "people.sign_up": (None, ALL | {"anonymous"}),
    "people.confirm_sign_up": (None, ALL | {"anonymous"}),
    "people.account_event": ("person", {"member"}),
    "people.view_account": (None, ALL),
    "people.update_account": (None, ALL),
    "people.view_tokens": (None, ALL),
    "people.issue_token": (None, ALL),
    "people.revoke_token": ("token", {"member"}),
    "people.view_notices": (None, ALL),
    "people.view_notice": ("notice", {"member"}),
}


def test_the_table_is_whole():
    assert {name for name in access.table() if name.startswith("people.")} == set(TABLE)
    assert {name for name in registry() if name.startswith("people.")} <= set(TABLE)


@pytest.mark.parametrize("name", TABLE)
def test_who_may(name, cast, acting):
    from aisc.people.actions import issue_token

    what, allowed = TABLE[name]
    target = {
        None: lambda: None,
        "organisation": lambda: cast.organisation,
        "project": lambda: cast.project,
        "membership": lambda: Membership.objects.get(person=cast.member),
        "person": lambda: cast.member,
        "notice": lambda: Notice(person=cast.member),
        "token": lambda: issue_token(acting(cast.member), name="x", scopes=["read"])[0],
    }[what]()
    assert {part for part in cast.everybody if access.may(cast.actor(part), name, target)} == allowed


def test_a_project_is_managed_by_those_who_manage_it_alone(cast, member, make_person):
    lead = make_person()
    member(lead, cast.project, "manager")
    actor = Actor(person=lead)
    assert access.may(actor, "people.update_project", cast.project)
    assert access.may(actor, "people.add_member", cast.project)
    assert not access.may(actor, "people.update_organisation", cast.organisation)
    assert not access.may(actor, "people.add_member", cast.organisation)
    assert not access.may(actor, "people.view_members", cast.organisation)


def test_strangers_learn_nothing_and_members_learn_who_may(cast):
    with pytest.raises(NotFound):
        access.require(cast.actor("stranger"), "people.view_organisation", cast.organisation)
    with pytest.raises(SignInNeeded):
        access.require(cast.actor("anonymous"), "people.view_organisation", cast.organisation)
    with pytest.raises(Forbidden, match="owner, manager"):
        access.require(cast.actor("member"), "people.update_organisation", cast.organisation)


def test_a_token_needs_the_scope(cast):
    for scope in SCOPES:
        actor = Actor(person=cast.owner, scopes=frozenset({scope}))
        assert access.may(actor, "people.update_organisation", cast.organisation) is (scope == "people")
        assert access.may(actor, "people.view_organisation", cast.organisation) is (scope == "read")
        assert access.may(actor, "people.issue_token") is (scope == "account")
    with pytest.raises(Forbidden, match="lacks the scope “people”") as refused:
        access.require(actor, "people.update_organisation", cast.organisation)
    assert refused.value.code == "token.scope"
