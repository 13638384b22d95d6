"""Which conditions an award is accepted under: the approved text in force when it is accepted."""

from __future__ import annotations

from typing import Any

from aisc.core.actions import Actor
from aisc.people import texts
from aisc.people.actions import accept_text
from aisc.people.models import TextAcceptance
from aisc.scheme.models import Award

CODE = texts.Code.AWARD_CONDITIONS


def announced() -> dict[str, Any] | None:
    """What a letter says about the conditions; None while the centre has published none."""
    text = texts.in_force(CODE)
    if text is None:
        return None
    digests = {each.language: each.digest for each in text.wordings.all() if each.approved_by_id}
    return {"version": text.version, "url": text.get_absolute_url(), "sha256": digests}


def accept(actor: Actor, award: Award, digest: str) -> None:
    """Write down which wording was accepted: the one that was on the page, or the reader's own (the API).

    Raises Conflict when another is in force by now.
    """
    shown = texts.to_accept(CODE)
    if shown is None:
        return
    wording = texts.accepted_now(CODE, digest) if digest else shown.wording
    accept_text(actor, wording=wording, occasion=texts.Occasion.AWARD, about=award.number)


def receipt(award: Award) -> TextAcceptance | None:
    """The conditions that an award was accepted under."""
    return texts.receipts(occasion=texts.Occasion.AWARD, about=award.number).first()
