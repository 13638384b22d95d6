"""``aisc ledger``: the auditor's and operator's commands on the money core."""

from __future__ import annotations

from typing import Annotated

import typer

from aisc.cli.operator import django as machine
from aisc.cli.output import Exit, Json, out, show_json, wants_json
from aisc.cli.tongue import gettext as _

app = typer.Typer(help="Prove and seal the ledger.", no_args_is_help=True)


@app.command("prove")
def prove(
    limit: Annotated[int, typer.Option(min=1, help="Show at most this many differences.")] = 50,
    json: Json = False,
) -> None:
    """Recompute everything: scheduler records = usage = postings = statements.

    Ends with 1 at the first cent of difference, and names it.
    """
    machine.start()
    machine.speak()
    from aisc.ledger.prove import prove as recompute

    report = recompute(limit=limit)
    if wants_json():
        show_json(report.as_dict())
    else:
        for line in report.lines():
            out.print(line)
    if not report.holds:
        raise typer.Exit(int(Exit.FAILED))


@app.command("seal")
def seal(json: Json = False) -> None:
    """Seal every day that has ended and is not sealed yet. The worker does this by itself."""
    machine.start()
    from aisc.ledger.seals import seal_due_days

    sealed = seal_due_days()
    if wants_json():
        show_json({"sealed": [str(day) for day in sealed]})
    else:
        out.print(_("{sealed} days sealed.").format(sealed=len(sealed)))
