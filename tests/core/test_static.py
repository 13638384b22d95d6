"""Static files: hashed names that are kept for good, packed once; pages packed, streams left alone."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.http import HttpResponse, StreamingHttpResponse
from django.templatetags.static import static
from django.test import RequestFactory

import aisc
from aisc.core import static as files

SOURCES = [*Path(aisc.__file__).parent.glob("*/static/**/*.css"), *Path(aisc.__file__).parent.glob("*/static/**/*.js")]
NAME = "portal/css/base.css"


@pytest.fixture
def served(tmp_path, settings, db):
    """``served(path, **headers)``: what the middleware answers, with an empty state folder."""
    from aisc.core.state import StateFolder

    settings.STATE = StateFolder(tmp_path)
    settings.STATE.prepare()
    files._packed.cache_clear()
    middleware = files.StaticFiles(lambda _request: HttpResponse(status=404))
    yield lambda path, **headers: middleware(RequestFactory().get(path, headers=headers))
    files._packed.cache_clear()


def body_of(answer) -> bytes:
    text = b"".join(answer.streaming_content)
    answer.close()
    return text


def test_a_name_carries_the_hash_of_the_content(served):
    address = static(NAME)
    assert re.fullmatch(r"/static/portal/css/base\.[0-9a-f]{12}\.css", address)
    answer = served(address)
    assert answer.headers["Cache-Control"] == "max-age=315360000, public, immutable"
    assert body_of(answer) == (Path(aisc.__file__).parent / "portal/static" / NAME).read_bytes()


def test_the_plain_name_is_answered_too_and_asked_for_again_soon(served):
    answer = served(f"/static/{NAME}")
    assert answer.headers["Cache-Control"] == "max-age=60, public"
    answer.close()


def test_text_is_packed_for_those_who_can_unpack_it(served, settings):
    answer = served(static(NAME), **{"Accept-Encoding": "gzip, br"})
    assert (answer.headers["Content-Encoding"], answer.headers["Vary"]) == ("gzip", "Accept-Encoding")
    assert gzip.decompress(body_of(answer)) == (Path(aisc.__file__).parent / "portal/static" / NAME).read_bytes()
    assert list((settings.STATE.run / "static").glob("*.gz"))
    plain = served(static(NAME))
    assert "Content-Encoding" not in plain.headers
    plain.close()


def test_a_name_that_is_not_there_is_not_found(served):
    assert static("portal/none.css") == "/static/portal/none.css"
    assert served("/static/portal/none.css").status_code == 404


def test_no_file_refers_to_another_whose_name_would_change():
    assert SOURCES
    for source in SOURCES:
        text = source.read_text()
        assert not re.search(r"url\((?!\"?#|\"?data:)|@import|^\s*import\s|\bimport\(|/static/", text, re.MULTILINE), (
            source
        )


def packed(response):
    request = RequestFactory().get("/", headers={"Accept-Encoding": "gzip"})
    return files.PackedPages(lambda _request: response)(request)


def test_pages_are_packed_and_what_streams_is_not():
    page = packed(HttpResponse("<p>" + "word " * 400))
    assert page.headers["Content-Encoding"] == "gzip"
    for other in (
        StreamingHttpResponse(iter([b"data: x\n\n" * 200]), content_type="text/event-stream"),
        StreamingHttpResponse(iter([b"<p>" * 200]), content_type="text/html"),
        HttpResponse(b"x" * 900, content_type="application/pdf"),
        HttpResponse("[" + "1," * 400 + "1]", content_type="application/json"),
    ):
        assert "Content-Encoding" not in packed(other).headers


def test_the_middleware_stands_where_it_must():
    order = settings.MIDDLEWARE
    assert order.index("aisc.core.static.StaticFiles") < order.index("aisc.core.static.PackedPages")
    assert order.index("django.middleware.security.SecurityMiddleware") < order.index("aisc.core.static.StaticFiles")
