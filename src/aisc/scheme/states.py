"""How an application becomes an award."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from aisc.core.states import Machine, Transition

APPLICATION = Machine(
    "application",
    {
        "draft": _("draft"),
        "submitted": _("submitted"),
        "returned": _("returned for completion"),
        "in_review": _("in review"),
        "reviewed": _("reviewed"),
        "approved": _("approved"),
        "rejected": _("not approved"),
        "accepted": _("accepted"),
        "declined": _("declined by the applicant"),
        "lapsed": _("lapsed"),
        "withdrawn": _("withdrawn"),
    },
    [
        Transition("draft", "submitted", who="applicant", guard="complete, call open", effect="frozen copy, receipt"),
        Transition("draft", "withdrawn", who="applicant"),
        Transition("submitted", "returned", who="secretariat", guard="says what is missing", effect="applicant told"),
        Transition(
            "submitted",
            "in_review",
            who="secretariat",
            guard="assessor without conflict",
            effect="assessor told",
        ),
        Transition("submitted", "withdrawn", who="applicant"),
        Transition("returned", "submitted", who="applicant", guard="complete", effect="new frozen copy, receipt"),
        Transition("returned", "withdrawn", who="applicant"),
        Transition("in_review", "reviewed", who="assessor", guard="scores complete", effect="secretariat told"),
        Transition(
            "in_review",
            "submitted",
            who="assessor, secretariat",
            guard="assessor declares a conflict, or secretariat takes the assignment back with a reason",
            effect="assessor loses access, secretariat told",
        ),
        Transition("in_review", "withdrawn", who="applicant"),
        Transition(
            "reviewed",
            "approved",
            who="committee",
            guard="rate and ceiling within the rules",
            effect="award, letter",
        ),
        Transition("reviewed", "rejected", who="committee", guard="reasons given", effect="letter"),
        Transition("reviewed", "withdrawn", who="applicant"),
        Transition("approved", "accepted", who="applicant", guard="in time", effect="project and budget opened"),
        Transition("approved", "declined", who="applicant", effect="award ended"),
        Transition("approved", "lapsed", who="worker", guard="acceptance date passed", effect="award ended"),
    ],
)
