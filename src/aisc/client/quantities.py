"""Durations as people write them."""

from __future__ import annotations

import re

_PART = re.compile(r"(\d{1,9})(ms|[smhd])", re.IGNORECASE)
_UNIT_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def milliseconds(text: str) -> int:
    """Integer milliseconds of ``90s``, ``10m``, ``2h30m``, ``1d``. Raises ValueError."""
    compact = "".join(text.split())
    total, position, smallest = 0, 0, max(_UNIT_MS.values()) + 1
    for part in _PART.finditer(compact):
        unit = _UNIT_MS[part[2].lower()]
        # From large to small, each once: “30m2h” is more likely a slip than a wish.
        if part.start() != position or unit >= smallest or not part[1].isascii():
            raise ValueError(f"“{text}” is no duration. Write it like 10m, 2h30m or 1d.")
        total, position, smallest = total + int(part[1]) * unit, part.end(), unit
    if not compact or position != len(compact) or not total:
        raise ValueError(f"“{text}” is no duration. Write it like 10m, 2h30m or 1d.")
    return total
