"""Facilitators: people whom the centre lets into one project, to read, for a time, so that they can help.

Its owners and managers are told, see who it is and why, and can end it at any moment.
"""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from aisc.core import clock
from aisc.core.actions import Actor, action, note
from aisc.core.errors import BadInput, Conflict, Forbidden, NotFound
from aisc.people import queries
from aisc.people.access import MANAGERS
from aisc.people.actions.members import lock
from aisc.people.models import Membership, Person, Project
from aisc.people.notices import names, notify, notify_all
from aisc.people.text import clean_line

MOST_DAYS = 90


@action("people.let_in_facilitator", on="project")
def let_in_facilitator(actor: Actor, *, project: Project, person: Person, days: int, reason: str) -> Membership:
    """Let ``person`` read everything of the project for ``days`` (1 to 90); the reason is shown to its people.

    Raises BadInput, Forbidden for oneself, Conflict for somebody who has a role in it.
    """
    lock(project)
    if person == actor.person:
        raise Forbidden(_("Another administrator has to let you in."), code="facilitator.oneself")
    if person.is_service or not person.is_active:
        raise BadInput(_("Choose a person with an account."), field="email")
    if not 1 <= days <= MOST_DAYS:
        raise BadInput(_("A facilitator is let in for 1 to %(days)s days.") % {"days": MOST_DAYS}, field="days")
    reason = clean_line(reason, field="reason", limit=500)
    if queries.people_with_access(project).filter(person=person).exists() or (
        queries.facilitators_of(project).filter(person=person).exists()
    ):
        raise Conflict(_("This person sees the project already."), code="member.exists", field="email")
    now = clock.now()
    Membership.with_ended.filter(person=person, project=project, expires_at__lte=now).delete()
    membership = Membership.objects.create(
        person=person,
        organisation=project.organisation,
        project=project,
        role=Membership.Role.FACILITATOR,
        created_at=now,
        expires_at=now + timedelta(days=days),
        granted_by=actor.person,
        reason=reason,
    )
    note(target=project, reason=reason, person=person.uid, until=membership.expires_at.isoformat())
    values = {"person": str(person), "project": names(project), "days": days, "reason": reason}
    url = project.get_absolute_url()
    notify(
        person,
        gettext_noop("You can read “%(project)s” as a facilitator for %(days)s days: %(reason)s"),
        values,
        url=url,
        email=True,
    )
    notify_all(
        queries.persons_with_role(project, MANAGERS),
        gettext_noop("%(person)s can read “%(project)s” as a facilitator for %(days)s days: %(reason)s"),
        values,
        url=url,
        email=True,
    )
    return membership


@action("people.end_facilitation", on="membership")
def end_facilitation(actor: Actor, *, membership: Membership) -> None:
    """End it before its time: by an administrator, the project's owners and managers, or the facilitator."""
    lock(membership.project)
    found = (
        Membership.objects.select_related("person", "project__organisation")
        .filter(pk=membership.pk, role=Membership.Role.FACILITATOR)
        .first()
    )
    if found is None:
        raise NotFound
    note(target=found.project, person=found.person.uid)
    if found.person != actor.person:
        notify(
            found.person,
            gettext_noop("You are no longer a facilitator of “%(project)s”."),
            {"project": names(found.project)},
            email=True,
        )
    found.delete()


@action("people.expire_facilitators")
def expire_facilitators(actor: Actor) -> int:
    """Clear away those whose time is over, who see nothing any more already; how many. The worker calls this."""
    rows = list(
        Membership.with_ended.select_for_update(of=("self",), no_key=True)
        .select_related("person", "project")
        .filter(expires_at__lte=clock.now())
        .order_by("pk")[:500]
    )
    note(ended=[{"person": each.person.uid, "project": each.project.uid} for each in rows])
    Membership.with_ended.filter(pk__in=[each.pk for each in rows]).delete()
    return len(rows)
