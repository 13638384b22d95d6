"""Chinese written in the other script: 繁體 to 简体 and back, by OpenCC's Hong Kong tables.

Only characters and their phrases change (後來 → 后来, 皇后 stays); wording does not: 數據庫 becomes 数据库, and
伺服器 stays 伺服器 where a mainland writer says 服务器, since what people wrote stays what they wrote. The
interface's own texts are edited for each place instead (``locale/``). Persons' names are never converted: 范
and 範 are two surnames.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from opencc import OpenCC

_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")


def has_chinese(text: str) -> bool:
    """Whether ``text`` holds a Chinese character (punctuation alone is none)."""
    return not text.isascii() and _HAN.search(text) is not None


def simplified(text: str) -> str:
    """``text`` in 简体; the same object when there is nothing to change it for."""
    return _converter("hk2s").convert(text) if has_chinese(text) else text


def traditional(text: str) -> str:
    """``text`` in 繁體 as written in Hong Kong; the same object when there is nothing to change it for."""
    return _converter("s2hk").convert(text) if has_chinese(text) else text


def in_simplified(text: str) -> bool:
    """Whether ``text`` holds a character that is only ever written in 简体, such as 务."""
    return not text.isascii() and not simplified_only().isdisjoint(text)


@cache
def simplified_only() -> frozenset[str]:
    """The characters that belong to 简体 alone: in the mainland's character set, not in Taiwan's and Hong Kong's.

    后 and 里 are in both scripts, so they are not among them.
    """
    return frozenset(
        each for each in _characters_of("gb2312") if not _encodes(each, "big5") and traditional(each) != each
    )


@cache
def traditional_only() -> frozenset[str]:
    """The characters that belong to 繁體 alone, Hong Kong's own among them; 乾 and 著 are in both."""
    return frozenset(
        each for each in _characters_of("big5hkscs") if not _encodes(each, "gb2312") and simplified(each) != each
    )


def _characters_of(encoding: str) -> Iterator[str]:
    for lead in range(0x87, 0xFF):
        for trail in range(0x40, 0xFF):
            character = bytes((lead, trail)).decode(encoding, "ignore")
            if len(character) == 1 and has_chinese(character):
                yield character


def _encodes(character: str, encoding: str) -> bool:
    try:
        character.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


@cache
def _converter(table: str) -> OpenCC:
    # Reading a table takes milliseconds and memory, so each is read once. A converter holds no state of a
    # conversion: threads share it. Two threads that arrive first together read it twice, and one copy is kept.
    return OpenCC(table)
