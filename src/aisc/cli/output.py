"""How the command line speaks: tables and sentences for people, JSON for programs, exit codes for scripts.

The exit codes are documented in ``docs/user/command-line.md``; :class:`Exit` is their one definition.
"""

from __future__ import annotations

import json
import sys
from enum import IntEnum
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.table import Table

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


class Exit(IntEnum):
    """Exit codes of ``aisc``. ``aisc run`` and ``aisc logs -f`` end with the job's own exit code instead."""

    OK = 0
    FAILED = 1  # what was asked was done and the answer is no (a proof that does not hold, a failing check)
    USAGE = 2  # the command line itself is wrong
    REFUSED = 3  # the centre refused; nothing was changed
    SIGN_IN = 4  # no token, or one that is no longer good
    UNAVAILABLE = 5  # the centre, or a part of it, does not answer
    SET_UP = 6  # this machine: state folder, port, disk
    INTERRUPTED = 130


class _Mode:
    json = False


def _choose_json(value: bool) -> bool:
    if value:
        _Mode.json = True
    return value


Json = Annotated[
    bool, typer.Option("--json", help="Answer in JSON on standard output.", callback=_choose_json, is_eager=True)
]


def wants_json() -> bool:
    return _Mode.json


def show_json(value: Any) -> None:
    """``value`` as indented JSON on standard output."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n")


def show(value: Any, human: Table | str) -> None:
    """``value`` as JSON when asked for, otherwise ``human``."""
    if wants_json():
        show_json(value)
    else:
        out.print(human)


def say(text: str) -> None:
    """A remark that is no part of the answer: on standard error, so that pipes stay clean."""
    err.print(text)


def fail(message: str, code: Exit = Exit.FAILED, **details: Any) -> NoReturn:
    """End with ``code`` after telling what is wrong and what to do."""
    if wants_json():
        show_json({"error": message, "exit_code": int(code), **details})
    else:
        err.print(f"[bold red]aisc:[/] {_escape(message)}")
    raise typer.Exit(int(code))


def _escape(text: str) -> str:
    from rich.markup import escape

    return escape(text)


def table(*columns: str, title: str = "", right: tuple[int, ...] = ()) -> Table:
    """An empty table; ``right`` names the columns (from 0) that hold numbers."""
    made = Table(title=title or None, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for number, column in enumerate(columns):
        made.add_column(column, justify="right" if number in right else "left", overflow="fold")
    return made
