"""What can be found, registered by each room in its ``search.py``.

    register(
        Kind(
            "project", Project, _("Projects"),
            describe=lambda row: Document(title=[row.name_en, row.name_zh], keys=[row.uid], marks=[…]),
            visible=projects_visible_to,
            show=lambda row: Shown(row.name, row.summary, row.get_absolute_url()),
            watched=("name_en", "name_zh", "organisation"),
        )
    )

``marks`` are words such as ``o17``: those whom :func:`viewer_marks` gives one of them may see it. They narrow the
question; ``visible`` then has the last word on what is about to be shown, by the room's own rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import QuerySet

from aisc.core.actions import Actor

PUBLIC = "public"


@dataclass(frozen=True)
class Document:
    """The texts of one thing: ``title`` weighs more than ``body``; ``keys`` are its numbers and uids."""

    title: Iterable[str]
    body: Iterable[str] = ()
    keys: Iterable[str] = ()
    marks: Iterable[str] = ()


@dataclass(frozen=True)
class Shown:
    """One thing as the list of results shows it. ``detail`` is a short line: its number, its organisation."""

    title: str
    text: str
    url: str
    detail: str = ""
    at: datetime | None = None


@dataclass(frozen=True)
class Kind:
    """One kind of thing; see the module's text.

    ``rows`` are those that are found at all; ``moment`` names the field of their age; a save that changes none of
    ``watched`` leaves the index alone. ``also`` gives, for other models, the keys of this kind's rows that a saved or
    deleted one changes. ``related`` is selected along for describing and showing.
    """

    slug: str
    model: type[models.Model]
    label: Any
    describe: Callable[[Any], Document]
    visible: Callable[[Actor], QuerySet]
    show: Callable[[Any], Shown]
    watched: tuple[str, ...]
    moment: str = "created_at"
    related: tuple[str, ...] = ()
    rows: Callable[[QuerySet], QuerySet] = field(default=lambda rows: rows)
    also: dict[type[models.Model], Callable[[Any], Iterable[int]]] = field(default_factory=dict)

    def all(self) -> QuerySet:
        """Every row that can be found."""
        return self.rows(self.model._base_manager.select_related(*self.related))


_kinds: dict[str, Kind] = {}
_viewers: list[Callable[[Actor], Iterable[str]]] = []


def register(*kinds: Kind) -> None:
    """Add what can be found. Raises ValueError when a slug is taken."""
    for kind in kinds:
        if _kinds.setdefault(kind.slug, kind) is not kind:
            raise ValueError(f"search kind {kind.slug} is registered twice")


def register_viewer(marks: Callable[[Actor], Iterable[str]]) -> None:
    """``marks(actor)`` gives the marks of what the actor may see."""
    _viewers.append(marks)


def kinds() -> dict[str, Kind]:
    """Everything that can be found, by slug."""
    return dict(_kinds)


def viewer_marks(actor: Actor) -> list[str]:
    """Every mark that lets ``actor`` see something."""
    found = {PUBLIC: None}
    for viewer in _viewers:
        found |= dict.fromkeys(viewer(actor))
    return list(found)
