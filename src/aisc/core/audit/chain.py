"""The canonical text of an audit row, and its hash. No Django and no database: an outsider can recompute it.

A row's text is a JSON array, one element for each of :data:`COLUMNS`, without spaces, keys of objects sorted,
characters beyond ASCII as they are, moments as ISO 8601 in UTC with microseconds. Its hash is the SHA-256, in
hexadecimal, of the hash of the row before it (nothing for the first) followed by that text.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any

COLUMNS = (
    "seq",
    "at",
    "person",
    "actor",
    "action",
    "object_type",
    "object_id",
    "object_label",
    "details",
    "changes",
    "subjects",
    "reason",
    "address",
    "request_id",
    "via",
)


def plain(value: Any) -> Any:
    """``value`` in JSON's types, as every database gives it back: no floats, no NUL, no lone surrogates."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, dict):
        return {plain(str(key)): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, set | frozenset):
        return sorted(plain(str(each)) for each in value)
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return value.isoformat()
    return str(value).replace("\0", "").encode("utf-8", "replace").decode()


def moment(value: datetime) -> str:
    """A moment in the canonical form."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def canonical(value: Any) -> str:
    """JSON in the canonical form."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def row_hash(previous: str, values: Sequence[Any]) -> str:
    """The hash of a row whose ``values`` (in the order of :data:`COLUMNS`) follow the row hashed ``previous``."""
    return sha256((previous + canonical(list(values))).encode()).hexdigest()
