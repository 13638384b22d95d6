"""What of people, organisations, projects and the public directory can be found, and by whom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from aisc.core.access import READ
from aisc.core.actions import Actor
from aisc.core.search.kinds import PUBLIC, Document, Kind, Shown, register, register_viewer
from aisc.people.access import Centre, has_centre_role
from aisc.people.models import Listing, Membership, Organisation, Person, Project
from aisc.people.queries import organisations_visible_to, projects_visible_to, sees_everything

STAFF = "staff"


def viewer(actor: Actor) -> Iterator[str]:
    """``in`` signed in, ``u5`` oneself, ``o3`` the whole organisation, ``m3`` something in it, ``p7`` a project,
    ``staff`` and ``rcommittee`` roles in the centre. A token without the scope to read sees what is public."""
    if actor.is_system:
        yield from (STAFF, "in", *(f"r{role}" for role in Centre.values))
    if actor.person is None or (actor.scopes is not None and READ not in actor.scopes):
        return
    yield from ("in", f"u{actor.person.pk}")
    if sees_everything(actor):
        yield STAFF
    yield from (f"r{role}" for role in Centre.values if has_centre_role(actor, (role,)))
    for organisation, project in Membership.objects.filter(person=actor.person).values_list(
        "organisation_id", "project_id"
    ):
        yield f"m{organisation}"
        yield f"o{organisation}" if project is None else f"p{project}"


def in_project(project: Project) -> tuple[str, ...]:
    """The marks of what everybody in a project sees, and the centre's staff."""
    return (f"p{project.pk}", f"o{project.organisation_id}", STAFF)


def in_both(row: Any, text: str) -> str:
    """``text`` after the name in the other language: what was found may have been found by that."""
    names = [name for name in (row.name_en, row.name_zh) if name and name != row.name]
    return " · ".join(filter(None, [*names, text]))


def _person(row: Person) -> Document:
    held = [each for each in row.memberships.all() if each.expires_at is None]
    marks = {f"p{each.project_id}" for each in held if each.project_id} | {f"o{each.organisation_id}" for each in held}
    return Document(title=[row.name], keys=[row.uid, row.email], marks=[*sorted(marks), f"u{row.pk}", STAFF])


def _people(actor: Actor) -> QuerySet[Person]:
    """Those of the organisations and projects in which the actor has a role; all for staff of the centre."""
    people = Person.objects.all()
    if sees_everything(actor):
        return people
    mine = Membership.objects.filter(person=actor.person)
    same_place = Q(memberships__organisation__in=mine.filter(project=None).values("organisation"))
    same_place |= Q(memberships__project__in=mine.exclude(project=None).values("project"))
    together = Person.objects.filter(same_place, memberships__expires_at=None).values("pk")
    return people.filter(Q(pk__in=together) | Q(pk=actor.person.pk if actor.person else None))


def _with_places(people: QuerySet[Person]) -> QuerySet[Person]:
    places = Membership.objects.select_related("organisation").order_by("pk")
    return people.filter(is_service=False, merged_into=None).prefetch_related(Prefetch("memberships", places))


def _show_person(row: Person) -> Shown:
    place = next((each.organisation for each in row.memberships.all()), None)
    return Shown(row.name, "", place.get_absolute_url() if place else "", str(place or ""))


def _show_project(row: Project) -> Shown:
    return Shown(row.name, in_both(row, row.summary), row.get_absolute_url(), str(row.organisation), row.created_at)


def _listing(row: Listing) -> Document:
    named: list[str] = []
    if row.person is not None:
        named = [row.person.name]
    elif row.project is None:
        named = [row.organisation.name_en, row.organisation.name_zh]
    return Document(
        title=[row.name_en, row.name_zh, *named], body=[row.summary_en, row.summary_zh, row.link], marks=[PUBLIC]
    )


def _shown_to_everybody(_actor: Actor) -> QuerySet[Listing]:
    """Entries whose organisation is shown: without it nothing of it is."""
    own = Listing.objects.filter(
        project=None,
        person=None,
        withdrawn_at=None,
        organisation__merged_into=None,
        organisation=OuterRef("organisation"),
    )
    return Listing.objects.filter(Exists(own), withdrawn_at=None)


def _show_listing(row: Listing) -> Shown:
    if row.project is not None:
        url = reverse("people:directory_project", args=[row.uid])
        return Shown(row.name, in_both(row, row.summary), url, str(row.organisation))
    url = reverse("people:directory_organisation", args=[row.organisation.uid])
    if row.person is not None:
        return Shown(row.person.name, row.name, url, str(row.organisation))
    return Shown(str(row.organisation), in_both(row.organisation, row.summary), url)


def _listings_of(organisation: Organisation) -> Iterable[int]:
    return Listing.objects.filter(organisation=organisation, withdrawn_at=None).values_list("pk", flat=True)


register_viewer(viewer)
register(
    Kind(
        "person",
        Person,
        _("People"),
        describe=_person,
        visible=_people,
        show=_show_person,
        watched=("name", "email", "merged_into"),
        moment="date_joined",
        rows=_with_places,
        also={Membership: lambda row: (row.person_id,)},
    ),
    Kind(
        "organisation",
        Organisation,
        _("Organisations"),
        describe=lambda row: Document(
            title=[row.name_en, row.name_zh],
            body=[row.address],
            keys=[row.uid, row.registry_number],
            marks=[f"m{row.pk}", STAFF],
        ),
        visible=organisations_visible_to,
        show=lambda row: Shown(str(row), in_both(row, row.address), row.get_absolute_url(), row.get_category_display()),
        watched=("name_en", "name_zh", "address", "registry_number", "merged_into"),
        rows=lambda rows: rows.filter(merged_into=None),
    ),
    Kind(
        "project",
        Project,
        _("Projects"),
        describe=lambda row: Document(
            title=[row.name_en, row.name_zh],
            body=[row.summary_en, row.summary_zh],
            keys=[row.uid],
            marks=in_project(row),
        ),
        visible=projects_visible_to,
        show=_show_project,
        watched=("name_en", "name_zh", "summary_en", "summary_zh", "organisation"),
        related=("organisation",),
    ),
    Kind(
        "directory",
        Listing,
        _("Public directory"),
        describe=_listing,
        visible=_shown_to_everybody,
        show=_show_listing,
        watched=("name_en", "name_zh", "summary_en", "summary_zh", "link", "withdrawn_at", "organisation"),
        moment="agreed_at",
        related=("organisation", "project", "person"),
        rows=lambda rows: rows.filter(withdrawn_at=None).defer("picture"),
        also={Organisation: _listings_of},
    ),
)
