"""Who may do what: every rule of the room, asked for everybody."""

import pytest

from aisc.core import access
from aisc.core.actions import Actor, registry
from aisc.core.errors import Forbidden, NotFound, SignInNeeded
from aisc.people.access import SCOPES
from aisc.people.models import Invitation, JoinRequest, Listing, Membership, Notice, ServiceAccount

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
    "people.view_departure": ("membership", MANAGERS | {"member"}),
    # invitations and requests
    "people.view_invitations": ("organisation", MANAGERS),
    "people.view_own_invitations": (None, ALL),
    "people.view_invitation": ("invitation", ALL | {"anonymous"}),
    "people.invite": ("project", MANAGERS),
    "people.resend_invitation": ("invitation", MANAGERS),
    "people.revoke_invitation": ("invitation", MANAGERS),
    "people.accept_invitation": ("invitation", {"stranger"}),
    "people.decline_invitation": ("invitation", {"stranger"}),
    "people.expire_invitations": (None, set()),
    "people.offer_ownership": ("organisation", {"owner"}),
    "people.ask_to_join": (None, ALL),
    "people.answer_join_request": ("asked", MANAGERS),
    "people.withdraw_join_request": ("asked", {"stranger"}),
    # facilitators
    "people.view_facilitators": ("project", INSIDE | STAFF | {"guest"}),
    "people.let_in_facilitator": ("project", {"centre_administrator"}),
    "people.end_facilitation": ("facilitation", MANAGERS | {"centre_administrator", "stranger"}),
    "people.expire_facilitators": (None, set()),
    # service accounts
    "people.view_service_accounts": ("project", MANAGERS),
    "people.make_service_account": ("project", MANAGERS),
    "people.view_service_account": ("service", MANAGERS),
    "people.issue_service_token": ("service", MANAGERS),
    "people.revoke_service_token": ("service", MANAGERS),
    "people.close_service_account": ("service", MANAGERS),
    # duplicates
    "people.view_merging": (None, {"centre_administrator"}),
    "people.merge_organisations": ("organisation", {"centre_administrator"}),
    "people.merge_persons": ("person", {"centre_administrator"}),
    # the public directory
    "people.view_directory": (None, ALL | {"anonymous"}),
    "people.view_listings": ("organisation", INSIDE | STAFF | {"guest"}),
    "people.list_organisation": ("organisation", {"owner"}),
    "people.list_project": ("project", MANAGERS),
    "people.list_oneself": ("organisation", INSIDE | {"guest"}),
    "people.withdraw_listing": ("listing", {"owner", "member", "centre_administrator"}),
    # the centre's own roles
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


# Rules of ways to sign in, approved texts and histories: the tests of those ask them.
ELSEWHERE = {
    f"people.{name}"
    for name in [
        "accept_text",
        "answer_iam_smart",
        "approve_text",
        "ask_iam_smart",
        "claim_domain",
        "connect_institution",
        "discard_text",
        "draft_text",
        "drop_domain",
        "edit_text",
        "end_other_sessions",
        "end_session",
        "join_by_policy",
        "organisation_history",
        "person_history",
        "publish_text",
        "reset_second_factor",
        "set_join_policy",
        "token_history",
        "unlink_institution",
        "update_institution",
        "verify_domain",
        "view_drafts",
        "view_joining",
        "view_sign_in_settings",
        "view_text",
        "view_texts",
        "withdraw_text",
    ]
}


def test_the_table_is_whole():
    assert {name for name in access.table() if name.startswith("people.")} - ELSEWHERE == set(TABLE)
    assert {name for name in registry() if name.startswith("people.")} <= set(TABLE) | ELSEWHERE


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
        "invitation": lambda: Invitation(organisation=cast.organisation, email=cast.stranger.email),
        "asked": lambda: JoinRequest(organisation=cast.organisation, person=cast.stranger),
        "facilitation": lambda: Membership(project=cast.project, person=cast.stranger),
        "service": lambda: ServiceAccount(organisation=cast.organisation),
        "listing": lambda: Listing(organisation=cast.organisation, person=cast.member),
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
