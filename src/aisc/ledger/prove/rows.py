"""Reading millions of rows beside each other, each table once and in order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Row = tuple[Any, ...]


class Groups:
    """A stream of rows ordered by their first column, handed out group by group in step with another stream."""

    def __init__(self, rows: Iterator[Row]):
        self._rows = rows
        self._next: Row | None = next(rows, None)

    def take(self, key: int) -> Iterator[Row]:
        """The rows of ``key``; to be read to the end before the next call."""
        while self._next is not None and self._next[0] == key:
            row, self._next = self._next, next(self._rows, None)
            yield row

    def before(self, key: int | None) -> Iterator[Row]:
        """Rows of keys smaller than ``key`` (of all that are left, for None): those that nobody asks for."""
        while self._next is not None and (key is None or self._next[0] < key):
            row, self._next = self._next, next(self._rows, None)
            yield row


class Bits:
    """A set of row numbers, an eighth of a byte each."""

    def __init__(self, most: int):
        self._bytes = bytearray((most >> 3) + 1)

    def add(self, number: int) -> bool:
        """Put ``number`` in; whether it was there before."""
        place, bit = number >> 3, 1 << (number & 7)
        before = self._bytes[place] & bit
        self._bytes[place] |= bit
        return bool(before)

    def __contains__(self, number: int) -> bool:
        return bool(self._bytes[number >> 3] & (1 << (number & 7)))
