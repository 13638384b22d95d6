"""Leaving an organisation or a project, or being removed from it: access ends at once, work is handed over."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from aisc.core import clock
from aisc.core.actions import Actor, action, note
from aisc.core.errors import BadInput
from aisc.people import queries, signals
from aisc.people.actions.members import current, keep_an_owner, lock, may_act_on, tell
from aisc.people.models import (
    ApiToken,
    Handover,
    Invitation,
    Listing,
    Membership,
    Person,
    Project,
    ServiceAccount,
)
from aisc.people.notices import names, notify
from aisc.people.signals import NAMED, Consequence
from aisc.people.states import INVITATION

Role = Membership.Role


@dataclass(frozen=True)
class Departure:
    """What ending a membership does: to what, and who could take the work over, the likeliest first."""

    membership: Membership
    consequences: list[Consequence]
    successors: list[Person]

    @property
    def jobs_under_way(self) -> bool:
        """Whether there is something to decide about: going on, or ending it."""
        return any(each.what == signals.JOBS_UNDER_WAY for each in self.consequences)


def departure(actor: Actor, membership: Membership) -> Departure:
    """What will happen when the membership ends; nothing is changed. A constant number of queries."""
    return Departure(
        membership=membership,
        consequences=_own_consequences(membership)
        + signals.told(
            signals.departing,
            person=membership.person,
            organisation=membership.organisation,
            projects=lost_projects(membership),
        ),
        successors=_successors(actor, membership),
    )


@action("people.remove_member", on="membership")
def remove_member(
    actor: Actor, *, membership: Membership, successor: Person | None = None, cancel_jobs: bool = False
) -> None:
    """Take somebody's role away, or leave. Leaving an organisation means leaving all its projects.

    What was theirs is the successor's from then on: one of those who stay, by choice; else whoever removes them,
    else the first owner. With ``cancel_jobs`` their jobs under way are ended, otherwise they go on. Raises
    Forbidden, BadInput for a successor who does not belong there, or Conflict for the last owner.
    """
    organisation = lock(membership.project or membership.organisation)
    membership = current(membership)
    if membership.person != actor.person:
        may_act_on(actor, membership)
    keep_an_owner(membership)
    candidates = _successors(actor, membership)
    if successor is None:
        successor = candidates[0] if candidates else None
    elif successor not in candidates:
        raise BadInput(_("Choose somebody who stays there."), field="successor")
    person, project = membership.person, membership.project
    projects = list(lost_projects(membership))
    tell(actor, person, gettext_noop("You no longer belong to “%(place)s”."), membership)
    note(
        target=project or organisation,
        person=person.uid,
        before=membership.role,
        successor=successor.uid if successor else "",
    )
    gone = Membership.objects.filter(person=person, organisation=organisation)
    if project is not None:
        gone = gone.filter(project=project)
    gone.delete()
    _hand_over(actor, membership, successor)
    signals.departed.send(
        sender=Membership,
        actor=actor,
        person=person,
        organisation=organisation,
        projects=projects,
        successor=successor,
        cancel_jobs=cancel_jobs,
    )


def lost_projects(membership: Membership):
    """The projects that the person can no longer reach once the membership has ended."""
    if membership.project_id is None:
        return Project.objects.filter(organisation=membership.organisation_id)
    elsewhere = Membership.objects.filter(
        person=membership.person_id, organisation=membership.organisation_id, project=None
    )
    if elsewhere.exists():
        return Project.objects.none()
    return Project.objects.filter(pk=membership.project_id)


def _hand_over(actor: Actor, membership: Membership, successor: Person | None) -> None:
    now, person = clock.now(), membership.person
    for invitation in _invitations(membership):
        INVITATION.move(invitation, "revoked")
        invitation.closed_at = now
        invitation.save(update_fields=["state", "closed_at"])
    # Whoever made a service account's token has seen its secret: it ends with their access.
    _tokens(membership).update(revoked_at=now)
    _listings(membership).update(withdrawn_at=now, withdrawn_by=actor.person)
    if successor is None:
        return
    _service_accounts(membership).update(owner=successor)
    Handover.objects.create(
        person=person,
        successor=successor,
        organisation=membership.organisation,
        project=membership.project,
        at=now,
    )
    place = membership.project or membership.organisation
    if successor != actor.person:
        notify(
            successor,
            gettext_noop("You have taken over the work of %(person)s in “%(place)s”."),
            {"person": str(person), "place": names(place)},
            url=place.get_absolute_url(),
            email=True,
        )


def _where(membership: Membership) -> dict[str, object]:
    if membership.project_id is None:
        return {"organisation": membership.organisation_id}
    return {"project": membership.project_id}


def _invitations(membership: Membership):
    return Invitation.objects.filter(invited_by=membership.person_id, state="open", **_where(membership))


def _service_accounts(membership: Membership):
    return ServiceAccount.objects.filter(owner=membership.person_id, closed_at=None, **_where(membership))


def _tokens(membership: Membership):
    accounts = ServiceAccount.objects.filter(**_where(membership))
    return ApiToken.objects.filter(
        issued_by=membership.person_id, person__service_account__in=accounts, revoked_at=None
    )


def _listings(membership: Membership):
    """The person's own place in the directory: with the organisation, not with a project."""
    rows = Listing.objects.filter(
        person=membership.person_id, organisation=membership.organisation_id, withdrawn_at=None
    )
    return rows if membership.project_id is None else rows.none()


def _own_consequences(membership: Membership) -> list[Consequence]:
    accounts = list(_service_accounts(membership).select_related("person"))
    invitations = list(_invitations(membership))
    tokens = _tokens(membership).count()
    projects = list(lost_projects(membership))
    found = [
        Consequence(
            _("projects"),
            len(projects),
            _("Nothing of it can be read any more: files, jobs, logs and money. Logs that are open now end."),
            [str(each) for each in projects[:NAMED]],
        ),
        Consequence(
            _("service accounts"),
            len(accounts),
            _("The successor answers for it."),
            [str(each) for each in accounts[:NAMED]],
        ),
        Consequence(
            _("tokens of service accounts"),
            tokens,
            _("Made by this person, who knows its secret: it ends. The successor makes a new one."),
        ),
        Consequence(
            _("open invitations"),
            len(invitations),
            _("Taken back. Somebody else can invite again."),
            [each.email for each in invitations[:NAMED]],
        ),
        Consequence(
            _("entries in the directory"),
            _listings(membership).count(),
            _("Withdrawn."),
        ),
    ]
    return [each for each in found if each.count]


def _successors(actor: Actor, membership: Membership) -> list[Person]:
    """People who stay and can take over: whoever acts first, then owners, managers, the others."""
    if membership.project_id is None:
        held = queries.members_of(membership.organisation)
    else:
        held = queries.people_with_access(membership.project)
    order = {Role.OWNER: 0, Role.MANAGER: 1}
    rows = [
        each
        for each in held.exclude(person=membership.person_id).exclude(role=Role.FACILITATOR)
        if each.person.is_active and not each.person.is_service
    ]
    rows.sort(key=lambda each: (each.person != actor.person, order.get(each.role, 2), each.pk))
    return list({each.person_id: each.person for each in rows}.values())
