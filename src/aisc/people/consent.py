"""What people agree to before something of theirs is shown in the public directory: the approved text in force.

Before a centre has one, it is the shipped example. Which text, version and language somebody agreed to, and its
SHA-256, are kept with each entry (``Listing``). Entries made under an older version stay until they are withdrawn.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from aisc.core.errors import BadInput, Conflict
from aisc.core.language import reader
from aisc.people import texts
from aisc.people.models_texts import ApprovedText, TextWording
from aisc.people.shipped import shipped

CODE = texts.Code.DIRECTORY_CONSENT
SHIPPED_VERSION = "2026-1"


@dataclass(frozen=True)
class Consent:
    """The text that is agreed to. The ``wording`` of the shipped example is no row: it has no key and no address."""

    version: str
    wording: TextWording
    notice: str = ""


def current() -> Consent:
    """What the reader is asked to agree to now, in their language or the nearest approved one."""
    found = texts.to_accept(CODE)
    return Consent(str(found.wording.text.version), found.wording, found.notice) if found else _shipped(reader())


def agreed(digest: str) -> Consent:
    """The text that was on the page, by its ``digest``. Raises BadInput when it is not the one in force by now."""
    try:
        if texts.to_accept(CODE):
            wording = texts.accepted_now(CODE, digest)
            return Consent(str(wording.text.version), wording)
        return next(each for each in map(_shipped, shipped(CODE)) if each.wording.digest == digest)
    except (Conflict, StopIteration):
        raise BadInput(
            _("Read the text and agree to it. If it has changed meanwhile, the new one is shown now."),
            field="agree",
            code="directory.consent",
        ) from None


def _shipped(language: str) -> Consent:
    title, body = shipped(CODE)[language]
    text = ApprovedText(code=CODE, version=0, illustrative=True)
    wording = TextWording(text=text, language=language, title=title, body=body)
    wording.digest = wording.computed_digest()
    return Consent(SHIPPED_VERSION, wording)
