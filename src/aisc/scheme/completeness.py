"""What an application still lacks before it can be submitted, and what its applicant should know early."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aisc.core import clock
from aisc.people.models import Organisation
from aisc.scheme.models import Application
from aisc.scheme.rules import CLAUSES, Clause

# The pages of the form, in order. One question group each.
SECTIONS: dict[str, Any] = {
    "organisation": gettext_lazy("Organisation"),
    "project": gettext_lazy("Project title and summary"),
    "team": gettext_lazy("People"),
    "resources": gettext_lazy("Computing asked for"),
    "start": gettext_lazy("Start date"),
    "justification": gettext_lazy("Why this much computing"),
    "funding": gettext_lazy("Other funding"),
}
FURTHEST_START = timedelta(days=730)


@dataclass(frozen=True)
class Missing:
    """One thing that must be put right. ``section`` is its page; ``declaration`` is made when submitting."""

    section: str
    field: str
    text: str


@dataclass(frozen=True)
class Hint:
    """What a clause means for this application. ``stops``: it cannot be submitted so."""

    clause: Clause
    text: str
    stops: bool = False


def missing(application: Application) -> list[Missing]:
    """Everything that keeps ``application`` from being submitted, in the order of the form. Two queries."""
    found: list[Missing] = []

    def need(section: str, field: str, present: Any, text: str) -> None:
        if not present:
            found.append(Missing(section, field, text))

    need("project", "name_en", application.name_en, _("Give the project a title in English."))
    need("project", "name_zh", application.name_zh, _("Give the project a title in Chinese."))
    need("project", "summary_en", application.summary_en, _("Summarise the project in English."))
    need("project", "summary_zh", application.summary_zh, _("Summarise the project in Chinese."))
    team = list(application.team.all())
    need("team", "team", team, _("Name at least one person."))
    for member in team:
        need("team", "team", member.name, _("Give everybody in the team a name."))
        need("team", "team", member.role, _("Say what everybody in the team does."))
    need("resources", "resources", list(application.resources.all()), _("Ask for at least one kind of accelerator."))
    found += _start(application)
    need("justification", "justification", application.justification, _("Say why you need this much computing."))
    found += _funding(application)
    need("declaration", "declared", application.declared, _("Make the declaration."))
    return list(dict.fromkeys(found))


def _start(application: Application) -> list[Missing]:
    day, today = application.starts_on, clock.today()
    if day is None:
        return [Missing("start", "starts_on", _("Say when the project should start."))]
    if day < today:
        return [Missing("start", "starts_on", _("The start date has passed. Choose a later one."))]
    if day > today + FURTHEST_START:
        return [Missing("start", "starts_on", _("The start date is more than two years away. Choose an earlier one."))]
    return []


def _funding(application: Application) -> list[Missing]:
    if application.other_funding is None:
        text = _("Say whether another government subsidy pays for the same work.")
        return [Missing("funding", "other_funding", text)]
    if application.other_funding:
        return [Missing("funding", "other_funding", double_funding_text())]
    return []


def double_funding_text() -> str:
    return _(
        "“%(clause)s” Leave the work that is already paid for out of this application, or do not apply for it here."
    ) % {"clause": CLAUSES["no_double"].text}


def hints(application: Application) -> list[Hint]:
    """What the rules mean for this application. No queries beyond its organisation."""
    category = application.organisation.category
    found = []
    if category == Organisation.Category.OTHER:
        found.append(
            Hint(
                CLAUSES["eligible"],
                _("Your organisation's category is “Other”. Ask the secretariat first whether it may apply."),
            )
        )
    if category == Organisation.Category.STARTUP:
        found.append(Hint(CLAUSES["startup"], _("Check that your organisation meets both conditions.")))
    if application.other_funding:
        found.append(Hint(CLAUSES["no_double"], _("You answered that another subsidy pays for this work."), stops=True))
    return found
