"""Many rows at once, faster than the ORM: COPY on PostgreSQL, executemany on SQLite.

Used where a million rows are normal (usage, entries, postings). Values must already be what the
database stores; defaults and ``save`` are not involved.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection, models, transaction

_counter = itertools.count(1)
_PARAMETERS = 900  # in one statement; every SQLite takes 999


def insert(model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert ``rows`` (tuples in the order of ``columns``, which are database column names)."""
    table = connection.ops.quote_name(model._meta.db_table)
    names = ", ".join(connection.ops.quote_name(column) for column in columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            _insert_in_groups(cursor, f"INSERT INTO {table} ({names}) VALUES", len(columns), list(rows))


def _insert_in_groups(cursor: Any, start: str, width: int, rows: list[Sequence[Any]]) -> None:
    # One statement for many rows is three times as fast as many executions of a statement for one row.
    row_marks = f"({', '.join(['%s'] * width)})"
    group = max(1, _PARAMETERS // width)
    whole = len(rows) - len(rows) % group
    flat = itertools.chain.from_iterable
    cursor.executemany(
        f"{start} {', '.join([row_marks] * group)}",
        [list(flat(rows[first : first + group])) for first in range(0, whole, group)],
    )
    cursor.executemany(f"{start} {row_marks}", rows[whole:])


def update(model: type[models.Model], columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Set ``columns`` (whole numbers or text) of many rows; each of ``rows`` is their values, then the id."""
    if not rows:
        return
    quote = connection.ops.quote_name
    table = quote(model._meta.db_table)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            kinds = ["bigint" if isinstance(value, int) else "text" for value in rows[0]]
            arrays = ", ".join(f"%s::{kind}[]" for kind in kinds)
            names = ", ".join(f"v{number}" for number in range(len(kinds)))
            changes = ", ".join(f"{quote(column)} = v.v{number}" for number, column in enumerate(columns))
            cursor.execute(
                f"UPDATE {table} AS t SET {changes} FROM unnest({arrays}) AS v({names}) WHERE t.id = v.v{len(columns)}",  # noqa: S608
                [list(column) for column in zip(*rows, strict=True)],
            )
        else:
            changes = ", ".join(f"{quote(column)} = %s" for column in columns)
            cursor.executemany(f"UPDATE {table} SET {changes} WHERE id = %s", rows)  # noqa: S608


def allocate_ids(model: type[models.Model], count: int) -> Sequence[int]:
    """``count`` fresh primary keys, rising but perhaps with gaps. On SQLite inside a writing transaction only.

    PostgreSQL draws each from the sequence, so that nobody waits and nobody else can draw the same.
    On SQLite the write lock that the transaction holds sees to that; insert before allocating again.
    """
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [table])
            cursor.execute("SELECT nextval(%s::regclass) FROM generate_series(1, %s)", [cursor.fetchone()[0], count])
            return [row[0] for row in cursor.fetchall()]
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        row = cursor.fetchone()
        first = (row[0] if row else 0) + 1
    return range(first, first + count)


def among(column: str, values: Iterable[Any]) -> tuple[str, list[Any]]:
    """SQL that ``column`` is one of ``values``, in one parameter however many there are; and its parameter."""
    listed = list(values)
    if connection.vendor == "postgresql":
        return f"{column} = ANY(%s)", [listed]
    return f"{column} IN (SELECT value FROM json_each(%s))", [json.dumps(listed)]  # noqa: S608


@contextmanager
def by_index() -> Iterator[None]:
    """Look rows up by their index inside, however many; in a transaction.

    For ten thousand keys PostgreSQL would rather read a whole table of a million rows, which takes ten times
    as long where the table is in memory, as recent rows are.
    """
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        yield
        cursor.execute("SET LOCAL enable_seqscan = on")


def stream(sql: str, parameters: Sequence[Any] = (), *, size: int = 5_000) -> Iterator[tuple[Any, ...]]:
    """Rows of ``sql``, ``size`` at a time, however many there are; memory does not grow with them.

    On PostgreSQL inside a transaction only: the rows are read through a server-side cursor.
    """
    if connection.vendor == "postgresql":
        connection.ensure_connection()
        cursor = connection.connection.cursor(name=f"aisc_stream_{next(_counter)}")
    else:
        cursor = connection.cursor()
    with cursor:
        cursor.execute(sql, list(parameters))
        while rows := cursor.fetchmany(size):
            yield from rows


@contextmanager
def snapshot() -> Iterator[None]:
    """One unchanging view of the database for all readings inside, while others go on writing.

    Inside a transaction that is already open, that transaction's view.
    """
    connection.ensure_connection()
    if connection.in_atomic_block or getattr(connection.connection, "in_transaction", False):
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
    else:
        # Not atomic(): that would take the write lock (transaction_mode IMMEDIATE) for the whole reading.
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")
