"""What applicants declare: the approved text in force, or, before a centre has one, the shipped example."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from aisc.core.errors import Conflict
from aisc.core.language import reader
from aisc.people import texts
from aisc.people.models_texts import TextWording
from aisc.people.shipped import shipped

CODE = texts.Code.DECLARATION
SHIPPED_VERSION = "2026-1"


@dataclass(frozen=True)
class Declaration:
    """The lines that are declared, and which text they are. ``wording`` is None for the shipped example."""

    version: str
    language: str
    lines: tuple[str, ...]
    sha256: str
    wording: TextWording | None = None
    notice: str = ""

    def frozen(self) -> dict[str, Any]:
        """For the copy of the application that is kept."""
        said = {"version": self.version, "language": self.language, "lines": list(self.lines), "sha256": self.sha256}
        return said | ({"text": texts.reference(self.wording)} if self.wording else {})


def current() -> Declaration:
    """What the reader is asked to declare now, in their language or the nearest approved one."""
    found = texts.to_accept(CODE)
    return _of(found.wording, found.notice) if found else _shipped(reader())


def made(digest: str) -> Declaration:
    """The declaration that was on the page, by its digest; the reader's own when none is given (the API).

    Raises Conflict when another text is in force by now: it has to be read first.
    """
    if not digest:
        return current()
    if texts.to_accept(CODE):
        return _of(texts.accepted_now(CODE, digest))
    found = next((each for each in map(_shipped, shipped(CODE)) if each.sha256 == digest), None)
    if found is None:
        raise Conflict(_("The declaration has changed. Read it again, then make it."), code="text.replaced")
    return found


def _of(wording: TextWording, notice: str = "") -> Declaration:
    return Declaration(
        version=str(wording.text.version),
        language=wording.language,
        lines=_lines(wording.body),
        sha256=wording.digest,
        wording=wording,
        notice=notice,
    )


def _shipped(language: str) -> Declaration:
    title, body = shipped(CODE)[language]
    digest = hashlib.sha256(f"{title}\n\n{body}\n".encode()).hexdigest()
    return Declaration(SHIPPED_VERSION, language, _lines(body), digest)


def _lines(body: str) -> tuple[str, ...]:
    return tuple(line.removeprefix("- ") for line in body.split("\n") if line.strip())
