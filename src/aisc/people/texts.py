"""Approved texts as readers need them: the one in force, in their language where it was approved in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from aisc.core import access, clock
from aisc.core.actions import Actor
from aisc.core.errors import Conflict, NotFound
from aisc.core.language import ENGLISH, HANS, HANT, NAMES, reader
from aisc.people.models_texts import ApprovedText, TextAcceptance, TextWording

Code = ApprovedText.Code
Occasion = TextAcceptance.Occasion

# Which approved language is shown to a reader whose own is missing.
INSTEAD = {ENGLISH: (ENGLISH, HANT, HANS), HANT: (HANT, HANS, ENGLISH), HANS: (HANS, HANT, ENGLISH)}


@dataclass(frozen=True)
class Shown:
    """A wording as one reader is shown it; ``missing`` when their own language was not approved."""

    wording: TextWording
    missing: bool

    @property
    def notice(self) -> str:
        """Says which language is shown instead of the reader's; “” when it is theirs."""
        if not self.missing:
            return ""
        return _("This version was not approved in your language. You see the approved text in: %(language)s.") % {
            "language": NAMES[self.wording.language]
        }


def in_force(code: str, on: date | None = None) -> ApprovedText | None:
    """The version of ``code`` that is in force (today), or None."""
    return (
        ApprovedText.objects.filter(code=code, state="published", effective_on__lte=on or clock.today())
        .order_by("-effective_on", "-version")
        .prefetch_related("wordings")
        .first()
    )


def shown(text: ApprovedText, language: str = "") -> Shown:
    """``text`` in ``language`` (the reader's), or in the nearest language that it was approved in."""
    wanted = language or reader()
    approved = {each.language: each for each in text.wordings.all() if each.approved_by_id}
    found = next(approved[each] for each in INSTEAD[wanted] if each in approved)
    return Shown(found, missing=found.language != wanted)


def to_accept(code: str) -> Shown | None:
    """The wording that the reader is asked to accept now; None when the centre has no such text in force."""
    text = in_force(code)
    return shown(text) if text else None


def accepted_now(code: str, digest: str) -> TextWording:
    """The wording that was shown and accepted, by its ``digest``. Raises Conflict when it is no longer in force."""
    text = in_force(code)
    found = text and next((each for each in text.wordings.all() if each.approved_by_id and each.digest == digest), None)
    if not found:
        raise Conflict(
            _("The text that you accepted is not the one in force now. Read it again, then accept it."),
            code="text.replaced",
        )
    return found


def version(actor: Actor, code: str, number: int) -> ApprovedText:
    """A version of a text; drafts only for those who may see them. Raises NotFound."""
    found = ApprovedText.objects.filter(code=code, version=number).prefetch_related("wordings__written_by").first()
    if found is None:
        raise NotFound
    access.require(actor, "people.view_text", found)
    return found


def versions() -> QuerySet[ApprovedText]:
    """Every version, drafts included; for those who may see them."""
    return ApprovedText.objects.select_related("drafted_by", "published_by").prefetch_related(
        "wordings__written_by", "wordings__approved_by"
    )


def receipts(**about: Any) -> QuerySet[TextAcceptance]:
    """Acceptances with their wording and text."""
    return TextAcceptance.objects.filter(**about).select_related("wording__text", "person")


def reference(wording: TextWording) -> dict[str, Any]:
    """What a letter, a snapshot or an answer of the API says about a wording: enough to find and to prove it."""
    return {
        "code": wording.text.code,
        "version": wording.text.version,
        "language": wording.language,
        "title": wording.title,
        "sha256": wording.digest,
        "url": wording.get_absolute_url(),
        "illustrative": wording.text.illustrative,
    }


def url_of(code: str) -> str:
    """Where the version in force is read."""
    return reverse("people:text", args=[code])


def digest_given(data: Mapping[str, Any]) -> str:
    """The digest that a form or a link carries along, of the text that was on the page."""
    return str(data.get("text", ""))[:64]
