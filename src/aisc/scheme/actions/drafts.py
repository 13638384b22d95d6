"""The applicant's writes: start, save, submit, withdraw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from aisc.core import clock
from aisc.core.actions import Actor, action, note
from aisc.core.errors import BadInput, Conflict, Forbidden
from aisc.people.access import WRITERS, has_role
from aisc.people.actions import accept_text
from aisc.people.models import Organisation
from aisc.people.text import clean_email, clean_line, clean_text
from aisc.people.texts import Occasion
from aisc.scheme import completeness, snapshot, telling
from aisc.scheme import declaration as declarations
from aisc.scheme.actions.common import a_date, expect, locked, move, next_number, whole
from aisc.scheme.costs import prices_of
from aisc.scheme.models import Application, Call, ResourceRequest, Review, StateChange, Submission, TeamMember
from aisc.scheme.rules import (
    JUSTIFICATION_LIMIT,
    MAX_COUNT,
    MAX_DRAFTS,
    MAX_LINES,
    MAX_MONTHS,
    MAX_TEAM,
    NOTE_LIMIT,
    REASON_LIMIT,
    SUMMARY_LIMIT,
    TITLE_LIMIT,
)
from aisc.scheme.standing import EDITABLE, WITHDRAWABLE

RECEIVED = gettext_noop("We received application %(number)s, “%(title)s”. The secretariat checks it next.")
ARRIVED = gettext_noop("Application %(number)s, “%(title)s”, waits for the secretariat's check.")
WITHDRAWN = gettext_noop("Application %(number)s, “%(title)s”, was withdrawn by the applicant.")

_LINES = {"name_en": TITLE_LIMIT, "name_zh": TITLE_LIMIT}
_TEXTS = {
    "summary_en": SUMMARY_LIMIT,
    "summary_zh": SUMMARY_LIMIT,
    "justification": JUSTIFICATION_LIMIT,
    "funding_note": NOTE_LIMIT,
}


def _expect_open(call: Call) -> None:
    """Open from ``opens_at`` until before ``closes_at``. Raises Conflict."""
    now = clock.now()
    if now < call.opens_at:
        raise Conflict(_("This call has not opened yet."), code="call.not_open")
    if now >= call.closes_at:
        raise Conflict(
            _("This call has closed. Your draft is kept, but it cannot be submitted to this call any more."),
            code="call.closed",
        )


@action("scheme.start_draft", on="organisation")
def start_draft(actor: Actor, *, organisation: Organisation, call: Call) -> Application:
    """Begin an application of ``organisation`` to an open call. Raises Conflict."""
    _expect_open(call)
    # The lock makes two starts at the same time count each other.
    Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)
    drafts = Application.objects.filter(call=call, organisation=organisation, state="draft").count()
    if drafts >= MAX_DRAFTS:
        raise Conflict(
            _("Your organisation has %(count)s drafts in this call. Withdraw one that you do not need.")
            % {"count": drafts},
            code="application.too_many_drafts",
        )
    now = clock.now()
    application = Application.objects.create(
        call=call,
        organisation=organisation,
        created_by=actor.person,
        created_at=now,
        saved_at=now,
        state_since=now,
    )
    StateChange.objects.create(application=application, at=now, state=application.state)
    return application


@action("scheme.save_draft", on="application")
def save_draft(actor: Actor, *, application: Application, **changes: Any) -> Application:
    """Save the parts given, finished or not; what is not given stays. Works whether or not the call is open.

    ``changes``: name_en, name_zh, summary_en, summary_zh, justification, funding_note (texts);
    starts_on (date or None); other_funding, declared (bool); organisation; team: {name, role, email} each;
    resources: {accelerator (code), count, months} each. The declaration is for what is submitted, so any
    other change undoes it. Raises Conflict when it is no draft any more, BadInput.
    """
    application = locked(application)
    expect(application, EDITABLE)
    unknown = changes.keys() - _SETTERS.keys()
    if unknown:
        raise TypeError(f"an application has no {sorted(unknown)}")
    if changes.keys() - {"declared"}:
        application.declared = False
    for name, value in changes.items():
        _SETTERS[name](actor, application, name, value)
    application.saved_at = clock.now()
    application.save()
    note(changed=sorted(changes))
    return application


def _set_line(_actor: Actor, application: Application, name: str, value: str) -> None:
    setattr(application, name, clean_line(value, field=name, limit=_LINES[name], required=False))


def _set_text(_actor: Actor, application: Application, name: str, value: str) -> None:
    setattr(application, name, clean_text(value, field=name, limit=_TEXTS[name]))


def _set_answer(_actor: Actor, application: Application, name: str, value: bool | None) -> None:
    if value is not None and not isinstance(value, bool):
        raise BadInput(_("Answer yes or no."), field=name)
    setattr(application, name, value)


def _set_declared(_actor: Actor, application: Application, _name: str, value: bool) -> None:
    application.declared = value is True


def _set_start(_actor: Actor, application: Application, name: str, value: Any) -> None:
    application.starts_on = a_date(value, field=name)


def _set_organisation(actor: Actor, application: Application, name: str, value: Organisation) -> None:
    if value == application.organisation:
        return
    if application.submitted_at is not None:
        raise Conflict(
            _("The organisation cannot change after an application was submitted."), code="application.state"
        )
    if not has_role(actor, value, WRITERS):
        raise Forbidden(_("You may not apply for this organisation. Ask one of its owners to make you a member."))
    note(before=application.organisation.uid, after=value.uid)
    application.organisation = value


def _set_team(_actor: Actor, application: Application, name: str, value: Sequence[dict[str, str]]) -> None:
    if len(value) > MAX_TEAM:
        raise BadInput(_("Name at most 50 people."), field=name)
    rows, seen = [], set()
    for given in value:
        texts = {
            key: clean_line(given.get(key) or "", field=name, limit=150, required=False) for key in ("name", "role")
        }
        email = clean_email(given["email"], field=name) if (given.get("email") or "").strip() else ""
        if email in seen:
            raise BadInput(_("The address %(email)s stands there twice.") % {"email": email}, field=name)
        if email:
            seen.add(email)
        if email or any(texts.values()):
            rows.append(TeamMember(application=application, email=email, **texts))
    application.team.all().delete()
    TeamMember.objects.bulk_create(rows)


def _set_resources(_actor: Actor, application: Application, name: str, value: Sequence[dict[str, Any]]) -> None:
    if len(value) > MAX_LINES:
        raise BadInput(_("Ask for at most 10 lines of accelerators."), field=name)
    prices = prices_of(application.call.price_list)
    rows = []
    for given in value:
        price = prices.get(given.get("accelerator"))
        if price is None:
            raise BadInput(_("Choose an accelerator from the call's price list."), field=name)
        rows.append(
            ResourceRequest(
                application=application,
                accelerator=price.meter.accelerator,
                count=whole(
                    given.get("count"),
                    field=name,
                    least=1,
                    most=MAX_COUNT,
                    ask=_("Say how many accelerators: a whole number from 1 to 100,000."),
                ),
                months=whole(
                    given.get("months"),
                    field=name,
                    least=1,
                    most=MAX_MONTHS,
                    ask=_("Say for how many months: a whole number from 1 to 36."),
                ),
            )
        )
    if len({row.accelerator_id for row in rows}) != len(rows):
        raise BadInput(_("The same accelerator stands there twice. Put it into one line."), field=name)
    application.resources.all().delete()
    ResourceRequest.objects.bulk_create(rows)


_SETTERS = {
    **dict.fromkeys(_LINES, _set_line),
    **dict.fromkeys(_TEXTS, _set_text),
    "other_funding": _set_answer,
    "starts_on": _set_start,
    "organisation": _set_organisation,
    "team": _set_team,
    "resources": _set_resources,
    "declared": _set_declared,
}


@action("scheme.submit_application", on="application")
def submit_application(
    actor: Actor, *, application: Application, declared: bool = False, declaration: str = ""
) -> Application:
    """Freeze a copy, give the number and tell everybody; also after a return for completion, once more.

    ``declared``: make the declaration with it, which is the one with the digest ``declaration``, or without one that
    of the reader's language. Raises Conflict when the call is not open (a draft; a returned one may be completed
    after closing), it was submitted already, or another declaration is in force by now; BadInput (``missing``) when
    incomplete.
    """
    application = locked(application)
    expect(application, EDITABLE)
    if application.state == "draft":
        _expect_open(application.call)
    application.declared = application.declared or declared is True
    said = declarations.made(declaration)
    gaps = completeness.missing(application)
    if gaps:
        raise BadInput(
            _("This is not complete yet: %(first)s") % {"first": gaps[0].text},
            code="application.incomplete",
            missing=[{"section": gap.section, "field": gap.field, "message": gap.text} for gap in gaps],
        )
    now = clock.now()
    move(application, "submitted")
    if application.number is None:
        application.number = next_number("A")
        application.submitted_at = now
    application.save()
    frozen = snapshot.take(application, actor.person, said)
    submission = Submission.objects.create(
        application=application,
        seq=application.submissions.count() + 1,
        at=now,
        by=actor.person,
        snapshot=frozen,
        digest=snapshot.digest(frozen),
    )
    if said.wording:
        accept_text(actor, wording=said.wording, occasion=Occasion.APPLICATION, about=application.number)
    note(number=application.number, digest=submission.digest, declaration=said.sha256)
    telling.tell(telling.applicants(application), RECEIVED, application)
    telling.tell(telling.secretariat(application), ARRIVED, application)
    return application


@action("scheme.withdraw", on="application")
def withdraw(actor: Actor, *, application: Application, reason: str = "") -> Application:
    """Take an application back before it is decided; for good. Raises Conflict, BadInput."""
    application = locked(application)
    expect(application, WITHDRAWABLE)
    reason = clean_text(reason, field="reason", limit=REASON_LIMIT)
    assessors = [
        review.assessor
        for review in Review.objects.filter(application=application, submitted_at=None).select_related("assessor")
        if review.is_current
    ]
    move(application, "withdrawn", reason)
    application.save()
    note(reason=reason)
    if application.submitted_at is not None:
        telling.tell([*telling.secretariat(application), *assessors], WITHDRAWN, application)
        telling.tell(telling.applicants(application), WITHDRAWN, application)
    return application
