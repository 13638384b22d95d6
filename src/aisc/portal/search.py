"""The search page, its box in the header, and the search of the API."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET
from ninja import Field, Query, Router, Schema

from aisc.core.actions import Actor
from aisc.core.search.asking import Answer, search
from aisc.core.search.kinds import kinds

router = Router(tags=["search"])
LONGEST = 300
# What somebody who is not signed in can find anything of.
PUBLIC_KINDS = ("directory", "call", "accelerator", "price-list")


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """``/search?q=…&kind=…``: what the reader may see, the number first, then names, then texts; the newest first."""
    question = request.GET.get("q", "")[:LONGEST].strip()
    kind = request.GET.get("kind", "")
    kind = kind if kind in kinds() else ""
    answer = search(request.actor, question, kind=kind, cursor=request.GET.get("from", "")) if question else Answer([])
    context = {
        "question": question,
        "kind": kind,
        "kind_label": str(kinds()[kind].label) if kind else "",
        "answer": answer,
        "tabs": _tabs(request.actor, question, kind),
        "older_url": _address(question, kind, answer.cursor) if answer.cursor else "",
        "first_url": _address(question, kind) if request.GET.get("from") else "",
        "everywhere_url": _address(question, ""),
    }
    return render(request, "portal/search.html", context)


def _tabs(actor: Actor, question: str, current: str) -> list[dict[str, Any]]:
    shown = [slug for slug in kinds() if actor.person is not None or slug in PUBLIC_KINDS]
    items = [("", _("Everything")), *((slug, kinds()[slug].label) for slug in shown)]
    return [{"label": label, "url": _address(question, slug), "current": slug == current} for slug, label in items]


def _address(question: str, kind: str, cursor: str = "") -> str:
    given = {"q": question, "kind": kind, "from": cursor}
    return f"{reverse('portal:search')}?{urlencode({name: value for name, value in given.items() if value})}"


class FoundOut(Schema):
    """One thing that was found."""

    kind: str = Field(examples=["project"])
    title: str = Field(examples=["粵語語音辨識"])
    text: str = Field(description="The part of its text where the words are.", examples=["Speech recognition for …"])
    detail: str = Field(description="Its number, project or organisation.", examples=["Harbour University"])
    url: str = Field(description="Its page; empty when it has none.", examples=["/projects/prj-7h2k9f3m5q1x/"])


class FoundPage(Schema):
    """A page of results; ask again with ``cursor=next`` until ``next`` is null."""

    items: list[FoundOut]
    next: str | None


class Question(Schema):
    """What is asked."""

    q: str = Field(
        description="Words in any order, English or Chinese in either script, or a number.",
        max_length=LONGEST,
        examples=["粵語 speech"],
    )
    kind: str = Field("", description="One kind alone, such as project or job.", max_length=40)
    cursor: str = Field("", description="The “next” of the page before.", max_length=40)
    limit: int = Field(20, ge=1, le=50)


@router.get("/search", response=FoundPage, summary="Search everything that you may see")
def find(request: HttpRequest, query: Query[Question]) -> dict[str, Any]:
    """The thing with exactly that number first, then those called so, then those that say so; each newest first."""
    answer = search(request.actor, query.q, kind=query.kind, cursor=query.cursor, limit=query.limit)
    items = [
        {
            "kind": hit.kind.slug,
            "title": hit.shown.title,
            "text": hit.shown.text[:240],
            "detail": hit.shown.detail,
            "url": hit.shown.url,
        }
        for hit in answer.hits
    ]
    return {"items": items, "next": answer.cursor}
