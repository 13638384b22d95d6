"""Text as the words it is found by: one form for every way of writing the same.

Width and compatibility forms (NFKC), case and accents are folded, Chinese is brought to 简体. A Latin word is found
by its beginnings; Chinese, which is written without spaces, by each character and each pair of neighbours, so that
語音 is found in 粵語語音辨識. The words of a question may come in any order, as the parts of a name do.

The first character of an index word says what it is: none for text, ``=`` for a title, ``.`` for a whole number or
uid, ``_`` for who may see it and what kind it is. Nobody can type those: they are left out of what is asked.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from aisc.core.chinese import simplified

LONGEST_TEXT = 1_500  # characters of each text; what comes later is not found
LONGEST_WORD = 40
MOST_ASKED = 10

# Scripts written without spaces: Han, kana, hangul.
_SOLID = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_RUNS = re.compile(f"[{_SOLID}]+|[^\\W_{_SOLID}]+")
_IS_SOLID = re.compile(f"[{_SOLID}]")


def folded(text: str) -> str:
    """``text`` in the one form that is compared."""
    if not text.isascii():
        text = simplified(unicodedata.normalize("NFKC", text))
        text = "".join(each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each))
    return text.casefold()


@lru_cache(maxsize=65_536)
def folded_character(character: str) -> str:
    """One character in that form, as one character, so that places in the text stay what they are."""
    return folded(character)[:1] or character


def runs(text: str) -> list[str]:
    """The Latin words and the runs of Chinese in ``text``, folded."""
    return _RUNS.findall(folded(text))


def is_solid(run: str) -> bool:
    """Whether a run is of a script without spaces."""
    return _IS_SOLID.match(run) is not None


def index_words(text: str) -> list[str]:
    """Every word that ``text`` is found by."""
    found: dict[str, None] = {}
    for run in runs(text[:LONGEST_TEXT]):
        if not is_solid(run):
            found[run[:LONGEST_WORD]] = None
            continue
        found |= dict.fromkeys(run)
        found |= dict.fromkeys(run[n : n + 2] for n in range(len(run) - 1))
    return list(found)


def key(text: str) -> str:
    """A number or uid without its hyphens and spaces: A-2026-0007 is found as a20260007."""
    return "".join(_RUNS.findall(folded(text)))[:LONGEST_WORD]


def tokens(*, title: Iterable[str], body: Iterable[str], keys: Iterable[str], marks: Iterable[str]) -> str:
    """The words of a row of the index, separated by spaces. ``marks`` say who may see it and what it is."""
    found: dict[str, None] = {}
    for text in title:
        for word in index_words(text):
            found[f"={word}"] = found[word] = None
    for text in body:
        found |= dict.fromkeys(index_words(text))
    for text in keys:
        if text:
            found[f".{key(text)}"] = None
            found |= dict.fromkeys(index_words(text))
    found |= {f"_{mark}": None for mark in marks}
    return " ".join(found)


@dataclass(frozen=True)
class Asked:
    """What was asked: ``exact`` words (pairs and characters of Chinese), ``beginnings`` of Latin words, the whole
    as a ``key``, and the ``runs`` to mark in what is shown."""

    exact: tuple[str, ...]
    beginnings: tuple[str, ...]
    key: str
    runs: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.exact or self.beginnings)


def asked(text: str) -> Asked:
    """A question in words; of a very long one the first :data:`MOST_ASKED` runs."""
    found = list(dict.fromkeys(runs(text[:300])))[:MOST_ASKED]
    exact: dict[str, None] = {}
    beginnings = []
    for run in found:
        if is_solid(run):
            exact |= dict.fromkeys([run] if len(run) == 1 else [run[n : n + 2] for n in range(len(run) - 1)])
        elif len(run) == 1:
            exact[run] = None  # the beginning of half of all words
        else:
            beginnings.append(run[:LONGEST_WORD])
    return Asked(tuple(exact), tuple(beginnings), key(text[:300]), tuple(found))
