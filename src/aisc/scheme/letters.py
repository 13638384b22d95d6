"""The decision letter: what it says is frozen when the decision is made; how it looks is made when it is read."""

from __future__ import annotations

import secrets
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings

from aisc.core import clock, typeset
from aisc.core.ids import ALPHABET
from aisc.core.money import format_cents, share
from aisc.scheme.conditions import announced
from aisc.scheme.costs import tenths, weighted_total
from aisc.scheme.models import Application, Award, Decision, Letter, Review, Submission
from aisc.scheme.rules import HOURS_PER_MONTH

TEMPLATE = Path(__file__).parent / "documents" / "letter.typ"


def new_code() -> str:
    """A verification code: 60 random bits as ``xxxx-xxxx-xxxx``, in letters that do not look alike."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(12))
    return "-".join((letters[:4], letters[4:8], letters[8:]))


def plain_code(typed: str) -> str:
    """A code as it is stored, of what somebody typed: any case, with or without hyphens and spaces."""
    kept = "".join(character for character in typed.lower() if character in ALPHABET)[:13]
    return "-".join((kept[:4], kept[4:8], kept[8:]))


def content(
    application: Application, submission: Submission, review: Review, decision: Decision, award: Award | None
) -> dict[str, Any]:
    """All that the letter of ``decision`` says, for ``Letter.content``. Money in cents, shares in basis points."""
    said = submission.snapshot
    criteria = said["call"]["criteria"]
    scheme = share(decision.ceiling, decision.scheme_bps)
    return {
        "version": 1,
        "outcome": decision.outcome,
        "reference": award.number if award else application.number,
        "application": application.number,
        "issued": clock.today().isoformat(),
        "call": {"name_en": said["call"]["name_en"], "name_zh": said["call"]["name_zh"]},
        "organisation": {key: said["organisation"][key] for key in ("name_en", "name_zh", "address")},
        "name_en": said["name_en"],
        "name_zh": said["name_zh"],
        "requested_cents": said["list_cents"],
        "currency": said["currency"],
        "price_list": said["price_list"],
        "hours_per_month": HOURS_PER_MONTH,
        "illustrative": said["call"]["illustrative"],
        "reasons": decision.reasons,
        "scores": [
            {
                "name_en": criterion["name_en"] or criterion["name_zh"],
                "name_zh": criterion["name_zh"] or criterion["name_en"],
                "weight": criterion["weight"],
                "score": review.scores[criterion["code"]],
            }
            for criterion in criteria
        ],
        "total_tenths": weighted_total(criteria, review.scores),
        **(
            {
                "scheme_bps": decision.scheme_bps,
                "exceptional_reason": decision.exceptional_reason,
                "ceiling": decision.ceiling,
                "scheme_cents": scheme,
                "applicant_cents": decision.ceiling - scheme,
                "months": decision.months,
                "starts_on": said["starts_on"],
                "accept_by": award.accept_by.isoformat(),
                **({"conditions": conditions} if (conditions := announced()) else {}),
            }
            if award
            else {}
        ),
    }


def percent(bps: int) -> str:
    """``7000`` as ``70%``, ``6250`` as ``62.5%``."""
    text = f"{bps // 100}.{bps % 100:02d}".rstrip("0").rstrip(".")
    return f"{text}%"


def pdf(letter: Letter, *, copy: bool = False) -> bytes:
    """The letter as PDF, both languages side by side. Slow (some 50 ms): never inside a transaction."""
    return typeset.pdf(TEMPLATE, page_data(letter), copy=copy)


def page_data(letter: Letter) -> dict[str, Any]:
    """What the template is given: the frozen content with its amounts and dates written out."""
    said = letter.content
    approved = said["outcome"] == Decision.Outcome.APPROVED
    data = {
        "letter": typeset.letter_data(
            reference=said["reference"],
            issued=date.fromisoformat(said["issued"]),
            title_en="Offer of an award" if approved else "Result of your application",
            title_zh="撥款通知書" if approved else "申請結果通知書",
            code=letter.code,
            illustrative=said["illustrative"],
        ),
        **{key: said[key] for key in ("outcome", "application", "call", "organisation", "name_en", "name_zh")},
        **{key: said[key] for key in ("reasons", "price_list", "hours_per_month", "scores")},
        "requested": format_cents(said["requested_cents"], said["currency"]),
        "total": tenths(said["total_tenths"]),
    }
    if approved:
        start, accept_by = date.fromisoformat(said["starts_on"]), date.fromisoformat(said["accept_by"])
        data |= {
            "rate": percent(said["scheme_bps"]),
            "applicant_rate": percent(10_000 - said["scheme_bps"]),
            "exceptional_reason": said["exceptional_reason"],
            "months": said["months"],
            "start_en": typeset.date_en(start),
            "start_zh": typeset.date_zh(start),
            "accept_by_en": typeset.date_en(accept_by),
            "accept_by_zh": typeset.date_zh(accept_by),
        }
        if terms := said.get("conditions"):
            data["conditions"] = terms | {"url": settings.PUBLIC_URL.rstrip("/") + terms["url"]}
        for key, name in (("ceiling", "ceiling"), ("scheme_cents", "scheme"), ("applicant_cents", "applicant")):
            data[name] = format_cents(said[key], said["currency"])
    return data
