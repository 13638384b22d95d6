"""What an audit row is about: the object itself, and the places it belongs to, so that each has a history.

A row about a job is in the history of its project and organisation as well. Which references are followed is said
by a model's ``audit_belongs_to``; without it, those of :data:`PLACES` that it has.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.db import models

PLACES = ("organisation", "project", "application", "award", "budget", "statement", "person", "call", "cluster")
_DEPTH = 4

Subject = tuple[str, int]


def subjects_of(rows: Iterable[models.Model], keys: Iterable[tuple[str, Any]] = ()) -> list[Subject]:
    """(model's label, key) of ``rows`` and of all they belong to, and ``keys``, of rows that may be gone.

    One query for each model on the way at most, and none for what the rows have at hand.
    """
    found: dict[Subject, None] = {}
    ahead: dict[str, set[int]] = {}
    for row in rows:
        if isinstance(row.pk, int):
            found[(row._meta.label_lower, row.pk)] = None
        _follow(row, found, ahead)
    found |= {(label, key): None for label, key in keys if isinstance(key, int)}
    for _step in range(_DEPTH):
        if not ahead:
            break
        now, ahead = ahead, {}
        for label, keys in now.items():
            model = apps.get_model(label)
            fields = belongs_to(model)
            if not fields:
                continue
            names = [field.attname for field in fields]
            for values in model._base_manager.filter(pk__in=keys).values_list(*names):
                for field, value in zip(fields, values, strict=True):
                    _add(field, value, found, ahead)
    return list(found)


def belongs_to(model: type[models.Model]) -> list[Any]:
    """The references of ``model`` to what its rows belong to."""
    names = getattr(model, "audit_belongs_to", PLACES)
    return [
        field
        for field in model._meta.concrete_fields
        if field.is_relation and field.name in names and field.related_model.__module__.startswith("aisc.")
    ]


def _follow(row: models.Model, found: dict[Subject, None], ahead: dict[str, set[int]]) -> None:
    fields = belongs_to(row._meta.model)
    complete = any(field.name == "organisation" for field in fields)
    for field in fields:
        other = row._state.fields_cache.get(field.name)
        if other is None:
            # Where the organisation itself is named, nobody needs to be asked to what the project belongs.
            _add(field, getattr(row, field.attname), found, None if complete else ahead)
        elif (subject := (other._meta.label_lower, other.pk)) not in found:
            found[subject] = None
            _follow(other, found, ahead)


def _add(field: Any, key: Any, found: dict[Subject, None], ahead: dict[str, set[int]] | None) -> None:
    subject = (field.related_model._meta.label_lower, key)
    if not isinstance(key, int) or subject in found:
        return
    found[subject] = None
    if ahead is not None and belongs_to(field.related_model):
        ahead.setdefault(subject[0], set()).add(key)
