"""Whose history is shown where, to whom, and in which words.

Each room registers in its ``history.py`` what has a history, how its actions are called in the reader's language,
and which actions are not everybody's business::

    register(Kind("project", Project, "people.view_project", "uid", _("Project")))
    say({"people.close_project": _("Closed the project")})
    confide("scheme.view_reviews", "scheme.save_review", "scheme.submit_review")

Auditors, operators and administrators see all. Everybody else sees the history of what they may see, without the
addresses that others came from and without what is confided to a rule that refuses them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models

from aisc.core import access
from aisc.core.actions import Actor
from aisc.core.errors import NotFound

ALL = "portal.audit"  # the rule of those who see the whole log


@dataclass(frozen=True)
class Kind:
    """Something with a history at ``/audit/<slug>/<uid>/``: who may see it, and the field that names it."""

    slug: str
    model: type[models.Model]
    rule: str
    field: str
    label: Any

    def find(self, uid: str) -> models.Model:
        """Raises NotFound."""
        try:
            return self.model._default_manager.get(**{self.field: uid})
        except (self.model.DoesNotExist, ValueError, OverflowError):
            raise NotFound from None


_kinds: dict[str, Kind] = {}
_words: dict[str, Any] = {}
_confided: dict[str, str] = {}


def register(*kinds: Kind) -> None:
    """Add what has a history. Raises ValueError when a slug is taken."""
    for kind in kinds:
        if _kinds.setdefault(kind.slug, kind) is not kind:
            raise ValueError(f"history {kind.slug} is registered twice")


def say(words: Mapping[str, Any]) -> None:
    """Add how actions are called in a history (lazy text)."""
    _words.update(words)


def confide(rule: str, *actions: str) -> None:
    """Show ``actions`` in a history only to those whom ``rule`` allows, about the object whose history it is."""
    _confided.update(dict.fromkeys(actions, rule))


def kinds() -> dict[str, Kind]:
    """Everything that has a history, by slug."""
    return dict(_kinds)


def kind_of(model: type[models.Model] | str) -> Kind | None:
    """The kind of a model, or of a model's label; None when it has no history of its own."""
    label = model if isinstance(model, str) else model._meta.label_lower
    return next((kind for kind in _kinds.values() if kind.model._meta.label_lower == label), None)


def kind_called(slug: str) -> Kind:
    """Raises NotFound."""
    try:
        return _kinds[slug]
    except KeyError:
        raise NotFound from None


def said(action: str) -> str:
    """An action in the reader's language; its own name where nobody has said it."""
    return str(_words.get(action, action))


def words() -> dict[str, str]:
    """Every action's words, by its name."""
    return {name: str(word) for name, word in _words.items()}


def withheld_from(actor: Actor, row: models.Model) -> list[str]:
    """The actions that the history of ``row`` does not show to ``actor``."""
    rules = set(_confided.values())
    refused = {rule for rule in rules if not _allows(actor, rule, row)}
    return sorted(action for action, rule in _confided.items() if rule in refused)


def _allows(actor: Actor, rule: str, row: models.Model) -> bool:
    try:
        return access.may(actor, rule, row)
    except (AttributeError, TypeError):
        return False  # the rule is about something else than this row
