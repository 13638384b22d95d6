"""The one way to write: an action is one function, one transaction, one audit row.

    @action("jobs.cancel", on="job")
    def cancel_job(actor: Actor, *, job: Job) -> Job: ...

The actor comes first; everything else is a keyword. ``on`` names the argument that the access rule of
the same name is asked about. Page, API and command line all call the same function.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, ParamSpec, TypeVar

from django.db import models, transaction

from aisc.core import access, clock

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True)
class Actor:
    """Who acts: a person (through a page or a token) or the system itself.

    ``scopes`` is None for a signed-in session and the token's scopes otherwise. ``address`` and
    ``request_id`` go into the audit log.
    """

    person: Any = None
    is_system: bool = False
    scopes: frozenset[str] | None = None
    address: str = ""
    request_id: str = ""
    label: str = ""

    def __str__(self) -> str:
        return self.label or (str(self.person) if self.person else "nobody")


ANYONE = Actor()


def system(label: str) -> Actor:
    """The system acting on its own (worker, set-up); ``label`` says which part of it."""
    return Actor(is_system=True, label=label)


@dataclass
class _Note:
    target: Any = None
    details: dict[str, Any] = field(default_factory=dict)
    reason: str = ""


_current: ContextVar[_Note | None] = ContextVar("aisc_audit_note", default=None)
_registry: dict[str, Callable[..., Any]] = {}


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


def action(name: str, *, on: str | None = None) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a function an action called ``name`` (``room.verb``); see the module's text."""

    def wrap(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def run(actor: Actor, /, **kwargs: Any) -> R:
            with transaction.atomic():
                access.require(actor, name, kwargs[on] if on else None)
                current = _Note()
                token = _current.set(current)
                try:
                    result = function(actor, **kwargs)
                finally:
                    _current.reset(token)
                target = current.target
                if target is None:
                    target = result if isinstance(result, models.Model) else kwargs.get(on or "")
                _write_audit(actor, name, target, current)
            return result

        if name in _registry:
            raise ValueError(f"action {name} is declared twice")
        _registry[name] = run
        return run

    return wrap


def _write_audit(actor: Actor, name: str, target: Any, current: _Note) -> None:
    from aisc.core.models import AuditEvent

    is_row = isinstance(target, models.Model)
    AuditEvent.objects.create(
        at=clock.now(),
        person=actor.person,
        actor=str(actor)[:200],
        action=name,
        object_type=target._meta.label_lower if is_row else "",
        object_id=str(getattr(target, "uid", None) or target.pk) if is_row else "",
        object_label=str(target)[:200] if is_row else "",
        details=current.details,
        reason=current.reason,
        address=actor.address[:64],
        request_id=actor.request_id[:64],
    )
