"""Before and after: what an action changed in the rows of the rooms, noted by itself.

Every model of a room is watched while an action runs, through Django's signals of saving and deleting. A model
says otherwise with class attributes: ``audit_changes = False`` (rows that come by the million and have a journal
of their own) and ``audit_hidden = ("field", …)`` (it is noted that the field changed, never the value). Fields whose
names sound like secrets are hidden without being asked. What is written around the signals, in bulk, is for the
action itself to ``note``.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models.signals import post_init, post_save, pre_delete, pre_save

from aisc.core.audit.chain import canonical, plain

HIDDEN = "•••"
_SECRET = re.compile(r"password|secret|digest|token|(^|_)key$|environment|last_login")
LONGEST = 300  # characters of a value that are kept whole
_KEPT = 200
MOST_ROWS = 200  # of one action whose values are kept; of the others it is said how many there were

_BEFORE = "_audit_before"
_ABSENT = "<not read>"

Key = tuple[str, Any]


@dataclass
class Change:
    """One row that an action made, changed or deleted."""

    row: models.Model
    id: str
    what: str = "changed"
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """What the audit row keeps; fields that did not change are left out."""
        return {
            "type": self.row._meta.label_lower,
            "id": self.id,
            "label": plain(str(self.row))[:200],
            "what": self.what,
            "before": self.before,
            "after": self.after,
        }

    def __bool__(self) -> bool:
        return self.what != "changed" or bool(self.before or self.after)


def identity(row: models.Model) -> str:
    """The name of a row to the outside: its uid or number, else its key in the database."""
    for name in ("uid", "number", "version", "code"):
        if value := getattr(row, name, None):
            return str(value)[:64]
    return str(row.pk)


def is_watched(model: type[models.Model]) -> bool:
    """Whether changes of the model's rows are noted."""
    of_a_room = model.__module__.startswith("aisc.") and model._meta.app_label != "core"
    return of_a_room and not model._meta.proxy and getattr(model, "audit_changes", True)


def is_hidden(model: type[models.Model], name: str) -> bool:
    """Whether the values of a field are kept out of the log."""
    return bool(_SECRET.search(name)) or name in getattr(model, "audit_hidden", ())


def watch() -> None:
    """Listen to every watched model; called once, when all models are known."""
    for model in apps.get_models():
        if is_watched(model):
            post_init.connect(_loaded, sender=model, dispatch_uid=f"audit-loaded-{model._meta.label}")
            pre_save.connect(_saving, sender=model, dispatch_uid=f"audit-saving-{model._meta.label}")
            post_save.connect(_saved, sender=model, dispatch_uid=f"audit-saved-{model._meta.label}")
            pre_delete.connect(_deleting, sender=model, dispatch_uid=f"audit-deleting-{model._meta.label}")


def _running() -> dict[Key, Change] | None:
    from aisc.core.actions import running_changes

    return running_changes()


def _loaded(sender: type[models.Model], instance: models.Model, **_more: Any) -> None:
    """Keep what a row is when an action reads it: that is what it was before the action changed it."""
    changes = _running()
    if changes is not None:
        values = {each.attname: instance.__dict__.get(each.attname, _ABSENT) for each in sender._meta.concrete_fields}
        # What can be changed in place is copied.
        values |= {name: copy.deepcopy(value) for name, value in values.items() if isinstance(value, list | dict)}
        instance.__dict__[_BEFORE] = (changes, values)


def _stored(row: models.Model, fields: list[Any]) -> Sequence[Any] | None:
    """The values that ``fields`` have in the database; as the running action read them, else asked for."""
    changes, values = row.__dict__.get(_BEFORE, (None, {}))
    if changes is _running() and values[row._meta.pk.attname] == row.pk:
        found = [values[each.attname] for each in fields]
        if _ABSENT not in found:
            return found
    # Read before the action began, perhaps long ago.
    return row._meta.model._base_manager.filter(pk=row.pk).values_list(*(each.attname for each in fields)).first()


def _saving(sender: type[models.Model], instance: models.Model, update_fields: Any, raw: bool, **_more: Any) -> None:
    changes = _running()
    if changes is None or raw or instance._state.adding:
        return
    fields = _fields(sender, update_fields)
    stored = _stored(instance, fields)
    if stored is None:
        return
    change = changes.setdefault((sender._meta.label_lower, instance.pk), Change(instance, identity(instance)))
    if change.what == "created":
        return
    for each, value in zip(fields, stored, strict=True):
        change.before.setdefault(each.name, _shown(instance, each, value))


def _saved(
    sender: type[models.Model], instance: models.Model, created: bool, update_fields: Any, raw: bool, **_more: Any
) -> None:
    changes = _running()
    if changes is None or raw:
        return
    change = changes.setdefault((sender._meta.label_lower, instance.pk), Change(instance, identity(instance)))
    change.row = instance
    if created:
        change.what = "created"
    for each in _fields(sender, update_fields):
        value = getattr(instance, each.attname)
        if change.what == "created" and value in (None, "", [], {}):
            continue
        change.after[each.name] = _shown(instance, each, value)


def _deleting(sender: type[models.Model], instance: models.Model, **_more: Any) -> None:
    changes = _running()
    if changes is None:
        return
    values = {each.name: _shown(instance, each, getattr(instance, each.attname)) for each in _fields(sender, None)}
    change = changes.setdefault((sender._meta.label_lower, instance.pk), Change(instance, identity(instance)))
    change.what, change.before, change.after = "deleted", values, {}


def _fields(model: type[models.Model], names: Any) -> list[Any]:
    return [
        each
        for each in model._meta.concrete_fields
        if not each.primary_key and (names is None or each.name in names or each.attname in names)
    ]


@dataclass(frozen=True)
class _Hidden:
    """A value that is kept out of the log, but can be told from another."""

    value: Any


def _shown(row: models.Model, field_: Any, value: Any) -> Any:
    if is_hidden(type(row), field_.name):
        return _Hidden(value)
    if value is None or isinstance(value, bool):
        return value
    if field_.is_relation:
        other = row._state.fields_cache.get(field_.name)
        return f"{plain(str(other))[:100]} (#{value})" if other is not None and other.pk == value else f"#{value}"
    value = plain(value)
    return shortened(value) if isinstance(value, str | list | dict) else value


def shortened(value: Any) -> Any:
    """A long text or structure as its beginning, its length and its SHA-256, so that it can be compared."""
    text = value if isinstance(value, str) else canonical(value)
    if len(text) <= LONGEST:
        return value
    return f"{text[:_KEPT]}… ({len(text)} characters, SHA-256 {sha256(text.encode()).hexdigest()[:16]})"


def kept(changes: dict[Key, Change]) -> list[dict[str, Any]]:
    """What the audit row keeps of an action's changes."""
    rows = []
    left_out = 0
    for change in changes.values():
        _settle(change)
        if not change:
            continue
        if len(rows) < MOST_ROWS:
            rows.append(change.as_json())
        else:
            left_out += 1
    return [*rows, {"more": left_out}] if left_out else rows


def _settle(change: Change) -> None:
    """Leave out what stayed the same, and put a mark where a hidden value was."""
    if change.what == "changed":
        for name in [name for name, value in change.before.items() if _same(value, change.after.get(name, value))]:
            change.before.pop(name, None)
            change.after.pop(name, None)
    for values in (change.before, change.after):
        for name, value in values.items():
            if isinstance(value, _Hidden):
                values[name] = HIDDEN if value.value not in (None, "") else None


def _same(before: Any, after: Any) -> bool:
    if before == after:
        return True
    # One side may say “Name (#5)” and the other “#5”: the same row, known by name on one side only.
    key = _reference(before)
    return key is not None and key == _reference(after)


def _reference(value: Any) -> str | None:
    found = re.search(r"(?:^|\()(#\w+)\)?$", value) if isinstance(value, str) else None
    return found.group(1) if found else None
