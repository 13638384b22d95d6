"""What everybody may see of the directory: live entries of organisations that agreed, and what is listed with them."""

from __future__ import annotations

from collections import defaultdict

from django.db.models import BooleanField, Count, Exists, ExpressionWrapper, OuterRef, Q, QuerySet

from aisc.core.errors import NotFound
from aisc.people.models import Listing, Organisation
from aisc.people.queries import matching


def _organisations_shown() -> QuerySet[Listing]:
    return Listing.objects.filter(project=None, person=None, withdrawn_at=None, organisation__merged_into=None)


def _shown(rows: QuerySet[Listing]) -> QuerySet[Listing]:
    """Entries whose organisation is shown: without it nothing of it is."""
    own = _organisations_shown().filter(organisation=OuterRef("organisation"))
    return rows.filter(Exists(own), withdrawn_at=None)


def organisations(asked: str = "", category: str = "") -> QuerySet[Listing]:
    """Organisations shown, by name; ``asked`` is looked for in their names and in their projects' public titles."""
    rows = _organisations_shown().select_related("organisation")
    if category in Organisation.Category.values:
        rows = rows.filter(organisation__category=category)
    if asked:
        named = matching(Organisation.objects.all(), asked).values("pk")
        entitled = matching(_shown(Listing.objects.filter(project__isnull=False)), asked).values("organisation")
        described = Q(summary_en__icontains=asked) | Q(summary_zh__icontains=asked)
        rows = rows.filter(Q(organisation__in=named) | Q(organisation__in=entitled) | described)
    return rows.order_by("organisation__name_en", "organisation__name_zh", "pk")


def categories() -> list[tuple[str, str, int]]:
    """Each category that somebody in the directory has: its value, its words, how many."""
    counted = dict(_organisations_shown().order_by().values_list("organisation__category").annotate(count=Count("pk")))
    return [(value, label, counted[value]) for value, label in Organisation.Category.choices if value in counted]


def with_projects(page: list[Listing]) -> list[tuple[Listing, list[Listing]]]:
    """The organisations of a page, each with its published projects; one query."""
    found = defaultdict(list)
    ids = [each.organisation_id for each in page]
    for each in projects().filter(organisation__in=ids):
        found[each.organisation_id].append(each)
    return [(each, found[each.organisation_id]) for each in page]


def projects() -> QuerySet[Listing]:
    """Published projects; without the bytes of their pictures."""
    rows = _shown(Listing.objects.filter(project__isnull=False, project__organisation__merged_into=None))
    has_picture = ExpressionWrapper(Q(picture__isnull=False), output_field=BooleanField())
    return (
        rows.annotate(has_picture=has_picture)
        .defer("picture")
        .select_related("organisation", "project")
        .order_by("name_en", "name_zh", "pk")
    )


def people(organisation: Organisation) -> QuerySet[Listing]:
    """People of the organisation who agreed to be shown with it, by name."""
    rows = _shown(Listing.objects.filter(organisation=organisation, person__isnull=False, person__is_active=True))
    return rows.select_related("person").order_by("person__name", "pk")


def organisation(uid: str) -> Listing:
    """One organisation's entry, by the organisation's uid, a merged duplicate's as well. Raises NotFound."""
    found = Organisation.objects.select_related("merged_into").filter(uid=uid).first()
    if found is not None:
        listing = _organisations_shown().filter(organisation=found.merged_into or found).first()
        if listing is not None:
            listing.organisation = found.merged_into or found
            return listing
    raise NotFound


def project(uid: str) -> Listing:
    """One published project, by the project's uid. Raises NotFound."""
    found = projects().filter(project__uid=uid).first()
    if found is None:
        raise NotFound
    return found


def picture(uid: str) -> Listing:
    """A published project with its picture. Raises NotFound without one."""
    found = _shown(Listing.objects.filter(project__uid=uid, picture__isnull=False)).first()
    if found is None:
        raise NotFound
    return found
