"""Pages of long lists: what is counted, and that every row can be reached."""

from __future__ import annotations

import pytest

from aisc.core import paging
from aisc.people.models import Organisation


@pytest.fixture
def many(db, make_organisation):
    return [make_organisation(name_en=f"{n:02d}") for n in range(23)]


@pytest.fixture
def counted(monkeypatch):
    """Count no more than ten."""
    monkeypatch.setattr(paging, "COUNTED", 10)


def _page(rf, number="", **given):
    rows = Organisation.objects.order_by("name_en")
    return paging.page_of(rf.get("/", {"page": number} if number else {}), rows, **given)


def _names(page):
    return [row.name_en for row in page.object_list]


def test_a_short_list_is_counted_to_its_end(many, rf):
    page = _page(rf, size=10)
    assert (page.paginator.count, page.paginator.more, page.paginator.num_pages) == (23, False, 3)
    assert _names(_page(rf, "3", size=10)) == ["20", "21", "22"]


def test_a_long_list_says_that_there_are_more(many, rf, counted):
    page = _page(rf, size=2)
    assert (page.paginator.count, page.paginator.more) == (10, True)
    assert _names(page) == ["00", "01"]


def test_every_row_can_be_reached_one_page_after_the_other(many, rf, counted):
    page, seen = _page(rf, size=2), []
    seen += _names(page)
    while page.has_next():
        page = _page(rf, str(page.next_page_number()), size=2)
        seen += _names(page)
    assert seen == [f"{n:02d}" for n in range(23)]
    assert not page.paginator.more


@pytest.mark.parametrize(("asked", "shown"), [("0", 12), ("-1", 12), ("x", 1), ("²", 1), ("13", 12), ("9" * 30, 12)])
def test_a_page_that_is_not_there_is_the_nearest_one(many, rf, asked, shown):
    assert _page(rf, asked, size=2).number == shown


def test_a_list_of_nothing_has_one_empty_page(db, rf):
    page = _page(rf)
    assert (page.number, _names(page), page.paginator.count) == (1, [], 0)


def test_a_page_takes_two_queries(many, rf, django_assert_num_queries):
    with django_assert_num_queries(2):
        _names(_page(rf, size=10))


def test_some_rows_keep_their_order(many):
    rows = Organisation.objects.order_by("-name_en")
    assert [row.name_en for row in paging.some(rows, 1, 4)] == ["21", "20", "19"]
    assert paging.some(rows.none(), 0, 4) == []
