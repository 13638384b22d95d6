"""``aisc audit``: the auditor's commands on the audit log, on the centre's own machine."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from aisc.cli.operator import django as machine
from aisc.cli.output import Exit, Json, out, show_json, wants_json

app = typer.Typer(help="Prove and export the audit log.", no_args_is_help=True)


@app.command("prove")
def prove(
    limit: Annotated[int, typer.Option(min=1, help="Show at most this many differences.")] = 50,
    json: Json = False,
) -> None:
    """Hash every row of the audit log again; find what was altered, removed, inserted or put in another order.

    Ends with 1 when something differs, and names the rows. “aisc ledger prove” does this as well.
    """
    machine.start()
    machine.speak()
    from aisc.core.audit.prove import prove as recompute

    report = recompute(limit=limit)
    if wants_json():
        show_json(report.as_dict())
    else:
        for line in report.lines():
            out.print(line)
    if not report.holds:
        raise typer.Exit(int(Exit.FAILED))


@app.command("export")
def export() -> None:
    """Write the whole audit log as JSON lines, oldest first, with what it takes to compute every hash again."""
    machine.start()
    from aisc.core.audit import reading
    from aisc.core.audit.chain import canonical
    from aisc.core.models import AuditEvent

    for event in reading.all_of(AuditEvent.objects.all()):
        sys.stdout.write(canonical(reading.as_dict(event, whole=True)) + "\n")
