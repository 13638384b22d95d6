"""The full-text index over ``core_searchentry.tokens``: FTS5 on SQLite, a GIN index on PostgreSQL.

Both find rows by whole words and by beginnings, newest first. SQLite walks the lists of a word's rows from the end and
stops when there are enough. PostgreSQL's index cannot be walked in an order, so the newest rows are asked first: each
row carries the mark of its block of 65,536, and only when the newest blocks do not hold enough are the others asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection, connections

BLOCK = 16  # bits: 65,536 rows
_VECTOR = "array_to_tsvector(string_to_array(tokens, ' '))"

_SQLITE = (
    """CREATE VIRTUAL TABLE IF NOT EXISTS core_searchindex USING fts5(
        tokens, content='core_searchentry', content_rowid='id', detail='none', prefix='2 3 4 5 6 7 8',
        tokenize="unicode61 remove_diacritics 0 tokenchars '=._'")""",
    """CREATE TRIGGER IF NOT EXISTS core_searchentry_added AFTER INSERT ON core_searchentry BEGIN
        INSERT INTO core_searchindex(rowid, tokens) VALUES (new.id, new.tokens); END""",
    """CREATE TRIGGER IF NOT EXISTS core_searchentry_removed AFTER DELETE ON core_searchentry BEGIN
        INSERT INTO core_searchindex(core_searchindex, rowid, tokens) VALUES ('delete', old.id, old.tokens); END""",
    """CREATE TRIGGER IF NOT EXISTS core_searchentry_changed AFTER UPDATE OF tokens ON core_searchentry BEGIN
        INSERT INTO core_searchindex(core_searchindex, rowid, tokens) VALUES ('delete', old.id, old.tokens);
        INSERT INTO core_searchindex(rowid, tokens) VALUES (new.id, new.tokens); END""",
)
_POSTGRES = (
    f"""CREATE INDEX IF NOT EXISTS core_searchentry_words ON core_searchentry USING gin ({_VECTOR})
        WITH (fastupdate = off)""",
)


def install(using: str = "default", **_more: Any) -> None:
    """Make what is not there; listens to ``post_migrate``, since SQLite forgets a rebuilt table's triggers."""
    there = connections[using]
    if "core_searchentry" not in there.introspection.table_names():
        return  # migrated back to before there was a search
    with there.cursor() as cursor:
        for statement in _POSTGRES if there.vendor == "postgresql" else _SQLITE:
            cursor.execute(statement)


def block_of(entry: int) -> str:
    """The mark of a row's block."""
    return f"_b{entry >> BLOCK}"


# Words that must all be there, and beginnings of words.
Terms = tuple[Sequence[str], Sequence[str]]


def find(
    terms: Terms, *, one_of: Sequence[str], without: Sequence[Terms] = (), before: int | None, limit: int
) -> list[tuple[int, str, int]]:
    """Rows (id, kind, object's key) with all ``terms`` and one of ``one_of``, but not all of any of ``without``: the
    newest ``limit``, older than ``before``."""
    if connection.vendor == "postgresql":
        return _find_postgres(_postgres(terms, one_of, without), before, limit)
    older, values = ("AND i.rowid < %s", [before]) if before is not None else ("", [])
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.id, e.kind, e.object_pk FROM core_searchindex i JOIN core_searchentry e ON e.id = i.rowid"  # noqa: S608
            f" WHERE core_searchindex MATCH %s {older} ORDER BY i.rowid DESC LIMIT %s",
            [_sqlite(terms, one_of, without), *values, limit],
        )
        return cursor.fetchall()


def _sqlite(terms: Terms, one_of: Sequence[str], without: Sequence[Terms]) -> str:
    def all_of(every: Sequence[str], beginnings: Sequence[str]) -> str:
        return " AND ".join([f'"{word}"' for word in every] + [f'"{word}"*' for word in beginnings])

    marks = " OR ".join(f'"{word}"' for word in one_of)
    question = f"({all_of(*terms)} AND ({marks}))"
    return " NOT ".join([question, *(f"({all_of(*each)})" for each in without)])


def _postgres(terms: Terms, one_of: Sequence[str], without: Sequence[Terms]) -> str:
    def all_of(every: Sequence[str], beginnings: Sequence[str]) -> str:
        return " & ".join([f"'{word}'" for word in every] + [f"'{word}':*" for word in beginnings])

    marks = " | ".join(f"'{word}'" for word in one_of)
    return " & ".join([all_of(*terms), f"({marks})", *(f"!({all_of(*each)})" for each in without)])


def _find_postgres(question: str, before: int | None, limit: int) -> list[tuple[int, str, int]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(id) FROM core_searchentry")
        newest = cursor.fetchone()[0] or 0
        if before is not None:
            newest = min(newest, before - 1)
        found: list[tuple[int, str, int]] = []
        last = newest >> BLOCK
        # One block, then four, then all that are left: something frequent is found in the first.
        for first, end in ((last, last), (last - 4, last - 1), (0, last - 5)):
            if len(found) >= limit or end < 0:
                break
            blocks = " | ".join(f"'_b{block}'" for block in range(max(first, 0), end + 1)) if first else ""
            cursor.execute(
                f"SELECT id, kind, object_pk FROM core_searchentry WHERE {_VECTOR} @@ %s::tsquery"  # noqa: S608
                " AND id <= %s ORDER BY id DESC LIMIT %s",
                [
                    f"{question} & ({blocks})" if blocks else question,
                    min(newest, ((end + 1) << BLOCK) - 1),
                    limit - len(found),
                ],
            )
            found += cursor.fetchall()
        return found
