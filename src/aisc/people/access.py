"""Who may do what with people, organisations and projects; and the rules other rooms build theirs from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_lazy as _

from aisc.core.access import READ, Rule
from aisc.core.actions import Actor
from aisc.people.models import CentreRole, Membership, Organisation, Project

Role = Membership.Role
Centre = CentreRole.Role

# Scopes that a token can carry.
SCOPES = {
    READ: _("read everything you can read"),
    "jobs": _("submit and cancel jobs, write files"),
    "people": _("manage organisations, projects and members"),
    "scheme": _("apply, review and decide"),
    "money": _("manage budgets, prices and statements"),
    "account": _("manage your own account and tokens"),
}

WRITERS = (Role.OWNER, Role.MANAGER, Role.MEMBER)
MANAGERS = (Role.OWNER, Role.MANAGER)
PAYERS = (Role.OWNER, Role.FINANCE)
EVERY_ROLE = tuple(Role)


def _itself(target: Any) -> Any:
    return target


def has_role(actor: Actor, place: Organisation | Project, roles: tuple[str, ...]) -> bool:
    """Whether the actor has one of ``roles`` in the organisation, or in the project or its organisation."""
    if actor.person is None:
        return False
    held = Membership.objects.filter(person=actor.person, role__in=roles)
    if isinstance(place, Project):
        return held.filter(organisation_id=place.organisation_id).filter(_in_project(place)).exists()
    return held.filter(organisation=place, project=None).exists()


def _in_project(project: Project):
    from django.db.models import Q

    return Q(project=None) | Q(project=project)


def has_centre_role(actor: Actor, roles: tuple[str, ...]) -> bool:
    """Whether the actor has one of the centre's ``roles``. Read once per request and kept on the person."""
    if actor.person is None:
        return False
    held = getattr(actor.person, "_centre_roles", None)
    if held is None:
        held = actor.person._centre_roles = set(actor.person.centre_roles.values_list("role", flat=True))
    return not held.isdisjoint(roles)


def role_in(
    roles: tuple[str, ...], *, place: Callable[[Any], Any] = _itself, scope: str = READ, hide: bool = True
) -> Rule:
    """Those with one of ``roles`` in the organisation or project that ``place(target)`` gives."""

    def who() -> str:
        return ", ".join(str(Role(role).label) for role in roles)

    return Rule(who, lambda actor, target: has_role(actor, place(target), roles), scope, hide)


def centre_role(*roles: str, scope: str = READ, hide: bool = False) -> Rule:
    """Those with one of the centre's ``roles``."""

    def who() -> str:
        return ", ".join(str(Centre(role).label) for role in roles)

    return Rule(who, lambda actor, _target: has_centre_role(actor, roles), scope, hide)


def signed_in(scope: str = READ) -> Rule:
    """Anybody who is signed in."""
    return Rule(_("anybody who is signed in"), lambda actor, _target: actor.person is not None, scope)


def oneself(owner: Callable[[Any], Any] = _itself, scope: str = "account") -> Rule:
    """The person to whom the target belongs."""
    return Rule(
        _("the person concerned"),
        lambda actor, target: actor.person is not None and owner(target) == actor.person,
        scope,
        hide=True,
    )


def anyone() -> Rule:
    """Everybody, signed in or not."""
    return Rule(_("everybody"), lambda _actor, _target: True)


def nobody_but_the_system() -> Rule:
    """Only AISC's own background work."""
    return Rule(_("the system alone"), lambda _actor, _target: False, hide=True)
