"""Organisations and their projects."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from aisc.core import clock
from aisc.core.actions import Actor, action, note
from aisc.core.errors import BadInput, Conflict
from aisc.people import signals
from aisc.people.models import FormerName, Membership, Organisation, Person, Project
from aisc.people.text import clean_line, clean_names, clean_registry_number, clean_text

SUMMARY_LIMIT = 5_000  # characters
MOST_SHARES = 10_000


@action("people.create_organisation")
def create_organisation(
    actor: Actor,
    *,
    category: str,
    name_en: str = "",
    name_zh: str = "",
    registry_number: str = "",
    address: str = "",
    owner: Person | None = None,
) -> Organisation:
    """Register an organisation; whoever does becomes its owner (``owner`` when the system does it).

    Raises BadInput, and Conflict when the registry number is here already.
    """
    first = actor.person or owner
    if first is None:
        raise BadInput(_("An organisation needs an owner."), field="owner")
    organisation = Organisation(
        **clean_names(name_en, name_zh),
        category=_category(category),
        registry_number=clean_registry_number(registry_number),
        address=clean_line(address, field="address", limit=300, required=False),
        created_at=clock.now(),
    )
    _save_once(organisation)
    Membership.objects.create(
        person=first, organisation=organisation, role=Membership.Role.OWNER, created_at=organisation.created_at
    )
    return organisation


@action("people.update_organisation", on="organisation")
def update_organisation(
    actor: Actor,
    *,
    organisation: Organisation,
    category: str | None = None,
    name_en: str | None = None,
    name_zh: str | None = None,
    registry_number: str | None = None,
    address: str | None = None,
) -> Organisation:
    """Change what is given; the rest stays. Raises as :func:`create_organisation` does."""
    organisation = Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)
    changes: dict[str, Any] = _names(organisation, name_en, name_zh)
    if category is not None:
        changes["category"] = _category(category)
    if registry_number is not None:
        changes["registry_number"] = clean_registry_number(registry_number)
    if address is not None:
        changes["address"] = clean_line(address, field="address", limit=300, required=False)
    _keep_former(organisation, changes)
    _apply(organisation, changes)
    _save_once(organisation)
    return organisation


def _keep_former(organisation: Organisation, changes: dict[str, Any]) -> None:
    """Keep a name or registry number that is given up: papers that were issued still bear it."""
    was = {field: getattr(organisation, field) for field in ("name_en", "name_zh", "registry_number")}
    # One that was empty is only filled in: nothing is given up.
    if any(was[field] and changes.get(field, was[field]) != was[field] for field in was):
        FormerName.objects.create(organisation=organisation, until=clock.now(), **was)


@action("people.create_project", on="organisation")
def create_project(
    actor: Actor,
    *,
    organisation: Organisation,
    name_en: str = "",
    name_zh: str = "",
    summary_en: str = "",
    summary_zh: str = "",
) -> Project:
    """Start a project of the organisation. Its owners and managers have their roles in it already."""
    return Project.objects.create(
        organisation=organisation,
        **clean_names(name_en, name_zh),
        summary_en=clean_text(summary_en, field="summary_en", limit=SUMMARY_LIMIT),
        summary_zh=clean_text(summary_zh, field="summary_zh", limit=SUMMARY_LIMIT),
        created_at=clock.now(),
    )


@action("people.update_project", on="project")
def update_project(
    actor: Actor,
    *,
    project: Project,
    name_en: str | None = None,
    name_zh: str | None = None,
    summary_en: str | None = None,
    summary_zh: str | None = None,
) -> Project:
    """Change what is given; the rest stays. Raises BadInput."""
    project = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    changes: dict[str, Any] = _names(project, name_en, name_zh)
    for field, value in (("summary_en", summary_en), ("summary_zh", summary_zh)):
        if value is not None:
            changes[field] = clean_text(value, field=field, limit=SUMMARY_LIMIT)
    _apply(project, changes)
    project.save()
    return project


@action("people.set_shares", on="project")
def set_shares(actor: Actor, *, project: Project, shares: int, reason: str) -> Project:
    """Set the project's weight in the fair-share, 1 to 10,000 (100 is usual); the reason is kept."""
    if not 1 <= shares <= MOST_SHARES:
        raise BadInput(_("The weight goes from 1 to 10,000; 100 is usual."), field="shares")
    reason = clean_line(reason, field="reason", limit=500)
    project = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    _apply(project, {"shares": shares})
    project.save(update_fields=["shares"])
    note(reason=reason)
    return project


@action("people.close_project", on="project")
def close_project(actor: Actor, *, project: Project, cancel_jobs: bool = False) -> Project:
    """End a project: it stays readable, and can be reopened.

    Raises Conflict while jobs in it are under way; with ``cancel_jobs`` they are ended instead, and what they used
    until then is charged. Money held for nothing any more is free again.
    """
    project = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    if project.closed_at:
        raise Conflict(_("This project is closed already."), code="project.closed")
    signals.project_closing.send(sender=Project, actor=actor, project=project, cancel_jobs=cancel_jobs)
    note(cancel_jobs=cancel_jobs)
    project.closed_at = clock.now()
    project.save(update_fields=["closed_at"])
    return project


@action("people.reopen_project", on="project")
def reopen_project(actor: Actor, *, project: Project) -> Project:
    """Open a closed project again. Raises Conflict when it is open."""
    project = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    if not project.closed_at:
        raise Conflict(_("This project is open."), code="project.open")
    project.closed_at = None
    project.save(update_fields=["closed_at"])
    return project


def _category(value: str) -> str:
    if value not in Organisation.Category.values:
        raise BadInput(_("Choose one of the categories."), field="category")
    return value


def _names(row: Organisation | Project, name_en: str | None, name_zh: str | None) -> dict[str, Any]:
    return clean_names(
        row.name_en if name_en is None else name_en,
        row.name_zh if name_zh is None else name_zh,
    )


def _apply(row: Organisation | Project, changes: dict[str, Any]) -> None:
    changes = {field: value for field, value in changes.items() if getattr(row, field) != value}
    note(before={field: getattr(row, field) for field in changes}, after=changes)
    for field, value in changes.items():
        setattr(row, field, value)


def _save_once(organisation: Organisation) -> None:
    """Save, and turn the database's refusal of a second registry number into one that a person understands."""
    merged = FormerName.objects.filter(registry_number=organisation.registry_number).exclude(uid="")
    if organisation.registry_number and merged.exclude(organisation=organisation.pk).exists():
        raise _taken()
    try:
        with transaction.atomic():
            organisation.save()
    except IntegrityError as error:
        raise _taken() from error


def _taken() -> Conflict:
    return Conflict(
        _("An organisation with this registry number is here already. Ask to join it instead."),
        code="organisation.registry_number",
        field="registry_number",
    )
