"""Where an application stands, who must act next, and by when: for the state ribbon and the API."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aisc.scheme.models import Application, StateChange
from aisc.scheme.queries import due
from aisc.scheme.rules import TARGET_WORKING_DAYS

_STEPS = [
    (gettext_lazy("Application"), {"draft"}),
    (gettext_lazy("Check"), {"submitted", "returned"}),
    (gettext_lazy("Assessment"), {"in_review"}),
    (gettext_lazy("Decision"), {"reviewed"}),
    (gettext_lazy("Acceptance"), {"approved"}),
    (gettext_lazy("Computing"), set()),
]

# Who must do what while an application is in a state.
_NEXT = {
    "draft": (gettext_lazy("The applicant"), gettext_lazy("completes and submits it")),
    "submitted": (gettext_lazy("The secretariat"), gettext_lazy("checks that it is complete and chooses an assessor")),
    "returned": (gettext_lazy("The applicant"), gettext_lazy("adds what is missing and submits it again")),
    "in_review": (gettext_lazy("The assessor"), gettext_lazy("scores it by the call's rubric")),
    "reviewed": (gettext_lazy("The committee"), gettext_lazy("decides")),
    "approved": (gettext_lazy("The applicant"), gettext_lazy("accepts or declines the award")),
}
_FAILED = {"rejected": 3, "declined": 4, "lapsed": 4}


def ribbon(application: Application, changes: Iterable[StateChange]) -> dict[str, Any]:
    """For ``{% state_ribbon %}``. ``changes`` are the application's, oldest first."""
    reached = {change.state: change.at for change in changes}
    state = application.state
    position, broken = _position(state, reached)
    steps = []
    for number, (label, states) in enumerate(_STEPS):
        at = max((reached[name] for name in states if name in reached), default=None)
        word = "done" if number < position else "todo"
        if number == position:
            word = "failed" if broken else "current"
        if state == "accepted":
            word = "done"
        steps.append({"label": label, "state": word, "at": None if word == "todo" else at, "note": ""})
    if broken:
        steps[position]["note"] = application.get_state_display()
        steps[position]["at"] = application.state_since
    if state == "accepted":
        steps[-1]["at"] = application.state_since
    who, what = next_step(application)
    return {
        "label": _("Where this application stands"),
        "steps": steps,
        "waiting_on": who,
        "action": what,
        "due": due(application) if who else None,
    }


def next_step(application: Application) -> tuple[str, str]:
    """Who must act next and what they must do, in the reader's language; both empty when nobody has to."""
    who, what = map(str, _NEXT.get(application.state, ("", "")))
    days = TARGET_WORKING_DAYS.get(application.state)
    if days:
        what = _("%(what)s (target: %(days)d working days)") % {"what": what, "days": days}
    return who, what


def _position(state: str, reached: dict[str, Any]) -> tuple[int, bool]:
    """The step at which it is, or at which it ended (True)."""
    for number, (_label, states) in enumerate(_STEPS):
        if state in states:
            return number, False
    if state in _FAILED:
        return _FAILED[state], True
    if state == "withdrawn":
        furthest = [number for number, (_label, states) in enumerate(_STEPS) if states & reached.keys()]
        return max(furthest, default=0), True
    return len(_STEPS) - 1, False
