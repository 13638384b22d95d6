"""How the command line speaks: tables and sentences for people, JSON for programs, exit codes for scripts.

Answers go to standard output, remarks and questions to standard error, so that pipes stay clean. Colours are for
terminals alone and obey ``NO_COLOR``. The exit codes are documented in ``docs/user/command-line.md``;
:class:`Exit` is their one definition.
"""

from __future__ import annotations

import io
import json
import sys
from enum import IntEnum
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text


class _Console(Console):
    def on_broken_pipe(self) -> None:
        # Rich would end with 1. Whoever reads no further has seen enough: see main.Commands.
        raise BrokenPipeError


out = _Console(highlight=False)
err = _Console(stderr=True, highlight=False)

# Where no terminal says how wide it is, a line is as long as what stands in it: a pipe gets whole lines.
PIPE_WIDTH = 4096


class Exit(IntEnum):
    """Exit codes of ``aisc``. Commands that wait for a job end with the job's own exit code instead."""

    OK = 0
    FAILED = 1  # what was asked was done and the answer is no (a proof that does not hold, a failing check)
    USAGE = 2  # the command line itself is wrong
    REFUSED = 3  # the centre refused; nothing was changed
    SIGN_IN = 4  # no token, or one that is no longer good
    UNAVAILABLE = 5  # the centre, or a part of it, does not answer
    SET_UP = 6  # this machine: state folder, port, disk
    JOB_TIMEOUT = 124  # the job reached its time limit (as timeout(1) says it)
    JOB_STOPPED = 125  # the centre ended or refused the job: a limit, a machine that failed
    INTERRUPTED = 130  # Ctrl-C; or the job was cancelled
    JOB_MEMORY = 137  # the job used more memory than it had asked for


class _Mode:
    json = False


def _choose_json(ctx: typer.Context, value: bool) -> bool:
    # “aisc --json orgs” and “aisc orgs --json” are the same; the first of them to be read begins a new command.
    if value or ctx.parent is None:
        _Mode.json = value
    return value


Json = Annotated[
    bool,
    typer.Option("--json", help="Answer in JSON on standard output.", callback=_choose_json, is_eager=True),
]


def wants_json() -> bool:
    return _Mode.json


def show_json(value: Any) -> None:
    """``value`` as indented JSON on standard output."""
    sys.stdout.write(json.dumps(plain(value), indent=2, ensure_ascii=False, default=str) + "\n")


def plain(value: Any) -> Any:
    """``value`` with everything typed in it as JSON can say it."""
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    return value


def show(value: Any, *human: RenderableType) -> None:
    """``value`` as JSON when asked for, otherwise ``human``: tables, or text in which ``[…]`` is markup."""
    if wants_json():
        show_json(value)
        return
    for each in human:
        _print(each)


def _print(each: RenderableType) -> None:
    if isinstance(each, str) or out.is_terminal:
        out.print(each, soft_wrap=isinstance(each, str))
        return
    # Rich takes 80 columns for a pipe, and fills lines with spaces up to the longest.
    wide = Console(file=io.StringIO(), highlight=False, width=PIPE_WIDTH)
    wide.print(each)
    for line in wide.file.getvalue().split("\n")[:-1]:
        sys.stdout.write(line.rstrip() + "\n")


def say(text: str) -> None:
    """A remark that is no part of the answer: on standard error, so that pipes stay clean."""
    err.print(text, soft_wrap=True, markup=False)


def fail(message: str, code: Exit = Exit.FAILED, /, **details: Any) -> NoReturn:
    """End with ``code`` after telling what is wrong and what to do."""
    if wants_json():
        show_json({"error": message, "exit_code": int(code), **details})
    else:
        err.print(Text.assemble(("aisc: ", "bold red"), message), soft_wrap=True)
        for each in details.get("errors") or []:
            if str(each.get("message", "")) not in message:
                err.print(Text(f"  {each.get('field', '')}: {each.get('message', '')}"), soft_wrap=True)
    raise typer.Exit(int(code))


def table(*columns: str, title: str = "", right: tuple[int, ...] = ()) -> Table:
    """An empty table; ``right`` names the columns (from 0) that hold numbers."""
    made = Table(title=title or None, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for number, column in enumerate(columns):
        name = column in {"uid", "number", "id"}  # to be copied: never broken into two lines
        justify = "right" if number in right else "left"
        made.add_column(column, justify=justify, overflow="fold", no_wrap=name)
    return made


def add(to: Table, *cells: Any, style: str = "") -> None:
    """One row of ``cells`` as they are: brackets in a name are no markup."""
    to.add_row(*(cell if isinstance(cell, Text) else Text("" if cell is None else str(cell)) for cell in cells))
    if style:
        to.rows[-1].style = style


def facts(*rows: tuple[str, Any]) -> Table:
    """Names and values, one a line; a value of None or “” is left out."""
    made = Table(box=None, show_header=False, pad_edge=False)
    made.add_column(style="bold", no_wrap=True)
    made.add_column(overflow="fold")
    for name, value in rows:
        if value not in (None, ""):
            add(made, name, value)
    return made
