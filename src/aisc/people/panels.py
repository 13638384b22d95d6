"""What other rooms add to a project's page: panels on its overview, and tabs.

    panels.register("jobs", _jobs_panel, order=20)          # in the room's AppConfig.ready
    panels.register_tab("jobs", gettext_lazy("Jobs"), lambda project: reverse(…), order=20)

A panel function takes ``(request, project)`` and answers a :class:`Panel` or None; it asks its own access
rules and makes a constant number of queries. Rooms above this one call here; nothing here knows them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from aisc.core import access
from aisc.core.actions import Actor
from aisc.people.models import Project


class Panel(NamedTuple):
    """A section of the page: its heading, the template of what is under it, and that template's context."""

    title: Any
    template: str
    context: dict[str, Any]


PanelFunction = Callable[[HttpRequest, Project], Panel | tuple | None]


@dataclass(frozen=True)
class _Registered:
    order: int
    name: str
    function: PanelFunction


@dataclass(frozen=True)
class _Tab:
    order: int
    name: str
    label: Any
    url: Callable[[Project], str]
    rule: str


_panels: dict[str, _Registered] = {}
_tabs: dict[str, _Tab] = {}


def register(name: str, function: PanelFunction, *, order: int = 100) -> None:
    """Show ``function``'s panel on every project's page; lower ``order`` comes first."""
    _panels[name] = _Registered(order, name, function)


def register_tab(
    name: str, label: Any, url: Callable[[Project], str], *, order: int = 100, rule: str = "people.view_project"
) -> None:
    """Add a tab to every project's page, or replace the one called ``name``; shown to whoever ``rule`` allows.

    ``url`` may raise NoReverseMatch.
    """
    _tabs[name] = _Tab(order, name, label, url, rule)


def panels(request: HttpRequest, project: Project) -> list[Panel]:
    """The panels that the reader gets, in order."""
    found = (each.function(request, project) for each in sorted(_panels.values(), key=lambda p: (p.order, p.name)))
    return [Panel(*panel) for panel in found if panel is not None]


def tabs(actor: Actor, project: Project, current: str = "overview") -> list[dict[str, Any]]:
    """The tabs of a project that the actor may open, for ``{% tabs %}``; one whose room is not there is left out."""
    found = []
    for tab in sorted(_tabs.values(), key=lambda t: (t.order, t.name)):
        if not access.may(actor, tab.rule, project):
            continue
        try:
            url = tab.url(project)
        except NoReverseMatch:
            continue
        found.append({"label": str(tab.label), "url": url, "current": tab.name == current})
    return found


def _listed(name: str) -> Callable[[Project], str]:
    return lambda project: f"{reverse(name)}?project={project.uid}"


register_tab("overview", _("Overview"), lambda project: reverse("people:project", args=[project.uid]), order=0)
register_tab(
    "files", _("Files"), lambda project: reverse("jobs:files", args=[project.uid]), order=10, rule="jobs.view_files"
)
register_tab("jobs", _("Jobs"), _listed("jobs:jobs"), order=20)
register_tab("budgets", _("Budgets"), _listed("ledger:budgets"), order=30)
