"""Write the pages of ``docs/`` that come from code: tables of states, who may what, the command line.

``--check`` fails when a page is not what the code says.
"""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEAD = "<!-- Written by `make docs` from the code; edit the code instead. -->\n\n"


def states() -> str:
    """Every entity's table of states."""
    from aisc.core.states import MACHINES

    parts = [
        "# States\n\nStates move through these tables and nowhere else (`core/states.py`). A test walks every pair.\n"
    ]
    for name, machine in sorted(MACHINES.items()):
        parts += [f"\n## {name.capitalize()}\n", "| from | to | who | if | then |", "|---|---|---|---|---|"]
        parts += [f"| {t.source} | {t.target} | {t.who} | {t.guard} | {t.effect} |" for t in machine.transitions]
        parts += ["", f"Final: {', '.join(sorted(machine.final))}."]
    return "\n".join(parts) + "\n"


def access() -> str:
    """Who may do what, from every room's ``access.py``."""
    from aisc.core import access as rules

    parts = ["# Who may do what\n\nOne row per action or reading. A token needs the scope as well.\n"]
    parts += ["| action | who | scope |", "|---|---|---|"]
    for name, rule in sorted(rules.table().items()):
        who = rule.who() if callable(rule.who) else rule.who
        parts.append(f"| `{name}` | {who} | {rule.scope} |")
    parts += [
        "\n## Pages and operations of the API\n",
        "The rules that guard each, asked in this order: the first that refuses gives the answer. *If sent*: only when",
        "something is sent. A test calls every row as everybody (`tests/end_to_end/test_who_may_what.py`).\n",
        "| page or operation | guarded by |",
        "|---|---|",
    ]
    parts += [f"| `{route}` | {_guarded_by(row)} |" for route, row in sorted(rules.routes().items())]
    return "\n".join(parts) + "\n"


def _guarded_by(row) -> str:
    if row.who != "steps":
        return {
            "public": "everybody",
            "signed in": "anybody who is signed in",
            "demonstration": "everybody, in a demonstration",
            "nobody": "(not there)",
        }[row.who]
    named = dict.fromkeys((step.rule, step.sending) for step in row.steps)
    return ", ".join(f"`{rule}`{' if sent' if sending else ''}" for rule, sending in named)


def command_line() -> str:
    """Every command with its options, from Typer's own description."""
    import typer

    main = importlib.import_module("aisc.cli.main")
    root = typer.main.get_command(main.app)
    parts = [
        "# Commands of `aisc`\n\nEvery command takes `--json`. Exit codes: [command line](user/command-line.md).\n"
    ]

    def walk(command, path: str) -> None:
        if hasattr(command, "list_commands"):
            context = command.context_class(command)
            for name in command.list_commands(context):
                walk(command.get_command(context, name), f"{path} {name}")
            return
        parameters = [p for p in command.params if p.name not in {"json", "help"}]
        arguments = " ".join((p.metavar or p.name or "").upper() for p in parameters if p.param_type_name == "argument")
        parts.append(f"\n## `{path}{' ' + arguments if arguments else ''}`\n\n{(command.help or '').strip()}\n")
        options = [p for p in parameters if p.param_type_name == "option"]
        if options:
            parts.append("| option | meaning |\n|---|---|")
            parts.extend(
                f"| `{', '.join([*p.opts, *p.secondary_opts])}` | {getattr(p, 'help', '') or ''} |" for p in options
            )

    walk(root, "aisc")
    return "\n".join(parts) + "\n"


PAGES = {"states.md": states, "access.md": access, "commands.md": command_line}


def main() -> None:
    os.environ["AISC_STATE"] = tempfile.mkdtemp()
    os.environ["DJANGO_SETTINGS_MODULE"] = "aisc.core.settings"
    import django

    django.setup()
    stale = []
    for name, write in PAGES.items():
        page, text = ROOT / "docs" / name, HEAD + write()
        if "--check" in sys.argv:
            if not page.exists() or page.read_text() != text:
                stale.append(name)
        else:
            page.write_text(text)
    if stale:
        sys.exit(f"docs/{', docs/'.join(stale)}: not what the code says; run “make docs”.")


if __name__ == "__main__":
    main()
