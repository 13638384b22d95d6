"""Who may do what: one table per room, one question to ask.

Each room's ``access.py`` calls :func:`register` with its table. A row names an action or a reading, and
holds a :class:`Rule`. Actions ask by themselves (``core.actions``); readings ask with :func:`require`.

Every page and every operation of the API has a row as well, in the table of :func:`register_routes`: it names the
rules that guard it. ``core.routes`` says how to write one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from aisc.core.errors import Forbidden, NotFound, SignInNeeded, StepUpNeeded
from aisc.core.routes import DEMONSTRATION, PUBLIC, SIGNED_IN, Guard, by, guard, register_routes, routes

if TYPE_CHECKING:
    from aisc.core.actions import Actor

__all__ = [
    "DEMONSTRATION",
    "PUBLIC",
    "READ",
    "SIGNED_IN",
    "Guard",
    "Rule",
    "by",
    "guard",
    "may",
    "register",
    "register_routes",
    "require",
    "routes",
    "table",
    "with_step_up",
]

READ = "read"


@dataclass(frozen=True)
class Rule:
    """``allows(actor, target)`` decides; ``who`` says in words who may (lazy text).

    ``scope`` is what an API token must carry. ``hide`` makes a refusal look like absence, so that a
    stranger cannot learn that the thing exists. ``step_up``: a session must have proved lately who its person is.
    ``roles`` names the roles that the rule is about, for explaining it: ``place:owner``, ``centre:auditor``.
    """

    who: Any
    allows: Callable[[Actor, Any], bool]
    scope: str = READ
    hide: bool = False
    step_up: bool = False
    roles: frozenset[str] = frozenset()

    def __or__(self, other: Rule) -> Rule:
        return Rule(
            who=lambda: f"{_words(self.who)}; {_words(other.who)}",
            allows=lambda actor, target: self.allows(actor, target) or other.allows(actor, target),
            scope=self.scope,
            hide=self.hide or other.hide,
            step_up=self.step_up or other.step_up,
            roles=self.roles | other.roles,
        )


def with_step_up(rule: Rule) -> Rule:
    """The same rule, for money and decisions: a session that signed in long ago has to confirm who it is."""
    return replace(rule, step_up=True)


def _words(who: Any) -> str:
    return str(who() if callable(who) else who)


_table: dict[str, Rule] = {}


def register(table: dict[str, Rule]) -> None:
    """Add a room's table. Raises ValueError when a name is taken: two rules would be two truths."""
    for name, rule in table.items():
        if _table.setdefault(name, rule) is not rule:
            raise ValueError(f"access rule {name} is declared twice")


def table() -> dict[str, Rule]:
    """Every rule of every room, by name."""
    return dict(_table)


def may(actor: Actor, name: str, target: Any = None) -> bool:
    """Whether ``actor`` may do ``name`` on ``target``. Raises KeyError for an action without a rule."""
    rule = _table[name]
    if actor.is_system:
        return True
    if actor.scopes is not None and rule.scope not in actor.scopes:
        return False
    return rule.allows(actor, target)


def require(actor: Actor, name: str, target: Any = None) -> None:
    """Raise SignInNeeded, NotFound or Forbidden unless ``actor`` may do ``name`` on ``target``.

    Raises StepUpNeeded when they may, but the rule asks for a fresh proof that the session does not have.
    """
    rule = _table[name]
    if may(actor, name, target):
        if rule.step_up and actor.stale:
            raise StepUpNeeded
        return
    if actor.person is None:
        raise SignInNeeded
    if actor.scopes is not None and rule.scope not in actor.scopes:
        from django.utils.translation import gettext as _

        raise Forbidden(
            _("This token lacks the scope “%(scope)s”. Make a new token with it.") % {"scope": rule.scope},
            code="token.scope",
        )
    if rule.hide:
        raise NotFound
    from django.utils.translation import gettext as _

    raise Forbidden(_("You may not do this. Who may: %(who)s.") % {"who": _words(rule.who)})
