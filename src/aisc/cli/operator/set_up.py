"""``aisc init``: make the state folder, the tables and what every centre needs before it can start."""

from __future__ import annotations

from typing import Annotated

import typer

from aisc.cli.operator import django as machine
from aisc.cli.operator import migrate
from aisc.cli.output import Json, show


def init(
    demo: Annotated[bool, typer.Option(help="Also make the demonstration centre.")] = False,
    json: Json = False,
) -> None:
    """Make the state folder, the tables, the accelerator catalogue and this machine as first cluster.

    Safe to repeat, and after an interruption.
    """
    folder = machine.start()
    applied = migrate.run(folder)
    from aisc.portal import set_up

    set_up.centre()
    sign_ins = []
    if demo:
        from aisc.portal import demonstration

        sign_ins = demonstration.make()
    answer = {"state": str(folder.root), "migrations": len(applied), "sign_ins": sign_ins}
    show(answer, f"Ready: {folder.root}. Start everything with “aisc up”.")
