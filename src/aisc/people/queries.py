"""Readings about people, organisations and projects. Each makes a constant number of SQL queries."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from aisc.core import access, clock
from aisc.core.actions import Actor
from aisc.core.errors import BadInput, NotFound, SignInNeeded
from aisc.core.question import Question
from aisc.people.access import STAFF, has_centre_role, held_roles
from aisc.people.models import (
    CentreRole,
    FormerName,
    Invitation,
    JoinRequest,
    Listing,
    Membership,
    Notice,
    Organisation,
    Person,
    Project,
    ServiceAccount,
)
from aisc.people.text import clean_registry_number


def sees_everything(actor: Actor) -> bool:
    """Whether the actor sees every organisation and project: the system, and staff of the centre."""
    return actor.is_system or has_centre_role(actor, STAFF)


def organisations_visible_to(actor: Actor) -> QuerySet[Organisation]:
    """Those in which the actor has a role, be it in one project only; all for staff of the centre."""
    if sees_everything(actor):
        return Organisation.objects.filter(merged_into=None)
    if actor.person is None:
        return Organisation.objects.none()
    mine = Membership.objects.filter(person=actor.person, organisation=OuterRef("pk"))
    return Organisation.objects.filter(Exists(mine), merged_into=None)


def projects_visible_to(actor: Actor) -> QuerySet[Project]:
    """Projects of the actor's organisations, and those the actor has a role in; all for staff of the centre."""
    projects = Project.objects.select_related("organisation")
    if sees_everything(actor):
        return projects
    organisations, single = _places_of(actor)
    return projects.filter(Q(organisation__among=organisations) | Q(pk__among=single))


def _places_of(actor: Actor) -> tuple[frozenset[int], frozenset[int]]:
    """The organisations in all of whose projects the actor has a role, and the projects in which alone."""
    held = held_roles(actor)
    whole = frozenset(organisation for _role, organisation, project in held if project is None)
    return whole, frozenset(project for _role, _organisation, project in held if project is not None)


def projects_of(person: Person | None) -> QuerySet[Project]:
    """Projects in which the person has a role, in no order: for ``project__in`` of what belongs to projects."""
    return Project.objects.filter(_with_a_role(person)).order_by() if person else Project.objects.none()


def project_ids_of(actor: Actor) -> frozenset[int]:
    """Those in which the actor has a role, as numbers, asked now: for ``project__among`` of what comes by the million.

    Told which projects, a database knows whether to look their rows up or to read the newest of all until it has as
    many as a page shows. Left to find out, it may read a million rows for somebody who has none.
    """
    organisations, single = _places_of(actor)
    return single.union(pk for (pk,) in _projects_in(organisations))


_projects_in = Question(
    lambda organisations: Project.objects.order_by().filter(organisation__among=organisations).values_list("pk")
)


def _with_a_role(person: Person) -> Exists:
    mine = Membership.objects.filter(person=person, organisation=OuterRef("organisation"))
    return Exists(mine.filter(Q(project=None) | Q(project=OuterRef("pk"))))


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
        member_count=Count(
            "memberships",
            filter=Q(memberships__project=None, memberships__person__is_service=False),
            distinct=True,
        ),
    ).order_by("name_en", "name_zh", "pk")


def members_of(place: Organisation | Project) -> QuerySet[Membership]:
    """Roles of people in exactly this organisation or project, by name; neither facilitators nor programs."""
    found = _human_memberships()
    if isinstance(place, Project):
        return found.filter(project=place).order_by("person__name", "pk")
    return found.filter(organisation=place, project=None).order_by("person__name", "pk")


def people_with_access(project: Project) -> QuerySet[Membership]:
    """Everybody who has a role in the project: given in it, or in its organisation."""
    return (
        _human_memberships()
        .filter(Q(project=project) | Q(project=None, organisation=project.organisation_id))
        .order_by("person__name", "pk")
    )


def _human_memberships() -> QuerySet[Membership]:
    rows = Membership.objects.select_related("person", "organisation", "project__organisation")
    return rows.filter(person__is_service=False).exclude(role=Membership.Role.FACILITATOR)


def of_its_organisation(project: Project) -> list[Membership]:
    """Those who have a role in the project by theirs in its organisation, with their names."""
    return _of_organisation(project.organisation_id)


_of_organisation = Question(
    lambda organisation: (
        Membership.objects.filter(organisation=organisation, project=None, person__is_service=False)
        .exclude(role=Membership.Role.FACILITATOR)
        .select_related("person")
        .only("role", "person__name", "person__email")
        .order_by("person__name", "pk")
    )
)


def facilitators_of(project: Project) -> QuerySet[Membership]:
    """Those whom the centre let into the project for now, the first to end first."""
    rows = Membership.objects.select_related("person", "granted_by", "organisation", "project__organisation")
    return rows.filter(project=project, role=Membership.Role.FACILITATOR).order_by("expires_at", "pk")


def facilitators_shown(project: Project) -> list[Membership]:
    """The same for the project's page."""
    return _facilitators(project.pk)


_facilitators = Question(
    lambda project: (
        Membership.objects.filter(project=project, role=Membership.Role.FACILITATOR)
        .select_related("person", "granted_by")
        .order_by("expires_at", "pk")
    )
)


def service_accounts_of(place: Organisation | Project) -> QuerySet[ServiceAccount]:
    """The open service accounts of exactly this organisation or project, by name."""
    rows = ServiceAccount.objects.select_related("person", "owner", "organisation", "project__organisation")
    where = {"project": place} if isinstance(place, Project) else {"organisation": place, "project": None}
    return rows.filter(closed_at=None, **where).order_by("person__name", "pk")


def service_account(actor: Actor, uid: str) -> ServiceAccount:
    """By its person's uid. Raises NotFound, also for those who may not manage it and once it is closed."""
    rows = ServiceAccount.objects.select_related("person", "owner", "organisation", "project__organisation")
    found = rows.filter(person__uid=uid, closed_at=None).first()
    return _if_seen(actor, "people.view_service_account", found)


def listing_of(organisation: Organisation) -> Listing | None:
    """The organisation's own entry in the directory, while it is shown."""
    return organisation.listings.filter(project=None, person=None, withdrawn_at=None).defer("picture").first()


def invitations_of(place: Organisation | Project) -> QuerySet[Invitation]:
    """Invitations to exactly this organisation or project that wait for an answer, newest first."""
    rows = Invitation.objects.select_related("invited_by", "organisation", "project__organisation")
    where = {"project": place} if isinstance(place, Project) else {"organisation": place, "project": None}
    return rows.filter(state="open", **where).order_by("-id")


def invitations_shown(place: Organisation | Project) -> list[Invitation]:
    """The newest of them, for the place's page."""
    return (_invited_to_project if isinstance(place, Project) else _invited_to_organisation)(place.pk)


def _invited(**where: Any) -> QuerySet[Invitation]:
    return Invitation.objects.select_related("invited_by").filter(state="open", **where).order_by("-id")[:100]


_invited_to_project = Question(lambda project: _invited(project=project))
_invited_to_organisation = Question(lambda organisation: _invited(organisation=organisation, project=None))


def invitations_for(actor: Actor) -> QuerySet[Invitation]:
    """Invitations that the actor can accept: open, not over, to one of their confirmed addresses."""
    rows = Invitation.objects.select_related("invited_by", "organisation", "project__organisation")
    if actor.person is None:
        return rows.none()
    mine = actor.person.emailaddress_set.filter(verified=True).values("email")
    return rows.filter(state="open", expires_at__gt=clock.now(), email__in=mine).order_by("-id")


def invitation(uid: str) -> Invitation:
    """By its uid, for whoever has the link. Raises NotFound."""
    rows = Invitation.objects.select_related("invited_by", "organisation", "project__organisation")
    found = rows.filter(uid=uid).first()
    if found is None:
        raise NotFound
    return found


def join_requests_of(organisation: Organisation) -> QuerySet[JoinRequest]:
    """Those that wait for an answer, the oldest first."""
    return organisation.join_requests.filter(state="open").select_related("person", "organisation").order_by("id")


def join_requests_by(actor: Actor) -> QuerySet[JoinRequest]:
    """What the actor has asked and nobody answered."""
    rows = JoinRequest.objects.filter(person=actor.person, state="open").select_related("organisation")
    return rows if actor.person else rows.none()


def organisation_by_number(text: str) -> Organisation | None:
    """The organisation with this uid or registry number, be it a former one or that of a merged duplicate."""
    text = text.strip()
    found = Organisation.objects.filter(uid=text.lower()).first()
    if found is None:
        try:
            number = clean_registry_number(text)
        except BadInput:
            return None
        if not number:
            return None
        found = Organisation.objects.filter(registry_number=number).first()
        if found is None:
            former = FormerName.objects.filter(registry_number=number).select_related("organisation").first()
            found = former.organisation if former else None
    return found and survivor_of(found)


def survivor_of(row: Any) -> Any:
    """What a merged organisation or person became part of; itself when it was not merged.

    Merging keeps every way one step long, so this is one query at most.
    """
    return row.merged_into or row


def person_with_address(email: str) -> Person | None:
    """The active person who confirmed this address (in lower case), if there is one."""
    return Person.objects.filter(
        emailaddress__email=email, emailaddress__verified=True, is_active=True, is_service=False
    ).first()


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
    return person.memberships.select_related("organisation", "project__organisation").order_by(
        "organisation_id", F("project_id").asc(nulls_first=True)
    )


def organisation(actor: Actor, uid: str) -> Organisation:
    """One organisation; for the uid of a merged duplicate the survivor. Raises NotFound unless the actor may see it."""
    found = Organisation.objects.select_related("merged_into").filter(uid=uid).first()
    return _if_seen(actor, "people.view_organisation", found and survivor_of(found))


def project(actor: Actor, uid: str) -> Project:
    """One project, with its organisation. Raises NotFound unless the actor may see it."""
    found = _project(uid)
    return _if_seen(actor, "people.view_project", found[0] if found else None)


_project = Question(lambda uid: Project.objects.select_related("organisation").order_by("pk").filter(uid=uid)[:1])


def listing_of_project(project: Project) -> Listing | None:
    """What the directory shows of the project now, without its picture."""
    return next(iter(_listing(project.pk)), None)


_listing = Question(
    lambda project: Listing.objects.filter(project=project, withdrawn_at=None).defer("picture").order_by("pk")[:1]
)


def person(uid: str) -> Person:
    """Somebody by uid; for the uid of a merged account the one that it became part of. Raises NotFound."""
    found = Person.objects.select_related("merged_into").filter(uid=uid).first()
    if found is None:
        raise NotFound
    return survivor_of(found)


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
