"""Approved texts in the API: read by everybody. No ``from __future__ import annotations``: ninja reads them."""

from datetime import date, datetime

from django.conf import settings
from django.http import HttpRequest
from ninja import Field, Router, Schema

from aisc.core.errors import NotFound
from aisc.people import texts
from aisc.people.models_texts import ApprovedText

router = Router(tags=["people"])


class WordingOut(Schema):
    language: str = Field(examples=["zh-hant"])
    title: str = Field(examples=["使用條款"])
    body: str
    sha256: str = Field(description="Of the text file at `url` with `.txt`; send it back to accept this wording")
    approved_at: datetime | None
    url: str


class TextOut(Schema):
    code: str = Field(examples=["terms"])
    version: int
    effective_on: date
    state: str = Field(examples=["published"])
    illustrative: bool
    shown: str = Field(description="Which of the languages the caller is shown", examples=["zh-hant"])
    wordings: list[WordingOut]

    @classmethod
    def of(cls, text: ApprovedText) -> "TextOut":
        root = settings.PUBLIC_URL.rstrip("/")
        wordings = list(text.wordings.all())
        approved = any(each.approved_by_id for each in wordings)
        return cls(
            code=text.code,
            version=text.version,
            effective_on=text.effective_on,
            state=text.state,
            illustrative=text.illustrative,
            shown=texts.shown(text).wording.language if approved else "",
            wordings=[
                WordingOut(
                    language=each.language,
                    title=each.title,
                    body=each.body,
                    sha256=each.digest,
                    approved_at=each.approved_at,
                    url=root + each.get_absolute_url(),
                )
                for each in wordings
            ],
        )


@router.get("/texts/{code}", response=TextOut, auth=None, summary="An approved text, as it is in force")
def text(request: HttpRequest, code: str):
    """`terms`, `privacy`, `award-conditions`, `declaration-of-truth` or `directory-consent`; 404 when none is."""
    found = texts.in_force(code)
    if found is None:
        raise NotFound
    return TextOut.of(found)


@router.get("/texts/{code}/{version}", response=TextOut, auth=None, summary="One version of an approved text")
def text_version(request: HttpRequest, code: str, version: int):
    return TextOut.of(texts.version(request.actor, code, version))
