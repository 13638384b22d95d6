"""Request bodies that are read while they arrive.

Django under ASGI first writes a whole body into the temporary folder and only then asks who sent it. Here a body that
is large, or of a length that was not told, is left with the sender until a view reads it: whoever may not upload, or
has no room, is refused before a byte is read, and what is read goes where the view puts it.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import io
from collections.abc import Awaitable, Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestAborted, RequestDataTooBig
from django.core.handlers.asgi import ASGIHandler

SMALL_BYTES = 1_048_576  # of these Django may keep the whole in memory
IDLE_S = 60.0  # a sender who is silent for so long is gone

Receive = Callable[[], Awaitable[dict[str, Any]]]


def is_small(scope: dict[str, Any]) -> bool:
    """Whether there is no body, or one of a known, small length."""
    length = dict(scope["headers"]).get(b"content-length", b"")
    return int(length) <= SMALL_BYTES if length.isdigit() else scope["method"] in ("GET", "HEAD", "OPTIONS")


class Body:
    """A body as a file that views read, in their own threads, from the connection. One reader."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._loop = asyncio.get_running_loop()
        self._over = asyncio.Event()
        self._buffer = bytearray()
        self._seen = 0
        self._complete = self._gone = False

    def read(self, size: int | None = -1) -> bytes:
        """At most ``size`` bytes, none at the end; without ``size`` all of it, where that is little.

        Raises RequestDataTooBig beyond what is little, or beyond ``MAX_UPLOAD_BYTES``; OSError where the sender went
        away, which Django makes UnreadablePostError.
        """
        everything = size is None or size < 0
        while not self._complete and (everything or not self._buffer):
            self._more()
            if everything and len(self._buffer) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
                raise RequestDataTooBig("the body is too large to be read at once")
        size = len(self._buffer) if everything else size
        piece = bytes(self._buffer[:size])
        del self._buffer[:size]
        return piece

    def _more(self) -> None:
        try:
            message = asyncio.run_coroutine_threadsafe(self._receive(), self._loop).result(IDLE_S)
        except concurrent.futures.TimeoutError:
            message = {"type": "http.disconnect"}
        if message["type"] == "http.disconnect":
            self._gone = True
        self._complete = self._gone or not message.get("more_body", False)
        if self._complete:
            self._loop.call_soon_threadsafe(self._over.set)
        if self._gone:
            raise ConnectionResetError("the sender went away")
        self._seen += len(message["body"])
        if self._seen > settings.MAX_UPLOAD_BYTES:
            raise RequestDataTooBig("the body is larger than any upload may be")
        self._buffer += message["body"]

    def readline(self, size: int | None = -1) -> bytes:
        """Nobody reads lines of a large body."""
        return self.read(size)

    def close(self) -> None:
        self._buffer.clear()

    async def gone(self) -> dict[str, Any]:
        """What Django waits for meanwhile: that the sender goes away. While the body is being read, reading tells."""
        await self._over.wait()
        return {"type": "http.disconnect"} if self._gone else await self._receive()


class _Turn:
    """One of the requests under way: over when its answer begins, or when it ends without one."""

    def __init__(self, turns: asyncio.Semaphore, send: Any) -> None:
        self._turns, self._send, self._mine = turns, send, True

    async def send(self, message: dict[str, Any]) -> None:
        self.over()
        await self._send(message)

    def over(self) -> None:
        if self._mine:
            self._mine = False
            self._turns.release()


class Handler(ASGIHandler):
    """Django, with large bodies left where they are, and so many requests at once as a process can serve well.

    Each request under way has a thread and, on PostgreSQL, a connection of its own. When more come than one processor
    can serve, all of them at once would be slower than some after the others, use up the server's connections, and
    keep the process from answering its supervisor, which then ends it. A request has its turn until its answer begins:
    who follows a log, or sends or fetches a large file over a slow line, keeps nobody waiting.
    """

    def __init__(self) -> None:
        super().__init__()
        self._turns = asyncio.Semaphore(settings.REQUESTS_AT_ONCE)

    async def handle(self, scope: dict[str, Any], receive: Receive, send: Any) -> None:
        if not is_small(scope):
            await super().handle(scope, Body(receive).gone, send)
            return
        await self._turns.acquire()
        turn = _Turn(self._turns, send)
        try:
            await super().handle(scope, receive, turn.send)
        finally:
            turn.over()

    async def read_body(self, receive: Receive) -> Any:
        body = getattr(receive, "__self__", None)
        if isinstance(body, Body):
            return body
        small, more = io.BytesIO(), True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise RequestAborted
            small.write(message.get("body", b""))
            more = message.get("more_body", False)
        small.seek(0)
        return small
