"""Server-sent events as the standard has them, however the network cuts them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisc.client.events import Event, events


def read(text: str | bytes, **options) -> list[Event]:
    return list(events([text.encode() if isinstance(text, str) else text], **options))


def test_lines_make_an_event():
    stream = "retry: 1000\n\n: still here\n\nid: 12\ndata: one\ndata:  two\ndata\n\nevent: end\nid: 15\ndata: Ended\n\n"
    assert read(stream) == [Event("one\n two\n", "message", "12"), Event("Ended", "end", "15")]


def test_an_event_without_data_still_has_its_name():
    assert read("event: reset\n\n") == [Event("", "reset", "")]


def test_the_id_stays_until_another_is_given():
    assert [each.id for each in read("id: 7\ndata: a\n\ndata: b\n\nid\ndata: c\n\n")] == ["7", "7", ""]
    assert [each.id for each in read("data: a\n\n", last_id="3")] == ["3"]
    assert [each.id for each in read("id: a\0b\ndata: x\n\n", last_id="3")] == ["3"]


def test_an_event_that_was_cut_off_is_not_given():
    assert read("data: whole\n\ndata: hal") == [Event("whole")]
    assert read("data: whole\n\ndata: half\n") == [Event("whole")]


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_every_kind_of_line_end(end):
    # A carriage return at the very end might be the first half of a pair: the event comes with what follows.
    assert read(f"data: a{end}data: b{end}{end}: more{end}") == [Event("a\nb")]


def test_bytes_that_are_no_text_are_shown_as_such():
    assert read(b"data: \xff\n\n") == [Event("\ufffd")]


STREAM = "id: 1\r\ndata: 深水埗 🙂\r\n\r\nevent: end\rdata: x\r\r: comment\ndata: y\n\n".encode()


@given(st.lists(st.integers(0, len(STREAM)), max_size=8))
def test_where_the_network_cuts_does_not_matter(cuts):
    edges = [0, *sorted(cuts), len(STREAM)]
    chunks = [STREAM[start:end] for start, end in pairwise(edges)]
    assert list(events(chunks)) == [
        Event("深水埗 🙂", "message", "1"),
        Event("x", "end", "1"),
        Event("y", "message", "1"),
    ]
