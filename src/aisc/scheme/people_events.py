"""What this room does when somebody leaves an organisation, or duplicates become one."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.dispatch import receiver
from django.utils.translation import gettext as _

from aisc.people import signals
from aisc.people.models import Organisation, Person, Project
from aisc.people.signals import NAMED, Consequence
from aisc.scheme.models import Application, Review
from aisc.scheme.states import APPLICATION


@receiver(signals.departing)
def name_applications(
    sender: Any, *, person: Person, organisation: Organisation, projects: QuerySet[Project], **_more: Any
) -> list[Consequence]:
    """Applications that the person began and that are not finished; they belong to the organisation."""
    if person.memberships.filter(organisation=organisation, project=None).exists():
        rows = Application.objects.filter(organisation=organisation, created_by=person)
        rows = rows.exclude(state__in=APPLICATION.final)
    else:
        rows = Application.objects.none()
    return [
        Consequence(
            _("open applications"),
            rows.count(),
            _("Stay with the organisation. The successor is told what happens to them."),
            [str(each) for each in rows[:NAMED]],
        )
    ]


@receiver(signals.merging)
def name_merging(sender: Any, *, duplicate: Any, **_more: Any) -> list[Consequence]:
    """Applications, letters and reviews of the duplicate."""
    if isinstance(duplicate, Organisation):
        rows = Application.objects.filter(organisation=duplicate)
        then = _("Become the survivor's. What was submitted, and every letter, stays as it was written.")
        return [Consequence(_("applications"), rows.count(), then, [str(each) for each in rows[:NAMED]])]
    return [
        Consequence(
            _("applications"), Application.objects.filter(created_by=duplicate).count(), _("Become the survivor's.")
        ),
        Consequence(_("reviews"), Review.objects.filter(assessor=duplicate).count(), _("Become the survivor's.")),
    ]


@receiver(signals.merged)
def move_applications(sender: Any, *, survivor: Any, duplicate: Any, **_more: Any) -> None:
    """The applicant, the author and the assessor are the survivor; decisions and submissions keep who signed them."""
    if sender is Organisation:
        Application.objects.filter(organisation=duplicate).update(organisation=survivor)
        return
    Application.objects.filter(created_by=duplicate).update(created_by=survivor)
    # Where both accounts were assigned to one application, both assignments stay: they are its history.
    both = Review.objects.filter(assessor=survivor).values("application")
    Review.objects.filter(assessor=duplicate).exclude(application__in=both).update(assessor=survivor)
