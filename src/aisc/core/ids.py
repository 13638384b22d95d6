"""Public identifiers: short, unguessable, free of letters that look alike."""

from __future__ import annotations

import secrets

# Crockford's base 32 in lower case: no i, l, o, u.
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
LENGTH = 12  # 60 random bits


def new_uid(prefix: str) -> str:
    """A new identifier such as ``job-4k2m9x7t1zq8`` (prefix, hyphen, 12 characters)."""
    return f"{prefix}-{''.join(secrets.choice(ALPHABET) for _ in range(LENGTH))}"
