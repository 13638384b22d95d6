"""What holds for every request: ids, languages, upload limit, refusals, health."""

import asyncio
import json

import pytest
from django.db import OperationalError
from django.test import Client

from aisc.core import asgi, health
from aisc.core.errors import Conflict
from aisc.portal import views


def test_healthz_needs_nothing(client):
    assert client.get("/healthz").json() == {"status": "ok"}


def test_readyz_names_what_is_wrong(client, db, monkeypatch):
    monkeypatch.setattr(health, "_checks", {"engine": lambda: (True, ""), "broken": lambda: 1 / 0})
    answer = client.get("/readyz")
    assert answer.status_code == 503
    parts = answer.json()["parts"]
    assert parts["database"] == {"ok": True, "detail": ""}
    assert parts["engine"] == {"ok": True, "detail": ""}
    assert parts["broken"] == {"ok": False, "detail": "ZeroDivisionError: division by zero"}
    assert "worker" in parts


def test_readyz_without_a_database_answers_all_the_same(client, monkeypatch):
    class Away:
        def cursor(self):
            raise OperationalError("away")

    monkeypatch.setattr(health, "connection", Away())
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert list(answer.json()["parts"]) == ["database"]


@pytest.mark.parametrize(
    ("sent", "kept"), [("abc123", True), ("a" * 65, False), ("x\ny", False), ("<script>", False), ("", False)]
)
def test_request_ids_are_taken_over_only_when_they_look_like_one(client, sent, kept):
    answer = client.get("/healthz", headers={"X-Request-ID": sent} if "\n" not in sent else {})
    assert (answer["X-Request-ID"] == sent) is kept
    assert answer["X-Request-ID"].isalnum()


@pytest.mark.parametrize(
    ("query", "cookie", "header", "language"),
    [
        ("", "", "", "en"),
        ("?lang=zh-hant", "", "", "zh-hant"),
        ("?lang=xx", "", "zh-HK,zh;q=0.9", "zh-hant"),
        ("", "zh-hant", "en", "zh-hant"),
        ("", "", "zh-TW", "zh-hant"),
        ("", "", "zh-MO", "zh-hant"),
        ("", "", "zh", "zh-hant"),
        ("", "", "zh-CN,zh;q=0.9,en;q=0.8", "zh-hans"),
        ("", "", "zh-SG", "zh-hans"),
        ("", "", "zh-Hans-HK", "zh-hans"),
        ("?lang=zh-hans", "zh-hant", "en", "zh-hans"),
        ("", "", "fr", "en"),
    ],
)
def test_the_readers_language(client, db, settings, query, cookie, header, language):
    if cookie:
        client.cookies[settings.LANGUAGE_COOKIE_NAME] = cookie
    answer = client.get(f"/verify/{query}", headers={"Accept-Language": header})
    assert answer["Content-Language"] == language
    assert "Accept-Language" in answer["Vary"]


def test_a_refusal_is_a_page_with_its_reason(client, db, monkeypatch):
    def refuse():
        raise Conflict("The call closed at noon.")

    monkeypatch.setattr(views.queries, "open_call", refuse)
    answer = client.get("/")
    assert answer.status_code == 409
    assert "The call closed at noon." in answer.content.decode()


def test_a_page_that_needs_sign_in_leads_there_and_back(client, db):
    answer = client.get("/audit/?page=2")
    assert answer.status_code == 302
    assert answer["Location"] == "/accounts/login/?next=/audit/%3Fpage%3D2"


def test_a_database_that_is_away_is_503_with_a_way_on(client, db, monkeypatch):
    def away():
        raise OperationalError("server closed the connection")

    monkeypatch.setattr(views.queries, "load", away)
    answer = client.get("/")
    assert (answer.status_code, answer["Retry-After"]) == (503, "30")
    assert "try again in a minute" in answer.content.decode()
    assert "server closed" not in answer.content.decode()


def test_pages_of_forgery_and_absence(db):
    strict = Client(enforce_csrf_checks=True)
    assert "open for too long" in strict.post("/i18n/setlang/", {"language": "en"}).content.decode()
    assert "Not found" in strict.get("/nothing-here").content.decode()


def ask(scope: dict, *chunks: bytes) -> list[dict]:
    """One request straight to the ASGI application."""
    sent: list[dict] = []
    waiting = list(chunks)

    async def receive():
        if waiting:
            return {"type": "http.request", "body": waiting.pop(0), "more_body": bool(waiting)}
        return {"type": "http.disconnect"}

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": []} | scope
    asyncio.run(asgi.application(scope, receive, send))
    return sent


def test_a_file_told_to_be_too_large_is_refused_before_a_byte_is_read(settings):
    start, body = ask({"headers": [(b"content-length", b"5368709120")]})
    assert start["status"] == 413
    problem = json.loads(body["body"])
    assert problem["code"] == "too_large"
    assert "2048 MB" in problem["detail"]


def test_what_grows_too_large_without_telling_is_cut_off(settings):
    settings.MAX_UPLOAD_BYTES = 10
    headers = [(b"host", b"127.0.0.1"), (b"content-type", b"application/x-www-form-urlencoded")]
    headers.append((b"cookie", f"{settings.CSRF_COOKIE_NAME}={'a' * 32}".encode()))
    start, _body = ask({"path": "/i18n/setlang/", "headers": headers}, b"12345678", b"12345678")
    assert start["status"] in (400, 403)  # not parsed, so its token is missing as well


def test_the_server_may_start_and_stop_it():
    sent = []
    messages = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

    async def receive():
        return next(messages)

    async def send(message):
        sent.append(message["type"])

    asyncio.run(asgi.application({"type": "lifespan"}, receive, send))
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    asyncio.run(asgi.application({"type": "websocket"}, receive, send))
