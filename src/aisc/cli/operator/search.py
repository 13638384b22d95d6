"""``aisc search``: the operator's command on the search index."""

from __future__ import annotations

import typer

from aisc.cli.operator import django as machine
from aisc.cli.output import Json, show
from aisc.cli.tongue import gettext as _

app = typer.Typer(help="Build the search index anew.", no_args_is_help=True)


@app.callback()
def root() -> None:
    """Build the search index anew."""


@app.command("rebuild")
def rebuild(json: Json = False) -> None:
    """Build the whole index anew, while people go on searching. Nothing else is changed.

    It keeps itself up to date; this is for when “aisc check” says that it differs from what there is.
    """
    machine.start()
    from aisc.core.search import index

    rows = index.rebuild()
    show({"rows": rows}, _("{rows} things can be found.").format(rows=f"{rows:,}"))
