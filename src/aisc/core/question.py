"""Questions that every page asks: Django makes their SQL once, and it is sent again with other values.

    _roles = Question(lambda person: CentreRole.objects.filter(person_id=person).values_list("role"))
    _roles(person.pk)                                                     # [("auditor",), …]

For a query that answers numbers and text in a few rows, making the SQL takes ten times as long as its answer does.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import QuerySet

# Values that no question has by itself, so that their places can be found among the parameters.
_NUMBER = 7_240_130_001
_TEXT = "aisc-question-{}"
_MOMENT = datetime(1901, 3, 7, 4, 5, 6, 789_012, tzinfo=UTC)


class Question:
    """``make`` gives a ``values_list`` for its values, which are numbers, text and moments.

    Its shape must not depend on them. Columns are answered as the driver has them: numbers and text alone.
    """

    def __init__(self, make: Callable[..., QuerySet]) -> None:
        self._make = make
        self._made: dict[tuple[Any, ...], tuple[str, list[tuple[bool, Any]]]] = {}

    def __call__(self, *values: Any) -> list[tuple[Any, ...]]:
        kinds = tuple(type(value) for value in values)
        made = self._made.get((connection.vendor, kinds))
        if made is None:
            made = self._made[connection.vendor, kinds] = self._compile(kinds)
        sql, places = made
        sent = [_as_sent(value) for value in values]
        with connection.cursor() as cursor:
            cursor.execute(sql, [sent[what] if given else what for given, what in places])
            return cursor.fetchall()

    def _compile(self, kinds: tuple[type, ...]) -> tuple[str, list[tuple[bool, Any]]]:
        marks = [_mark(kind, number) for number, kind in enumerate(kinds)]
        sql, params = self._make(*marks).query.sql_with_params()
        sent = [_as_sent(mark) for mark in marks]
        places = [(True, sent.index(each)) if each in sent else (False, each) for each in params]
        missing = set(range(len(marks))) - {what for given, what in places if given}
        if missing:
            raise ValueError(f"values {sorted(missing)} of the question are not among its parameters: {sql}")
        return sql, places


def _mark(kind: type, number: int) -> Any:
    if kind is int:
        return _NUMBER + number
    if kind is str:
        return _TEXT.format(number)
    if kind is datetime:
        return _MOMENT + timedelta(days=number)
    raise TypeError(f"a question cannot be asked of {kind.__name__}")


def _as_sent(value: Any) -> Any:
    return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value
