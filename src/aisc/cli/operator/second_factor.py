"""``aisc reset-second-factor``: for somebody who lost phone, key and recovery codes."""

from __future__ import annotations

from typing import Annotated

import typer

from aisc.cli.operator import django as machine
from aisc.cli.output import Exit, Json, fail, show
from aisc.cli.tongue import gettext as _


def reset_second_factor(
    email: Annotated[str, typer.Argument(help="Address of the person.")],
    reason: Annotated[str, typer.Option(help="Why, and how you made sure who asks. Kept in the audit log.")],
    json: Json = False,
) -> None:
    """Remove somebody's authenticator app, passkeys and recovery codes, and sign them out everywhere."""
    machine.start()
    machine.speak()
    from aisc.core.actions import system
    from aisc.core.errors import AiscError
    from aisc.people import queries
    from aisc.people.actions import reset_second_factor as reset

    person = queries.person_with_address(email.strip().lower())
    if person is None:
        fail(_("Nobody has confirmed the address {email} here.").format(email=email), Exit.REFUSED)
    try:
        removed = reset(system("aisc reset-second-factor"), person=person, reason=reason)
    except AiscError as error:
        fail(str(error), Exit.REFUSED)
    show({"person": person.uid, "removed": removed}, _("{name} can sign in without them now.").format(name=person.name))
