"""The command as a whole: its list, its speed, its exit codes."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest
import typer

from aisc.cli.main import Commands, app
from aisc.cli.output import Exit


def _every_command(command, path: tuple[str, ...] = ()):
    yield path, command
    for name in getattr(command, "commands", {}):
        child = command.get_command(None, name) if isinstance(command, Commands) else command.commands[name]
        yield from _every_command(child, (*path, name))


EVERYTHING = dict(_every_command(typer.main.get_command(app)))
WITHOUT_JSON = {("up",), ("web",), ("audit", "export")}  # two run until they are stopped; one writes JSON lines


@pytest.mark.parametrize("path", EVERYTHING, ids=" ".join)
def test_every_command_answers_in_json_and_says_what_it_is_for(path):
    command = EVERYTHING[path]
    if path in WITHOUT_JSON:
        return
    if not hasattr(command, "commands") or command.invoke_without_command:
        assert "--json" in {option for each in command.params for option in each.opts}
    assert command.help
    for each in command.params:
        assert getattr(each, "help", "") or each.name in {"path", "to", "place", "json", "starts", "ends"}, each.name


def test_help_comes_at_once():
    def seconds() -> float:
        before = os.times()
        done = subprocess.run([sys.executable, "-m", "aisc", "--help"], capture_output=True, text=True, check=True)
        after = os.times()
        assert "Run a command, or a template, at the centre" in done.stdout
        # CPU time, since other tests may keep this machine busy.
        return after.children_user + after.children_system - before.children_user - before.children_system

    assert min(seconds() for _ in range(3)) < 0.3


def test_users_commands_need_no_django():
    code = (
        "import sys; from aisc.cli.main import Commands;"
        "[lazy.load(name) for name, lazy in Commands.table.items() if '.user.' in lazy.target];"
        "import aisc.client; raise SystemExit('django' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_a_slip_is_met_with_a_suggestion(command):
    done = command("budget", code=2)
    assert "Did you mean 'budgets'?" in done.err


def test_the_version(command):
    assert command("--version").out.startswith("aisc 0.")


def test_what_is_wrong_with_the_command_line_is_said(command):
    assert "--nonsense" in command("budgets", "--nonsense", code=2).err


def test_completion_lists_commands_without_loading_them():
    environment = os.environ | {"_AISC_COMPLETE": "complete_bash", "COMP_WORDS": "aisc bud", "COMP_CWORD": "1"}
    done = subprocess.run(
        [sys.executable, "-c", "import sys; sys.argv[0] = 'aisc'; from aisc.cli.main import main; main()"],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.stdout.split() == ["budgets"]


def test_ctrl_c_ends_with_130(command, monkeypatch):
    from aisc.cli.user import session

    def interrupted(*_arguments, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr(session, "connect", interrupted)
    done = command("whoami", code=int(Exit.INTERRUPTED))
    assert done.err == "Interrupted.\n"


def test_a_reader_that_has_seen_enough_is_no_error(home):
    process = subprocess.Popen(
        [sys.executable, "-m", "aisc", "apply", "example"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    process.stdout.close()
    time.sleep(0.01)
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(20) == 0
