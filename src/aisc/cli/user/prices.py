"""``aisc prices``. Public."""

from __future__ import annotations

from typing import Annotated

import typer

from aisc.cli.output import Json, add, say, show, table
from aisc.cli.user import words
from aisc.cli.user.session import centre


def prices(
    version: Annotated[str, typer.Option(help="Another version than the one in force.")] = "",
    json: Json = False,
) -> None:
    """The list prices in force. An award splits each of them between the scheme and the applicant."""
    with centre(signed_in=False) as client:
        found = client.prices.version(version) if version else client.prices.get().current
    if found is None:
        show(None, "No price list is in force yet.")
        return
    rows = table("accelerator", "", "list price", "for", "a PFLOPS-hour", right=(2, 4), title=f"{found.version}")
    for each in found.prices:
        flops = "" if each.pflops_hour_cents is None else words.money(each.pflops_hour_cents, found.currency)
        name = each.name_en or each.name_zh
        add(
            rows,
            each.accelerator or each.meter,
            name,
            words.money(each.cents, found.currency),
            words.per(each.per),
            flops,
        )
    show(found, rows)
    if found.illustrative:
        say("These prices are an illustration, not the terms of any real scheme.")
