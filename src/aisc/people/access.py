"""Who may do what with people, organisations and projects; and the rules other rooms build theirs from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db.models import BigIntegerField, Value
from django.utils.translation import gettext_lazy as _

from aisc.core.access import READ, Rule, register, with_step_up
from aisc.core.actions import Actor
from aisc.core.language import joined
from aisc.core.question import Question
from aisc.people import routes, routes_organisations, routes_sign_in  # noqa: F401 - they register which rule guards which page
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
    if actor.reading:
        return any(role in roles and holds_in(place, *where) for role, *where in held_roles(actor))
    held = Membership.objects.filter(person=actor.person, role__in=roles)
    if isinstance(place, Project):
        return held.filter(organisation_id=place.organisation_id).filter(_in_project(place)).exists()
    return held.filter(organisation=place, project=None).exists()


def held_roles(actor: Actor) -> list[tuple[str, int, int | None]]:
    """(role, organisation, project) of all that the actor holds; to read, asked once per request and kept."""
    if actor.person is None:
        return []
    held = getattr(actor.person, "_roles", None) if actor.reading else None
    return _ask(actor.person) if held is None else held


def _ask(person: Any) -> list[tuple[str, int, int | None]]:
    """Ask for all that the person is, in one question, since every page asks for both halves; keep both."""
    found = _all_roles(person.pk)
    person._roles = [each for each in found if each[1] is not None]
    person._centre_held = {role for role, organisation, _project in found if organisation is None}
    return person._roles


_NOWHERE = Value(None, output_field=BigIntegerField())
_all_roles = Question(
    lambda person: (
        Membership.objects.order_by()
        .filter(person_id=person)
        .values_list("role", "organisation_id", "project_id")
        .union(CentreRole.objects.order_by().filter(person_id=person).values_list("role", _NOWHERE, _NOWHERE), all=True)
    )
)


def holds_in(place: Organisation | Project, organisation: int, project: int | None) -> bool:
    """Whether a role that was given there counts in ``place``."""
    if isinstance(place, Project):
        return organisation == place.organisation_id and project in (None, place.pk)
    return organisation == place.pk and project is None


def look_again(person: Any) -> None:
    """Forget which roles the person had, within a request that takes long: a log that is followed, say."""
    for kept in ("_roles", "_centre_held", "_centre_roles"):
        vars(person).pop(kept, None)


def _in_project(project: Project):
    from django.db.models import Q

    return Q(project=None) | Q(project=project)


def has_centre_role(actor: Actor, roles: tuple[str, ...]) -> bool:
    """Whether the actor has one of the centre's ``roles``. Read once per request and kept on the person."""
    if actor.person is None:
        return False
    held = getattr(actor.person, "_centre_roles", None)
    if held is None:
        if not hasattr(actor.person, "_centre_held"):
            _ask(actor.person)
        held = actor.person._centre_held
        actor.person._centre_roles = held = held - _ask_for_a_factor(actor.person, held)
    return not held.isdisjoint(roles)


def _ask_for_a_factor(person: Any, held: set[str]) -> set[str]:
    """Roles that do not count for this person, because the operator asks for a second factor and there is none."""
    asked = held & settings.SECOND_FACTOR_FOR
    if not asked:
        return set()
    from aisc.people.second_factor import has_second_factor

    return set() if has_second_factor(person) else asked


def role_in(
    roles: tuple[str, ...], *, place: Callable[[Any], Any] = _itself, scope: str = READ, hide: bool = True
) -> Rule:
    """Those with one of ``roles`` in the organisation or project that ``place(target)`` gives."""

    def who() -> str:
        return joined(Role(role).label for role in roles)

    named = frozenset(f"place:{role}" for role in roles)
    return Rule(who, lambda actor, target: has_role(actor, place(target), roles), scope, hide, roles=named)


def centre_role(*roles: str, scope: str = READ, hide: bool = False) -> Rule:
    """Those with one of the centre's ``roles``."""

    def who() -> str:
        return joined(Centre(role).label for role in roles)

    named = frozenset(f"centre:{role}" for role in roles)
    return Rule(who, lambda actor, _target: has_centre_role(actor, roles), scope, hide, roles=named)


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


def _place(row: Any) -> Organisation | Project:
    """Where a membership, an invitation or a service account holds."""
    return row.project or row.organisation


def _organisation(row: Any) -> Organisation:
    return row.organisation


def invited_person() -> Rule:
    """Whoever has confirmed the address that an invitation was sent to."""

    def allows(actor: Actor, invitation: Any) -> bool:
        if actor.person is None or actor.person.is_service:
            return False
        return actor.person.emailaddress_set.filter(email=invitation.email, verified=True).exists()

    return Rule(_("whoever has the address that it was sent to, confirmed"), allows, "people")


def human(scope: str = READ) -> Rule:
    """Anybody who is signed in and is a person, not a service account."""
    return Rule(
        _("any person who is signed in"),
        lambda actor, _target: actor.person is not None and not actor.person.is_service,
        scope,
    )


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


def _may_withdraw(actor: Actor, listing: Any) -> bool:
    if has_centre_role(actor, (Centre.ADMINISTRATOR,)):
        return True
    if listing.person_id is not None and actor.person is not None and listing.person_id == actor.person.pk:
        return True
    return has_role(actor, listing.project or listing.organisation, MANAGERS if listing.project else (Role.OWNER,))


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
        "people.view_departure": role_in(MANAGERS, place=_place, hide=False)
        | oneself(lambda membership: membership.person, scope=READ, hide=False),
        # invitations and requests
        "people.view_invitations": role_in(MANAGERS, hide=False),
        "people.view_own_invitations": human(),
        "people.view_invitation": anyone(),
        "people.invite": role_in(MANAGERS, scope="people", hide=False),
        "people.resend_invitation": role_in(MANAGERS, place=_place, scope="people"),
        "people.revoke_invitation": role_in(MANAGERS, place=_place, scope="people"),
        "people.accept_invitation": invited_person(),
        "people.decline_invitation": invited_person(),
        "people.expire_invitations": nobody_but_the_system(),
        "people.offer_ownership": with_step_up(role_in((Role.OWNER,), scope="people", hide=False)),
        "people.ask_to_join": human("people"),
        "people.answer_join_request": role_in(MANAGERS, place=_organisation, scope="people"),
        "people.withdraw_join_request": oneself(lambda asked: asked.person, scope="people"),
        # facilitators: let in by the centre, shown to the project's people, ended by either
        "people.view_facilitators": role_in(EVERY_ROLE, hide=False) | centre_role(*STAFF),
        "people.let_in_facilitator": centre_role(Centre.ADMINISTRATOR, scope="people"),
        "people.end_facilitation": centre_role(Centre.ADMINISTRATOR, scope="people")
        | role_in(MANAGERS, place=_place, scope="people")
        | oneself(lambda membership: membership.person, scope="people"),
        "people.expire_facilitators": nobody_but_the_system(),
        # service accounts
        "people.view_service_accounts": role_in(MANAGERS, hide=False),
        "people.make_service_account": role_in(MANAGERS, scope="people", hide=False),
        "people.view_service_account": role_in(MANAGERS, place=_place),
        "people.issue_service_token": with_step_up(role_in(MANAGERS, place=_place, scope="people")),
        "people.revoke_service_token": role_in(MANAGERS, place=_place, scope="people"),
        "people.close_service_account": role_in(MANAGERS, place=_place, scope="people"),
        # duplicates
        "people.view_merging": centre_role(Centre.ADMINISTRATOR),
        "people.merge_organisations": with_step_up(centre_role(Centre.ADMINISTRATOR, scope="people")),
        "people.merge_persons": with_step_up(centre_role(Centre.ADMINISTRATOR, scope="people")),
        # the public directory
        "people.view_directory": anyone(),
        "people.view_listings": in_organisation() | centre_role(*STAFF),
        "people.list_organisation": role_in((Role.OWNER,), scope="people", hide=False),
        "people.list_project": role_in(MANAGERS, scope="people", hide=False),
        "people.list_oneself": in_organisation(),
        "people.withdraw_listing": Rule(
            _("those who may agree to it, the person shown, and administrators"),
            lambda actor, listing: _may_withdraw(actor, listing),
            "people",
            hide=True,
        ),
        # the centre's own roles
        "people.view_centre_roles": centre_role(Centre.ADMINISTRATOR, Centre.AUDITOR),
        "people.grant_centre_role": with_step_up(centre_role(Centre.ADMINISTRATOR, scope="people")),
        "people.revoke_centre_role": with_step_up(centre_role(Centre.ADMINISTRATOR, scope="people")),
        # one's own account
        "people.sign_up": anyone(),
        "people.confirm_sign_up": anyone(),
        "people.account_event": oneself(),
        "people.view_account": signed_in(),
        "people.update_account": signed_in("account"),
        "people.view_tokens": signed_in(),
        # A token is never asked to step up, so making one is.
        "people.issue_token": with_step_up(signed_in("account")),
        "people.revoke_token": oneself(lambda token: token.person),
        "people.reset_second_factor": nobody_but_the_system(),  # ``aisc reset-second-factor``, on the machine itself
        "people.end_session": oneself(lambda session: session.user),
        "people.end_other_sessions": signed_in("account"),
        "people.unlink_institution": with_step_up(oneself(lambda account: account.user)),
        "people.ask_iam_smart": signed_in("account"),
        "people.answer_iam_smart": nobody_but_the_system(),
        # institutions and their e-mail domains
        "people.view_sign_in_settings": centre_role(Centre.ADMINISTRATOR, Centre.OPERATOR, Centre.AUDITOR),
        "people.connect_institution": with_step_up(centre_role(Centre.ADMINISTRATOR, scope="people")),
        "people.update_institution": with_step_up(centre_role(Centre.ADMINISTRATOR, scope="people")),
        "people.verify_domain": with_step_up(centre_role(Centre.ADMINISTRATOR, scope="people")),
        "people.view_joining": role_in(MANAGERS, hide=False) | centre_role(*STAFF),
        "people.claim_domain": role_in((Role.OWNER,), scope="people", hide=False),
        "people.drop_domain": role_in((Role.OWNER,), scope="people", hide=False)
        | centre_role(Centre.ADMINISTRATOR, scope="people"),
        "people.set_join_policy": with_step_up(role_in((Role.OWNER,), scope="people", hide=False)),
        "people.join_by_policy": nobody_but_the_system(),
        "people.view_notices": signed_in(),
        "people.view_notice": oneself(lambda notice: notice.person, scope=READ),
    }
)
