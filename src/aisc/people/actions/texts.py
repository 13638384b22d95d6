"""Approved texts: drafted, approved language by language, published, withdrawn; and accepted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from django.conf import settings
from django.db.models import Max
from django.utils.translation import gettext as _

from aisc.core import clock
from aisc.core.actions import Actor, action, note
from aisc.core.errors import BadInput, Conflict, Forbidden
from aisc.people.models_texts import ApprovedText, TextAcceptance, TextWording
from aisc.people.shipped import shipped
from aisc.people.states_texts import TEXT
from aisc.people.text import clean_line, clean_text

BODY_LIMIT = 60_000
Wordings = Mapping[str, tuple[str, str]]  # language: (title, body)


@action("people.draft_text")
def draft_text(
    actor: Actor, *, code: str, effective_on: date, wordings: Wordings, illustrative: bool = False
) -> ApprovedText:
    """Begin the next version of a text. Raises BadInput."""
    if code not in ApprovedText.Code.values:
        raise BadInput(_("Choose one of the texts."), field="code")
    # Drafts begun at once wait for each other at the versions that there are.
    list(ApprovedText.objects.select_for_update(no_key=True).filter(code=code).order_by("pk"))
    latest = ApprovedText.objects.filter(code=code).aggregate(latest=Max("version"))["latest"] or 0
    text = ApprovedText.objects.create(
        code=code,
        version=latest + 1,
        effective_on=effective_on,
        illustrative=illustrative,
        drafted_by=actor.person,
        drafted_at=clock.now(),
    )
    _write(actor, text, wordings)
    return text


@action("people.edit_text", on="text")
def edit_text(
    actor: Actor, *, text: ApprovedText, effective_on: date, wordings: Wordings, illustrative: bool = False
) -> ApprovedText:
    """Change a draft. What is worded otherwise has to be approved again. Raises BadInput; Conflict once published."""
    text = _locked_draft(text)
    text.effective_on, text.illustrative = effective_on, illustrative
    text.save()
    _write(actor, text, wordings)
    return text


def _write(actor: Actor, text: ApprovedText, wordings: Wordings) -> None:
    given = {language: parts for language, parts in wordings.items() if any(part.strip() for part in parts)}
    if unknown := set(given) - set(dict(settings.LANGUAGES)):
        raise BadInput(_("Choose one of the languages."), field=f"body_{min(unknown)}")
    if not given:
        raise BadInput(_("Write the text in at least one language."), field="body_en")
    kept = {each.language: each for each in text.wordings.select_for_update(no_key=True)}
    for language, (title, body) in given.items():
        title = clean_line(title, field=f"title_{language}", limit=200)
        body = clean_text(body, field=f"body_{language}", limit=BODY_LIMIT)
        if not body:
            raise BadInput(_("Fill this in."), field=f"body_{language}")
        wording = kept.get(language) or TextWording(text=text, language=language)
        if (wording.title, wording.body) == (title, body):
            continue
        wording.title, wording.body, wording.digest = title, body, ""
        wording.digest = wording.computed_digest()
        wording.written_by, wording.written_at = actor.person, clock.now()
        wording.approved_by = wording.approved_at = None
        wording.save()
    text.wordings.exclude(language__in=given).delete()


@action("people.approve_text", on="wording")
def approve_text(actor: Actor, *, wording: TextWording) -> TextWording:
    """Approve one language of a draft. Raises Conflict, or Forbidden for who wrote it."""
    text = _locked_draft(wording.text)
    wording = TextWording.objects.select_for_update(no_key=True).get(pk=wording.pk)
    if actor.person == wording.written_by:
        raise Forbidden(_("Who wrote a text does not approve it. Ask somebody else."))
    wording.approved_by, wording.approved_at = actor.person, clock.now()
    wording.save()
    note(target=text, language=wording.language, digest=wording.digest)
    return wording


@action("people.publish_text", on="text")
def publish_text(actor: Actor, *, text: ApprovedText) -> ApprovedText:
    """Put a draft into force from its day on. Raises Conflict, BadInput, or Forbidden for who drafted it."""
    text = _locked_draft(text)
    if actor.person == text.drafted_by:
        raise Forbidden(_("Who drafted a text does not publish it. Ask somebody else."))
    if text.wordings.filter(approved_by=None).exists():
        raise Conflict(_("Each language has to be approved first; take out the one that is not to be published."))
    if text.effective_on < clock.today():
        raise Conflict(_("A text takes effect today at the earliest. Change its day first."), code="text.past")
    TEXT.move(text, "published")
    text.published_by, text.published_at = actor.person, clock.now()
    text.save()
    note(effective_on=text.effective_on.isoformat(), digests=dict(text.wordings.values_list("language", "digest")))
    return text


@action("people.discard_text", on="text")
def discard_text(actor: Actor, *, text: ApprovedText) -> ApprovedText:
    """Give up a draft; its number is not used again. Raises Conflict once it is published."""
    text = _locked_draft(text)
    TEXT.move(text, "discarded")
    text.save()
    return text


@action("people.withdraw_text", on="text")
def withdraw_text(actor: Actor, *, text: ApprovedText, reason: str) -> ApprovedText:
    """Take a published version out of force; the one before it is in force again. Raises Conflict, BadInput."""
    reason = clean_line(reason, field="reason", limit=500)
    text = ApprovedText.objects.select_for_update(no_key=True).get(pk=text.pk)
    TEXT.move(text, "withdrawn")
    text.withdrawn_at, text.withdrawn_because = clock.now(), reason
    text.save()
    note(reason=reason)
    return text


@action("people.accept_text", on="wording")
def accept_text(actor: Actor, *, wording: TextWording, occasion: str, about: str = "") -> TextAcceptance:
    """Write down that the actor accepted this wording, on this occasion; the receipt says what and when."""
    return TextAcceptance.objects.create(
        wording=wording,
        person=actor.person,
        at=clock.now(),
        occasion=occasion,
        about=about,
        digest=wording.digest,
    )


def publish_shipped(drafter: Actor, approver: Actor) -> list[ApprovedText]:
    """Put the illustrative texts that come with AISC into force: for a demonstration, or to see how it works."""
    made = []
    for code in ApprovedText.Code.values:
        text = draft_text(drafter, code=code, effective_on=clock.today(), wordings=shipped(code), illustrative=True)
        for wording in text.wordings.all():
            approve_text(approver, wording=wording)
        made.append(publish_text(approver, text=text))
    return made


def accepted_by_newcomer(person_id: int, about: str) -> None:
    """What was accepted when this sign-up was asked for, was accepted by the person that it became."""
    TextAcceptance.objects.filter(person=None, about=about).update(person_id=person_id)


def _locked_draft(text: ApprovedText) -> ApprovedText:
    text = ApprovedText.objects.select_for_update(no_key=True).get(pk=text.pk)
    if text.state != "draft":
        raise Conflict(_("Only a draft can be changed. Begin a new version instead."), code="text.state")
    return text
