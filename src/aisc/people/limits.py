"""How often something may be tried: counters in the cache, in fixed windows.

They lie in the cache and not in the database so that a refused, rolled-back transaction still counts. The cache is
one for all processes of the machine (``core.shared_cache``).
"""

from __future__ import annotations

import hashlib

from django.core.cache import cache

from aisc.core.errors import TooOften


def spend(what: str, who: str, *, limit: int, per_s: int) -> None:
    """Count one try of ``what`` by ``who``. Raises TooOften when it is beyond ``limit`` in ``per_s`` seconds."""
    key = _key(what, who)
    if cache.add(key, 1, per_s):
        return
    try:
        tries = cache.incr(key)
    except ValueError:  # it expired in between
        cache.set(key, 1, per_s)
        tries = 1
    if tries > limit:
        raise TooOften(retry_after=per_s)


def _key(what: str, who: str) -> str:
    # Addresses of people do not belong into a cache in clear.
    return f"aisc-limit:{what}:{hashlib.sha256(who.encode()).hexdigest()[:32]}"
