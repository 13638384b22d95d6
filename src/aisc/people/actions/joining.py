"""Asking to join an organisation; its owners and managers answer."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from aisc.core import clock
from aisc.core.actions import Actor, action, note
from aisc.core.errors import BadInput, Conflict, SignInNeeded
from aisc.people import domains, limits, queries
from aisc.people.access import MANAGERS
from aisc.people.actions.members import clean_role, english, give, lock, may_give
from aisc.people.models import JoinRequest, Membership, Organisation
from aisc.people.notices import names, notify, notify_all, word
from aisc.people.states import JOIN_REQUEST
from aisc.people.text import clean_line


def ask_to_join(actor: Actor, *, organisation: str, message: str = "") -> JoinRequest:
    """Ask to belong to the organisation with this uid or registry number, in force or former.

    Raises BadInput when there is none, Conflict for members and for a second open request, TooOften after 10 in
    an hour: the answer tells which numbers are registered.
    """
    if actor.person is not None:
        limits.spend("ask-to-join", actor.person.uid, limit=10, per_s=3600)
    return _ask_to_join(actor, organisation=organisation, message=message)


@action("people.ask_to_join")
def _ask_to_join(actor: Actor, *, organisation: str, message: str) -> JoinRequest:
    if actor.person is None:
        raise SignInNeeded
    found = queries.organisation_by_number(organisation)
    if found is None:
        raise BadInput(
            _("No organisation has this registry number or identifier. Check it, or register the organisation."),
            field="organisation",
        )
    lock(found)
    if Membership.objects.filter(person=actor.person, organisation=found, project=None).exists():
        raise Conflict(_("You belong to this organisation already."), code="member.exists", field="organisation")
    if JoinRequest.objects.filter(person=actor.person, organisation=found, state="open").exists():
        raise Conflict(_("You have asked already; its owners have yet to answer."), field="organisation")
    if not domains.may_ask(found):
        raise Conflict(
            _(
                "This organisation takes in only people whom it invites, or who belong to it by their address or "
                "identity provider."
            ),
            code="join.not_asked",
            field="organisation",
        )
    asked = JoinRequest.objects.create(
        organisation=found,
        person=actor.person,
        message=clean_line(message, field="message", limit=500, required=False),
        created_at=clock.now(),
    )
    note(target=asked, organisation=found.uid)
    notify_all(
        queries.persons_with_role(found, MANAGERS),
        gettext_noop("%(person)s asks to join “%(place)s”."),
        {"person": str(actor.person), "place": names(found)},
        url=found.get_absolute_url(),
        email=True,
    )
    return asked


@action("people.answer_join_request", on="asked")
def answer_join_request(actor: Actor, *, asked: JoinRequest, role: str = "") -> Membership | None:
    """Take the person in as ``role``, or decline with an empty one. Raises Forbidden, or Conflict when answered."""
    asked = _locked(asked)
    if role:
        role = clean_role(role)
        may_give(actor, asked.organisation, role)
    JOIN_REQUEST.move(asked, "accepted" if role else "declined")
    asked.closed_at, asked.answered_by = clock.now(), actor.person
    asked.save(update_fields=["state", "closed_at", "answered_by"])
    note(target=asked, person=asked.person.uid, role=role)
    if not role:
        notify(
            asked.person,
            gettext_noop("Your request to join “%(place)s” was declined."),
            {"place": names(asked.organisation)},
            email=True,
        )
        return None
    membership = give(asked.person, asked.organisation, role)
    notify(
        asked.person,
        gettext_noop("You are now %(role)s in “%(place)s”."),
        {"role": word(english(role)), "place": names(asked.organisation)},
        url=asked.organisation.get_absolute_url(),
        email=True,
    )
    return membership


@action("people.withdraw_join_request", on="asked")
def withdraw_join_request(actor: Actor, *, asked: JoinRequest) -> JoinRequest:
    """Ask no more. Raises Conflict when it was answered."""
    asked = _locked(asked)
    JOIN_REQUEST.move(asked, "withdrawn")
    asked.closed_at = clock.now()
    asked.save(update_fields=["state", "closed_at"])
    return asked


def _locked(asked: JoinRequest) -> JoinRequest:
    lock(Organisation(pk=asked.organisation_id))
    rows = JoinRequest.objects.select_for_update(of=("self",), no_key=True).select_related("organisation", "person")
    return rows.get(pk=asked.pk)
