"""``aisc demo``: the demonstration centre."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from aisc.cli.operator import django as machine
from aisc.cli.operator import migrate
from aisc.cli.output import Json, err, say, show, table
from aisc.cli.tongue import gettext as _
from aisc.cli.tongue import pgettext

# Of the jobs that each project could have told: some 3,200 of them.
ALL = 70
# When somebody waits for the centre to start for the first time: the same year with fewer jobs in it.
QUICK = 20


def demo(
    year: Annotated[bool, typer.Option(help="With a year behind it; in an empty state folder only.")] = False,
    json: Json = False,
) -> None:
    """Make the demonstration centre in this state folder, and list its sign-ins. Safe to repeat."""
    folder = machine.start()
    migrate.run(folder)
    sign_ins = demonstrate(year=year, hundredths=ALL)
    rows = table(_("e-mail address"), pgettext("terminal", "password"), pgettext("terminal", "role"))
    for each in sign_ins:
        rows.add_row(each["email"], each["password"], each["role"])
    show({"sign_ins": sign_ins}, rows)


def demonstrate(*, year: bool, hundredths: int) -> list[dict[str, str]]:
    """Make what is missing of the demonstration, and answer its sign-ins. Tables are there; nothing else need be.

    ``hundredths``: how many of the year's jobs are told.
    """
    from aisc.portal import demonstration, set_up

    if year:
        _make_year(hundredths)
    set_up.centre()
    return demonstration.make()


def _make_year(jobs: int) -> None:
    """Say how far it is while it is made; say so and go on where a year can no longer be made."""
    from aisc.portal import demonstration

    began = time.monotonic()
    told = 0

    def progress(hundredths: int) -> None:
        nonlocal told
        if err.is_terminal:
            err.print(
                _("Writing down a year of the demonstration centre… {hundredths} %").format(hundredths=hundredths),
                end="\r",
            )
        elif hundredths >= told + 25 or (hundredths and not told):
            told = hundredths
            say(_("Writing down a year of the demonstration centre… {hundredths} %").format(hundredths=hundredths))

    made = demonstration.make_year(progress, jobs)
    if made is demonstration.Year.TOO_LATE:
        say(demonstration.TOO_LATE)
    elif made is demonstration.Year.MADE:
        say(
            _("A year of the demonstration centre was written down in {seconds:.0f} s.").format(
                seconds=time.monotonic() - began
            )
        )
