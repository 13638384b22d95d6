"""Answering a question: what has that number, what is called so, what says so; each newest first.

Three questions to the index at most, whatever is asked, and one for each kind of thing on the page.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from aisc.core import language
from aisc.core.actions import Actor
from aisc.core.search import words
from aisc.core.search.database import find
from aisc.core.search.kinds import Kind, Shown, kinds, viewer_marks

MOST = 50
_AROUND = 60  # characters before the first found word
_SNIPPET = 240


@dataclass(frozen=True)
class Hit:
    """One result, ready to be shown: the words that were asked are marked."""

    kind: Kind
    row: Any
    shown: Shown
    title: SafeString
    snippet: SafeString

    @property
    def title_lang(self) -> str:
        """The ``lang`` of a title in another language than the page's."""
        return _lang(self.shown.title)

    @property
    def text_lang(self) -> str:
        """The same of the text."""
        return _lang(self.shown.text)


@dataclass(frozen=True)
class Answer:
    """A page of results; ``cursor`` goes on from its end, None at the end of all."""

    hits: list[Hit]
    cursor: str | None = None
    understood: bool = True  # False: there was no word in the question


def search(actor: Actor, question: str, *, kind: str = "", cursor: str = "", limit: int = 20) -> Answer:
    """What ``actor`` may see that ``question`` asks for. A cursor that is none of ours starts again."""
    asked = words.asked(question)
    if not asked:
        return Answer([], understood=False)
    limit = max(1, min(limit, MOST))
    marks = [f"_{mark}" for mark in viewer_marks(actor)]
    narrowed = [f"_k{kind}"] if kind in kinds() else []
    start, before = _place(cursor)
    tiers = _tiers(asked)
    found: list[tuple[int, int, str, int]] = []
    for tier, (every, beginnings) in enumerate(tiers):
        if tier >= start and len(found) <= limit:
            rows = find(
                ([*every, *narrowed], beginnings),
                one_of=marks,
                without=tiers[:tier],
                before=before if tier == start else None,
                limit=limit + 1 - len(found),
            )
            found += [(tier, *row) for row in rows]
    page, rest = found[:limit], found[limit:]
    following = f"{page[-1][0]}-{page[-1][1]}" if rest else None
    return Answer(_hits(actor, asked, page), following)


def _tiers(asked: words.Asked) -> list[tuple[list[str], list[str]]]:
    titled = ([f"={word}" for word in asked.exact], [f"={word}" for word in asked.beginnings])
    return [([f".{asked.key}"], []), titled, (list(asked.exact), list(asked.beginnings))]


def _place(cursor: str) -> tuple[int, int | None]:
    tier, _dash, entry = cursor.partition("-")
    if tier in ("0", "1", "2") and entry.isascii() and entry.isdigit() and len(entry) < 19:
        return int(tier), int(entry)
    return 0, None


def _hits(actor: Actor, asked: words.Asked, page: list[tuple[int, int, str, int]]) -> list[Hit]:
    """The rows of a page, as far as the rooms' own rules show them to the actor."""
    keys: dict[str, list[int]] = defaultdict(list)
    for _tier, _entry, slug, pk in page:
        keys[slug].append(pk)
    rows: dict[tuple[str, int], Any] = {}
    for slug, listed in keys.items():
        if (kind := kinds().get(slug)) is not None:
            seen = kind.rows(kind.visible(actor)).filter(pk__in=listed).select_related(*kind.related)
            rows |= {(slug, row.pk): row for row in seen}
    hits = []
    for _tier, _entry, slug, pk in page:
        if (row := rows.get((slug, pk))) is not None:
            shown = kinds()[slug].show(row)
            hits.append(Hit(kinds()[slug], row, shown, marked(shown.title, asked), snippet(shown.text, asked)))
    return hits


def _lang(text: str) -> str:
    code = language.foreign_to_reader(text)
    return language.tag(code) if code else ""


def marked(text: str, asked: words.Asked) -> SafeString:
    """``text`` for HTML, what was asked in ``<mark>``, in whichever script it is written."""
    pieces, last = [], 0
    for start, end in _places(text, asked):
        pieces += [escape(text[last:start]), "<mark>", escape(text[start:end]), "</mark>"]
        last = end
    return mark_safe("".join([*pieces, escape(text[last:])]))  # noqa: S308 - every piece is escaped above


def snippet(text: str, asked: words.Asked) -> SafeString:
    """The part of ``text`` around the first word that was asked, marked."""
    text = " ".join(text.split())
    places = _places(text[: words.LONGEST_TEXT], asked)
    start = max(0, places[0][0] - _AROUND) if places else 0
    cut = text[start : start + _SNIPPET]
    return mark_safe(("…" if start else "") + marked(cut, asked) + ("…" if start + _SNIPPET < len(text) else ""))  # noqa: S308


def _places(text: str, asked: words.Asked) -> list[tuple[int, int]]:
    """Where in ``text`` the words are, in order; those that touch are one."""
    plain = "".join(map(words.folded_character, text))
    found = []
    for run in asked.runs:
        at = plain.find(run)
        while at >= 0:
            # A Latin word is found by its beginning, not in the middle of another.
            if words.is_solid(run) or at == 0 or not plain[at - 1].isalnum() or words.is_solid(plain[at - 1]):
                found.append((at, at + len(run)))
            at = plain.find(run, at + len(run))
    apart: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if apart and start <= apart[-1][1]:
            apart[-1] = (apart[-1][0], max(end, apart[-1][1]))
        else:
            apart.append((start, end))
    return apart
