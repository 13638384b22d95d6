"""``aisc init``: make the state folder, the tables and what every centre needs before it can start."""

from __future__ import annotations

from typing import Annotated

import typer

from aisc.cli.operator import django as machine
from aisc.cli.operator import migrate
from aisc.cli.operator.demo import QUICK, demonstrate
from aisc.cli.output import Json, show
from aisc.cli.tongue import gettext as _


def init(
    demo: Annotated[bool, typer.Option(help="Also make the demonstration centre.")] = False,
    year: Annotated[bool, typer.Option(help="With --demo: with a year behind it, in an empty state folder.")] = False,
    json: Json = False,
) -> None:
    """Make the state folder, the tables, the accelerator catalogue and this machine as first cluster.

    Safe to repeat, and after an interruption.
    """
    folder = machine.start()
    applied = migrate.run(folder)
    from aisc.portal import set_up

    sign_ins = []
    if demo:
        sign_ins = demonstrate(year=year, hundredths=QUICK)
    set_up.centre()
    answer = {"state": str(folder.root), "migrations": len(applied), "sign_ins": sign_ins}
    show(answer, _("Ready: {root}. Start everything with “aisc up”.").format(root=folder.root))
