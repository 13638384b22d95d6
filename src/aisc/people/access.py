"""Who may do what with people, organisations and projects; and the rules other rooms build theirs from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_lazy as _

from aisc.core.access import READ, Rule, register
from aisc.core.actions import Actor
from aisc.people import routes  # noqa: F401 - registers which rule guards which page
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
    "centre": _("manage the centre's equipment"),
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


def oneself(owner: Callable[[Any], Any] = _itself, scope: str = "account", hide: bool = True) -> Rule:
    """The person to whom the target belongs."""
    return Rule(
        _("the person concerned"),
        lambda actor, target: actor.person is not None and owner(target) == actor.person,
        scope,
        hide,
    )


def anyone() -> Rule:
    """Everybody, signed in or not."""
    return Rule(_("everybody"), lambda _actor, _target: True)


def nobody_but_the_system() -> Rule:
    """Only AISC's own background work."""
    return Rule(_("the system alone"), lambda _actor, _target: False, hide=True)


def _place(membership: Membership) -> Organisation | Project:
    return membership.project or membership.organisation


def in_organisation(*, hide: bool = True) -> Rule:
    """Those with any role in the organisation or in one of its projects."""
    return Rule(
        _("people of the organisation and of its projects"),
        lambda actor, target: (
            actor.person is not None and Membership.objects.filter(person=actor.person, organisation=target).exists()
        ),
        READ,
        hide,
    )


def sees_membership() -> Rule:
    """Those who see who is in the organisation or project, and the person concerned."""

    def allows(actor: Actor, membership: Membership) -> bool:
        if actor.person is None:
            return False
        return membership.person_id == actor.person.pk or _sees_members.allows(actor, _place(membership))

    return Rule(_("those who see who is in it, and the person concerned"), allows, READ, hide=True)


# Those of the centre who see every organisation and project, to do their work.
STAFF = (Centre.SECRETARIAT, Centre.OPERATOR, Centre.FINANCE, Centre.AUDITOR, Centre.ADMINISTRATOR)

_sees_members = role_in(EVERY_ROLE, hide=False) | centre_role(*STAFF)

# Who may write is not hidden: pages and API ask the "view" rule first, which answers strangers with absence.
register(
    {
        # organisations and projects
        "people.view_organisations": signed_in(),
        "people.view_organisation": in_organisation() | centre_role(*STAFF),
        "people.create_organisation": signed_in("people"),
        "people.update_organisation": role_in(MANAGERS, scope="people", hide=False),
        "people.view_projects": signed_in(),
        "people.view_project": role_in(EVERY_ROLE) | centre_role(*STAFF),
        "people.create_project": role_in(MANAGERS, scope="people", hide=False),
        "people.update_project": role_in(MANAGERS, scope="people", hide=False),
        "people.set_shares": centre_role(Centre.OPERATOR, scope="people"),
        "people.close_project": role_in(MANAGERS, scope="people", hide=False),
        "people.reopen_project": role_in(MANAGERS, scope="people", hide=False),
        # who is in them
        "people.view_members": _sees_members,
        "people.view_membership": sees_membership(),
        "people.add_member": role_in(MANAGERS, scope="people", hide=False),
        "people.change_role": role_in(MANAGERS, place=_place, scope="people", hide=False),
        "people.remove_member": role_in(MANAGERS, place=_place, scope="people", hide=False)
        | oneself(lambda membership: membership.person, scope="people", hide=False),
        # the centre's own roles
        "people.view_centre_roles": centre_role(Centre.ADMINISTRATOR, Centre.AUDITOR),
        "people.grant_centre_role": centre_role(Centre.ADMINISTRATOR, scope="people"),
        "people.revoke_centre_role": centre_role(Centre.ADMINISTRATOR, scope="people"),
        # one's own account
        "people.sign_up": anyone(),
        "people.confirm_sign_up": anyone(),
        "people.account_event": oneself(),
        "people.view_account": signed_in(),
        "people.update_account": signed_in("account"),
        "people.view_tokens": signed_in(),
        "people.issue_token": signed_in("account"),
        "people.revoke_token": oneself(lambda token: token.person),
        "people.view_notices": signed_in(),
        "people.view_notice": oneself(lambda notice: notice.person, scope=READ),
    }
)
