"""Server-sent events, read from the bytes of an answer as they come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Event:
    """One event. ``id`` is the last one that the server gave, with this event or before it."""

    data: str
    name: str = "message"
    id: str = ""


def events(chunks: Iterable[bytes], *, last_id: str = "") -> Iterator[Event]:
    """The events in ``chunks``, wherever these were cut. An event that was not finished is not given."""
    data: list[str] = []
    name = ""
    for line in _lines(chunks):
        if not line:
            if data or name:
                yield Event("\n".join(data), name or "message", last_id)
            data, name = [], ""
            continue
        field, _colon, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            data.append(value)
        elif field == "event":
            name = value
        elif field == "id" and "\0" not in value:
            last_id = value
        # Comments (“: still here”) and “retry” need nothing done: any line shows that the connection lives.


def _lines(chunks: Iterable[bytes]) -> Iterator[str]:
    """Lines ended by LF, CR or CRLF, as the standard has it; decoded once they are whole."""
    rest = b""
    for chunk in chunks:
        rest += chunk
        # A CR at the very end may be the first half of a CRLF: it waits for what follows.
        held = b"\r" if rest.endswith(b"\r") else b""
        whole = rest[: len(rest) - len(held)].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        *lines, rest = whole.split(b"\n")
        rest += held
        for line in lines:
            yield line.decode("utf-8", "replace")
