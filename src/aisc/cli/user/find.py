"""From what somebody types (a uid or a name) to the thing that is meant; never to one that only looks like it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from aisc.cli.output import Exit, fail, say
from aisc.cli.tongue import gettext as _
from aisc.cli.tongue import pgettext
from aisc.cli.user import ask

if TYPE_CHECKING:
    from aisc.client import Client
    from aisc.client.models.ledger import Budget
    from aisc.client.models.people import Organisation, Project
    from aisc.client.models.scheme import Application, Call


def _names(thing: Any) -> set[str]:
    values = (getattr(thing, field, "") for field in ("uid", "number", "name", "name_en", "name_zh"))
    return {value.casefold() for value in values if value}


def pick(
    things: Iterable[Any],
    wanted: str,
    *,
    kind: str,
    option: str,
    none: str,
    describe: Callable[[Any], str] = lambda thing: f"{thing.uid}  {thing.name}",
) -> Any:
    """The one of ``things`` that is called ``wanted``; without a name the only one, or the one that is chosen.

    Ends the command where that is not one thing; ``none`` says what to do where there are none at all.
    """
    everything = list(things)
    if not everything:
        fail(none, Exit.REFUSED)
    found = [each for each in everything if wanted.strip().casefold() in _names(each)] if wanted else everything
    if len(found) == 1:
        return found[0]
    if not wanted and ask.interactive():
        return _choose(found, kind, describe)
    listed = "\n".join(f"  {describe(each)}" for each in (found or everything)[:20])
    if not wanted:
        fail(_("Say which {kind} with {option}:").format(kind=kind, option=option) + f"\n{listed}", Exit.USAGE)
    problem = (
        _("Several are called “{wanted}”; give the uid").format(wanted=wanted)
        if found
        else _("There is no {kind} “{wanted}”. You have").format(kind=kind, wanted=wanted)
    )
    return fail(f"{problem}:\n{listed}", Exit.USAGE)


def _choose(found: list[Any], kind: str, describe: Callable[[Any], str]) -> Any:
    for number, each in enumerate(found, 1):
        say(f"{number:>3}  {describe(each)}")
    while True:
        typed = ask.text(_("Which {kind}?").format(kind=kind), "")
        if typed.isascii() and typed.isdigit() and 1 <= int(typed) <= len(found):
            return found[int(typed) - 1]
        say(_("Type a number from 1 to {found}.").format(found=len(found)))


def organisation(client: Client, wanted: str) -> Organisation:
    return pick(
        client.organisations.list(),
        wanted,
        kind=pgettext("terminal", "organisation"),
        option="--org",
        none=_("You are in no organisation yet. Make one with “aisc orgs new”, or ask an owner to add you."),
    )


def project(client: Client, wanted: str) -> Project:
    if wanted.startswith("prj-"):
        return client.projects.get(wanted)
    return pick(
        client.projects.list(),
        wanted,
        kind=pgettext("terminal", "project"),
        option="--project",
        none=_("You are in no project yet. Make one with “aisc projects new”, or ask an owner to add you."),
    )


def budget(client: Client, wanted: str, *, state: str = "") -> Budget:
    """The budget called ``wanted``. ``state``: only those in that state come into question."""
    if wanted.startswith("bud-"):
        return client.budgets.get(wanted)
    return pick(
        client.budgets.list(state=state),
        wanted,
        kind=pgettext("terminal", "budget"),
        option="--budget",
        none=_(
            "There is no budget you can use. Apply for an award with “aisc apply new”, or open one of your "
            "organisation's own money with “aisc budgets open”."
        ),
        describe=lambda each: f"{each.uid}  {each.name}",
    )


def call(client: Client, wanted: str, *, phase: str = "") -> Call:
    """The call for applications called ``wanted``. ``phase``: only those in it come into question."""
    if wanted.startswith("cal-"):
        return client.calls.get(wanted)
    return pick(
        (each for each in client.calls.list() if not phase or each.phase == phase),
        wanted,
        kind=pgettext("terminal", "call"),
        option="--call",
        none=_("No call is open at the moment. “aisc calls” shows those that are announced."),
    )


def application(client: Client, wanted: str) -> Application:
    """The application with this uid, number or title."""
    if wanted.startswith("app-"):
        return client.applications.get(wanted)
    untitled = _("without a title yet")
    return pick(
        client.applications.list(),
        wanted,
        kind=pgettext("terminal", "application"),
        option="its uid, number or title",
        none=_("There is no application that you may see. Begin one with “aisc apply new”."),
        describe=lambda each: f"{each.label}  {each.name or untitled} ({each.state})",
    )
