"""What of the scheme has a history, how its actions are called there, and what of it the applicant does not see."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from aisc.core.access import Rule
from aisc.core.access import register as register_rules
from aisc.core.actions import Actor
from aisc.core.audit.kinds import Kind, confide, register, say
from aisc.people.access import STAFF, centre_role
from aisc.scheme.models import Application, Award, Call
from aisc.scheme.standing import standing

REVIEWS = "scheme.review_history"


def _sees_reviews(actor: Actor, row: object) -> bool:
    """Only in the history of one application or award can it be said who works on it and who is connected with it."""
    application = row.application if isinstance(row, Award) else row
    return isinstance(application, Application) and standing(actor, application).sees_reviews


register_rules(
    {
        "scheme.call_history": centre_role(*STAFF),
        REVIEWS: Rule(_("the centre's people who work on it"), _sees_reviews),
    }
)
register(
    Kind("call", Call, "scheme.call_history", "uid", _("Call")),
    Kind("application", Application, "scheme.view_application", "uid", _("Application")),
    Kind("award", Award, "scheme.view_letter", "number", _("Award")),
)
confide(
    REVIEWS,
    "scheme.assign_assessor",
    "scheme.take_back",
    "scheme.declare_conflict",
    "scheme.save_review",
    "scheme.submit_review",
)
say(
    {
        "scheme.create_call": _("Made the call"),
        "scheme.edit_call": _("Changed the call"),
        "scheme.start_draft": _("Began an application"),
        "scheme.save_draft": _("Saved the draft"),
        "scheme.submit_application": _("Submitted the application"),
        "scheme.withdraw": _("Withdrew the application"),
        "scheme.return_application": _("Returned the application for completion"),
        "scheme.assign_assessor": _("Assigned an assessor"),
        "scheme.take_back": _("Took the assignment back"),
        "scheme.declare_conflict": _("Declared a conflict of interest"),
        "scheme.save_review": _("Saved the review"),
        "scheme.submit_review": _("Submitted the review"),
        "scheme.decide": _("Decided on the application"),
        "scheme.accept_award": _("Accepted the award"),
        "scheme.decline_award": _("Declined the award"),
        "scheme.lapse": _("The offer lapsed"),
        "scheme.remind": _("Reminded of the offer"),
    }
)
