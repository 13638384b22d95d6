"""Who has to be told about somebody's work once they have left: whoever took it over, or an owner."""

from __future__ import annotations

from collections.abc import Iterable

from aisc.people.models import Handover, Membership, Person, Project


def in_charge(pairs: Iterable[tuple[Person, Project]]) -> dict[tuple[int, int], Person]:
    """For each person and project, by their primary keys, who answers for the person's work there now.

    The person while they have a role in it; then their successor, or the successor's successor, who still has one;
    else the first owner of the organisation. One query when nobody has left, four otherwise.
    """
    pairs = list(pairs)
    organisations = {project.organisation_id for _person, project in pairs}
    inside = _inside(organisations, {person.pk for person, _project in pairs})
    answer = {(person.pk, project.pk): person for person, project in pairs}
    away = [(person, project) for person, project in pairs if not _sees(inside, person.pk, project)]
    if not away:
        return answer
    handovers = list(Handover.objects.filter(organisation__in=organisations).select_related("successor").order_by("pk"))
    inside |= _inside(organisations, {each.successor_id for each in handovers})
    owners: dict[int, Person] = {}
    rows = Membership.objects.filter(organisation__in=organisations, project=None, role=Membership.Role.OWNER)
    for each in rows.filter(person__is_active=True, person__is_service=False).select_related("person").order_by("-pk"):
        owners[each.organisation_id] = each.person
    for person, project in away:
        followed = _follow(person, project, handovers, inside) or owners.get(project.organisation_id)
        answer[person.pk, project.pk] = followed or person
    return answer


def _inside(organisations: set[int], persons: set[int]) -> set[tuple[int, int, int | None]]:
    rows = Membership.objects.filter(organisation__in=organisations, person__in=persons, person__is_active=True)
    return set(rows.values_list("person_id", "organisation_id", "project_id"))


def _sees(inside: set[tuple[int, int, int | None]], person: int, project: Project) -> bool:
    return not inside.isdisjoint(
        {(person, project.organisation_id, None), (person, project.organisation_id, project.pk)}
    )


def _follow(person: Person, project: Project, handovers: list[Handover], inside: set) -> Person | None:
    """Along the latest handovers to somebody who is still there; None where they lead nowhere or round in a circle."""
    seen, at = {person.pk}, person.pk
    while True:
        steps = [
            each
            for each in handovers
            if each.person_id == at
            and each.organisation_id == project.organisation_id
            and each.project_id in (None, project.pk)
        ]
        if not steps:
            return None
        successor = steps[-1].successor
        if _sees(inside, successor.pk, project):
            return successor
        if successor.pk in seen:
            return None
        seen.add(successor.pk)
        at = successor.pk
