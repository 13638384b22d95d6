"""A run's log as server-sent events, and log bytes as lines that people can read.

A stream holds no database connection: what it needs was looked up before it began. It reads the engine's files in a
thread, sleeps longer while nothing comes, and ends when the run has ended, when the reader goes away (the server
then cancels it), or after ``LONGEST_S``: the browser comes back by itself with ``Last-Event-ID``, and whether this
person may still read the log is asked again.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable

from asgiref.sync import sync_to_async
from django.db import connection

from aisc.jobs.engines.base import Engine, EngineError, LogChunk

CHUNK = 65_536
LONGEST_LINE = 65_536  # bytes; a longer one is broken
LONGEST_S = 600.0
FASTEST_S, SLOWEST_S = 0.2, 1.0
KEEP_ALIVE_S = 10.0
RECHECK_S = 2.0
# An unfinished line (a prompt, a row of dots, a progress bar) is shown when nothing was added for so long.
PARTIAL_S = 2.0

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_])")
_CONTROLS = dict.fromkeys((*range(9), *range(11, 32), *range(127, 160)), "\N{REPLACEMENT CHARACTER}")


def readable(line: bytes) -> str:
    """One line as text: what a terminal would show after it, without colours, and with a sign for what is no text.

    A progress bar that writes over itself leaves its last state.
    """
    text = line.rstrip(b"\r\n").decode(errors="replace")
    text = _ESCAPES.sub("", text)
    return text.rpartition("\r")[2].translate(_CONTROLS)


def cut(data: bytes) -> tuple[list[bytes], bytes]:
    """The whole lines in ``data`` and what is left of the last. A line that is too long is cut between characters."""
    whole, newline, rest = data.rpartition(b"\n")
    lines = whole.split(b"\n") if newline else []
    pieces = [piece for line in lines for piece in _broken(line)]
    *more, rest = _broken(rest)
    return pieces + more, rest


def _broken(line: bytes) -> list[bytes]:
    pieces = []
    while len(line) > LONGEST_LINE:
        end = LONGEST_LINE
        while end > LONGEST_LINE - 4 and line[end] & 0xC0 == 0x80:
            end -= 1
        pieces.append(line[:end])
        line = line[end:]
    return [*pieces, line]


def without_half_character(data: bytes) -> bytes:
    """``data`` without the beginning of a UTF-8 character at its end, whose rest is still to come."""
    for back in range(1, min(4, len(data) + 1)):
        byte = data[-back]
        if byte & 0xC0 == 0x80:
            continue
        length = 4 if byte >= 0xF0 else 3 if byte >= 0xE0 else 2 if byte >= 0xC0 else 1
        return data[:-back] if length > back else data
    return data


def size_of_log(engine: Engine, ref: str) -> int:
    """How many bytes the log has, found with reads of one byte: the protocol has no other way."""
    if not engine.read_log(ref, 0, 1).data:
        return 0
    low, high = 0, 1  # a byte is at ``low``; whether one is at ``high`` is to be seen
    while engine.read_log(ref, high, 1).data:
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        if engine.read_log(ref, middle, 1).data:
            low = middle
        else:
            high = middle
    return high


def tail(engine: Engine, ref: str, most: int = CHUNK) -> tuple[str, int]:
    """The end of the log as text, and the offset where it begins: at the beginning of a line if it is not all."""
    chunk = engine.read_log(ref, 0, most)
    offset = 0
    if len(chunk.data) == most and (size := size_of_log(engine, ref)) > most:
        chunk = engine.read_log(ref, size - most, most)
        _before, newline, data = chunk.data.partition(b"\n")
        offset = size - len(data) if newline else size - most
        chunk = LogChunk(data if newline else chunk.data, size, chunk.ended)
    lines, rest = cut(chunk.data)
    return "\n".join(readable(line) for line in (*lines, rest)), offset


def event(lines: list[str], offset: int) -> str:
    """An event whose data are ``lines``; ``offset`` is where a reader who reconnects goes on."""
    return "".join((f"id: {offset}\n", *(f"data: {line}\n" for line in lines), "\n"))


def _let_go_of_database() -> None:
    # Looked up here and not by the caller: each thread has its own connection.
    connection.close()


async def while_allowed(source: AsyncGenerator[str], allowed: Callable[[], bool]) -> AsyncIterator[str]:
    """``source`` as long as ``allowed()``, asked again before something is sent, every ``RECHECK_S`` at most.

    Somebody who leaves the project, or whose token is revoked, reads no further in a log that was open.
    """

    def ask() -> bool:
        try:
            return allowed()
        finally:
            _let_go_of_database()

    async with contextlib.aclosing(source):
        asked = time.monotonic()
        async for piece in source:
            now = time.monotonic()
            if now - asked >= RECHECK_S:
                if not await sync_to_async(ask)():
                    return
                asked = now
            yield piece


async def events(engine: Engine, ref: str, offset: int, *, over: bool, end_word: str) -> AsyncGenerator[str]:
    """The log of run ``ref`` from byte ``offset`` on, as it grows. ``over``: the run has ended, so that a log that
    is not there will not come either. The last event is ``end``."""
    # By now the rest of the request is done with the database; a stream must not keep its connection for minutes.
    await sync_to_async(_let_go_of_database)()
    yield "retry: 1000\n\n"
    began = spoke = time.monotonic()
    grew = began
    rest, pause = b"", FASTEST_S
    while time.monotonic() - began < LONGEST_S:
        try:
            chunk = await asyncio.to_thread(engine.read_log, ref, offset + len(rest), CHUNK)
        except EngineError:
            # The browser tries again, from where it is.
            return
        now = time.monotonic()
        grew = now if chunk.data else grew
        pieces, rest = cut(rest + chunk.data)
        ended = chunk.ended or (over and not chunk.data)
        if rest and (ended or now - grew >= PARTIAL_S):
            pieces, rest = [*pieces, rest], b""
        if pieces:
            # Everything up to here was taken but what is left of the last line.
            offset = chunk.next_offset - len(rest)
            yield event([readable(piece) for piece in pieces], offset)
            spoke = now
        if ended:
            yield f"event: end\nid: {offset}\ndata: {end_word}\n\n"
            return
        if chunk.data:
            pause = FASTEST_S
            continue
        if now - spoke >= KEEP_ALIVE_S:
            yield ": still here\n\n"
            spoke = now
        await asyncio.sleep(pause)
        pause = min(SLOWEST_S, pause * 1.5)
