"""Readings about people, organisations and projects. Each makes a constant number of SQL queries."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from aisc.core import access
from aisc.core.actions import Actor
from aisc.core.errors import NotFound, SignInNeeded
from aisc.people.access import STAFF, has_centre_role
from aisc.people.models import CentreRole, Membership, Notice, Organisation, Person, Project


def sees_everything(actor: Actor) -> bool:
    """Whether the actor sees every organisation and project: the system, and staff of the centre."""
    return actor.is_system or has_centre_role(actor, STAFF)


def organisations_visible_to(actor: Actor) -> QuerySet[Organisation]:
    """Those in which the actor has a role, be it in one project only; all for staff of the centre."""
    if sees_everything(actor):
        return Organisation.objects.all()
    if actor.person is None:
        return Organisation.objects.none()
    mine = Membership.objects.filter(person=actor.person, organisation=OuterRef("pk"))
    return Organisation.objects.filter(Exists(mine))


def projects_visible_to(actor: Actor) -> QuerySet[Project]:
    """Projects of the actor's organisations, and those the actor has a role in; all for staff of the centre."""
    projects = Project.objects.select_related("organisation")
    if sees_everything(actor):
        return projects
    if actor.person is None:
        return projects.none()
    mine = Membership.objects.filter(person=actor.person, organisation=OuterRef("organisation")).filter(
        Q(project=None) | Q(project=OuterRef("pk"))
    )
    return projects.filter(Exists(mine))


def projects_where(actor: Actor, roles: tuple[str, ...]) -> QuerySet[Project]:
    """Open projects in which the actor has one of ``roles``: what a form offers to choose from."""
    held = Membership.objects.filter(person=actor.person, organisation=OuterRef("organisation"), role__in=roles).filter(
        Q(project=None) | Q(project=OuterRef("pk"))
    )
    return Project.objects.select_related("organisation").filter(Exists(held), closed_at=None)


def organisations_where(actor: Actor, roles: tuple[str, ...]) -> QuerySet[Organisation]:
    """Organisations in which the actor has one of ``roles``."""
    held = Membership.objects.filter(person=actor.person, organisation=OuterRef("pk"), project=None, role__in=roles)
    return Organisation.objects.filter(Exists(held))


def with_counts(organisations: QuerySet[Organisation]) -> QuerySet[Organisation]:
    """Adds ``project_count`` and ``member_count`` (roles in the organisation itself)."""
    return organisations.annotate(
        project_count=Count("projects", distinct=True),
        member_count=Count("memberships", filter=Q(memberships__project=None), distinct=True),
    ).order_by("name_en", "name_zh", "pk")


def members_of(place: Organisation | Project) -> QuerySet[Membership]:
    """Roles in exactly this organisation or project, by name."""
    found = Membership.objects.select_related("person", "organisation", "project__organisation")
    if isinstance(place, Project):
        return found.filter(project=place).order_by("person__name", "pk")
    return found.filter(organisation=place, project=None).order_by("person__name", "pk")


def people_with_access(project: Project) -> QuerySet[Membership]:
    """Everybody who has a role in the project: given in it, or in its organisation."""
    return (
        Membership.objects.select_related("person", "organisation", "project__organisation")
        .filter(Q(project=project) | Q(project=None, organisation=project.organisation_id))
        .order_by("person__name", "pk")
    )


def person_with_address(email: str) -> Person | None:
    """The active person who confirmed this address (in lower case), if there is one."""
    return Person.objects.filter(emailaddress__email=email, emailaddress__verified=True, is_active=True).first()


def persons_with_centre_role(role: str) -> QuerySet[Person]:
    """Active persons with a role of the centre."""
    return Person.objects.filter(is_active=True, centre_roles__role=role).order_by("pk")


def persons_with_role(place: Organisation | Project, roles: tuple[str, ...]) -> QuerySet[Person]:
    """Active persons with one of ``roles`` in the organisation, or in the project or its organisation."""
    if isinstance(place, Project):
        held = Q(memberships__project=place) | Q(
            memberships__project=None, memberships__organisation=place.organisation_id
        )
    else:
        held = Q(memberships__project=None, memberships__organisation=place)
    return Person.objects.filter(held, is_active=True, memberships__role__in=roles).distinct().order_by("pk")


def notices_of(actor: Actor) -> QuerySet[Notice]:
    return Notice.objects.filter(person=actor.person) if actor.person else Notice.objects.none()


def centre_roles() -> QuerySet[CentreRole]:
    """Every role granted, by role and name."""
    return CentreRole.objects.select_related("person").order_by("role", "person__name", "pk")


def roles_of(person: Person) -> QuerySet[Membership]:
    """The person's roles, by organisation, its own before its projects'."""
    return person.memberships.select_related("organisation", "project").order_by(
        "organisation_id", F("project_id").asc(nulls_first=True)
    )


def organisation(actor: Actor, uid: str) -> Organisation:
    """One organisation. Raises NotFound unless the actor may see it."""
    found = Organisation.objects.filter(uid=uid).first()
    return _if_seen(actor, "people.view_organisation", found)


def project(actor: Actor, uid: str) -> Project:
    """One project, with its organisation. Raises NotFound unless the actor may see it."""
    found = Project.objects.select_related("organisation").filter(uid=uid).first()
    return _if_seen(actor, "people.view_project", found)


def person(uid: str) -> Person:
    """Somebody by uid. Raises NotFound."""
    found = Person.objects.filter(uid=uid).first()
    if found is None:
        raise NotFound
    return found


def _if_seen(actor: Actor, rule: str, row: Any) -> Any:
    if row is None:
        # Strangers who are not signed in are asked to sign in, whether the thing exists or not.
        raise NotFound if actor.person or actor.is_system else SignInNeeded
    access.require(actor, rule, row)
    return row


def matching(rows: QuerySet, asked: str, *more: str) -> QuerySet:
    """Rows with a name (either language), or a field named in ``more``, that contains what was asked for."""
    if not asked:
        return rows
    wanted = Q()
    for field in ("name_en", "name_zh", *more):
        wanted |= Q(**{f"{field}__icontains": asked})
    return rows.filter(wanted)
