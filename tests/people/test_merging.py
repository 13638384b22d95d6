"""Duplicates become one: nothing is lost, nothing is left behind, what was written stays as it was."""

import pytest
from allauth.account.models import EmailAddress

from aisc.core.actions import Actor
from aisc.core.audit import reading
from aisc.core.errors import BadInput, Conflict, Forbidden
from aisc.core.models import AuditEvent
from aisc.people import actions, consent, queries
from aisc.people.models import (
    EmailDomain,
    FormerName,
    Institution,
    Invitation,
    JoinedByItself,
    JoinPolicy,
    JoinRequest,
    Membership,
    Notice,
    Organisation,
    Person,
)

# Every table that names an organisation or a person, and what merging does with its rows. A new one fails the
# test below until somebody has decided.
MOVED = {
    "organisation": {
        "Project.organisation", "Membership.organisation", "Invitation.organisation", "JoinRequest.organisation",
        "ServiceAccount.organisation", "Handover.organisation", "FormerName.organisation",
        "EmailDomain.organisation", "JoinedByItself.organisation", "Institution.organisation",
        "Application.organisation", "Organisation.merged_into", "JoinPolicy.organisation",
    },
    "person": {
        "Membership.person", "CentreRole.person", "Notice.person", "JoinRequest.person", "ServiceAccount.owner",
        "Handover.person", "Handover.successor", "Job.submitted_by", "Application.created_by", "Review.assessor",
        "EmailAddress.user", "JoinedByItself.person", "Person.merged_into", "SocialAccount.user",
    },
}  # fmt: skip
# What keeps naming the duplicate: who was liable, who acted, who agreed, and what ends with the duplicate.
KEPT = {
    "organisation": {"Budget.organisation", "Account.organisation", "Listing.organisation"},
    "person": {
        "ApiToken.person", "ApiToken.issued_by", "ServiceAccount.person", "Listing.person", "Listing.agreed_by",
        "Listing.withdrawn_by", "Invitation.invited_by", "Invitation.accepted_by", "JoinRequest.answered_by",
        "Membership.granted_by", "AuditEvent.person", "IdempotentAnswer.person", "Submission.by",
        "Decision.decided_by", "Award.accepted_by", "EmailDomain.claimed_by", "EmailDomain.verified_by",
        "IamSmartRequest.person", "Authenticator.user", "LogEntry.user", "UserSession.user", "TextAcceptance.person",
        "TextWording.written_by", "TextWording.approved_by", "ApprovedText.drafted_by", "ApprovedText.published_by",
        "AuditRefusal.person", "FileLink.made_by", "Person_groups.person", "Person_user_permissions.person",
    },
}  # fmt: skip


@pytest.mark.parametrize(("model", "kind"), [(Organisation, "organisation"), (Person, "person")])
def test_every_table_is_decided_about(model, kind):
    found = {
        f"{each.related_model.__name__}.{each.field.name}"
        for each in model._meta.get_fields(include_hidden=True)
        if each.auto_created and not each.concrete and (each.one_to_many or each.one_to_one)
    }
    assert found <= MOVED[kind] | KEPT[kind]


@pytest.fixture
def admin(cast):
    return cast.actor("centre_administrator")


@pytest.fixture
def merge(cast, admin):
    def run(**values):
        values = {
            "survivor": cast.organisation,
            "duplicate": cast.other,
            "confirmation": cast.other.uid,
            "reason": "The same registration certificate",
        } | values
        return actions.merge_organisations(admin, **values)

    return run


def test_everything_of_the_duplicate_is_the_survivors(cast, merge, admin, member, make_person, make_organisation):
    other, survivor = cast.other, cast.organisation
    other.registry_number = "87654321"
    other.save()
    earlier = make_organisation(merged_into=other)
    FormerName.objects.create(organisation=other, name_en="Before", until=other.created_at)
    guest = member(make_person(), cast.other_project, "manager")
    member(cast.member, other, "owner")
    stranger = cast.actor("stranger")
    account = actions.make_service_account(stranger, place=other, name="Bot", role="member")
    invitation = actions.invite(stranger, place=other, email="new@example.org", role="member")
    in_project = actions.invite(stranger, place=cast.other_project, email="new@example.org", role="member")
    for name in (survivor.uid, other.uid):
        actions.ask_to_join(cast.actor("guest"), organisation=name)
    actions.list_organisation(stranger, organisation=other, agreed_text=consent.current().wording.digest)
    actions.list_project(
        stranger, project=cast.other_project, agreed_text=consent.current().wording.digest, name_en="Title"
    )
    now = other.created_at
    for place, domain, verified in (
        (other, "a.example", now), (survivor, "a.example", None), (other, "b.example", None),
        (survivor, "b.example", None), (other, "c.example", now),
    ):  # fmt: skip
        EmailDomain.objects.create(organisation=place, domain=domain, claimed_at=now, verified_at=verified)
    JoinPolicy.objects.create(organisation=other, policy="domain")
    JoinPolicy.objects.create(organisation=survivor, policy="invited")
    provider = Institution.objects.create(
        slug="them", name_en="Them", kind="oidc", organisation=other, created_at=other.created_at
    )
    for place, person in ((other, cast.guest), (survivor, cast.guest), (other, cast.member)):
        JoinedByItself.objects.create(organisation=place, person=person, at=now)

    said = {str(each.what): each.count for each in actions.organisations_preview(survivor, other)}
    assert (said["projects"], said["roles of people"]) == (1, 4)
    assert merge() == survivor

    assert set(survivor.projects.all()) == {cast.project, cast.other_project}
    assert Membership.objects.get(person=cast.stranger, project=None).organisation == survivor
    assert Membership.objects.get(person=cast.member, project=None).role == "member"  # the survivor's
    guest.refresh_from_db()
    account.refresh_from_db()
    assert guest.organisation == survivor == account.organisation
    assert Invitation.objects.get(pk=invitation.pk).state == "revoked"
    assert Invitation.objects.get(pk=in_project.pk).state == "open"
    assert set(JoinRequest.objects.values_list("organisation", "state")) == {
        (survivor.pk, "open"), (survivor.pk, "withdrawn"),
    }  # fmt: skip
    domains = set(EmailDomain.objects.values_list("organisation", "domain", "verified_at"))
    assert domains == {
        (survivor.pk, "a.example", now),
        (survivor.pk, "b.example", None),
        (survivor.pk, "c.example", now),
    }
    assert set(JoinedByItself.objects.values_list("organisation", "person")) == {
        (survivor.pk, cast.guest.pk), (survivor.pk, cast.member.pk),
    }  # fmt: skip
    assert not other.listings.filter(project=None, withdrawn_at=None).exists()

    assert list(JoinPolicy.objects.values_list("organisation", "policy")) == [(survivor.pk, "invited")]
    provider.refresh_from_db()
    assert provider.organisation == survivor

    # Names and number are found, the old uid leads on, and the number is taken for good.
    names = {str(each): each.uid for each in survivor.former_names.all()}
    assert names == {str(other.name_en) + " " + other.name_zh: other.uid, "Before": ""}
    survivor.refresh_from_db()
    assert survivor.registry_number == "87654321"
    assert queries.organisation_by_number("87654321") == survivor == queries.organisation_by_number(other.uid)
    assert queries.organisation(cast.actor("owner"), other.uid) == survivor
    earlier.refresh_from_db()
    assert earlier.merged_into == survivor
    assert other not in queries.organisations_visible_to(admin)
    event = AuditEvent.objects.get(action="people.merge_organisations")
    assert (event.object_id, event.details["duplicate"]) == (survivor.uid, other.uid)
    assert event.reason == "The same registration certificate"
    assert "is now part of" in str(Notice.objects.filter(person=cast.stranger).first())


def test_the_duplicates_policy_counts_where_the_survivor_has_none(cast, merge):
    JoinPolicy.objects.create(organisation=cast.other, policy="invited")
    merge()
    assert list(JoinPolicy.objects.values_list("organisation", "policy")) == [(cast.organisation.pk, "invited")]
    changes = AuditEvent.objects.get(action="people.merge_organisations").changes
    told = [(each["what"], each["label"]) for each in changes if each["type"] == "people.joinpolicy"]
    assert told == [
        ("created", f"{cast.organisation}: Only people whom we invite"),
        ("deleted", ": Only people whom we invite"),
    ]


def test_the_history_of_the_survivor_is_that_of_both(cast, merge, admin, make_person):
    """Told once, in one order, although merging itself is about both."""
    stranger, other = cast.actor("stranger"), cast.other
    actions.update_organisation(stranger, organisation=other, name_en="Renamed before")
    twin = make_person(name="Twin")
    actions.issue_token(Actor(person=twin), name="laptop", scopes=["read"])
    merge()
    actions.merge_persons(admin, survivor=cast.member, duplicate=twin, confirmation=twin.uid, reason="Both cards")

    def told(row, actor):
        page = reading.page(reading.history(actor, row))
        return [event.action for event in page.rows]

    assert told(cast.organisation, cast.actor("owner")) == ["people.merge_organisations", "people.update_organisation"]
    assert told(cast.member, cast.actor("member")) == ["people.merge_persons", "people.issue_token"]


def test_a_number_of_a_duplicate_stays_taken(cast, merge):
    cast.organisation.registry_number, cast.other.registry_number = "11111111", "22222222"
    cast.organisation.save()
    cast.other.save()
    merge()
    cast.organisation.refresh_from_db()
    assert cast.organisation.registry_number == "11111111"
    with pytest.raises(Conflict, match="Ask to join"):
        actions.create_organisation(cast.actor("guest"), category="other", name_en="Third", registry_number="22222222")
    assert queries.organisation_by_number("2222 2222") == cast.organisation


def test_what_is_not_merged(cast, merge, admin):
    for values in ({"confirmation": cast.organisation.uid}, {"confirmation": ""}, {"reason": " "}):
        with pytest.raises(BadInput):
            merge(**values)
    with pytest.raises(BadInput, match="different"):
        merge(duplicate=cast.organisation, confirmation=cast.organisation.uid)
    for part in ("owner", "stranger", "centre_operator", "centre_auditor"):
        with pytest.raises(Forbidden):
            actions.merge_organisations(
                cast.actor(part), survivor=cast.organisation, duplicate=cast.other, confirmation="", reason=""
            )
    assert cast.other.projects.get() == cast.other_project
    merge()
    with pytest.raises(Conflict, match="merged already"):
        merge()


def test_renaming_keeps_the_former_name(cast):
    organisation = cast.organisation
    before = organisation.name_en
    actions.update_organisation(cast.actor("owner"), organisation=organisation, registry_number="12345678")
    assert not organisation.former_names.exists()  # filled in, nothing given up
    actions.update_organisation(cast.actor("owner"), organisation=organisation, name_en="Renamed")
    assert [each.name_en for each in organisation.former_names.all()] == [before]


def test_two_accounts_of_one_human(cast, admin, member, make_person):
    survivor, duplicate = cast.member, make_person("assessor", "operator", name="Member again")
    survivor.centre_roles.create(role="operator", granted_at=cast.project.created_at)
    earlier = make_person()
    earlier.merged_into = duplicate
    earlier.save()
    member(duplicate, cast.organisation, "manager")
    member(duplicate, cast.project, "member")
    member(survivor, cast.other, "finance")
    member(duplicate, cast.other, "read_only")
    actor = cast.actor("owner")
    account = actions.make_service_account(actor, place=cast.organisation, name="Bot", role="member")
    account.owner = duplicate
    account.save()
    token, _secret = actions.issue_token(type(actor)(person=duplicate), name="laptop", scopes=["read"])
    third = actions.create_organisation(cast.actor("guest"), category="other", name_en="Third")
    for person in (survivor, duplicate):
        actions.ask_to_join(type(actor)(person=person), organisation=third.uid)
        JoinedByItself.objects.create(organisation=cast.organisation, person=person, at=third.created_at)
    email, uid = duplicate.email, duplicate.uid

    said = {str(each.what): each.count for each in actions.persons_preview(survivor, duplicate)}
    assert said["sign-in addresses"] == 1
    assert said["roles of the centre"] == 2
    assert said["API tokens"] == 1
    values = {"survivor": survivor, "duplicate": duplicate, "confirmation": uid, "reason": "Both cards were shown"}
    with pytest.raises(Forbidden):
        actions.merge_persons(cast.actor("owner"), **values)
    actions.merge_persons(admin, **values)

    roles = {(each.organisation, each.project): each.role for each in survivor.memberships.all()}
    assert roles == {
        (cast.organisation, None): "manager", (cast.organisation, cast.project): "member",
        (cast.other, None): "finance",
    }  # fmt: skip
    assert set(survivor.centre_roles.values_list("role", flat=True)) == {"assessor", "operator"}
    assert queries.person_with_address(email) == survivor == queries.person(uid)
    assert [each.primary for each in EmailAddress.objects.filter(user=survivor).order_by("pk")] == [True, False]
    token.refresh_from_db()
    account.refresh_from_db()
    duplicate.refresh_from_db()
    earlier.refresh_from_db()
    assert token.revoked_at is not None
    assert account.owner == survivor
    assert (duplicate.is_active, duplicate.has_usable_password(), earlier.merged_into) == (False, False, survivor)
    assert JoinRequest.objects.filter(person=survivor, state="open").count() == 1
    assert AuditEvent.objects.get(action="people.merge_persons").details["email"] == email
    assert email in str(Notice.objects.filter(person=survivor).first())
    with pytest.raises(Conflict):
        actions.merge_persons(admin, **values)


def test_nobody_merges_an_account_into_their_own(cast, admin):
    with pytest.raises(Forbidden, match="Another administrator"):
        actions.merge_persons(
            admin, survivor=admin.person, duplicate=cast.owner, confirmation=cast.owner.uid, reason="x"
        )
    account = actions.make_service_account(cast.actor("owner"), place=cast.project, name="Bot", role="member")
    with pytest.raises(BadInput, match="Service accounts"):
        actions.merge_persons(
            admin, survivor=cast.owner, duplicate=account.person, confirmation=account.person.uid, reason="x"
        )
