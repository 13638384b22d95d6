"""Logs as people read them, and as they come."""

from __future__ import annotations

import asyncio

import pytest
from memory_engine import MemoryEngine

from aisc.jobs import streaming


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (b"plain", "plain"),
        ("訓練完成".encode(), "訓練完成"),
        (b"windows\r", "windows"),
        (b"10%\r20%\r30%", "30%"),
        (b"\x1b[31mred\x1b[0m \x1b]0;title\x07x", "red x"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"nul\0bell\x07tab\t", "nul\ufffdbell\ufffdtab\t"),
        (b"<script>&", "<script>&"),
    ],
)
def test_a_line_as_people_read_it(line, text):
    assert streaming.readable(line) == text


def test_lines_are_cut_where_they_end_or_become_too_long():
    assert streaming.cut(b"a\nb\n\nc") == ([b"a", b"b", b""], b"c")
    assert streaming.cut(b"") == ([], b"")
    long = "字".encode() * 50_000
    pieces, rest = streaming.cut(long + b"\nx")
    assert b"".join(pieces) == long
    assert rest == b"x"
    assert all(len(piece) <= streaming.LONGEST_LINE and "\ufffd" not in piece.decode() for piece in pieces)
    pieces, rest = streaming.cut(long)
    assert b"".join([*pieces, rest]) == long
    assert len(rest) <= streaming.LONGEST_LINE
    # Bytes that are no text at all are cut as well.
    pieces, rest = streaming.cut(b"\x80" * 200_000)
    assert sum(map(len, pieces)) + len(rest) == 200_000


def test_half_a_character_waits_for_its_other_half():
    text = "中文é😀"
    data = text.encode()
    for cut in range(len(data) + 1):
        kept = streaming.without_half_character(data[:cut])
        assert text.startswith(kept.decode())
        assert cut - len(kept) < 4
    assert streaming.without_half_character(b"\x80\x80\x80\x80") == b"\x80\x80\x80\x80"
    assert streaming.without_half_character(b"\x80") == b"\x80"
    assert streaming.without_half_character(b"a\xff") == b"a"


@pytest.mark.parametrize("size", [0, 1, 2, 3, 1000, 65_535, 65_536, 65_537, 1_000_000])
def test_the_end_of_a_log(size):
    engine = MemoryEngine()
    log = (b"%07d\n" * (size // 8 + 1) % tuple(range(size // 8 + 1)))[:size]
    engine.logs["r"] = log
    assert streaming.size_of_log(engine, "r") == size
    text, offset = streaming.tail(engine, "r")
    assert log[offset:].decode() == text
    assert offset == 0 if size <= 65_536 else (log[offset - 1 : offset] == b"\n" and size - offset > 65_000)


def test_the_end_of_a_log_that_is_one_line():
    engine = MemoryEngine()
    engine.logs["r"] = b"x" * 100_000
    text, offset = streaming.tail(engine, "r")
    assert offset == 100_000 - 65_536
    assert text.replace("\n", "") == "x" * 65_536


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(streaming, "FASTEST_S", 0.005)
    monkeypatch.setattr(streaming, "SLOWEST_S", 0.01)
    monkeypatch.setattr(streaming, "PARTIAL_S", 0.05)
    monkeypatch.setattr(streaming, "KEEP_ALIVE_S", 0.1)


def listen(engine, offset=0, *, over=False, during=None, most=1000):
    """Every event of a stream; ``during(n)`` is called after the n-th."""

    async def run():
        found = []
        async for text in streaming.events(engine, "r", offset, over=over, end_word="Ended"):
            found.append(text)
            if during:
                during(len(found))
            if len(found) >= most:
                break
        return found

    return asyncio.run(asyncio.wait_for(run(), 20))


def test_a_stream_tells_lines_as_they_come_and_then_ends(quick):
    engine = MemoryEngine()
    engine.specs["r"] = None
    engine.logs["r"] = b"one\ntw"

    def during(count):
        if count == 2:
            engine.logs["r"] += "o\n三\n".encode()
        if count == 3:
            engine.logs["r"] += b"last"
            engine.ended["r"] = object()

    found = listen(engine, during=during)
    assert found == [
        "retry: 1000\n\n",
        "id: 4\ndata: one\n\n",
        "id: 12\ndata: two\ndata: 三\n\n",
        "id: 16\ndata: last\n\n",
        "event: end\nid: 16\ndata: Ended\n\n",
    ]


def test_a_stream_goes_on_where_it_was_left(quick):
    engine = MemoryEngine()
    engine.logs["r"] = b"one\ntwo\n"
    engine.ended["r"] = object()
    assert listen(engine, 4)[1:] == ["id: 8\ndata: two\n\n", "event: end\nid: 8\ndata: Ended\n\n"]
    assert listen(engine, 8)[1:] == ["event: end\nid: 8\ndata: Ended\n\n"]


def test_an_unfinished_line_is_shown_after_a_moment(quick):
    engine = MemoryEngine()
    engine.logs["r"] = b"10%\r20%"
    found = listen(engine, most=3)
    assert found[1] == "id: 7\ndata: 20%\n\n"
    assert found[2] == ": still here\n\n"


def test_a_log_that_never_comes_ends_for_a_run_that_is_over(quick):
    assert listen(MemoryEngine(), over=True)[1:] == ["event: end\nid: 0\ndata: Ended\n\n"]


def test_a_stream_ends_when_the_engine_is_away_and_after_its_time(quick, monkeypatch):
    engine = MemoryEngine()
    engine.away.add("read_log")
    assert listen(engine) == ["retry: 1000\n\n"]
    engine.away.clear()
    monkeypatch.setattr(streaming, "LONGEST_S", 0.05)
    assert listen(engine) == ["retry: 1000\n\n"]


def test_no_line_can_make_an_event_of_its_own(quick):
    engine = MemoryEngine()
    engine.logs["r"] = b"a\revent: end\rdata: x\nid: 5\n"
    engine.ended["r"] = object()
    assert listen(engine)[1] == "id: 27\ndata: data: x\ndata: id: 5\n\n"
