"""Addresses of our own pages, made from what ``reverse`` answered once: it takes longer than writing a table's cell.

to("jobs:jobs")
to("jobs:job", job.uid)
"""

from __future__ import annotations

import re
from functools import cache

from django.urls import NoReverseMatch, get_script_prefix, get_urlconf, reverse

_PLAIN = re.compile(r"[-a-zA-Z0-9_]+")
_MARK = "0-where-it-goes-0"


def to(name: str, uid: str = "") -> str:
    """The address of the page ``name``, with ``uid`` in it where it has one. Raises NoReverseMatch as ``reverse``."""
    if not uid:
        return _without(name, get_script_prefix(), get_urlconf())
    around = _around(name, get_script_prefix(), get_urlconf())
    if around is None or not _PLAIN.fullmatch(uid):
        return reverse(name, args=[uid])
    return f"{around[0]}{uid}{around[1]}"


@cache
def _without(name: str, _prefix: str, _urlconf: str | None) -> str:
    return reverse(name)


@cache
def _around(name: str, _prefix: str, _urlconf: str | None) -> tuple[str, str] | None:
    """What stands before and after the uid; None for pages whose address does not take any plain word."""
    try:
        before, mark, after = reverse(name, args=[_MARK]).partition(_MARK)
    except NoReverseMatch:
        return None
    return (before, after) if mark else None
