"""Public identifiers: short, unguessable, free of letters that look alike."""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

# Crockford's base 32 in lower case: no i, l, o, u.
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
LENGTH = 12  # 60 random bits

_seeded: ContextVar[random.Random | None] = ContextVar("aisc_seeded_ids", default=None)


def new_uid(prefix: str) -> str:
    """A new identifier such as ``job-4k2m9x7t1zq8`` (prefix, hyphen, 12 characters)."""
    choose = (_seeded.get() or secrets).choice
    return f"{prefix}-{''.join(choose(ALPHABET) for _ in range(LENGTH))}"


@contextmanager
def seeded(seed: str) -> Iterator[None]:
    """Make the identifiers inside the block follow from ``seed``: for the demonstration, which keeps no secret."""
    token = _seeded.set(random.Random(seed))  # noqa: S311 - see above
    try:
        yield
    finally:
        _seeded.reset(token)
