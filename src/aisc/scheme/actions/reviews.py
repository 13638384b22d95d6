"""The assessor's writes: declare a conflict, save, submit."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from aisc.core import clock
from aisc.core.actions import Actor, action, note
from aisc.core.errors import BadInput, NotFound
from aisc.people.text import clean_text
from aisc.scheme import telling
from aisc.scheme.actions.common import expect, locked, move, whole, written
from aisc.scheme.models import Application, Review
from aisc.scheme.rules import BEST_SCORE, COMMENT_LIMIT, EXCEPTIONAL_BPS, REASON_LIMIT

CONFLICTED = gettext_noop("The assessor of application %(number)s, “%(title)s”, declared a conflict. Choose another.")
REVIEWED = gettext_noop(
    "Application %(number)s, “%(title)s”, has been assessed and waits for the committee's decision."
)


def _own(actor: Actor, application: Application) -> Review:
    """The actor's assignment as it is now, locked. Raises NotFound when it has ended meanwhile."""
    rows = Review.objects.select_for_update(no_key=True).filter(application=application, assessor=actor.person)
    review = rows.filter(conflict="", taken_back="").first()
    if review is None:
        raise NotFound
    return review


@action("scheme.declare_conflict", on="application")
def declare_conflict(actor: Actor, *, application: Application, conflict: str) -> None:
    """Recuse oneself: from now on it is as if the application did not exist. Raises Conflict, BadInput."""
    application = locked(application)
    expect(application, {"in_review"})
    conflict = written(
        conflict, field="conflict", limit=REASON_LIMIT, ask=_("Say what connects you with the applicant or the work.")
    )
    review = _own(actor, application)
    review.conflict = conflict
    # What was written before goes: a conflicted person's scores must not reach anybody.
    review.scores, review.comment, review.recommended_bps = {}, "", None
    review.save()
    move(application, "submitted")
    application.save()
    note(target=application, reason=conflict)
    telling.tell(telling.secretariat(application), CONFLICTED, application)


@action("scheme.save_review", on="application")
def save_review(
    actor: Actor,
    *,
    application: Application,
    scores: dict[str, int],
    comment: str = "",
    recommended_bps: int | None = None,
) -> Review:
    """Keep an unfinished review: scores given so far, whole numbers from 0 to 10. Raises Conflict, BadInput."""
    application = locked(application)
    expect(application, {"in_review"})
    review = _own(actor, application)
    _fill(review, application, scores, comment, recommended_bps)
    review.save()
    return review


@action("scheme.submit_review", on="application")
def submit_review(
    actor: Actor, *, application: Application, scores: dict[str, int], comment: str, recommended_bps: int
) -> Review:
    """Give the review to the committee; every criterion has a score. Raises Conflict, BadInput."""
    application = locked(application)
    expect(application, {"in_review"})
    review = _own(actor, application)
    _fill(review, application, scores, comment, recommended_bps)
    for criterion in application.call.criteria:
        if criterion["code"] not in review.scores:
            raise BadInput(
                _("Score “%(criterion)s” from 0 to 10.") % {"criterion": criterion["name_en"] or criterion["name_zh"]},
                field=f"score_{criterion['code']}",
            )
    if not review.comment:
        raise BadInput(_("Give your reasons for the committee."), field="comment")
    if review.recommended_bps is None:
        raise BadInput(_("Recommend a rate, or 0 % not to approve."), field="recommended_bps")
    review.submitted_at = clock.now()
    review.save()
    move(application, "reviewed")
    application.save()
    note(target=application, scores=review.scores, recommended_bps=review.recommended_bps)
    telling.tell([*telling.secretariat(application), *telling.committee(application)], REVIEWED, application)
    return review


def _fill(review: Review, application: Application, scores: dict[str, Any], comment: str, bps: int | None) -> None:
    known = {criterion["code"] for criterion in application.call.criteria}
    if unknown := sorted(scores.keys() - known):
        raise BadInput(_("The rubric has no criterion “%(code)s”.") % {"code": unknown[0][:40]}, field="scores")
    ask = _("A score is a whole number from 0 to 10.")
    review.scores = {
        code: whole(score, field=f"score_{code}", least=0, most=BEST_SCORE, ask=ask) for code, score in scores.items()
    }
    review.comment = clean_text(comment, field="comment", limit=COMMENT_LIMIT)
    review.recommended_bps = (
        None
        if bps is None
        else whole(
            bps, field="recommended_bps", least=0, most=EXCEPTIONAL_BPS, ask=_("Recommend a rate from 0% to 90%.")
        )
    )
    review.saved_at = clock.now()
