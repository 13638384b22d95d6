"""``aisc demo``: the demonstration centre."""

from __future__ import annotations

from aisc.cli.operator import django as machine
from aisc.cli.operator import migrate
from aisc.cli.output import Json, show, table


def demo(json: Json = False) -> None:
    """Make the demonstration centre in this state folder, and list its sign-ins. Safe to repeat."""
    folder = machine.start()
    migrate.run(folder)
    from aisc.portal import demonstration, set_up

    set_up.centre()
    sign_ins = demonstration.make()
    rows = table("e-mail address", "password", "role")
    for each in sign_ins:
        rows.add_row(each["email"], each["password"], each["role"])
    show({"sign_ins": sign_ins}, rows)
