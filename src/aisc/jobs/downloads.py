"""Files of a workspace as answers: safe to open in a browser whatever a job wrote, and never whole in memory.

What comes from a job is somebody's program's output. A browser shows it in a sandbox in which no script runs, no
form is sent and nothing is loaded but pictures, styles and media from the same workspace, so that a report with
pictures beside it works. What a browser need not show is downloaded.
"""

from __future__ import annotations

import asyncio
import io
import os
import re
import threading
import zipfile
from collections.abc import AsyncIterator, Iterable, Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

from aisc.core.errors import AiscError
from aisc.jobs import content, workspaces
from aisc.jobs.workspaces import CHUNK, Item
from aisc.people.models import Project

_TEXT = "text/plain; charset=utf-8"
INLINE = {
    ".avif": "image/avif",
    ".gif": "image/gif",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
    ".mp3": "audio/mpeg",
    ".ogg": "audio/ogg",
    ".wav": "audio/wav",
    ".mp4": "video/mp4",
    ".webm": "video/webm",
    ".pdf": "application/pdf",
    ".css": "text/css; charset=utf-8",
    ".htm": "text/html; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    **dict.fromkeys(
        (".csv", ".json", ".jsonl", ".log", ".md", ".py", ".sh", ".toml", ".tsv", ".txt", ".yaml", ".yml"), _TEXT
    ),
}
IMAGES = frozenset(suffix for suffix, kind in INLINE.items() if kind.startswith("image/"))
# allow-same-origin without allow-scripts: the pictures beside a report are sent with the reader's session, and
# nothing in the report can run to make use of it.
_SANDBOX = (
    "sandbox allow-same-origin allow-downloads; default-src 'none'; img-src 'self' data:; media-src 'self' data:; "
    "style-src 'self' 'unsafe-inline'; font-src 'self' data:; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'"
)
# A browser's own viewer does not start in a sandbox; it runs nothing of the page's origin.
_VIEWER = "script-src 'none'; object-src 'self'; frame-ancestors 'self'"

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


def media_type(name: str) -> str:
    """What a browser may be told that a file of this name is, if its content agrees (:mod:`aisc.jobs.content`)."""
    return INLINE.get(PurePosixPath(name).suffix.lower(), "application/octet-stream")


def is_inline(name: str) -> bool:
    return PurePosixPath(name).suffix.lower() in INLINE


def disposition(kind: str, name: str) -> str:
    """``Content-Disposition`` for a name of any script: an ASCII stand-in, and the name itself (RFC 6266)."""
    plain = "".join(each if each.isascii() and each.isprintable() and each not in '"\\%;' else "_" for each in name)
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def serve(request: HttpRequest, project: Project, path: str, *, attachment: bool = False) -> HttpResponseBase:
    """The file at ``path``: whole, the part asked for with ``Range``, or 304. Raises NotFound, BadInput.

    Shown only where its bytes are what its name says; else it is a download of unnamed bytes.
    """
    descriptor, facts = workspaces.open_file(project, path)
    return serve_open(request, descriptor, facts, path.rstrip("/").rpartition("/")[2], attachment=attachment)


def serve_open(
    request: HttpRequest, descriptor: int, facts: os.stat_result, name: str, *, attachment: bool = False
) -> HttpResponseBase:
    """An open file, which is closed when it was sent; see :func:`serve`."""
    kind = media_type(name)
    if not content.agrees(kind, os.pread(descriptor, content.HEAD_BYTES, 0)):
        kind, attachment = content.BINARY, True
    tag = f'"{facts.st_mtime_ns:x}-{facts.st_size:x}"'
    headers = {
        "ETag": tag,
        "Last-Modified": format_datetime(datetime.fromtimestamp(facts.st_mtime_ns // 10**9, UTC), usegmt=True),
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-cache",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Content-Disposition": disposition("attachment" if attachment or not is_inline(name) else "inline", name),
        "Content-Security-Policy": _VIEWER if kind == "application/pdf" else _SANDBOX,
    }
    if request.headers.get("If-None-Match") == tag:
        os.close(descriptor)
        return HttpResponse(status=304, headers=headers)
    start, end, status = 0, facts.st_size, 200
    asked = _range(request, facts.st_size, tag)
    if asked is not None:
        start, end, status = *asked, 206
        if start >= end:
            os.close(descriptor)
            return HttpResponse(status=416, headers=headers | {"Content-Range": f"bytes */{facts.st_size}"})
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{facts.st_size}"
    headers["Content-Length"] = str(end - start)
    # A HEAD is answered with the length and no byte read.
    length = 0 if request.method == "HEAD" else end - start
    body = _Bytes(descriptor, start, length)
    return StreamingHttpResponse(_for(request, body), status=status, headers=headers, content_type=kind)


def _range(request: HttpRequest, size: int, tag: str) -> tuple[int, int] | None:
    """The first byte and the one after the last that are asked for; None for all. One range, as players ask."""
    found = _RANGE.fullmatch(request.headers.get("Range", ""))
    if not found or not any(found.groups()) or request.headers.get("If-Range", tag) != tag:
        return None
    first, last = found.groups()
    if not first:
        return max(0, size - int(last)), size
    return int(first), min(size, int(last) + 1) if last else size


class _Bytes:
    """Bytes ``start`` to ``start + length`` of an open file, a piece at a time; closes the file."""

    def __init__(self, descriptor: int, start: int, length: int) -> None:
        self._descriptor, self._at, self._left = descriptor, start, length

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        piece = os.pread(self._descriptor, min(CHUNK, self._left), self._at) if self._left > 0 else b""
        if not piece:  # all of it; or the file became shorter while it was read
            raise StopIteration
        self._at, self._left = self._at + len(piece), self._left - len(piece)
        return piece

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


class _InThreads:
    """An iterator whose pieces are made in a thread, so that the server goes on meanwhile."""

    def __init__(self, source: Any) -> None:
        self._source = source
        self._lock = threading.Lock()

    def _next(self) -> bytes | None:
        with self._lock:
            return next(self._source, None)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (piece := await asyncio.to_thread(self._next)) is not None:
            yield piece

    def close(self) -> None:
        # A reader who goes away leaves a thread at work on a piece: it may not lose its file under its hands.
        with self._lock:
            self._source.close()


def _for(request: HttpRequest, source: Any) -> Any:
    """``source`` as the server wants it. Given a plain iterator, Django under ASGI would read all of it first."""
    return _InThreads(source) if isinstance(request, ASGIRequest) else source


def streamed(
    request: HttpRequest, pieces: Iterator[bytes], *, content_type: str, headers: dict[str, str]
) -> StreamingHttpResponse:
    """``pieces`` (a generator) as an answer, made while it is sent."""
    return StreamingHttpResponse(_for(request, pieces), content_type=content_type, headers=headers)


# Folders


def serve_zip(request: HttpRequest, project: Project, path: str) -> StreamingHttpResponse:
    """The files at and below a folder as one ZIP, made while it is sent. Raises NotFound, BadInput."""
    listing = workspaces.list_folder(project, path)
    name = f"{listing.path.rpartition('/')[2] or project.uid}.zip"
    return streamed(
        request,
        _pieces_of_zip(project, listing.path),
        content_type="application/zip",
        headers={
            "Content-Disposition": disposition("attachment", name),
            "Cache-Control": "private, no-store",
            "X-Content-Type-Options": "nosniff",
        },
    )


class _Pipe(io.RawIOBase):
    """What the ZIP writer writes to: takes bytes, is not sought, gives them back."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._sent = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._bytes += data
        return len(data)

    def tell(self) -> int:
        return self._sent + len(self._bytes)

    def take(self) -> bytes:
        data = bytes(self._bytes)
        self._sent += len(data)
        self._bytes.clear()
        return data


def _pieces_of_zip(project: Project, path: str) -> Iterator[bytes]:
    pipe = _Pipe()
    # Stored, not compressed: results are mostly pictures and models, and the centre's CPUs are for jobs.
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as archive:
        for item in workspaces.walk(project, path):
            yield from _one_file(project, archive, pipe, item, path)
    yield pipe.take()


def _one_file(project: Project, archive: zipfile.ZipFile, pipe: _Pipe, item: Item, path: str) -> Iterable[bytes]:
    try:
        descriptor, facts = workspaces.open_file(project, item.path)
    except AiscError:  # a job removed it this instant
        return
    name = item.path.removeprefix(path).lstrip("/")
    changed = item.changed if item.changed.year >= 1980 else datetime(1980, 1, 1, tzinfo=UTC)
    entry = zipfile.ZipInfo(name, changed.timetuple()[:6])
    entry.external_attr = 0o644 << 16
    entry.file_size = facts.st_size
    with open(descriptor, "rb") as file, archive.open(entry, "w", force_zip64=True) as target:
        while piece := file.read(CHUNK):
            target.write(piece)
            yield pipe.take()
