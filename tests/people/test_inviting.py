"""Invitations, offers of ownership, and requests to join."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress

from aisc.core import clock
from aisc.core.actions import ANYONE, Actor, system
from aisc.core.errors import BadInput, Conflict, Forbidden, NotFound, SignInNeeded, TooOften
from aisc.people import actions, queries, tasks
from aisc.people.models import Invitation, JoinPolicy, JoinRequest, Membership, Notice

DAY = timedelta(days=1)


@pytest.fixture
def invited(cast):
    """``invited(email, role)``: an invitation to the cast's organisation, by its owner."""

    def make(email="new@example.org", role="member", part="owner", place=None) -> Invitation:
        return actions.invite(cast.actor(part), place=place or cast.organisation, email=email, role=role)

    return make


def roles(person):
    return {each.organisation.pk: each.role for each in person.memberships.filter(project=None)}


def test_somebody_without_an_account_is_invited_and_accepts(
    cast, invited, make_person, mailoutbox, noon, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        invitation = invited("New@Example.org")
    assert (invitation.email, invitation.state, invitation.expires_at) == ("new@example.org", "open", noon + 14 * DAY)
    assert [mail.to for mail in mailoutbox] == [["new@example.org"]]
    assert f"/invitations/{invitation.uid}/" in mailoutbox[0].body
    assert "member" in mailoutbox[0].body
    assert cast.organisation.name_en in mailoutbox[0].subject
    newcomer = make_person(email="new@example.org", name="New")
    assert list(queries.invitations_for(Actor(person=newcomer))) == [invitation]
    actions.accept_invitation(Actor(person=newcomer), invitation=invitation)
    assert roles(newcomer) == {cast.organisation.pk: "member"}
    assert str(Notice.objects.get(person=cast.owner)).startswith("New has accepted")
    # It works once.
    with pytest.raises(Conflict, match="no longer works: accepted"):
        actions.accept_invitation(Actor(person=newcomer), invitation=invitation)


def test_only_the_confirmed_address_accepts(cast, invited, make_person):
    invitation = invited("new@example.org")
    thief = make_person()
    EmailAddress.objects.create(user=thief, email="new@example.org", verified=False)
    for actor in (Actor(person=thief), cast.actor("owner"), cast.actor("stranger")):
        for answer in (actions.accept_invitation, actions.decline_invitation):
            with pytest.raises(Forbidden, match="confirmed"):
                answer(actor, invitation=invitation)
    with pytest.raises(SignInNeeded):
        actions.accept_invitation(ANYONE, invitation=invitation)
    assert not queries.invitations_for(Actor(person=thief))
    assert not queries.invitations_for(ANYONE)
    assert not thief.memberships.exists()


def test_people_with_an_account_get_a_notice_too(cast, invited):
    invitation = invited(cast.stranger.email, place=cast.project)
    notice = Notice.objects.get(person=cast.stranger)
    assert (notice.url, "member" in str(notice)) == (f"/invitations/{invitation.uid}/", True)
    membership = actions.accept_invitation(cast.actor("stranger"), invitation=invitation)
    assert (membership.project, membership.role) == (cast.project, "member")


@pytest.mark.parametrize("part", ["member", "finance", "read_only", "stranger"])
def test_others_invite_nobody(part, cast, invited):
    with pytest.raises(Forbidden):
        invited(part=part)
    with pytest.raises(Forbidden):
        actions.offer_ownership(cast.actor(part), organisation=cast.organisation, email="a@b.org", role_after="member")
    assert not Invitation.objects.exists()


def test_what_cannot_be_invited(cast, invited):
    with pytest.raises(Forbidden):
        invited(role="owner", part="manager")
    for email, role in (("nonsense", "member"), ("a@example.org", "emperor"), ("a@example.org", "facilitator")):
        with pytest.raises(BadInput):
            invited(email, role)
    with pytest.raises(Conflict, match="change their role"):
        invited(cast.member.email)
    with pytest.raises(SignInNeeded):
        actions.invite(system("x"), place=cast.organisation, email="a@example.org", role="member")
    assert not Invitation.objects.exists()


def test_invitations_are_not_for_spamming(cast, invited):
    for number in range(30):
        invited(f"a{number}@example.org")
    with pytest.raises(TooOften):
        invited("b@example.org")


def test_sending_again(cast, invited, noon, mailoutbox, django_capture_on_commit_callbacks):
    invitation = invited()
    with pytest.raises(TooOften, match="ten minutes"):
        actions.resend_invitation(cast.actor("manager"), invitation=invitation)
    for number in range(2, 6):
        with clock.fixed(noon + number * DAY), django_capture_on_commit_callbacks(execute=True):
            again = actions.resend_invitation(cast.actor("manager"), invitation=invitation)
        assert (again.times_sent, again.expires_at) == (number, noon + number * DAY + 14 * DAY)
    assert len(mailoutbox) == 4
    with clock.fixed(noon + 9 * DAY), pytest.raises(TooOften, match="5 times"):
        actions.resend_invitation(cast.actor("owner"), invitation=invitation)


def test_taking_back_declining_and_inviting_anew(cast, invited, make_person):
    newcomer = Actor(person=make_person(email="new@example.org"))
    first = invited()
    with pytest.raises(Conflict, match="still open"):
        invited()
    actions.revoke_invitation(cast.actor("owner"), invitation=first)
    for late in (
        lambda: actions.accept_invitation(newcomer, invitation=first),
        lambda: actions.revoke_invitation(cast.actor("owner"), invitation=first),
        lambda: actions.resend_invitation(cast.actor("owner"), invitation=first),
    ):
        with pytest.raises(Conflict, match="taken back"):
            late()
    second = invited()
    actions.decline_invitation(newcomer, invitation=second)
    assert "declined" in str(Notice.objects.filter(person=cast.owner).first())
    with pytest.raises(Conflict, match="declined"):
        actions.accept_invitation(newcomer, invitation=second)
    assert invited().state == "open"
    assert not newcomer.person.memberships.exists()
    for part, error in (("member", NotFound), ("stranger", NotFound)):
        with pytest.raises(error):
            actions.revoke_invitation(cast.actor(part), invitation=Invitation.objects.first())


def test_managers_take_back_what_they_may_give(cast, invited):
    invitation = invited(role="owner")
    with pytest.raises(Forbidden):
        actions.revoke_invitation(cast.actor("manager"), invitation=invitation)


def test_time_ends_an_invitation(cast, invited, make_person, noon):
    newcomer = Actor(person=make_person(email="new@example.org"))
    invitation = invited()
    with clock.fixed(noon + 14 * DAY):
        assert not queries.invitations_for(newcomer)
        with pytest.raises(Conflict, match="expired"):
            actions.accept_invitation(newcomer, invitation=invitation)
        # Inviting again does not wait for the worker.
        anew = invited()
        invitation.refresh_from_db()
        assert (invitation.state, anew.state) == ("expired", "open")
    with clock.fixed(noon + 30 * DAY):
        tasks.expire()
        tasks.expire()
        anew.refresh_from_db()
        assert anew.state == "expired"


def test_an_invitation_is_worth_no_more_than_who_sent_it(cast, make_person, member):
    inviter = member(make_person(), cast.organisation, "owner")
    invitation = actions.invite(
        Actor(person=inviter.person), place=cast.organisation, email=cast.stranger.email, role="owner"
    )
    inviter.role = "manager"
    inviter.save()
    with pytest.raises(Conflict, match="may no longer do so"):
        actions.accept_invitation(cast.actor("stranger"), invitation=invitation)


def test_handing_over_the_ownership(cast, mailoutbox, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        offer = actions.offer_ownership(
            cast.actor("owner"), organisation=cast.organisation, email=cast.member.email, role_after="read_only"
        )
    assert "ownership" in mailoutbox[0].subject
    assert "Owners manage" in mailoutbox[0].body
    assert roles(cast.owner)[cast.organisation.pk] == "owner"  # nothing changes before
    actions.accept_invitation(cast.actor("member"), invitation=offer)
    assert roles(cast.member)[cast.organisation.pk] == "owner"
    assert roles(cast.owner)[cast.organisation.pk] == "read_only"
    with pytest.raises(Conflict, match="owner already"):
        actions.offer_ownership(
            cast.actor("member"), organisation=cast.organisation, email=cast.member.email, role_after="member"
        )


def test_ownership_goes_to_newcomers_too_but_never_to_oneself(cast):
    offer = actions.offer_ownership(
        cast.actor("owner"), organisation=cast.organisation, email=cast.stranger.email, role_after="manager"
    )
    actions.accept_invitation(cast.actor("stranger"), invitation=offer)
    assert (roles(cast.stranger)[cast.organisation.pk], roles(cast.owner)[cast.organisation.pk]) == ("owner", "manager")
    again = actions.offer_ownership(
        cast.actor("stranger"), organisation=cast.organisation, email="mine@example.org", role_after="member"
    )
    EmailAddress.objects.create(user=cast.stranger, email="mine@example.org", verified=True)
    with pytest.raises(Conflict, match="own invitation"):
        actions.accept_invitation(cast.actor("stranger"), invitation=again)
    with pytest.raises(SignInNeeded):
        actions.offer_ownership(system("x"), organisation=cast.organisation, email="a@b.org", role_after="member")


def test_asking_to_join(cast, make_person):
    cast.organisation.registry_number = "12345678"
    cast.organisation.save()
    asker = make_person(name="Asker")
    asked = actions.ask_to_join(Actor(person=asker), organisation=" 1234 5678 ", message="From the robotics group")
    assert {notice.person for notice in Notice.objects.all()} == {cast.owner, cast.manager}
    assert list(queries.join_requests_of(cast.organisation)) == [asked] == list(queries.join_requests_by(Actor(asker)))
    with pytest.raises(Conflict, match="asked already"):
        actions.ask_to_join(Actor(person=asker), organisation=cast.organisation.uid)
    for part in ("member", "finance", "stranger"):
        with pytest.raises(NotFound):
            actions.answer_join_request(cast.actor(part), asked=asked, role="member")
    with pytest.raises(Forbidden):
        actions.answer_join_request(cast.actor("manager"), asked=asked, role="owner")
    membership = actions.answer_join_request(cast.actor("manager"), asked=asked, role="member")
    assert (membership.person, membership.role) == (asker, "member")
    with pytest.raises(Conflict):
        actions.answer_join_request(cast.actor("owner"), asked=asked)
    with pytest.raises(Conflict, match="belong to this organisation"):
        actions.ask_to_join(Actor(person=asker), organisation=cast.organisation.uid)


def test_requests_are_declined_and_withdrawn(cast):
    first = actions.ask_to_join(cast.actor("stranger"), organisation=cast.organisation.uid)
    assert actions.answer_join_request(cast.actor("owner"), asked=first) is None
    assert "declined" in str(Notice.objects.filter(person=cast.stranger).first())
    second = actions.ask_to_join(cast.actor("stranger"), organisation=cast.organisation.uid)
    with pytest.raises(NotFound):
        actions.withdraw_join_request(cast.actor("owner"), asked=second)
    assert actions.withdraw_join_request(cast.actor("stranger"), asked=second).state == "withdrawn"
    assert set(JoinRequest.objects.values_list("state", flat=True)) == {"declined", "withdrawn"}
    assert roles(cast.stranger) == {cast.other.pk: "owner"}


def test_what_cannot_be_asked(cast):
    for text in ("", "no number!", "99999999", "org-nothere"):
        with pytest.raises(BadInput):
            actions.ask_to_join(cast.actor("stranger"), organisation=text)
    with pytest.raises(SignInNeeded):
        actions.ask_to_join(system("x"), organisation=cast.organisation.uid)
    JoinPolicy.objects.create(organisation=cast.organisation, policy="invited")
    with pytest.raises(Conflict, match="invites"):
        actions.ask_to_join(cast.actor("stranger"), organisation=cast.organisation.uid)
    for _number in range(10):
        with pytest.raises((BadInput, TooOften)) as refusal:
            actions.ask_to_join(cast.actor("stranger"), organisation="99999999")
    assert refusal.type is TooOften
    assert not Membership.objects.filter(person=cast.stranger, organisation=cast.organisation).exists()
