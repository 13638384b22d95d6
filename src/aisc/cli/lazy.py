"""Commands that are imported when they are used: ``aisc --help`` answers at once, whatever a command needs."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup


@dataclass(frozen=True)
class Lazy:
    """Where a command is: ``module:name`` of a function, or of a ``typer.Typer`` with commands below it.

    ``help`` stands in the list of commands; it is the first line of the command's own help.
    """

    target: str
    help: str
    panel: str

    def load(self, name: str) -> Any:
        """The command itself."""
        module, _colon, attribute = self.target.partition(":")
        found = getattr(import_module(module), attribute)
        if isinstance(found, typer.Typer):
            made = typer.main.get_group(found)
        else:
            one = typer.Typer(add_completion=False, rich_markup_mode="rich", pretty_exceptions_enable=False)
            one.command(name, **getattr(found, "command_settings", {}))(found)
            made = typer.main.get_command(one)
        made.name = name
        return made


class ListGroup(TyperGroup):
    """A group whose first command needs no name: ``aisc jobs --mine`` is ``aisc jobs list --mine``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        rest = [each for each in args if each != "--json"]
        # Options alone, and not a question for help, are the first command's.
        if not rest or (rest[0].startswith("-") and rest[0] not in ctx.help_option_names):
            args = [next(iter(self.commands)), *args]
        return super().parse_args(ctx, args)


class LazyGroup(TyperGroup):
    """A group whose commands are :class:`Lazy`."""

    table: dict[str, Lazy] = {}

    def __init__(self, **attributes: Any):
        super().__init__(**attributes)
        self._listing = False
        for name, lazy in self.table.items():
            # A name and a line of help: enough for the list, for completion and for “Did you mean”.
            self.commands[name] = TyperCommand(name, help=lazy.help, rich_help_panel=lazy.panel, callback=None)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if self._listing or cmd_name not in self.table:
            return super().get_command(ctx, cmd_name)
        return self.table[cmd_name].load(cmd_name)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        self._listing = True
        super().format_help(ctx, formatter)

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        self._listing = True
        return super().shell_complete(ctx, incomplete)
