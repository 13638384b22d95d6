"""The ``aisc`` command. Operators' commands act on this machine; users' commands talk to a centre."""

from __future__ import annotations

import os
import sys

import typer

from aisc.cli.operator import backup, check, demo, ledger, migrate, serve, set_up, up
from aisc.cli.output import Exit, Json, err

app = typer.Typer(
    name="aisc",
    help="Run a public AI supercomputing centre, or use one.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)

OPERATOR = "Run a centre (on this machine)"

app.command("up", rich_help_panel=OPERATOR)(up.up)
app.command("init", rich_help_panel=OPERATOR)(set_up.init)
app.command("web", rich_help_panel=OPERATOR)(serve.web)
app.command("worker", rich_help_panel=OPERATOR)(serve.worker)
app.command("migrate", rich_help_panel=OPERATOR)(migrate.migrate)
app.command("demo", rich_help_panel=OPERATOR)(demo.demo)
app.command("check", rich_help_panel=OPERATOR)(check.check)
app.command("backup", rich_help_panel=OPERATOR)(backup.backup)
app.command("restore", rich_help_panel=OPERATOR)(backup.restore)
app.add_typer(ledger.app, name="ledger", rich_help_panel=OPERATOR)


@app.callback()
def root(json: Json = False) -> None:
    """Settings shared by every command."""


def main() -> None:
    """Entry point: turns what can go wrong everywhere into a sentence and an exit code."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aisc.core.settings")
    try:
        app()
    except KeyboardInterrupt:
        err.print("Interrupted.")
        sys.exit(Exit.INTERRUPTED)
    except BrokenPipeError:
        # The reader (head, less) has seen enough. Point stdout elsewhere so that closing it stays quiet.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(Exit.OK)


if __name__ == "__main__":
    main()
