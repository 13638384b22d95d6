"""The ``aisc`` command. Operators' commands act on this machine; users' commands talk to a centre."""

from __future__ import annotations

import os
import sys
from typing import Any

import typer

from aisc.cli.lazy import Lazy, LazyGroup
from aisc.cli.output import Exit, Json, err
from aisc.cli.tongue import gettext as _
from aisc.cli.tongue import speak

JOIN = "Join"
COMPUTE = "Compute"
PAY = "Pay"
APPLY = "Apply to the scheme, review and decide"
OPERATOR = "Run a centre (on this machine)"


class Commands(LazyGroup):
    """Every command of ``aisc``, in the order of ``aisc --help``."""

    table = {
        "signup": Lazy("aisc.cli.user.account:signup", "Make an account: a code is mailed to your address.", JOIN),
        "login": Lazy("aisc.cli.user.account:login", "Sign in on this machine, and stay signed in.", JOIN),
        "logout": Lazy("aisc.cli.user.account:logout", "Forget this machine's token, and end it at the centre.", JOIN),
        "whoami": Lazy("aisc.cli.user.account:whoami", "Show who you are here, and your roles.", JOIN),
        "tokens": Lazy("aisc.cli.user.tokens:app", "Your API tokens: list, make, revoke.", JOIN),
        "orgs": Lazy("aisc.cli.user.places:orgs", "Organisations and their members.", JOIN),
        "projects": Lazy("aisc.cli.user.places:projects", "Projects and their members.", JOIN),
        "notices": Lazy("aisc.cli.user.account:notices", "What the centre has told you, newest first.", JOIN),
        "run": Lazy("aisc.cli.user.run:run", "Run a command, or a template, at the centre and watch it.", COMPUTE),
        "jobs": Lazy("aisc.cli.user.jobs:app", "Jobs: list, show, retry, results.", COMPUTE),
        "logs": Lazy("aisc.cli.user.jobs:logs", "Print what a job has written, and follow it.", COMPUTE),
        "cancel": Lazy("aisc.cli.user.jobs:cancel", "End jobs. What they have used until then is charged.", COMPUTE),
        "files": Lazy("aisc.cli.user.files:app", "Files of a project's workspace: ls, put, get, rm.", COMPUTE),
        "templates": Lazy("aisc.cli.user.jobs:templates", "Jobs that need no program of your own.", COMPUTE),
        "centre": Lazy("aisc.cli.user.centre:app", "What the centre has, and how busy it is.", COMPUTE),
        "accelerators": Lazy("aisc.cli.user.centre:accelerators", "Accelerator types and their figures.", COMPUTE),
        "prices": Lazy("aisc.cli.user.prices:app", "List prices: show, publish.", PAY),
        "budgets": Lazy("aisc.cli.user.budgets:app", "Budgets: list, show, entries, open, release.", PAY),
        "usage": Lazy("aisc.cli.user.usage:app", "What was used, and how each charge came about.", PAY),
        "statement": Lazy("aisc.cli.user.statements:app", "Both payers' statements: list, show, issue, pdf, csv.", PAY),
        "calls": Lazy("aisc.cli.user.calls:app", "Calls for applications.", APPLY),
        "apply": Lazy("aisc.cli.user.apply:app", "Applications, from the draft to the award.", APPLY),
        "up": Lazy("aisc.cli.operator.up:up", "Start everything on this machine. Ctrl-C stops it.", OPERATOR),
        "init": Lazy("aisc.cli.operator.set_up:init", "Make what every centre needs before it can start.", OPERATOR),
        "web": Lazy("aisc.cli.operator.serve:web", "Serve the portal and the API (ASGI).", OPERATOR),
        "worker": Lazy("aisc.cli.operator.serve:worker", "Run the background work.", OPERATOR),
        "migrate": Lazy("aisc.cli.operator.migrate:migrate", "Bring the database to this version.", OPERATOR),
        "demo": Lazy("aisc.cli.operator.demo:demo", "Make the demonstration centre.", OPERATOR),
        "grant": Lazy("aisc.cli.operator.grant:grant", "Give somebody a role in the centre.", OPERATOR),
        "reset-second-factor": Lazy(
            "aisc.cli.operator.second_factor:reset_second_factor", "Take lost second factors off an account.", OPERATOR
        ),
        "check": Lazy("aisc.cli.operator.check:check", "Say what is wrong, and what to do about it.", OPERATOR),
        "backup": Lazy("aisc.cli.operator.backup:backup", "Write everything of this centre into one file.", OPERATOR),
        "restore": Lazy("aisc.cli.operator.backup:restore", "Bring a backup back, and prove the ledger.", OPERATOR),
        "ledger": Lazy("aisc.cli.operator.ledger:app", "Prove and seal the ledger.", OPERATOR),
        "search": Lazy("aisc.cli.operator.search:app", "Build the search index anew.", OPERATOR),
        "audit": Lazy("aisc.cli.operator.audit:app", "Prove and export the audit log.", OPERATOR),
    }

    def invoke(self, ctx: typer.Context) -> Any:
        """Run the command; what can interrupt every one of them ends it quietly, with an exit code."""
        try:
            return super().invoke(ctx)
        except (KeyboardInterrupt, typer.Abort) as stop:
            err.print(_("Interrupted."))
            raise typer.Exit(int(Exit.INTERRUPTED)) from stop
        except BrokenPipeError as closed:
            # The reader (head, less) has seen enough. Point stdout elsewhere so that closing it stays quiet.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(int(Exit.OK)) from closed


app = typer.Typer(
    name="aisc",
    cls=Commands,
    help="Run a public AI supercomputing centre, or use one.",
    epilog="Exit codes, settings and examples: docs/user/command-line.md",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        sys.stdout.write(f"aisc {version('aisc')}\n")
        raise typer.Exit


@app.callback()
def root(
    json: Json = False,
    lang: str = typer.Option("", help="Speak en, zh-Hant or zh-Hans; else what the terminal's locale says."),
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    """Settings shared by every command."""
    speak(lang)


def main() -> None:
    """Entry point."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aisc.core.settings")
    app()


if __name__ == "__main__":
    main()
