"""A page asks the database as often in a large centre as in a small one: the main pages, as the people who use them."""

from __future__ import annotations

from collections import Counter

from bench.filling import fill
from bench.pages import queries, reader, visits


def _asked(**size: int) -> dict[str, list[str]]:
    world = fill(**size)
    return {name: queries(reader(person), address) for name, address, person in visits(world)}


def _shape(sql: str) -> str:
    """A query without its values, which are of different numbers."""
    return sql.partition(" WHERE ")[0][:200]


def test_no_page_asks_more_when_there_is_ten_times_as_much(db):
    few = _asked(projects=10, applications=40, jobs=40, audit=5)
    many = _asked(projects=100, applications=400, jobs=400, audit=50)
    grown = {}
    for name, asked in many.items():
        if len(asked) > len(few[name]):
            more = Counter(map(_shape, asked)) - Counter(map(_shape, few[name]))
            grown[name] = f"{len(few[name])} → {len(asked)}: {dict(more)}"
    assert not grown
