"""What every resource has in common."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, TypeVar
from urllib.parse import quote

from aisc.client.models import Model
from aisc.client.transport import Transport

M = TypeVar("M", bound=Model)


class Resource:
    """One part of the API over the client's one conversation."""

    def __init__(self, transport: Transport):
        self._t = transport

    def _pages(self, kind: type[M], path: str, /, **query: Any) -> Iterator[M]:
        return (kind.read(each) for each in self._t.pages(path, **query))


def at(template: str, *names: str | int) -> str:
    """A path with ``names`` in the places of ``{}``, each as one segment whatever characters it has."""
    return template.format(*(quote(str(name), safe="") for name in names))


def given(**fields: Any) -> dict[str, Any]:
    """The fields that are not None, as JSON can say them: what is left out stays as it is."""
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in fields.items()
        if value is not None
    }
