"""“Who may do what”: why this person may or may not, in words, from the tables that decide it.

Asked about a page (``?page=/budgets/…/close``), it names the rules that guard it, in the order in which they are
asked, which of the reader's roles count for each, and who could give one that does. About an object that the reader
may not see, it says no more than about one that does not exist.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import Resolver404, resolve, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from aisc.core import access
from aisc.core.actions import Actor
from aisc.core.errors import SignInNeeded
from aisc.core.language import joined
from aisc.core.routes import Guard
from aisc.people.access import MANAGERS
from aisc.people.models import CentreRole, Membership, Organisation, Project
from aisc.people.queries import persons_with_centre_role, persons_with_role
from aisc.portal.words import ROOMS, words_of

MOST_NAMES = 10


@dataclass(frozen=True)
class Held:
    """A role of the reader: where, which, and whether it counts for the rule in question."""

    where: str
    role: str
    counts: bool


@dataclass(frozen=True)
class Asked:
    """One rule as it is for the reader. ``may`` is None where the rules before it refused already."""

    name: str
    label: str
    who: str
    may: bool | None
    scope: str
    step_up: bool
    held: list[Held] = field(default_factory=list)
    givers: list[str] = field(default_factory=list)


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """``?page=`` asks about an address of the portal; without, every rule is listed."""
    if request.actor.person is None:
        raise SignInNeeded
    path = request.GET.get("page", "")
    if not url_has_allowed_host_and_scheme(path, allowed_hosts=None) or not path.startswith("/"):
        path = ""
    found = _guard_of(path) if path else None
    context: dict[str, Any] = {"path": path, "known": found is not None}
    if found is not None:
        row, given = found
        target, steps = explain(request.actor, row, given)
        context |= {
            "steps": steps,
            "open_to": row.who,
            "refused": any(step.may is False for step in steps),
            "target": target,
            "others": also(request.actor, row, target) if target is not None else [],
        }
    else:
        context["rooms"] = rooms(request.actor)
    home = {"label": _("Home"), "url": reverse("portal:home")}
    context["crumbs"] = [home, {"label": _("Who may do what"), "url": ""}]
    return render(request, "portal/access.html", context)


def _guard_of(path: str) -> tuple[Guard, dict[str, Any]] | None:
    """The row of the page at ``path``, and what its address gives to find objects by."""
    where, _mark, query = path.partition("?")
    try:
        match = resolve(where)
    except Resolver404:
        return None
    row = access.routes().get(match.view_name)
    if row is None:
        return None
    return row, {**QueryDict(query).dict(), **match.kwargs}


def explain(actor: Actor, row: Guard, given: dict[str, Any]) -> tuple[Any, list[Asked]]:
    """The object that the reader may see, if any, and each rule in the order in which they are asked."""
    steps: list[Asked] = []
    seen, refused = None, False
    for step in row.steps:
        target = step.on.find(given) if step.on is not None else None
        absent = step.on is not None and target is None
        if refused:
            steps.append(_asked(actor, step.rule, seen, may=None))
            continue
        refused = absent or not access.may(actor, step.rule, target)
        if not refused:
            seen = target if target is not None else seen
        hidden = absent or access.table()[step.rule].hide
        steps.append(_asked(actor, step.rule, None if refused and hidden else target, may=not refused))
    return seen, steps


def _asked(actor: Actor, name: str, target: Any, *, may: bool | None) -> Asked:
    rule = access.table()[name]
    who = str(rule.who() if callable(rule.who) else rule.who)
    place = place_of(target)
    return Asked(
        name=name,
        label=words_of(name),
        who=who,
        may=may,
        scope=rule.scope,
        step_up=rule.step_up,
        held=roles_of(actor, place, rule.roles),
        givers=[] if may else givers(actor, place, rule.roles),
    )


def place_of(target: Any) -> Organisation | Project | None:
    """The project or organisation that an object belongs to."""
    for each in (
        target,
        *(getattr(target, name, None) for name in ("project", "budget", "application", "organisation")),
    ):
        if isinstance(each, (Organisation, Project)):
            return each
        if each is not target and each is not None and (found := place_of(each)) is not None:
            return found
    return None


def roles_of(actor: Actor, place: Organisation | Project | None, counting: frozenset[str]) -> list[Held]:
    """The reader's roles in ``place`` (all of them, where it is not known) and in the centre."""
    organisation = place.organisation if isinstance(place, Project) else place
    rows = Membership.objects.filter(person=actor.person).select_related("organisation", "project__organisation")
    if organisation is not None:
        rows = rows.filter(organisation=organisation)
    found = []
    for row in rows.order_by("organisation_id", "project_id")[:50]:
        # A role in one project says nothing about its organisation or about another project.
        here = row.project_id is None or place is None or row.project == place
        counts = here and f"place:{row.role}" in counting
        found.append(Held(str(row.project or row.organisation), row.get_role_display(), counts))
    for grant in actor.person.centre_roles.order_by("role"):
        found.append(Held(_("the centre"), grant.get_role_display(), f"centre:{grant.role}" in counting))
    return found


def givers(actor: Actor, place: Organisation | Project | None, counting: frozenset[str]) -> list[str]:
    """Who could give the reader a role that counts: by name where the reader may know them."""
    found: list[str] = []
    if any(each.startswith("place:") for each in counting):
        if place is not None and access.may(actor, "people.view_members", place):
            found += _names(
                persons_with_role(place, MANAGERS),
                _("%(names)s (owners and managers of “%(place)s”)"),
                place=str(place),
            )
        else:
            found.append(_("an owner or manager of the organisation or project"))
    if any(each.startswith("centre:") for each in counting):
        if access.may(actor, "people.view_centre_roles"):
            administrators = persons_with_centre_role(CentreRole.Role.ADMINISTRATOR)
            found += _names(administrators, _("%(names)s (administrators of the centre)"))
        else:
            found.append(_("an administrator of the centre"))
    return found


def _names(people: Iterable[Any], words: str, **more: str) -> list[str]:
    names = joined(people[:MOST_NAMES])
    return [words % {"names": names, **more}] if names else []


def also(actor: Actor, row: Guard, target: Any) -> list[Asked]:
    """What else can be done with the same object, and whether the reader may."""
    asked_here = {step.rule for step in row.steps}
    names = {
        step.rule
        for guard in access.routes().values()
        for step in guard.steps
        if getattr(step.on, "model", None) is type(target) and step.rule not in asked_here
    }
    return [_asked(actor, name, target, may=access.may(actor, name, target)) for name in sorted(names)]


def rooms(actor: Actor) -> list[tuple[str, list[Asked]]]:
    """Every rule that somebody may be let through by, by room; ``may`` is whether a role of the reader's counts."""
    found: dict[str, list[Asked]] = {}
    held = {f"place:{role}" for role in Membership.objects.filter(person=actor.person).values_list("role", flat=True)}
    held |= {f"centre:{role}" for role in actor.person.centre_roles.values_list("role", flat=True)}
    for name, rule in sorted(access.table().items()):
        if name not in _guarding():
            continue
        who = str(rule.who() if callable(rule.who) else rule.who)
        may = not rule.roles.isdisjoint(held) if rule.roles else None
        room = ROOMS.get(name.partition(".")[0], name.partition(".")[0])
        found.setdefault(str(room), []).append(Asked(name, words_of(name), who, may, rule.scope, rule.step_up))
    return list(found.items())


def _guarding() -> set[str]:
    return {step.rule for row in access.routes().values() for step in row.steps}
