"""Log lines: which request, which person, no secrets; as text for people or as JSON for machines.

``AISC_LOG_FORMAT=json`` writes one object a line (``time``, ``level``, ``logger``, ``message``, ``request``,
``person``, and what a line adds with ``extra={"fields": {…}}``); ``text`` is for reading.
"""

from __future__ import annotations

import json
import logging
import re
from contextvars import ContextVar
from datetime import UTC, datetime

# What the running request is called and who sent it; empty in the worker and on the command line.
request_id: ContextVar[str] = ContextVar("aisc_log_request", default="")
person: ContextVar[str] = ContextVar("aisc_log_person", default="")

# API tokens, Bearer and Basic headers, session cookies, and passwords in addresses or dictionaries.
_SECRETS = re.compile(
    r"(aisc_)[a-z0-9]{8,}"
    r"|((?:Bearer|Basic)\s+)[^\s'\",]+"
    r"|((?:sessionid|csrftoken)=)[^\s;'\"]+"
    r"|((?:password|secret|token)['\"]?\s*[=:]\s*['\"]?|\bcode=)[^\s&'\",}]+"
    r"|(://[^/\s:@]*:)[^@\s/]+(?=@)",
    re.IGNORECASE,
)


def without_secrets(text: str) -> str:
    """``text`` with everything that looks like a secret replaced by an ellipsis."""
    return _SECRETS.sub(lambda found: next(filter(None, found.groups())) + "…", text)


class Text(logging.Formatter):
    """``2026-01-31 12:00:00,123 INFO aisc.web [3f2a…] message``."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        line = without_secrets(super().format(record))
        return f"{line} [{request_id.get()}]" if request_id.get() else line


class Json(logging.Formatter):
    """One JSON object a line; times in UTC with milliseconds."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": without_secrets(record.getMessage()),
        }
        line |= {"request": request_id.get()} if request_id.get() else {}
        line |= {"person": person.get()} if person.get() else {}
        line |= getattr(record, "fields", {})
        if record.exc_info:
            line["exception"] = without_secrets(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False, default=str)


FORMATTERS = {"text": Text, "json": Json}
