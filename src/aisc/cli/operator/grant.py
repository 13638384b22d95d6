"""``aisc grant``: the first role in a new centre, given on the machine itself."""

from __future__ import annotations

from typing import Annotated

import typer

from aisc.cli.operator import django as machine
from aisc.cli.output import Exit, Json, fail, show
from aisc.cli.tongue import gettext as _


def grant(
    role: Annotated[
        str, typer.Argument(help="secretariat, assessor, committee, operator, finance, auditor, administrator")
    ],
    email: Annotated[str, typer.Argument(help="Address of somebody who has signed up.")],
    json: Json = False,
) -> None:
    """Give somebody a role in the centre. Whoever can run this owns the machine; later roles are given on a page."""
    machine.start()
    machine.speak()
    from aisc.core.actions import system
    from aisc.core.errors import AiscError
    from aisc.people import queries
    from aisc.people.actions import grant_centre_role

    person = queries.person_with_address(email.strip().lower())
    if person is None:
        fail(_("Nobody has confirmed the address {email} here. They sign up first.").format(email=email), Exit.REFUSED)
    try:
        given = grant_centre_role(system("aisc grant"), person=person, role=role)
    except AiscError as error:
        fail(str(error), Exit.REFUSED)
    show(
        {"person": person.uid, "role": given.role},
        _("{name} is now {role}.").format(name=person.name, role=given.get_role_display()),
    )
