"""``aisc prices``: the list prices, public; and a new list, for the centre's finance officers."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from aisc.cli.lazy import ListGroup
from aisc.cli.output import Exit, Json, add, fail, out, say, show, table, wants_json
from aisc.cli.tongue import gettext as _
from aisc.cli.tongue import pgettext
from aisc.cli.user import ask, price_file, words
from aisc.cli.user.session import centre

if TYPE_CHECKING:
    from aisc.client import Client
    from aisc.client.models.ledger import PriceList

app = typer.Typer(help="List prices: show, publish.", cls=ListGroup)

Version = Annotated[str, typer.Option(help="Another version than the one in force.")]


@app.callback()
def default(json: Json = False) -> None:
    """The first command, where none is named."""


@app.command("show")
def show_prices(
    version: Version = "",
    toml: Annotated[bool, typer.Option("--toml", help="As a file to edit, for “aisc prices publish”.")] = False,
    json: Json = False,
) -> None:
    """The list prices in force. An award splits each of them between the scheme and the applicant.

    To begin a new list: aisc prices show --toml > prices.toml
    """
    with centre(signed_in=False) as client:
        found = _list(client, version)
        if toml:
            today = datetime.now(UTC).astimezone().date()
            text = price_file.template(found, client.centre.accelerators(), today)
            if wants_json():
                show({"toml": text})
            else:
                out.print(text, markup=False, soft_wrap=True, end="")
            return
    if found is None:
        show(None, _("No price list is in force yet."))
        return
    show(found, _table(found))
    if found.illustrative:
        say(_("These prices are an illustration, not the terms of any real scheme."))


@app.command("publish")
def publish(
    file: Annotated[Path, typer.Option("--file", "-f", help="The list, from “aisc prices show --toml”.")],
    yes: ask.Yes = False,
    json: Json = False,
) -> None:
    """Publish a new price list. For the centre's finance officers.

    Somebody at a terminal sees what changes and is asked first: a published list never changes.
    """
    given = price_file.read(file)
    with centre() as client:
        if not yes and ask.interactive():
            say(_changes(_list(client, ""), given["prices"]))
            if not ask.yes(
                _("Publish {version}, in force from {effective_from}?").format(
                    version=given["version"], effective_from=given["effective_from"]
                )
            ):
                fail(_("Nothing was published."), Exit.USAGE)
        made = client.prices.publish(**given)
    when = (
        _("in force now")
        if made.in_force
        else _("in force from {effective_from}").format(effective_from=made.effective_from)
    )
    show(made, _table(made), _("{version} is published, {when}.").format(version=words.plain(made.version), when=when))


def _list(client: Client, version: str) -> PriceList | None:
    return client.prices.version(version) if version else client.prices.get().current


def _table(found: PriceList) -> Table:
    rows = table(
        pgettext("terminal", "accelerator"),
        "",
        _("list price"),
        pgettext("terminal", "for"),
        _("a PFLOPS-hour"),
        right=(2, 4),
        title=f"{found.version}",
    )
    for each in found.prices:
        flops = "" if each.pflops_hour_cents is None else words.money(each.pflops_hour_cents, found.currency)
        amount = words.money(each.cents, found.currency)
        cells: tuple[Any, ...] = (each.accelerator or each.meter, each.name_en or each.name_zh, amount)
        add(rows, *cells, words.per(each.per), flops)
    return rows


def _changes(current: PriceList | None, prices: dict[str, int]) -> str:
    """A line for each price that is another than today."""
    before = {each.meter: each.cents for each in current.prices} if current else {}
    lines = []
    for meter in sorted(before | prices):
        old, new = (words.money(where[meter]) if meter in where else _("not offered") for where in (before, prices))
        if old != new:
            lines.append(f"  {meter}: {old} → {new}")
    return "\n".join(lines or [_("No price changes.")])
