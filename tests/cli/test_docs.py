"""What the documentation of the command line says is so."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer

from aisc.cli.main import Commands, app
from aisc.cli.output import Exit

TEXT = (Path(__file__).parents[2] / "docs" / "user" / "command-line.md").read_text()
BLOCKS = "\n".join(re.findall(r"```(?:sh|console)\n(.*?)```", TEXT, re.DOTALL))
LINES = re.findall(r"^(?:\$ )?(aisc .*?)(?:\s+#.*)?$", BLOCKS, re.MULTILINE)
SPANS = [span for span in re.findall(r"`(aisc [^`…]+)`", TEXT) if "COMMAND" not in span and "&&" not in span]


@pytest.mark.parametrize("line", [*LINES, *SPANS])
def test_every_command_and_option_that_is_shown_is_there(line):
    words = shlex.split(line.partition(" > ")[0])[1:]
    command = typer.main.get_command(app)
    while words and hasattr(command, "commands") and not words[0].startswith("-"):
        name = words.pop(0)
        command = command.get_command(None, name) if isinstance(command, Commands) else command.commands.get(name)
        assert command is not None, name
    if words[:1] and words[0].startswith("-") and hasattr(command, "commands") and not isinstance(command, Commands):
        command = next(iter(command.commands.values()))
    options = {option for each in command.params for option in [*each.opts, *each.secondary_opts]} | {
        "--help",
        "--install-completion",
    }
    if "--" in words:
        words = words[: words.index("--")]
    assert {word for word in words if word.startswith("-")} <= options


def test_every_exit_code_is_explained():
    explained = {int(code) for code in re.findall(r"^\| (\d+) \|", TEXT, re.MULTILINE)}
    assert explained == {int(code) for code in Exit}


def test_every_setting_is_explained():
    folder = Path(__file__).parents[2] / "src" / "aisc" / "cli" / "user"
    source = "".join(path.read_text() for path in folder.glob("*.py"))
    assert set(re.findall(r'"(AISC_[A-Z]+)"', source)) == set(re.findall(r"^\| `(AISC_[A-Z]+)` \|", TEXT, re.MULTILINE))
