"""Log lines name their request and person, keep secrets to themselves, and are one JSON object each when asked."""

from __future__ import annotations

import json
import logging

import pytest

from aisc.core import logs


def line(formatter: logging.Formatter, message: str, *values, **extra) -> str:
    record = logging.LogRecord("aisc.web", logging.INFO, __file__, 1, message, values, None)
    record.__dict__.update(extra)
    return formatter.format(record)


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("token aisc_abcdefghijklmnop used", "token aisc_… used"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer …"),
        ("{'password': 'hunter2', 'name': 'x'}", "{'password': '…', 'name': 'x'}"),
        ("GET /x?code=123&state=5", "GET /x?code=…&state=5"),
        ("postgresql://aisc:secret@db/aisc", "postgresql://aisc:…@db/aisc"),
        ("Cookie: sessionid=abc; theme=dark", "Cookie: sessionid=…; theme=dark"),
        ("exit code: 3, nothing else", "exit code: 3, nothing else"),
    ],
)
def test_secrets_are_left_out(text, safe):
    assert logs.without_secrets(text) == safe
    assert line(logs.Text(), "%s", text).endswith(safe)
    assert json.loads(line(logs.Json(), "%s", text))["message"] == safe


def test_a_line_names_its_request_and_person():
    named, somebody = logs.request_id.set("3f2a"), logs.person.set("per_1")
    try:
        assert line(logs.Text(), "hello").endswith("aisc.web hello [3f2a]")
        found = json.loads(line(logs.Json(), "hello", fields={"status": 200}))
    finally:
        logs.request_id.reset(named)
        logs.person.reset(somebody)
    assert found | {"time": ""} == {
        "time": "",
        "level": "INFO",
        "logger": "aisc.web",
        "message": "hello",
        "request": "3f2a",
        "person": "per_1",
        "status": 200,
    }
    assert found["time"].endswith("+00:00")


def test_a_trace_is_in_the_same_object():
    try:
        raise ValueError("password=hunter2")
    except ValueError:
        import sys

        text = line(logs.Json(), "failed", exc_info=sys.exc_info())
    found = json.loads(text)
    assert "ValueError: password=…" in found["exception"]
    assert "request" not in found


def test_each_request_is_one_line_without_its_path(client, db, settings, caplog):
    settings.ACCESS_LOG = True
    with caplog.at_level(logging.INFO, logger="aisc.access"):
        client.get("/verify/abcd-secret", headers={"X-Request-ID": "given123"})
    (record,) = [each for each in caplog.records if each.name == "aisc.access"]
    assert record.fields["route"] == "/verify/<str:code>"
    assert record.fields["status"] == 200
    assert "abcd-secret" not in record.getMessage()


def test_an_unknown_format_is_refused(monkeypatch):
    from django.core.exceptions import ImproperlyConfigured

    from aisc.core import settings

    monkeypatch.setenv("AISC_LOG_FORMAT", "xml")
    with pytest.raises(ImproperlyConfigured, match=r"AISC_LOG_FORMAT='xml' is not known; choose one of: json, text"):
        settings._choice("AISC_LOG_FORMAT", "text", logs.FORMATTERS)
