"""States that move through one explicit table per entity, and nowhere else.

    machine = Machine("application", [Transition("draft", "submitted", who=..., effect=...), ...])
    machine.move(application, "submitted")

``docs/states.md`` is written from these tables; a test walks every pair of states through each of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from aisc.core.errors import Conflict


@dataclass(frozen=True)
class Transition:
    """One allowed move. ``who``, ``guard`` and ``effect`` say in English, for the docs, what code enforces."""

    source: str
    target: str
    who: str
    guard: str = ""
    effect: str = ""


MACHINES: dict[str, Machine] = {}


class Machine:
    """The table of one entity's states, kept in its field ``state``."""

    def __init__(self, entity: str, labels: dict[str, Any], transitions: list[Transition]):
        self.entity = entity
        self.labels = labels
        self.transitions = tuple(transitions)
        self._pairs = {(t.source, t.target) for t in transitions}
        unknown = {s for pair in self._pairs for s in pair} - set(labels)
        if unknown or len(self._pairs) != len(transitions):
            raise ValueError(f"{entity}: unknown states {sorted(unknown)} or a transition given twice")
        MACHINES[entity] = self

    @property
    def choices(self) -> list[tuple[str, Any]]:
        """For the model field."""
        return list(self.labels.items())

    @property
    def final(self) -> frozenset[str]:
        """States that nothing leaves."""
        return frozenset(self.labels) - {source for source, _target in self._pairs}

    def allows(self, source: str, target: str) -> bool:
        return (source, target) in self._pairs

    def move(self, row: Any, target: str) -> None:
        """Set ``row.state``; the caller holds the row's lock and saves. Raises Conflict."""
        if not self.allows(row.state, target):
            raise Conflict(
                _("This is “%(state)s” now, so it cannot become “%(target)s”.")
                % {"state": self.labels.get(row.state, row.state), "target": self.labels[target]},
                code=f"{self.entity}.state",
            )
        row.state = target
