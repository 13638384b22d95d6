"""Questions that every page asks: Django makes their SQL once, and it is sent again with other values.

    _roles = Question(lambda person: CentreRole.objects.filter(person_id=person).values_list("role"))
    _roles(person.pk)                                                     # [("auditor",), …]

Making the SQL of a question takes several times as long as its answer, so what is asked again and again, in the
same shape, is made once. The answer is what the query set would have given: objects, with what ``select_related``
and ``only`` say, or the tuples of ``values_list``. This follows ``django.db.models.query.ModelIterable``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import QuerySet
from django.db.models.query import ModelIterable, get_related_populators

from aisc.core import clock

# Values that no question has by itself, so that their places can be found among the parameters.
_NUMBER = 1_240_130_001
_TEXT = "aisc-question-{}"
_MOMENT = datetime(1901, 3, 7, 4, 5, 6, 789_012, tzinfo=UTC)
_NOW = datetime(1902, 3, 7, 4, 5, 6, 789_012, tzinfo=UTC)
_TIME = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True)
class _Made:
    """``pieces`` of SQL, between them the parameters: the number of a value, "now", or (itself,)."""

    pieces: list[str]
    places: list[int | str | tuple[Any]]
    read: Callable[[list[tuple[Any, ...]]], list[Any]]


class Question:
    """``make`` gives a query set for its values: numbers, text, moments, days, and frozensets for ``__among``.

    Its shape must not depend on them. What ``clock.now()`` says is asked anew each time; a moment or day that is
    computed from it must be a value.
    """

    def __init__(self, make: Callable[..., QuerySet]) -> None:
        self._make = make
        self._made: dict[tuple[Any, ...], _Made | None] = {}

    def __call__(self, *values: Any) -> list[Any]:
        key = (connection.vendor, *((type(value), value == frozenset()) for value in values))
        if key not in self._made:
            self._made[key] = self._compile(values)
        made = self._made[key]
        if made is None:
            return []  # by its values alone
        sql, params = made.pieces[0], []
        for piece, place in zip(made.pieces[1:], made.places, strict=True):
            given = _given(place, values)
            params += given
            sql += ", ".join(["%s"] * len(given)) + piece
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            return made.read(cursor.fetchall())

    def _compile(self, values: tuple[Any, ...]) -> _Made | None:
        marks = [_mark(value, number) for number, value in enumerate(values)]
        with clock.fixed(_NOW):
            rows = self._make(*marks)
            compiler = rows.query.get_compiler(using=DEFAULT_DB_ALIAS)
            try:
                sql, params = compiler.as_sql()
            except EmptyResultSet:
                return None
        sent = [_as_sent(next(iter(mark), None) if isinstance(mark, frozenset) else mark) for mark in marks]
        now = _as_sent(_NOW)
        places = [sent.index(each) if each in sent else "now" if each == now else (each,) for each in params]
        missing = {number for number, mark in enumerate(marks) if mark != frozenset()} - set(places)
        if missing:
            raise ValueError(f"values {sorted(missing)} of the question are not among its parameters: {sql}")
        if any(isinstance(place, tuple) and _is_time(place[0]) for place in places):
            raise ValueError(f"a moment of the question is no value of it, and would stay as it is now: {sql}")
        return _Made(sql.split("%s"), places, _reader(rows, compiler))


def _given(place: int | str | tuple[Any], values: tuple[Any, ...]) -> Any:
    if isinstance(place, tuple):
        return place
    value = clock.now() if place == "now" else values[int(place)]
    return sorted(value) if isinstance(value, frozenset) else (_as_sent(value),)


def _mark(value: Any, number: int) -> Any:
    if isinstance(value, frozenset):
        return frozenset({_NUMBER + number}) if value else value
    if isinstance(value, bool) or not isinstance(value, int | str | date):
        raise TypeError(f"a question cannot be asked of {type(value).__name__}")
    if isinstance(value, int):
        return _NUMBER + number
    if isinstance(value, str):
        return _TEXT.format(number)
    moment = _MOMENT + timedelta(days=number)
    return moment if isinstance(value, datetime) else moment.date()


def _as_sent(value: Any) -> Any:
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return connection.ops.adapt_datefield_value(value) if isinstance(value, date) else value


def _is_time(value: Any) -> bool:
    return isinstance(value, date) or (isinstance(value, str) and _TIME.match(value) is not None)


def _reader(rows: QuerySet, compiler: Any) -> Callable[[list[tuple[Any, ...]]], list[Any]]:
    """How an answer's rows become what ``rows`` would have given."""
    columns = [expression for expression, _sql, _alias in compiler.select]
    converters = [(place, *each) for place, each in compiler.get_converters(columns).items()]

    def plain(found: list[tuple[Any, ...]]) -> list[Any]:
        if not converters:
            return found
        rows = []
        for row in map(list, found):
            for place, functions, column in converters:
                for function in functions:
                    row[place] = function(row[place], column, connection)
            rows.append(tuple(row))
        return rows

    if not issubclass(rows._iterable_class, ModelIterable):
        return plain
    info = compiler.klass_info
    first, last = info["select_fields"][0], info["select_fields"][-1] + 1
    names = [column.target.attname for column in columns[first:last]]
    related = get_related_populators(info, compiler.select, DEFAULT_DB_ALIAS)
    annotated = list((compiler.annotation_col_map or {}).items())

    def objects(found: list[tuple[Any, ...]]) -> list[Any]:
        made = []
        for row in plain(found):
            each = info["model"].from_db(DEFAULT_DB_ALIAS, names, row[first:last])
            for other in related:
                other.populate(row, each)
            for name, place in annotated:
                setattr(each, name, row[place])
            made.append(each)
        return made

    return objects
