"""Which access rule guards which page and which operation of the API: one row each.

Each room fills its table in its ``access.py``, beside the rules (or in a ``routes.py`` that ``access.py`` imports)::

    from aisc.core.access import PUBLIC, SIGNED_IN, by, guard, register_routes

    register_routes(
        {
            # a page: the name of its address
            "people:organisations": guard("people.view_organisations"),
            # how the object that the rules are asked about is found: by what stands in the address
            "people:organisation": guard("people.view_organisation", on=by(Organisation)),
            # several rules are asked in this order; the first that refuses gives the answer
            "people:edit_project": guard("people.view_project", "people.update_project", on=by(Project)),
            # one more rule when something is sent (POST)
            "ledger:proof": guard("ledger.view_proof", sending="ledger.run_proof"),
            # an operation of the API: method and path as the OpenAPI document writes them
            "PATCH /projects/{uid}": guard("people.view_project", "people.update_project", on=by(Project)),
            # an object that is named in the body or the query, not in the path
            "POST /jobs": guard("jobs.submit", on=by(Project, "project", field="uid", sent=True)),
            # steps about different objects are added up
            "POST /x/{uid}": guard("room.view", on=by(X)) + guard("room.use", on=by(Y, "y", field="uid", sent=True)),
            "portal:front": PUBLIC,
            # an address without a name: its path
            "/healthz": PUBLIC,
        }
    )

A row says what the view does; it does not do it: views and actions ask their rules themselves. A test
(``tests/end_to_end/test_who_may_what.py``) calls every page and every operation as everybody, compares the answers
with these rows, and fails for a page without a row and for a row without a page. The page “Who may do what” reads
them as well, so that every refusal can be explained.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True)
class By:
    """Finds the row of ``model`` whose ``field`` is what is given as ``given``: in the address, or ``sent`` with it."""

    model: Any
    given: str = "uid"
    field: str = ""
    sent: bool = False

    def find(self, given: Mapping[str, Any]) -> Any | None:
        """The row, or None when there is none or nothing that could name one was given."""
        value = given.get(self.given)
        if value is None or isinstance(value, (dict, list)):
            return None
        try:
            return self.model.objects.filter(**{self.field or self.given: value}).first()
        except (ValueError, OverflowError):
            return None


def by(model: Any, given: str = "uid", *, field: str = "", sent: bool = False) -> By:
    """See :class:`By`. ``by(Project)`` is the project whose ``uid`` stands in the address."""
    return By(model, given, field, sent)


@dataclass(frozen=True)
class Step:
    """One rule, and how the object that it is asked about is found; ``on`` is None for a rule about no object.

    ``sending`` is True for a rule that is asked only when something is sent.
    """

    rule: str
    on: Any = None
    sending: bool = False


@dataclass(frozen=True)
class Guard:
    """What is asked before a page or an operation answers: the steps in order.

    ``who`` is ``"steps"`` where the steps decide, else one of the markers below.
    """

    steps: tuple[Step, ...] = field(default=())
    who: str = "steps"

    def __add__(self, other: Guard) -> Guard:
        return replace(self, steps=self.steps + other.steps, who="steps")

    def rules(self, *, sending: bool) -> tuple[Step, ...]:
        """The steps that a request goes through; those of ``sending`` only when it sends something."""
        return tuple(step for step in self.steps if sending or not step.sending)


PUBLIC = Guard(who="public")  # everybody
SIGNED_IN = Guard(who="signed in")  # everybody who is signed in; what they then see is their own
DEMONSTRATION = Guard(who="demonstration")  # everybody, in a demonstration; elsewhere it is not there
NOBODY = Guard(who="nobody")  # it is not there, for anybody


def guard(*rules: str, on: Any = None, sending: str = "") -> Guard:
    """A guard that asks ``rules`` in order about what ``on`` finds, and ``sending`` as well when something is sent."""
    steps = tuple(Step(rule, on) for rule in rules)
    return Guard((*steps, Step(sending, on, sending=True)) if sending else steps)


_routes: dict[str, Guard] = {}


def register_routes(table: dict[str, Guard]) -> None:
    """Add a room's rows; the module's text says how to write one. Raises ValueError when a route has a row already."""
    for route, its_guard in table.items():
        if _routes.setdefault(route, its_guard) is not its_guard:
            raise ValueError(f"the route {route} has two rows")


def routes() -> dict[str, Guard]:
    """Every row of every room, by route."""
    return dict(_routes)
