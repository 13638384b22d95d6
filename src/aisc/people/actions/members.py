"""Who belongs to an organisation or a project, and as what.

Owners give and take every role. Managers give and take those that neither manage people nor touch
money. An organisation always keeps an owner: the last one can neither leave nor be changed.
"""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, override

from aisc.core import clock
from aisc.core.actions import Actor, action, note
from aisc.core.errors import BadInput, Conflict, Forbidden, NotFound
from aisc.people import limits, queries
from aisc.people.access import has_role
from aisc.people.models import Membership, Organisation, Person, Project
from aisc.people.notices import names, notify, word
from aisc.people.text import clean_email

Role = Membership.Role
GIVEN_BY_MANAGERS = frozenset({Role.MEMBER, Role.READ_ONLY})


def add_member(
    actor: Actor,
    *,
    email: str,
    role: str,
    organisation: Organisation | None = None,
    project: Project | None = None,
) -> Membership:
    """Give somebody who has signed up a role in an organisation (all its projects) or in one project.

    Raises BadInput when nobody has confirmed that address here. That answer tells who has an account, so
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
    organisation, project = _lock(place)
    role = _role(role)
    _may_give(actor, place, role)
    email = clean_email(email)
    person = queries.person_with_address(email)
    if person is None:
        raise BadInput(
            _("Nobody with this address has an account here. Ask them to sign up and confirm it, then add them."),
            field="email",
            code="member.unknown",
        )
    if Membership.objects.filter(person=person, organisation=organisation, project=project).exists():
        raise Conflict(
            _("This person is here already; change their role instead."), code="member.exists", field="email"
        )
    membership = Membership.objects.create(
        person=person, organisation=organisation, project=project, role=role, created_at=clock.now()
    )
    note(person=person.uid, role=role)
    _tell(actor, person, gettext_noop("You are now %(role)s in “%(place)s”."), membership)
    return membership


@action("people.change_role", on="membership")
def change_role(actor: Actor, *, membership: Membership, role: str) -> Membership:
    """Change somebody's role. Raises Forbidden, or Conflict for the last owner."""
    organisation, _project = _lock(membership.project or membership.organisation)
    membership = _current(membership)
    role = _role(role)
    place = membership.project or membership.organisation
    _may_give(actor, place, membership.role)
    _may_give(actor, place, role)
    if role != Role.OWNER:
        _keep_an_owner(organisation, membership)
    note(before=membership.role, after=role, person=membership.person.uid)
    membership.role = role
    membership.save(update_fields=["role"])
    _tell(actor, membership.person, gettext_noop("You are now %(role)s in “%(place)s”."), membership)
    return membership


@action("people.remove_member", on="membership")
def remove_member(actor: Actor, *, membership: Membership) -> None:
    """Take somebody's role away, or leave. Leaving an organisation means leaving all its projects.

    Raises Forbidden, or Conflict for the last owner.
    """
    organisation, project = _lock(membership.project or membership.organisation)
    membership = _current(membership)
    if membership.person != actor.person:
        _may_give(actor, project or organisation, membership.role)
    _keep_an_owner(organisation, membership)
    _tell(actor, membership.person, gettext_noop("You no longer belong to “%(place)s”."), membership)
    note(target=membership.project or organisation, person=membership.person.uid, before=membership.role)
    gone = Membership.objects.filter(person=membership.person, organisation=organisation)
    if project is not None:
        gone = gone.filter(project=project)
    gone.delete()


def _lock(place: Organisation | Project) -> tuple[Organisation, Project | None]:
    """Lock the organisation: every change of its people, projects included, waits for the one before it."""
    project = place if isinstance(place, Project) else None
    organisation_id = project.organisation_id if project else place.pk
    return Organisation.objects.select_for_update().get(pk=organisation_id), project


def _current(membership: Membership) -> Membership:
    found = Membership.objects.select_related("person", "organisation", "project").filter(pk=membership.pk).first()
    if found is None:
        raise NotFound
    return found


def _role(value: str) -> str:
    if value not in Role.values:
        raise BadInput(_("Choose one of the roles."), field="role")
    return value


def roles_given_by(actor: Actor, place: Organisation | Project) -> list[Role]:
    """The roles that the actor may give and take in ``place``."""
    if actor.is_system or has_role(actor, place, (Role.OWNER,)):
        return list(Role)
    if has_role(actor, place, (Role.MANAGER,)):
        return [role for role in Role if role in GIVEN_BY_MANAGERS]
    return []


def _may_give(actor: Actor, place: Organisation | Project, role: str) -> None:
    if role not in roles_given_by(actor, place):
        raise Forbidden(
            _("Only an owner gives or takes the role “%(role)s”.") % {"role": Role(role).label}, code="member.role"
        )


def _keep_an_owner(organisation: Organisation, membership: Membership) -> None:
    if membership.project is not None or membership.role != Role.OWNER:
        return
    others = Membership.objects.filter(organisation=organisation, project=None, role=Role.OWNER)
    if not others.exclude(pk=membership.pk).filter(person__is_active=True).exists():
        raise Conflict(
            _("This is the last owner. Make somebody else an owner first."), code="member.last_owner", field="role"
        )


def _tell(actor: Actor, person: Person, message: str, membership: Membership) -> None:
    if person == actor.person:
        return
    place = membership.project or membership.organisation
    notify(
        person,
        message,
        {"role": word(_english(membership.role)), "place": names(place)},
        url=place.get_absolute_url(),
        email=True,
    )


def _english(role: str) -> str:
    with override("en"):
        return str(Role(role).label)
