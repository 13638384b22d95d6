"""``aisc tokens``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from aisc.cli.lazy import ListGroup
from aisc.cli.output import Json, add, out, say, show, table, wants_json
from aisc.cli.tongue import gettext as _
from aisc.cli.tongue import pgettext
from aisc.cli.user import ask, config, words
from aisc.cli.user.account import Days, PasswordStdin
from aisc.cli.user.session import centre

app = typer.Typer(help="Your API tokens: list, make, revoke.", cls=ListGroup)


@app.callback()
def default(json: Json = False) -> None:
    """The first command, where none is named."""


@app.command("list")
def list_tokens(json: Json = False) -> None:
    """Your tokens, newest first."""
    with centre() as client:
        found = list(client.tokens.list())
    rows = table(
        "id",
        pgettext("terminal", "name"),
        pgettext("terminal", "begins"),
        pgettext("terminal", "may"),
        pgettext("terminal", "made"),
        pgettext("terminal", "ends"),
        _("last used"),
        "",
    )
    now = datetime.now(UTC)
    for each in found:
        over = "revoked" if each.revoked_at else "ended" if each.expires_at <= now else ""
        used = words.ago(each.last_used_at, now) if each.last_used_at else "never"
        may = ", ".join(each.scopes)
        add(
            rows,
            each.id,
            each.name,
            each.prefix,
            may,
            words.when(each.created_at),
            words.when(each.expires_at),
            used,
            over,
            style="dim" if over else "",
        )
    show(found, rows if found else _("No tokens."))


@app.command("new")
def new(
    name: Annotated[str, typer.Argument(help="To know it by, such as “nightly training”.")],
    scopes: Annotated[
        list[str] | None, typer.Option("--scope", help="What it may do; repeat for several. Left out: everything.")
    ] = None,
    days: Days = 90,
    email: Annotated[str, typer.Option(help="Your e-mail address.")] = "",
    password_stdin: PasswordStdin = False,
    json: Json = False,
) -> None:
    """Make a token for a program. Your password is asked for; the token is shown this once.

    “aisc whoami” lists the scopes there are, such as read and jobs.
    """
    email = email or config.load().email or ask.text(_("E-mail address"), "--email")
    password = ask.from_stdin() if password_stdin else ask.secret(pgettext("terminal", "Password"), "--password-stdin")
    with centre(signed_in=False) as client:
        made = client.tokens.issue(email=email, password=password, name=name, scopes=scopes or None, days=days)
    if wants_json():
        show(made, "")
        return
    say(
        _("Keep it now: it is not shown again. It works until {expires_at}.").format(
            expires_at=words.when(made.expires_at)
        )
    )
    out.print(made.secret, markup=False)


@app.command("revoke")
def revoke(
    token_ids: Annotated[list[int], typer.Argument(metavar="ID...", help="From “aisc tokens”.")],
    json: Json = False,
) -> None:
    """End tokens at once. Programs that use them are signed out."""
    with centre() as client:
        for number in token_ids:
            client.tokens.revoke(number)
    show({"revoked": token_ids}, _("Revoked: {map}.").format(map=", ".join(map(str, token_ids))))
