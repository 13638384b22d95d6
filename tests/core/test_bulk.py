"""Many rows at once: the same on both databases, whatever the number."""

from __future__ import annotations

import pytest

from aisc.core import bulk
from aisc.people.models import Organisation

COLUMNS = ["uid", "name_en", "name_zh", "category", "registry_number", "address", "created_at"]


def row(number: int) -> tuple:
    return (f"org-{number}", f'Name\t"{number}"', "機構\n", "startup", "", "\\N", "2026-06-15 04:00:00+00:00")


@pytest.mark.parametrize("count", [0, 1, 127, 128, 129, 300])
def test_every_row_is_inserted_as_it_is(count, db):
    bulk.insert(Organisation, COLUMNS, (row(n) for n in range(count)))
    found = Organisation.objects.order_by("pk").values_list("uid", "name_en", "name_zh", "address")
    assert list(found) == [(*row(n)[:3], row(n)[5]) for n in range(count)]


def test_ids_are_fresh_and_rise(db):
    bulk.insert(Organisation, COLUMNS, [row(0)])
    first = list(bulk.allocate_ids(Organisation, 3))
    assert first == sorted(set(first))
    assert Organisation.objects.get().pk < first[0]
    bulk.insert(Organisation, ["id", *COLUMNS], [(pk, *row(pk)) for pk in first])
    assert Organisation.objects.create(name_en="x", category="startup", created_at="2026-06-15T00:00Z").pk > first[-1]


def test_rows_are_updated_by_their_id(db):
    bulk.insert(Organisation, COLUMNS, [row(n) for n in range(3)])
    one, two, three = Organisation.objects.order_by("pk")
    bulk.update(Organisation, ["name_en", "address"], [("a", "b", one.pk), ("c", "d", three.pk)])
    bulk.update(Organisation, ["name_en"], [])
    found = Organisation.objects.order_by("pk").values_list("name_en", "address")
    assert list(found) == [("a", "b"), (two.name_en, two.address), ("c", "d")]


def test_rows_among_many_values_are_streamed(db):
    bulk.insert(Organisation, COLUMNS, [row(n) for n in range(30)])
    which, parameters = bulk.among("uid", [f"org-{n}" for n in range(10, 10_000)])
    sql = f"SELECT uid FROM people_organisation WHERE {which} ORDER BY id"
    with bulk.by_index():
        assert [uid for (uid,) in bulk.stream(sql, parameters, size=7)] == [f"org-{n}" for n in range(10, 30)]
    assert list(bulk.stream("SELECT uid FROM people_organisation WHERE 1 = 0")) == []


def test_whole_numbers_are_found_among_many(db):
    bulk.insert(Organisation, COLUMNS, [row(n) for n in range(3)])
    wanted = list(Organisation.objects.values_list("pk", flat=True))[1:]
    which, parameters = bulk.among("id", set(wanted))
    found = bulk.stream(f"SELECT id FROM people_organisation WHERE {which} ORDER BY id", parameters)
    assert [pk for (pk,) in found] == sorted(wanted)
