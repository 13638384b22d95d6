"""The committee's decision, and the letter and award that come of it."""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from aisc.core import clock
from aisc.core.actions import Actor, action, note
from aisc.core.errors import BadInput
from aisc.core.money import format_cents
from aisc.people.text import clean_text
from aisc.scheme import letters, telling
from aisc.scheme.actions.common import expect, locked, move, next_number, whole, written
from aisc.scheme.costs import frozen_cost
from aisc.scheme.models import Application, Award, Decision, Letter, Review, Submission
from aisc.scheme.rules import EXCEPTIONAL_BPS, MAX_MONTHS, ORDINARY_BPS, REASON_LIMIT

APPROVED = gettext_noop(
    "Application %(number)s, “%(title)s”, was approved. Read the letter and accept the award by %(accept_by)s."
)
REJECTED = gettext_noop("Application %(number)s, “%(title)s”, was not approved. The letter gives the reasons.")
DECIDED = gettext_noop("The committee decided on application %(number)s, “%(title)s”.")


@action("scheme.decide", on="application")
def decide(
    actor: Actor,
    *,
    application: Application,
    outcome: str,
    reasons: str,
    scheme_bps: int = 0,
    ceiling: int | None = None,
    months: int | None = None,
    exceptional_reason: str = "",
) -> Decision:
    """Approve at ``scheme_bps`` up to ``ceiling`` cents at list price for ``months``, or reject; with ``reasons``.

    ``ceiling`` and ``months`` default to what was asked for, and the ceiling cannot exceed it. Above 70 %
    an ``exceptional_reason`` is needed; above 90 % nothing helps. Raises Conflict, BadInput.
    """
    application = locked(application)
    expect(application, {"reviewed"})
    submission = Submission.objects.filter(application=application).order_by("seq").last()
    review = Review.objects.get(application=application, conflict="", taken_back="")
    decision = Decision(
        application=application,
        outcome=outcome,
        reasons=written(
            reasons, field="reasons", limit=REASON_LIMIT, ask=_("Give the reasons; the letter quotes them.")
        ),
        decided_by=actor.person,
        decided_at=clock.now(),
    )
    if outcome == Decision.Outcome.APPROVED:
        _set_terms(decision, submission, scheme_bps, ceiling, months, exceptional_reason)
    elif outcome != Decision.Outcome.REJECTED:
        raise BadInput(_("Approve it or do not approve it."), field="outcome")
    decision.save()
    award = None
    if outcome == Decision.Outcome.APPROVED:
        award = Award.objects.create(
            number=next_number("AW"),
            application=application,
            accept_by=clock.today() + timedelta(days=application.call.acceptance_days),
        )
    content = letters.content(application, submission, review, decision, award)
    Letter.objects.create(
        application=application,
        reference=content["reference"],
        content=content,
        code=letters.new_code(),
        issued_at=decision.decided_at,
    )
    move(application, outcome)
    application.save()
    note(
        target=application,
        reason=decision.reasons,
        scheme_bps=decision.scheme_bps,
        ceiling=decision.ceiling,
        months=decision.months,
        award=award.number if award else "",
    )
    if award:
        telling.tell(telling.applicants(application), APPROVED, application, accept_by=award.accept_by.isoformat())
    else:
        telling.tell(telling.applicants(application), REJECTED, application)
    telling.tell(telling.secretariat(application), DECIDED, application)
    return decision


def _set_terms(
    decision: Decision,
    submission: Submission,
    scheme_bps: int,
    ceiling: int | None,
    months: int | None,
    exceptional_reason: str,
) -> None:
    asked = frozen_cost(submission.snapshot)
    decision.scheme_bps = whole(
        scheme_bps,
        field="scheme_bps",
        least=1,
        most=EXCEPTIONAL_BPS,
        ask=_("The scheme pays more than 0% and at most 90% of the list price."),
    )
    exceptional_reason = clean_text(exceptional_reason, field="exceptional_reason", limit=REASON_LIMIT)
    if decision.scheme_bps > ORDINARY_BPS and not exceptional_reason:
        raise BadInput(
            _("More than 70% needs a written reason why this case is special and exceptional."),
            field="exceptional_reason",
        )
    # Kept only where it means something: an ordinary rate has no exception to explain.
    decision.exceptional_reason = exceptional_reason if decision.scheme_bps > ORDINARY_BPS else ""
    decision.ceiling = whole(
        asked.list_cents if ceiling is None else ceiling,
        field="ceiling",
        least=1,
        most=asked.list_cents,
        ask=_("The ceiling is more than nothing and at most what was asked for: %(asked)s.")
        % {"asked": format_cents(asked.list_cents, asked.currency)},
    )
    decision.months = whole(
        asked.months if months is None else months,
        field="months",
        least=1,
        most=MAX_MONTHS,
        ask=_("An award runs for a whole number of months from 1 to 36."),
    )
