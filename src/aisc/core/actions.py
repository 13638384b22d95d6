"""The one way to write: an action is one function, one transaction, one audit row.

    @action("jobs.cancel", on="job")
    def cancel_job(actor: Actor, *, job: Job) -> Job: ...

The actor comes first; everything else is a keyword. ``on`` names the argument that the access rule of
the same name is asked about. Page, API and command line all call the same function.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, ParamSpec, TypeVar

from django.db import models, transaction

from aisc.core import access, clock
from aisc.core.audit import record
from aisc.core.audit.changes import Change, Key, identity, kept
from aisc.core.audit.refusals import Refusal, refusal
from aisc.core.audit.subjects import subjects_of
from aisc.core.errors import AiscError

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Actor:
    """Who acts: a person (through a page or a token) or the system itself.

    ``scopes`` is None for a signed-in session and the token's scopes otherwise. ``address``, ``request_id`` and
    ``via`` (the session, token or command) go into the audit log. ``stale``: a session whose person proved too
    long ago who they are for the rules that ask for it (``core.step_up``). ``reading``: the actor of a request that
    changes nothing, in which what the person may do needs to be looked up once only.
    """

    person: Any = None
    is_system: bool = False
    scopes: frozenset[str] | None = None
    address: str = ""
    request_id: str = ""
    label: str = ""
    via: str = ""
    stale: bool = False
    reading: bool = False

    def __str__(self) -> str:
        return self.label or (str(self.person) if self.person else "nobody")


ANYONE = Actor()


def system(label: str) -> Actor:
    """The system acting on its own (worker, set-up); ``label`` says which part of it."""
    return Actor(is_system=True, label=label, via=_process)


_process = ""


def came_by(command: str) -> None:
    """Say by which command this process was started; what it does as the system is written down with it."""
    global _process
    _process = command


@dataclass
class _Note:
    target: Any = None
    details: dict[str, Any] = field(default_factory=dict)
    reason: str = ""
    changes: dict[Key, Change] = field(default_factory=dict)


@dataclass
class _Unit:
    """One transaction: the audit rows of its actions, to be written at its end; and what was refused in it."""

    rows: list[record.Row] = field(default_factory=list)
    refusal: Refusal | None = None


_current: ContextVar[_Note | None] = ContextVar("aisc_audit_note", default=None)
_unit: ContextVar[_Unit | None] = ContextVar("aisc_audit_unit", default=None)
_registry: dict[str, Callable[..., Any]] = {}


def running_changes() -> dict[Key, Change] | None:
    """Where the running action notes what it changes; None outside of actions."""
    current = _current.get()
    return None if current is None else current.changes


def note(*, target: Any = None, reason: str = "", **details: Any) -> None:
    """Say more in the running action's audit row: the object, the reason given, before and after values."""
    current = _current.get()
    if current is None:
        raise RuntimeError("note() is for use inside an action")
    if target is not None:
        current.target = target
    if reason:
        current.reason = reason
    current.details.update(details)


def registry() -> dict[str, Callable[..., Any]]:
    """Every action by name."""
    return dict(_registry)


@contextmanager
def together() -> Iterator[None]:
    """One transaction for several actions: all of them or none, their audit rows written together at its end.

    Use it instead of ``transaction.atomic`` around actions: the end of the audit log is held from the moment a row
    is written until the transaction ends, so nothing may be locked in between.
    """
    if _unit.get() is not None:
        with transaction.atomic():
            yield
        return
    unit = _Unit()
    token = _unit.set(unit)
    try:
        with transaction.atomic():
            yield
            record.write(unit.rows)
    except AiscError:
        if unit.refusal is not None:
            unit.refusal.write()
        raise
    finally:
        _unit.reset(token)


def action(name: str, *, on: str | None = None) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a function an action called ``name`` (``room.verb``); see the module's text."""

    def wrap(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def run(actor: Actor, /, **kwargs: Any) -> R:
            with together():
                return _run(function, actor, kwargs, name, on)

        if name in _registry:
            raise ValueError(f"action {name} is declared twice")
        _registry[name] = run
        return run

    return wrap


def _run(function: Callable[..., R], actor: Actor, kwargs: dict[str, Any], name: str, on: str | None) -> R:
    unit = _unit.get()
    before = len(unit.rows)
    current = _Note()
    token = _current.set(current)
    try:
        access.require(actor, name, kwargs[on] if on else None)
        result = function(actor, **kwargs)
    except BaseException as error:
        # Whatever was done inside is undone with the transaction or its savepoint, and so are its rows.
        del unit.rows[before:]
        unit.refusal = refusal(actor, name, current.target or kwargs.get(on or ""), error) or unit.refusal
        raise
    finally:
        _current.reset(token)
    target = current.target
    if target is None:
        target = result if isinstance(result, models.Model) else kwargs.get(on or "")
    unit.rows.append(_row(actor, name, target, current))
    return result


def _row(actor: Actor, name: str, target: Any, current: _Note) -> record.Row:
    is_row = isinstance(target, models.Model)
    about = [target] if is_row else []
    about += [change.row for change in current.changes.values()]
    return record.Row(
        at=clock.now(),
        person_id=actor.person.pk if actor.person else None,
        actor=str(actor),
        action=name,
        object_type=target._meta.label_lower if is_row else "",
        object_id=identity(target) if is_row else "",
        object_label=str(target) if is_row else "",
        details=current.details,
        changes=kept(current.changes),
        subjects=subjects_of(about, current.changes),
        reason=current.reason,
        address=actor.address,
        request_id=actor.request_id,
        via=actor.via,
    )
