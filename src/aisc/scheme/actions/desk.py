"""The secretariat's writes: return for completion, assign an assessor, take an assignment back."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from aisc.core import clock
from aisc.core.actions import Actor, action, note
from aisc.core.errors import BadInput, Conflict
from aisc.people.access import Centre
from aisc.people.models import Person
from aisc.scheme import telling
from aisc.scheme.actions.common import expect, locked, move, written
from aisc.scheme.models import Application, Review
from aisc.scheme.rules import REASON_LIMIT

RETURNED = gettext_noop(
    "Application %(number)s, “%(title)s”, came back to you for completion. See what is missing, then submit it again."
)
IN_REVIEW = gettext_noop("Application %(number)s, “%(title)s”, is complete and is being assessed.")
ASSIGNED = gettext_noop("Please assess application %(number)s, “%(title)s”, or declare a conflict of interest.")
TAKEN_BACK = gettext_noop("You no longer need to assess application %(number)s, “%(title)s”.")


@action("scheme.return_application", on="application")
def return_application(actor: Actor, *, application: Application, missing: str) -> Application:
    """Send it back for completion: once, with everything that is missing. Raises Conflict, BadInput."""
    application = locked(application)
    expect(application, {"submitted"})
    if application.returned_at is not None:
        raise Conflict(
            _("It was returned once already, and once is all. Assign an assessor, who can say what is missing."),
            code="application.returned_once",
        )
    missing = written(
        missing, field="missing", limit=REASON_LIMIT, ask=_("List everything that is missing: it can be returned once.")
    )
    application.returned_for = missing
    application.returned_at = clock.now()
    application.declared = False
    move(application, "returned", missing)
    application.save()
    note(reason=missing)
    telling.tell(telling.applicants(application), RETURNED, application)
    return application


@action("scheme.assign_assessor", on="application")
def assign_assessor(actor: Actor, *, application: Application, assessor: Person) -> Application:
    """Give it to one assessor who is not connected with the applicant. Raises Conflict, BadInput."""
    application = locked(application)
    expect(application, {"submitted"})
    if not telling.unconflicted(application, Centre.ASSESSOR).filter(pk=assessor.pk).exists():
        raise BadInput(
            _("Choose an assessor who is not connected with the applicant and has declared no conflict."),
            field="assessor",
        )
    if Review.objects.filter(application=application, assessor=assessor).exists():
        raise BadInput(_("This assessor had it before. Choose another."), field="assessor")
    Review.objects.create(application=application, assessor=assessor, assigned_at=clock.now())
    move(application, "in_review")
    application.save()
    note(assessor=assessor.uid)
    telling.tell([assessor], ASSIGNED, application)
    telling.tell(telling.applicants(application), IN_REVIEW, application)
    return application


@action("scheme.take_back", on="application")
def take_back(actor: Actor, *, application: Application, reason: str) -> Application:
    """End an assignment that leads nowhere, so that another assessor can be chosen. Raises Conflict, BadInput."""
    application = locked(application)
    expect(application, {"in_review"})
    reason = written(reason, field="reason", limit=REASON_LIMIT, ask=_("Say why, for the record."))
    review = Review.objects.select_for_update(no_key=True).get(application=application, conflict="", taken_back="")
    review.taken_back = reason
    review.save(update_fields=["taken_back"])
    move(application, "submitted")
    application.save()
    note(reason=reason, assessor=review.assessor.uid)
    telling.tell([review.assessor], TAKEN_BACK, application)
    return application
