"""The reader's language: which of a thing's texts to show, and what goes into a ``lang`` attribute.

    in_reader_language(call.name_en, call.name_zh)

The database holds English and Chinese, the Chinese as its author typed it. A reader of 简体 is shown it in
简体, and a reader of 繁體 is shown what was typed in 简体 in 繁體 (``core.chinese``); what is already in the
reader's script stays as its author wrote it. Persons' names never go through here: nobody's name is converted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import get_language

from aisc.core.chinese import has_chinese, in_simplified, simplified, traditional

ENGLISH, HANT, HANS = "en", "zh-hant", "zh-hans"
# Four words in a row.
_SENTENCE = re.compile(r"(?:\b[A-Za-z][a-z'’]*[ ,;:.]+){3}[A-Za-z]")
_TAGS = {ENGLISH: "en-HK", HANT: "zh-Hant-HK", HANS: "zh-Hans-CN"}
NAMES = {ENGLISH: "English", HANT: "繁體中文", HANS: "简体中文"}


def reader() -> str:
    """The code of the active language: ``en``, ``zh-hant`` or ``zh-hans``."""
    active = (get_language() or ENGLISH).lower()
    return active if active in _TAGS else ENGLISH


def reads_chinese() -> bool:
    return reader() != ENGLISH


def in_reader_language(en: str, zh: str, hans: str = "") -> str:
    """``en`` or ``zh`` as the reader reads; the other one where it is missing.

    ``hans`` is the text in 简体 by its own author, shown instead of a conversion.
    """
    if not reads_chinese():
        return en or zh
    if hans and reader() == HANS:
        return hans
    return in_reader_script(zh or en)


def joined(words: Iterable[Any]) -> str:
    """``words`` as a list in the reader's language: “a, b” in English, “甲、乙” in Chinese."""
    return ("、" if reads_chinese() else ", ").join(str(each) for each in words)


def chosen(row: Mapping[str, Any], name: str = "name") -> str:
    """:func:`in_reader_language` of a row of JSON with ``{name}_en``, ``{name}_zh`` and perhaps ``{name}_hans``."""
    return in_reader_language(*(row.get(f"{name}_{each}") or "" for each in ("en", "zh", "hans")))


def in_reader_script(text: str) -> str:
    """Chinese in the reader's script; unchanged for readers of English, and where it already is."""
    language = reader()
    if language == HANS:
        return simplified(text)
    if language == HANT and in_simplified(text):
        return traditional(text)
    return text


def tag(code: str) -> str:
    """What goes into a ``lang`` attribute: ``zh-hant`` becomes ``zh-Hant-HK``."""
    return _TAGS.get((code or ENGLISH).lower(), code or ENGLISH)


def language_of(text: str) -> str:
    """The language that ``text`` is in, as far as its characters say: Chinese is 繁體 unless it shows itself 简体."""
    if not has_chinese(text):
        return ENGLISH
    return HANS if in_simplified(text) else HANT


def foreign_to_reader(text: str) -> str:
    """The language of ``text`` where the page must name it (its ``lang``), else “”.

    Chinese on an English page, Chinese with characters of the other script on a Chinese page, and what reads like
    English there: four words and more. Fewer are names and terms, which Chinese writes so.
    """
    if not has_chinese(text):
        return ENGLISH if _SENTENCE.search(text) and reads_chinese() else ""
    language, reads = language_of(text), reader()
    if reads == language or (reads == HANS and simplified(text) == text):
        return ""
    return language
