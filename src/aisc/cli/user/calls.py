"""``aisc calls``: invitations to apply. Public, but for making one."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from aisc.cli.lazy import ListGroup
from aisc.cli.output import Json, add, facts, say, show, table
from aisc.cli.tongue import gettext as _
from aisc.cli.tongue import pgettext
from aisc.cli.user import ask, find, words
from aisc.cli.user.session import centre

app = typer.Typer(help="Calls for applications.", cls=ListGroup)

Moment = Annotated[
    datetime | None, typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M"], metavar="TIME", help="Of this time zone.")
]


@app.callback()
def default(json: Json = False) -> None:
    """The first command, where none is named."""


@app.command("list")
def list_calls(json: Json = False) -> None:
    """Every announced call, newest first."""
    with centre(signed_in=False) as client:
        found = list(client.calls.list())
    rows = table(
        "uid", pgettext("terminal", "name"), "", "", pgettext("terminal", "opens"), pgettext("terminal", "closes")
    )
    for each in found:
        add(
            rows,
            each.uid,
            each.name_en,
            each.name_zh,
            each.phase,
            words.when(each.opens_at),
            words.when(each.closes_at),
        )
    show(found, rows if found else _("No call has been announced yet."))


@app.command("show")
def show_call(
    call: Annotated[str, typer.Argument(metavar="[CALL]", help="Its uid or name; left out: the open one.")] = "",
    json: Json = False,
) -> None:
    """A call with its rubric and its figures."""
    with centre(signed_in=False) as client:
        found = client.calls.get(find.call(client, call, phase="" if call else "open"))
    rows = table(pgettext("terminal", "criterion"), "", pgettext("terminal", "weight"), right=(2,))
    for each in found.criteria:
        add(rows, each.code, each.name + (" (placeholder)" if each.illustrative else ""), f"{each.weight}%")
    figures = found.figures
    show(
        found,
        facts(
            ("uid", found.uid),
            (pgettext("terminal", "Name"), found.name_en),
            ("名稱", found.name_zh),
            (pgettext("terminal", "Summary"), found.summary_en),
            ("摘要", found.summary_zh),
            (pgettext("terminal", "Now"), found.phase),
            (pgettext("terminal", "Opens"), words.when(found.opens_at)),
            (pgettext("terminal", "Closes"), words.when(found.closes_at)),
            (_("Price list"), found.price_list),
            (_("To accept"), _("{acceptance_days} days").format(acceptance_days=found.acceptance_days)),
            (
                _("So far"),
                _("{received} received, {approved} approved").format(
                    received=figures.received, approved=figures.approved
                )
                if figures
                else None,
            ),
        ),
        rows,
    )
    if found.illustrative:
        say(_("Prices or criteria of this call are examples, not the terms of any real scheme."))


@app.command("new")
def new(
    closes: Moment = None,
    opens: Moment = None,
    name: Annotated[str, typer.Option("--name", help="Name in English.")] = "",
    name_zh: Annotated[str, typer.Option("--name-zh", help="Name in Chinese.")] = "",
    summary: Annotated[str, typer.Option(help="What it is about, in English.")] = "",
    summary_zh: Annotated[str, typer.Option(help="What it is about, in Chinese.")] = "",
    price_list: Annotated[str, typer.Option(help="Its version; left out: the one in force.")] = "",
    acceptance_days: Annotated[int, typer.Option(min=1, help="Days to accept an award.")] = 28,
    json: Json = False,
) -> None:
    """Announce a call with the default rubric. For the secretariat."""
    if not (name or name_zh):
        name = ask.text(_("Name in English"), "--name or --name-zh")
    if closes is None:
        closes = datetime.fromisoformat(ask.text("Closes (YYYY-MM-DD)", "--closes"))
    with centre() as client:
        version = price_list or getattr(client.prices.get().current, "version", "")
        made = client.calls.create(
            opens_at=(opens or datetime.now()).astimezone(),  # noqa: DTZ005 - made aware at once
            closes_at=closes.astimezone(),
            price_list=version,
            name_en=name,
            name_zh=name_zh,
            summary_en=summary,
            summary_zh=summary_zh,
            acceptance_days=acceptance_days,
        )
    show(
        made,
        _("{name} ({uid}) is announced. It closes {closes_at}.").format(
            name=words.plain(made.name), uid=made.uid, closes_at=words.when(made.closes_at)
        ),
    )
