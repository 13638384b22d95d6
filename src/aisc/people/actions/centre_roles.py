"""Roles in the centre itself, given by its administrators."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, override

from aisc.core import clock
from aisc.core.actions import Actor, action, note
from aisc.core.errors import BadInput, Conflict, NotFound
from aisc.people.models import CentreRole, Person
from aisc.people.notices import notify, word

Role = CentreRole.Role


@action("people.grant_centre_role", on="person")
def grant_centre_role(actor: Actor, *, person: Person, role: str) -> CentreRole:
    """Give somebody a role in the centre. Raises BadInput, or Conflict when they have it."""
    if role not in Role.values:
        raise BadInput(_("Choose one of the roles."), field="role")
    # Two administrators granting at once wait for each other here instead of meeting at the constraint.
    person = Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    if person.centre_roles.filter(role=role).exists():
        raise Conflict(_("%(person)s has this role already.") % {"person": person}, field="role")
    granted = CentreRole.objects.create(person=person, role=role, granted_at=clock.now())
    note(target=person, role=role)
    notify(
        person,
        gettext_noop("You were given the role “%(role)s” of the centre."),
        {"role": word(_english(role))},
        email=True,
    )
    return granted


@action("people.revoke_centre_role", on="person")
def revoke_centre_role(actor: Actor, *, person: Person, role: str) -> None:
    """Take a role of the centre away. Raises NotFound, or Conflict for the last administrator."""
    # Administrators are locked in order, so that two cannot remove each other at the same moment.
    administrators = list(
        CentreRole.objects.select_for_update(no_key=True)
        .filter(role=Role.ADMINISTRATOR)
        .order_by("pk")
        .select_related(None)
    )
    held = person.centre_roles.filter(role=role).first()
    if held is None:
        raise NotFound
    if role == Role.ADMINISTRATOR and len(administrators) == 1:
        raise Conflict(_("This is the last administrator. Make somebody else one first."), field="role")
    held.delete()
    note(target=person, role=role)
    notify(
        person,
        gettext_noop("The role “%(role)s” of the centre was taken from you."),
        {"role": word(_english(role))},
        email=True,
    )


def _english(role: str) -> str:
    with override("en"):
        return str(Role(role).label)
