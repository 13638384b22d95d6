"""Links from a usage record up to what made it, given by the rooms above (jobs, later services and model calls).

    evidence.register("engine:", lambda records: {record.pk: Evidence(label, url) for record in …})

The ledger knows only a source and a source id; the room that reported the usage knows its page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from aisc.ledger.models import UsageRecord


@dataclass(frozen=True)
class Evidence:
    """Where a usage record comes from: a name for people and the page that shows it."""

    label: str
    url: str


Resolver = Callable[[list[UsageRecord]], dict[int, Evidence]]
_resolvers: dict[str, Resolver] = {}


def register(prefix: str, resolver: Resolver) -> None:
    """``resolver`` answers for the records whose source begins with ``prefix``, all of a page in one call."""
    _resolvers[prefix] = resolver


def origins(records: Iterable[UsageRecord]) -> dict[int, Evidence]:
    """The origin of each record whose room has said where it shows them, by primary key."""
    waiting = list(records)
    found: dict[int, Evidence] = {}
    for prefix, resolver in _resolvers.items():
        mine = [record for record in waiting if record.source.startswith(prefix)]
        if mine:
            found |= resolver(mine)
    return found
