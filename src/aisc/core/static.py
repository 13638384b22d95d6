"""Static files without a build step: names that carry a hash of the content, kept for good, compressed once.

``{% static %}`` gives ``/static/portal/css/base.1f2e3d4c5b6a.css``. A browser that has it never asks again, and never
shows an old one after an upgrade, since the new one has another name. No file refers to another by its name (a test
sees to it), so nothing inside them has to be rewritten.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import re
from functools import cache
from pathlib import Path, PurePosixPath
from wsgiref.headers import Headers

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import StaticFilesStorage
from django.http import HttpRequest, HttpResponse
from django.middleware.gzip import GZipMiddleware
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile

_HASHED = re.compile(r"\.[0-9a-f]{12}\.\w+$")
_TEXT = {".css", ".js", ".svg", ".json", ".txt", ".map"}
_WORTH_PACKING = 500  # bytes


@cache
def _hash(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:12]


def hashed_name(name: str, path: str) -> str:
    """``css/base.css`` with the hash of the file at ``path``: ``css/base.1f2e3d4c5b6a.css``."""
    pure = PurePosixPath(name)
    return str(pure.with_name(f"{pure.stem}.{_hash(path)}{pure.suffix}"))


class HashedNames(StaticFilesStorage):
    """Gives every static file its hashed address; a name that is not there keeps its own, and is answered 404."""

    def url(self, name: str) -> str:
        return super().url(name) if settings.DEBUG else _address(self.base_url, name)


@cache
def _address(base: str, name: str) -> str:
    path = finders.find(name)
    return StaticFilesStorage(base_url=base).url(hashed_name(name, path) if path else name)


class StaticFiles(WhiteNoiseMiddleware):
    """WhiteNoise that also answers the hashed names, with text files packed into the state folder at start-up."""

    def add_file_to_dictionary(self, url: str, path: str, stat_cache: dict | None = None) -> None:
        super().add_file_to_dictionary(url, path, stat_cache=stat_cache)
        lasting = hashed_name(url, path)
        self.files[lasting] = self.get_static_file(path, lasting)

    def immutable_file_test(self, path: str, url: str) -> bool:
        return _HASHED.search(url) is not None

    def get_static_file(self, path: str, url: str, stat_cache: dict | None = None) -> StaticFile:
        headers = Headers([])
        self.add_mime_headers(headers, path, url)
        self.add_cache_headers(headers, path, url)
        packed = _packed(path)
        return StaticFile(path, headers.items(), encodings={"gzip": str(packed)} if packed else None)


@cache
def _packed(path: str) -> Path | None:
    """The gzip form of a text file, made once; None where there is nothing to gain or no state folder yet."""
    folder = settings.STATE.run
    file = Path(path)
    if file.suffix not in _TEXT or file.stat().st_size < _WORTH_PACKING or not folder.is_dir():
        return None
    packed = folder / "static" / f"{_hash(path)}.gz"
    if not packed.exists():
        packed.parent.mkdir(exist_ok=True)
        partial = packed.with_suffix(f".{os.getpid()}")
        partial.write_bytes(gzip.compress(file.read_bytes(), mtime=0))
        partial.replace(packed)
    return packed


class PackedPages(GZipMiddleware):
    """Pages over the wire in a quarter of their size. Logs, events and files stream as they are.

    Django pads each answer by a random number of bytes, so that its length tells nothing of its secrets (BREACH).
    """

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        if response.streaming or not response.get("Content-Type", "").startswith("text/html"):
            return response
        return super().process_response(request, response)
