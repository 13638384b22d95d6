"""Who belongs to an organisation or a project, and as what.

Who gives which role follows from one order of standing. Owners give every role up to their own. Managers give those
that neither touch money nor reach their own standing: in the organisation members and readers, and in its projects
managers as well. Nobody raises himself, nobody acts on somebody who stands higher, and an organisation always keeps
an owner: the last one can neither leave nor be changed.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, override

from aisc.core import clock
from aisc.core.actions import Actor, action, note
from aisc.core.errors import BadInput, Conflict, Forbidden, NotFound
from aisc.people import limits, queries
from aisc.people.access import held_roles, holds_in
from aisc.people.models import Membership, Organisation, Person, Project
from aisc.people.notices import names, notify, word
from aisc.people.text import clean_email

Role = Membership.Role
ROLES = tuple(role for role in Role if role != Role.FACILITATOR)  # those that people give; the centre lets in the rest
_GIVEN_BY_EVERY_MANAGER = frozenset({Role.MEMBER, Role.READ_ONLY})
# How high a role stands; in the organisation, and in one project.
_IN_ORGANISATION = {Role.OWNER: 6, Role.MANAGER: 4}
_IN_PROJECT = {Role.OWNER: 5, Role.MANAGER: 3}
_LOWEST_OWNER = 5


def add_member(
    actor: Actor,
    *,
    email: str,
    role: str,
    organisation: Organisation | None = None,
    project: Project | None = None,
) -> Membership:
    """Give somebody who has signed up a role in an organisation (all its projects) or in one project, at once.

    For programs and for setting up; pages invite instead (:mod:`~aisc.people.actions.inviting`), so that the person
    agrees. Raises BadInput when nobody has confirmed that address here. That answer tells who has an account, so
    one person gets at most 30 of these questions an hour (TooOften).
    """
    place = project or organisation
    if place is None:
        raise BadInput(_("Say to which organisation or project."), field="organisation")
    if actor.person is not None:
        # Before the transaction, so that a refused try counts as well.
        limits.spend("add-member", actor.person.uid, limit=30, per_s=3600)
    return _add_member(actor, place=place, email=email, role=role)


@action("people.add_member", on="place")
def _add_member(actor: Actor, *, place: Organisation | Project, email: str, role: str) -> Membership:
    lock(place)
    role = clean_role(role)
    may_give(actor, place, role)
    email = clean_email(email)
    person = queries.person_with_address(email)
    if person is None:
        raise BadInput(
            _("Nobody with this address has an account here. Invite them instead."),
            field="email",
            code="member.unknown",
        )
    membership = give(person, place, role)
    note(person=person.uid, role=role)
    tell(actor, person, gettext_noop("You are now %(role)s in “%(place)s”."), membership)
    return membership


@action("people.change_role", on="membership")
def change_role(actor: Actor, *, membership: Membership, role: str) -> Membership:
    """Change somebody's role. Raises Forbidden, or Conflict for the last owner."""
    lock(membership.project or membership.organisation)
    membership = current(membership)
    role = clean_role(role)
    place = membership.project or membership.organisation
    may_act_on(actor, membership)
    may_give(actor, place, role)
    if membership.person == actor.person and _height(role, place) > _height(membership.role, place):
        raise Forbidden(_("Nobody raises their own role."), code="member.oneself")
    if role != Role.OWNER:
        keep_an_owner(membership)
    note(before=membership.role, after=role, person=membership.person.uid)
    membership.role = role
    membership.save(update_fields=["role"])
    tell(actor, membership.person, gettext_noop("You are now %(role)s in “%(place)s”."), membership)
    return membership


def give(person: Person, place: Organisation | Project, role: str) -> Membership:
    """Make the membership, inside an action that holds :func:`lock`. Raises Conflict when there is one."""
    project = place if isinstance(place, Project) else None
    organisation_id = project.organisation_id if project else place.pk
    # A facilitator whose time is over leaves a row that nobody sees until the worker clears it away.
    rows = Membership.with_ended.filter(person=person, organisation=organisation_id, project=project)
    rows.filter(expires_at__lte=clock.now()).delete()
    if rows.exists():
        raise Conflict(
            _("This person is here already; change their role instead."), code="member.exists", field="email"
        )
    return Membership.objects.create(
        person=person, organisation_id=organisation_id, project=project, role=role, created_at=clock.now()
    )


def lock(place: Organisation | Project) -> Organisation:
    """Lock the organisation: every change of its people, projects included, waits for the one before it."""
    organisation_id = place.organisation_id if isinstance(place, Project) else place.pk
    return Organisation.objects.select_for_update(of=("self",), no_key=True).get(pk=organisation_id)


def current(membership: Membership) -> Membership:
    """The membership as it is now, with its person and place. Raises NotFound when it is gone."""
    rows = Membership.objects.select_related("person", "organisation", "project__organisation")
    found = rows.filter(pk=membership.pk).first()
    if found is None or found.role == Role.FACILITATOR:
        raise NotFound
    return found


def clean_role(value: str) -> str:
    """Raises BadInput for what is not a role that people give."""
    if value not in ROLES:
        raise BadInput(_("Choose one of the roles."), field="role")
    return value


def roles_given_by(actor: Actor, place: Organisation | Project) -> list[Role]:
    """The roles that the actor may give and take in ``place``."""
    if actor.is_system:
        return list(ROLES)
    if actor.reading:
        counts = ((role, project) for role, at, project in held_roles(actor) if holds_in(place, at, project))
        return _given_at(_highest(counts), place)
    return _given_at(_standing(actor.person, place), place)


def roles_given_by_person(person: Person, place: Organisation | Project) -> list[Role]:
    """The same of a person who does not act just now: whoever sent an invitation."""
    return _given_at(_standing(person, place), place)


def _given_at(mine: int, place: Organisation | Project) -> list[Role]:
    if mine >= _LOWEST_OWNER:
        return [role for role in ROLES if _height(role, place) <= mine]
    if mine >= _IN_PROJECT[Role.MANAGER]:
        return [
            role
            for role in ROLES
            if role in _GIVEN_BY_EVERY_MANAGER or (role == Role.MANAGER and _height(role, place) < mine)
        ]
    return []


def may_give(actor: Actor, place: Organisation | Project, role: str) -> None:
    """Raises Forbidden unless the actor may give and take ``role`` in ``place``."""
    if role not in roles_given_by(actor, place):
        raise Forbidden(
            _("You may not give or take the role “%(role)s” here. An owner may.") % {"role": Role(role).label},
            code="member.role",
        )


def may_act_on(actor: Actor, membership: Membership) -> None:
    """Raises Forbidden when the actor may not take the role away, or the person stands higher in that place."""
    place = membership.project or membership.organisation
    may_give(actor, place, membership.role)
    if actor.is_system or membership.person == actor.person:
        return
    mine, theirs = _standing(actor.person, place), _standing(membership.person, place)
    if theirs > mine or (theirs == mine and mine < _LOWEST_OWNER):
        raise Forbidden(_("This person's role is not below yours. An owner may do this."), code="member.higher")


def _height(role: str, place: Organisation | Project) -> int:
    return (_IN_PROJECT if isinstance(place, Project) else _IN_ORGANISATION).get(Role(role), 1)


def _standing(person: Person | None, place: Organisation | Project) -> int:
    """How high the person stands in ``place``, by roles there and in its organisation; 0 for strangers."""
    if person is None:
        return 0
    held = Q(project=None, organisation=place.organisation_id if isinstance(place, Project) else place.pk)
    if isinstance(place, Project):
        held |= Q(project=place)
    return _highest(Membership.objects.filter(held, person=person).values_list("role", "project"))


def _highest(held: Iterable[tuple[str, int | None]]) -> int:
    """The height of the highest of some roles, each with its project or none; a facilitator has none."""
    heights = [
        (_IN_PROJECT if project else _IN_ORGANISATION).get(Role(role), 1)
        for role, project in held
        if role != Role.FACILITATOR
    ]
    return max(heights, default=0)


def keep_an_owner(membership: Membership) -> None:
    """Raises Conflict when the membership is that of an organisation's last owner."""
    if membership.project_id is not None or membership.role != Role.OWNER:
        return
    others = Membership.objects.filter(organisation=membership.organisation_id, project=None, role=Role.OWNER)
    if not others.exclude(pk=membership.pk).filter(person__is_active=True, person__is_service=False).exists():
        raise Conflict(
            _("This is the last owner. Offer the ownership to somebody else first."),
            code="member.last_owner",
            field="role",
        )


def tell(actor: Actor, person: Person, message: str, membership: Membership) -> None:
    """A notice and a mail about a role, to somebody who did not do it themselves."""
    if person == actor.person:
        return
    place = membership.project or membership.organisation
    notify(
        person,
        message,
        {"role": word(english(membership.role)), "place": names(place)},
        url=place.get_absolute_url(),
        email=True,
    )


def english(role: str) -> str:
    """A role's English name: the message id under which notices keep it."""
    with override("en"):
        return str(Role(role).label)
