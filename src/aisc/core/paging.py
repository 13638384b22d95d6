"""Numbered pages of lists that may have millions of rows.

Counting a million rows takes longer than showing fifty of them, so no more are counted than a reader would look
through: above ``COUNTED`` the list says "more than". Every further page can still be reached, one after the other.

Which rows a page has is asked first, and then what they show: with the tables that a line is made of in the question,
SQLite sorts all rows of all of them to find fifty.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest

ROWS = 50
COUNTED = 1_000
_AHEAD = 3  # pages that are known to follow one that lies beyond what is counted
_LAST = 2**31  # of the pages that can be asked for; what lies beyond is nonsense


def some(rows: QuerySet, first: int, last: int) -> list[Any]:
    """``rows[first:last]``, in two queries."""
    return _with(rows, list(rows.values_list("pk", flat=True)[first:last]))


def _with(rows: QuerySet, keys: list[Any]) -> list[Any]:
    found = {row.pk: row for row in rows.order_by().filter(pk__among=frozenset(keys))} if keys else {}
    return [found[key] for key in keys if key in found]


class Pages(Paginator):
    """A paginator that counts no further than it must. ``more``: there are more rows than ``count`` says."""

    def __init__(self, rows: QuerySet, size: int, number: str | None):
        super().__init__(rows, size)
        asked = int(number) if number and number.isascii() and number.isdigit() and len(number) < 10 else 1
        self._most = max(COUNTED, (min(asked, _LAST) + _AHEAD) * size)

    @cached_property
    def _keys(self) -> list[Any]:
        # As many as a page needs to know of, and one more: to count them, a database has to find them all the same.
        return list(self.object_list.values_list("pk", flat=True)[: self._most + 1])

    @cached_property
    def count(self) -> int:
        return min(len(self._keys), self._most)

    @property
    def more(self) -> bool:
        return len(self._keys) > self._most

    def page(self, number: int | str) -> Page:
        number = self.validate_number(number)
        first = (number - 1) * self.per_page
        return Page(_with(self.object_list, self._keys[first : min(first + self.per_page, self.count)]), number, self)


def page_of(request: HttpRequest, rows: QuerySet, *, size: int = ROWS, param: str = "page") -> Page:
    """The page of ``rows`` that ``?page=`` (or ``param``) asks for; the nearest one when there is no such page."""
    number = request.GET.get(param)
    return Pages(rows, size, number).get_page(number)
