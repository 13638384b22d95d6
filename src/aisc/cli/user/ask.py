"""Questions to the person at the terminal. None is asked where nobody could answer."""

from __future__ import annotations

import sys
from typing import Annotated, NoReturn

import typer

from aisc.cli.output import Exit, fail, wants_json
from aisc.cli.tongue import gettext as _


def interactive() -> bool:
    """Whether somebody can be asked: a terminal at both ends, and no program waiting for JSON."""
    return sys.stdin.isatty() and sys.stderr.isatty() and not wants_json()


def text(label: str, option: str, *, default: str | None = None) -> str:
    """A line of text; ``option`` is what to give on the command line instead."""
    if not interactive():
        _say_option(option)
    return typer.prompt(label, default=default, err=True).strip()


def secret(label: str, option: str, *, confirm: bool = False) -> str:
    """A password, not shown while it is typed."""
    if not interactive():
        _say_option(option)
    return typer.prompt(label, hide_input=True, confirmation_prompt=confirm, err=True)


def yes(question: str, *, default: bool = False) -> bool:
    return typer.confirm(question, default=default, err=True)


Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def for_good(question: str, *, agreed: bool, otherwise: str) -> None:
    """Ask before what cannot be undone; without a yes say ``otherwise`` and end. ``agreed``: by --yes, before."""
    if not agreed and not (interactive() and yes(question)):
        fail(_("{otherwise} Say --yes where nobody can be asked.").format(otherwise=otherwise), Exit.USAGE)


def _say_option(option: str) -> NoReturn:
    fail(_("{option} is needed where nobody can be asked.").format(option=option), Exit.USAGE)


def from_stdin() -> str:
    """The first line of standard input: a password or a token, out of sight of “ps”."""
    found = sys.stdin.readline().rstrip("\r\n")
    if not found:
        fail(_("There is nothing on standard input."), Exit.USAGE)
    return found
