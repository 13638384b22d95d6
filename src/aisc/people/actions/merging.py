"""Duplicates become one, with both histories kept: two registrations of one organisation, two accounts of one human.

What belongs to the duplicate becomes the survivor's. What was issued, signed, decided or written down (statements,
letters, submissions, decisions, the journal, the audit log) stays exactly as it was and still names the duplicate,
whose uid and addresses lead on to the survivor. It cannot be undone, so a person types the duplicate's uid.
"""

from __future__ import annotations

import secrets

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from aisc.core import clock
from aisc.core.actions import Actor, action, note
from aisc.core.errors import BadInput, Conflict, Forbidden
from aisc.core.search import index as search_index
from aisc.people import signals
from aisc.people.models import (
    ApiToken,
    CentreRole,
    EmailDomain,
    FormerName,
    Handover,
    IamSmartRequest,
    Institution,
    Invitation,
    JoinedByItself,
    JoinPolicy,
    JoinRequest,
    Listing,
    Membership,
    Notice,
    Organisation,
    Person,
    Project,
    ServiceAccount,
)
from aisc.people.notices import names, notify_all
from aisc.people.signals import NAMED, Consequence
from aisc.people.states import INVITATION, JOIN_REQUEST
from aisc.people.text import clean_line

_LOWEST_FIRST = ("facilitator", "read_only", "finance", "member", "manager", "owner")


def organisations_preview(survivor: Organisation, duplicate: Organisation) -> list[Consequence]:
    """What merging would move, by kind; nothing is changed. Raises Conflict when they cannot be merged."""
    _both_there(survivor, duplicate)
    projects = list(duplicate.projects.all()[: NAMED + 1])
    people = duplicate.memberships.count()
    found = [
        Consequence(
            _("projects"),
            duplicate.projects.count(),
            _("Become the survivor's, with files, jobs and budgets."),
            [str(each) for each in projects[:NAMED]],
        ),
        Consequence(
            _("roles of people"),
            people,
            _("Become roles in the survivor. Who has one in both keeps the survivor's."),
        ),
        Consequence(
            _("names"),
            1,
            _("Kept as a former name, with the registry number; searching by either finds the survivor."),
            [str(duplicate)],
        ),
    ]
    return [each for each in found if each.count] + signals.told(
        signals.merging, survivor=survivor, duplicate=duplicate
    )


@action("people.merge_organisations", on="survivor")
def merge_organisations(
    actor: Actor, *, survivor: Organisation, duplicate: Organisation, confirmation: str, reason: str
) -> Organisation:
    """Make ``duplicate`` a part of ``survivor``; ``confirmation`` is the duplicate's uid. The reason is kept.

    Raises BadInput, or Conflict when either was merged already.
    """
    # In the order of their ids, so that two administrators never wait for each other.
    locked = {
        each.pk: each
        for each in Organisation.objects.select_for_update(of=("self",), no_key=True)
        .filter(pk__in=[survivor.pk, duplicate.pk])
        .order_by("pk")
    }
    survivor, duplicate = locked[survivor.pk], locked[duplicate.pk]
    _both_there(survivor, duplicate)
    reason = _confirmed(duplicate.uid, confirmation, reason)
    moved = _count(organisations_preview(survivor, duplicate))
    now = clock.now()
    _move_organisation(actor, survivor, duplicate)
    FormerName.objects.filter(organisation=duplicate).update(organisation=survivor)
    FormerName.objects.create(
        organisation=survivor,
        name_en=duplicate.name_en,
        name_zh=duplicate.name_zh,
        registry_number=duplicate.registry_number,
        uid=duplicate.uid,
        until=now,
    )
    number, duplicate.registry_number = duplicate.registry_number, ""
    duplicate.merged_into, duplicate.merged_at = survivor, now
    duplicate.save(update_fields=["registry_number", "merged_into", "merged_at"])
    Organisation.objects.filter(merged_into=duplicate).update(merged_into=survivor)
    if number and not survivor.registry_number:
        survivor.registry_number = number
        survivor.save(update_fields=["registry_number"])
    signals.merged.send(sender=Organisation, actor=actor, survivor=survivor, duplicate=duplicate)
    note(target=survivor, reason=reason, duplicate=duplicate.uid, name=names(duplicate), moved=moved)
    notify_all(
        Person.objects.filter(memberships__organisation=survivor, memberships__role="owner", is_active=True).distinct(),
        gettext_noop("“%(duplicate)s” is now part of “%(survivor)s”: they were registered twice."),
        {"duplicate": names(duplicate), "survivor": names(survivor)},
        url=survivor.get_absolute_url(),
        email=True,
    )
    search_index.rebuild_soon()
    return survivor


def _move_organisation(actor: Actor, survivor: Organisation, duplicate: Organisation) -> None:
    theirs = {"organisation": duplicate}
    Project.objects.filter(**theirs).update(organisation=survivor)
    both = Membership.objects.filter(organisation=survivor, project=None).values("person")
    Membership.with_ended.filter(**theirs, project=None, person__in=both).delete()
    Membership.with_ended.filter(**theirs).update(organisation=survivor)
    ServiceAccount.objects.filter(**theirs).update(organisation=survivor)
    Handover.objects.filter(**theirs).update(organisation=survivor)
    # What waits for an answer was asked of, or offered by, the duplicate: it is asked or offered again if need be.
    for invitation in Invitation.objects.filter(**theirs, project=None, state="open"):
        INVITATION.move(invitation, "revoked")
        invitation.closed_at = clock.now()
        invitation.save(update_fields=["state", "closed_at"])
    Invitation.objects.filter(**theirs).update(organisation=survivor)
    asked = JoinRequest.objects.filter(organisation=survivor, state="open").values("person")
    for request in JoinRequest.objects.filter(**theirs, state="open", person__in=asked):
        JOIN_REQUEST.move(request, "withdrawn")
        request.closed_at = clock.now()
        request.save(update_fields=["state", "closed_at"])
    JoinRequest.objects.filter(**theirs).update(organisation=survivor)
    _move_ways_in(survivor, duplicate)
    # A consent is to being shown with this organisation under its name: what is not the same is withdrawn.
    shown = Listing.objects.filter(**theirs, project=None, withdrawn_at=None)
    shown.update(withdrawn_at=clock.now(), withdrawn_by=actor.person)
    Listing.objects.filter(**theirs, project__isnull=False).update(organisation=survivor)


def _move_ways_in(survivor: Organisation, duplicate: Organisation) -> None:
    """E-mail domains, identity providers, and who may join: as the survivor decided, else as the duplicate did."""
    for domain in EmailDomain.objects.filter(organisation=duplicate):
        mine = EmailDomain.objects.filter(organisation=survivor, domain=domain.domain).first()
        if mine is not None and not domain.verified_at:
            domain.delete()
            continue
        if mine is not None:
            mine.delete()
        domain.organisation = survivor
        domain.save(update_fields=["organisation"])
    Institution.objects.filter(organisation=duplicate).update(organisation=survivor)
    decided = JoinPolicy.objects.filter(organisation=duplicate).first()
    if decided is not None:
        JoinPolicy.objects.get_or_create(organisation=survivor, defaults={"policy": decided.policy})
        decided.delete()
    came = JoinedByItself.objects.filter(organisation=survivor).values("person")
    JoinedByItself.objects.filter(organisation=duplicate, person__in=came).delete()
    JoinedByItself.objects.filter(organisation=duplicate).update(organisation=survivor)


def persons_preview(survivor: Person, duplicate: Person) -> list[Consequence]:
    """What merging two accounts would move, by kind. Raises Conflict when they cannot be merged."""
    _both_there(survivor, duplicate)
    addresses = list(EmailAddress.objects.filter(user=duplicate).values_list("email", flat=True))
    tokens = duplicate.api_tokens.filter(revoked_at=None, expires_at__gt=clock.now()).count()
    roles = duplicate.memberships.select_related("organisation", "project")
    centre = duplicate.centre_roles.all()
    found = [
        Consequence(
            _("sign-in addresses"),
            len(addresses),
            _("Become further addresses of the survivor, who signs in with any of them and one password."),
            addresses[:NAMED],
        ),
        Consequence(
            _("roles"),
            len(roles),
            _("Become the survivor's. Where both have one, the higher stays."),
            [str(each.project or each.organisation) for each in roles[:NAMED]],
        ),
        Consequence(
            _("roles of the centre"),
            len(centre),
            _("Become the survivor's."),
            [each.get_role_display() for each in centre[:NAMED]],
        ),
        Consequence(_("API tokens"), tokens, _("End. The survivor makes new ones if need be.")),
        Consequence(_("notices"), duplicate.notices.count(), _("Move.")),
    ]
    return [each for each in found if each.count] + signals.told(
        signals.merging, survivor=survivor, duplicate=duplicate
    )


@action("people.merge_persons", on="survivor")
def merge_persons(actor: Actor, *, survivor: Person, duplicate: Person, confirmation: str, reason: str) -> Person:
    """Make the account ``duplicate`` a part of ``survivor``; ``confirmation`` is the duplicate's uid.

    Whoever does it has to have made sure that both are the same human: the survivor gets every role of both. So
    nobody does it with an account of their own (Forbidden). Raises BadInput, or Conflict when either was merged
    already or is a service account.
    """
    if actor.person in (survivor, duplicate):
        raise Forbidden(_("Another administrator has to merge your own account."), code="merge.oneself")
    locked = {
        each.pk: each
        for each in Person.objects.select_for_update(of=("self",), no_key=True)
        .filter(pk__in=[survivor.pk, duplicate.pk])
        .order_by("pk")
    }
    survivor, duplicate = locked[survivor.pk], locked[duplicate.pk]
    _both_there(survivor, duplicate)
    reason = _confirmed(duplicate.uid, confirmation, reason)
    moved = _count(persons_preview(survivor, duplicate))
    addresses = list(EmailAddress.objects.filter(user=duplicate).values_list("email", flat=True))
    _move_person(survivor, duplicate)
    email = duplicate.email
    duplicate.email = f"{duplicate.uid}@merged.invalid"
    duplicate.merged_into, duplicate.is_active = survivor, False
    duplicate.set_unusable_password()
    duplicate.save(update_fields=["email", "password", "merged_into", "is_active"])
    Person.objects.filter(merged_into=duplicate).update(merged_into=survivor)
    signals.merged.send(sender=Person, actor=actor, survivor=survivor, duplicate=duplicate)
    note(target=survivor, reason=reason, duplicate=duplicate.uid, email=email, addresses=addresses, moved=moved)
    notify_all(
        [survivor],
        gettext_noop("Your account %(email)s is now part of this one. You can sign in with either address."),
        {"email": email},
        url="/account/",
        email=True,
    )
    search_index.rebuild_soon()
    return survivor


def _move_person(survivor: Person, duplicate: Person) -> None:
    EmailAddress.objects.filter(user=duplicate).update(user=survivor, primary=False)
    for mine in Membership.with_ended.filter(person=duplicate):
        _join_roles(survivor, mine)
    held = survivor.centre_roles.values("role")
    CentreRole.objects.filter(person=duplicate, role__in=held).delete()
    CentreRole.objects.filter(person=duplicate).update(person=survivor)
    ApiToken.objects.filter(person=duplicate, revoked_at=None).update(revoked_at=clock.now())
    Notice.objects.filter(person=duplicate).update(person=survivor)
    ServiceAccount.objects.filter(owner=duplicate).update(owner=survivor)
    for field in ("person", "successor"):
        Handover.objects.filter(**{field: duplicate}).update(**{field: survivor})
    asked = JoinRequest.objects.filter(person=survivor, state="open").values("organisation")
    for request in JoinRequest.objects.filter(person=duplicate, state="open", organisation__in=asked):
        JOIN_REQUEST.move(request, "withdrawn")
        request.save(update_fields=["state"])
    JoinRequest.objects.filter(person=duplicate).update(person=survivor)
    came = JoinedByItself.objects.filter(person=survivor).values("organisation")
    JoinedByItself.objects.filter(person=duplicate, organisation__in=came).delete()
    JoinedByItself.objects.filter(person=duplicate).update(person=survivor)
    IamSmartRequest.objects.filter(person=duplicate).delete()
    SocialAccount.objects.filter(user=duplicate).update(user=survivor)
    # The survivor's second factor is the one that counts; the duplicate's would be a way around it.
    Authenticator.objects.filter(user=duplicate).delete()
    # Only the human who is shown can agree to being shown under this account's name.
    Listing.objects.filter(person=duplicate, withdrawn_at=None).update(withdrawn_at=clock.now())


def _join_roles(survivor: Person, theirs: Membership) -> None:
    rows = Membership.with_ended.filter(person=survivor, organisation=theirs.organisation_id, project=theirs.project_id)
    mine = rows.first()
    if mine is None:
        theirs.person = survivor
        theirs.save(update_fields=["person"])
        return
    theirs.delete()
    if _LOWEST_FIRST.index(theirs.role) > _LOWEST_FIRST.index(mine.role):
        mine.role, mine.expires_at = theirs.role, theirs.expires_at
        mine.save(update_fields=["role", "expires_at"])


def _both_there(survivor: models.Model, duplicate: models.Model) -> None:
    if survivor == duplicate:
        raise BadInput(_("Choose two different ones."), field="duplicate")
    if survivor.merged_into_id is not None or duplicate.merged_into_id is not None:
        raise Conflict(_("One of them is merged already."), code="merge.done")
    if isinstance(survivor, Person) and (survivor.is_service or duplicate.is_service):
        raise BadInput(
            _("Service accounts are not merged; close one and make a token for the other."), field="duplicate"
        )


def _confirmed(uid: str, typed: str, reason: str) -> str:
    reason = clean_line(reason, field="reason", limit=500)
    if not secrets.compare_digest(typed.strip().encode(), uid.encode()):
        raise BadInput(
            _("Type the identifier of the duplicate, %(uid)s, to confirm.") % {"uid": uid}, field="confirmation"
        )
    return reason


def _count(found: list[Consequence]) -> dict[str, int]:
    return {str(each.what): each.count for each in found}
