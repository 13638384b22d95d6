"""Invitations by e-mail, and the offer of an organisation's ownership, which is one as well.

The link in the mail is no key: whoever opens it still has to sign in with the invited address, confirmed. So a
forwarded or leaked mail gives nothing away but the name of the organisation and the role.
"""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import get_language, gettext_noop
from django.utils.translation import gettext as _

from aisc.core import clock
from aisc.core.actions import Actor, action, note
from aisc.core.errors import Conflict, SignInNeeded, TooOften
from aisc.people import limits, mails, queries
from aisc.people.actions.members import (
    clean_role,
    english,
    give,
    lock,
    may_give,
    roles_given_by_person,
)
from aisc.people.models import Invitation, Membership, Organisation, Person, Project
from aisc.people.notices import names, notify, word
from aisc.people.states import INVITATION
from aisc.people.text import clean_email

Role = Membership.Role
WORKS_FOR = timedelta(days=14)
MOST_MAILS = 5
BETWEEN_MAILS = timedelta(minutes=10)


def invite(actor: Actor, *, place: Organisation | Project, email: str, role: str) -> Invitation:
    """Offer a role in an organisation (all its projects) or one project to whoever has the address.

    Inviting again after an invitation was declined, taken back or expired makes a new one. Raises BadInput,
    Forbidden, Conflict for members and for a second open invitation, TooOften after 30 in an hour.
    """
    if actor.person is not None:
        # Before the transaction, so that a refused try counts as well.
        limits.spend("invite", actor.person.uid, limit=30, per_s=3600)
    return _invite(actor, place=place, email=email, role=role)


@action("people.invite", on="place")
def _invite(actor: Actor, *, place: Organisation | Project, email: str, role: str) -> Invitation:
    lock(place)
    role = clean_role(role)
    may_give(actor, place, role)
    email = clean_email(email)
    person = queries.person_with_address(email)
    project = place if isinstance(place, Project) else None
    organisation = project.organisation if project else place
    if person and Membership.objects.filter(person=person, organisation=organisation, project=project).exists():
        raise Conflict(
            _("This person is here already; change their role instead."), code="member.exists", field="email"
        )
    return _offer(actor, person, Invitation(email=email, organisation=organisation, project=project, role=role))


@action("people.offer_ownership", on="organisation")
def offer_ownership(actor: Actor, *, organisation: Organisation, email: str, role_after: str) -> Invitation:
    """Offer one's own ownership to somebody else; on acceptance they are the owner and one is ``role_after``.

    Nothing changes before. Raises BadInput, or Conflict for owners and for a second open offer.
    """
    if actor.person is None:
        raise SignInNeeded
    lock(organisation)
    role_after = clean_role(role_after)
    email = clean_email(email)
    person = queries.person_with_address(email)
    owns = Membership.objects.filter(person=person, organisation=organisation, project=None, role=Role.OWNER)
    if person and owns.exists():
        raise Conflict(_("This person is an owner already."), code="member.exists", field="email")
    return _offer(
        actor,
        person,
        Invitation(email=email, organisation=organisation, role=Role.OWNER, transfer=True, role_after=role_after),
    )


def _offer(actor: Actor, person: Person | None, invitation: Invitation) -> Invitation:
    if actor.person is None:
        raise SignInNeeded
    now = clock.now()
    earlier = Invitation.objects.filter(
        email=invitation.email,
        organisation=invitation.organisation,
        project=invitation.project,
        transfer=invitation.transfer,
        state="open",
    ).first()
    if earlier is not None:
        if not earlier.is_over:
            raise Conflict(
                _("This address has an invitation that is still open. Send it again, or take it back first."),
                code="invitation.open",
                field="email",
            )
        _close(earlier, "expired")
    invitation.invited_by = actor.person
    invitation.language = (person.language if person else "") or get_language() or settings.LANGUAGE_CODE
    invitation.created_at = invitation.sent_at = now
    invitation.expires_at = now + WORKS_FOR
    invitation.save()
    note(target=invitation, email=invitation.email, role=invitation.role, place=invitation.place.uid)
    if person is not None:
        notify(
            person,
            gettext_noop("%(inviter)s invites you to be %(role)s in “%(place)s”."),
            {
                "inviter": str(actor.person),
                "role": word(english(invitation.role)),
                "place": names(invitation.place),
            },
            url=invitation.get_absolute_url(),
        )
    _mail(invitation)
    return invitation


@action("people.resend_invitation", on="invitation")
def resend_invitation(actor: Actor, *, invitation: Invitation) -> Invitation:
    """Mail it again, with its full time before it. At most five mails, ten minutes apart (TooOften)."""
    invitation = _locked(invitation)
    may_give(actor, invitation.place, invitation.role)
    _still_open(invitation, expired_too=True)
    now = clock.now()
    if invitation.times_sent >= MOST_MAILS:
        raise TooOften(
            _("This was mailed %(count)s times. Ask the person in another way, or take it back and invite anew.")
            % {"count": invitation.times_sent}
        )
    if now - invitation.sent_at < BETWEEN_MAILS:
        wait = int((BETWEEN_MAILS - (now - invitation.sent_at)).total_seconds()) + 1
        raise TooOften(_("It was mailed a moment ago. Wait ten minutes."), retry_after=wait)
    invitation.times_sent += 1
    invitation.sent_at, invitation.expires_at = now, now + WORKS_FOR
    invitation.save(update_fields=["times_sent", "sent_at", "expires_at"])
    note(times_sent=invitation.times_sent)
    _mail(invitation)
    return invitation


@action("people.revoke_invitation", on="invitation")
def revoke_invitation(actor: Actor, *, invitation: Invitation) -> Invitation:
    """Take it back: its link leads nowhere from now on. Raises Forbidden, or Conflict when it was answered."""
    invitation = _locked(invitation)
    may_give(actor, invitation.place, invitation.role)
    _still_open(invitation, expired_too=True)
    _close(invitation, "revoked")
    return invitation


@action("people.accept_invitation", on="invitation")
def accept_invitation(actor: Actor, *, invitation: Invitation) -> Membership:
    """Take the role. Works once; raises Conflict when it was answered, is over, or nobody may give it any more."""
    invitation = _locked(invitation)
    _still_open(invitation)
    place, person, inviter = invitation.place, actor.person, invitation.invited_by
    if invitation.role not in roles_given_by_person(inviter, place) or not inviter.is_active:
        raise Conflict(
            _("%(person)s, who invited you, may no longer do so. Ask for a new invitation.") % {"person": inviter},
            code="invitation.void",
        )
    if inviter == person:
        raise Conflict(_("You cannot accept your own invitation."), code="invitation.own")
    membership = _become_owner(invitation, person) if invitation.transfer else give(person, place, invitation.role)
    invitation.accepted_by = person
    _close(invitation, "accepted")
    note(target=place, invitation=invitation.uid, person=person.uid, role=invitation.role, invited_by=inviter.uid)
    notify(
        inviter,
        gettext_noop("%(person)s has accepted: %(role)s in “%(place)s”."),
        {"person": str(person), "role": word(english(invitation.role)), "place": names(place)},
        url=place.get_absolute_url(),
        email=invitation.transfer,
    )
    return membership


def _become_owner(invitation: Invitation, person: Person) -> Membership:
    rows = Membership.objects.filter(organisation=invitation.organisation, project=None)
    mine = rows.filter(person=person).first()
    if mine is None:
        mine = give(person, invitation.organisation, Role.OWNER)
    else:
        mine.role = Role.OWNER
        mine.save(update_fields=["role"])
    former = rows.get(person=invitation.invited_by)
    note(before={"owner": invitation.invited_by.uid}, after={"owner": person.uid, "former": invitation.role_after})
    former.role = invitation.role_after
    former.save(update_fields=["role"])
    return mine


@action("people.decline_invitation", on="invitation")
def decline_invitation(actor: Actor, *, invitation: Invitation) -> Invitation:
    """Say no; whoever invited is told. Raises Conflict when it was answered or taken back."""
    invitation = _locked(invitation)
    _still_open(invitation)
    _close(invitation, "declined")
    notify(
        invitation.invited_by,
        gettext_noop("%(email)s has declined the invitation to “%(place)s”."),
        {"email": invitation.email, "place": names(invitation.place)},
        url=invitation.place.get_absolute_url(),
    )
    return invitation


@action("people.expire_invitations")
def expire_invitations(actor: Actor) -> int:
    """Write down which open invitations are over; how many there were. The worker calls this."""
    over = (
        Invitation.objects.select_for_update(no_key=True)
        .filter(state="open", expires_at__lte=clock.now())
        .order_by("pk")
    )
    rows = list(over[:500])
    for invitation in rows:
        _close(invitation, "expired")
    note(invitations=[each.uid for each in rows])
    return len(rows)


def _locked(invitation: Invitation) -> Invitation:
    """The invitation as it is now, under the lock of its organisation: it is answered once."""
    lock(invitation.organisation)
    rows = Invitation.objects.select_for_update(of=("self",), no_key=True).select_related(
        "organisation", "project__organisation", "invited_by"
    )
    return rows.get(pk=invitation.pk)


def _still_open(invitation: Invitation, *, expired_too: bool = False) -> None:
    state = INVITATION.labels[invitation.state]
    if invitation.state == "open":
        if not invitation.is_over or expired_too:
            return
        state = INVITATION.labels["expired"]
    raise Conflict(
        _("This invitation no longer works: %(state)s. Ask for a new one.") % {"state": state}, code="invitation.over"
    )


def _close(invitation: Invitation, state: str) -> None:
    INVITATION.move(invitation, state)
    invitation.closed_at = clock.now()
    invitation.save(update_fields=["state", "closed_at", "accepted_by"])


def _mail(invitation: Invitation) -> None:
    transaction.on_commit(lambda: mails.invitation(invitation), robust=True)
