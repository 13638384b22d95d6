"""How the command line speaks."""

from __future__ import annotations

import io
import json

import pytest
import typer
from rich.console import Console

from aisc.cli import output
from aisc.cli.output import Exit, add, facts, fail, plain, say, show, table
from aisc.client.models.people import Person

PERSON = Person(uid="per-1", name="[bold]陳大文", email="a@b")


def test_a_table_in_a_pipe_has_whole_lines(capsys):
    rows = table("name", "n", right=(1,))
    add(rows, "[red]x" * 60, 1)
    add(rows, "短", None, style="dim")
    show([], rows)
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["[red]x" * 60, "1"]
    assert lines[2] == "短"
    assert all(line == line.rstrip() for line in lines)


def test_a_table_on_a_terminal_fits_it(monkeypatch):
    written = io.StringIO()
    monkeypatch.setattr(output, "out", Console(file=written, force_terminal=True, width=40, color_system=None))
    rows = table("uid", "text")
    add(rows, "job-4k2m9x7t1zq8", "word " * 20)
    show([], rows, "and [bold]more[/]")
    lines = written.getvalue().splitlines()
    assert max(len(line) for line in lines if "more" not in line) <= 40
    assert sum("job-4k2m9x7t1zq8" in line for line in lines) == 1


def test_facts_leave_out_what_is_empty(capsys):
    show({}, facts(("Name", "[x]"), ("Note", ""), ("Zero", 0), ("None", None)))
    assert capsys.readouterr().out == "Name  [x]\nZero  0\n"


def test_json_is_asked_for_and_given(capsys):
    output._Mode.json = True  # put back by the fixture “in_words”
    show({"who": PERSON, "all": (PERSON,), "n": 1}, "not shown")
    found = json.loads(capsys.readouterr().out)
    assert found == {"who": plain(PERSON), "all": [plain(PERSON)], "n": 1}
    assert found["who"]["name"] == "[bold]陳大文"


def test_a_failure_says_what_to_do_and_which_field(capsys):
    errors = [{"field": "name", "message": "Give [it] a name."}, {"field": "x", "message": "Part of it"}]
    with pytest.raises(typer.Exit) as caught:
        fail("Part of it.", Exit.REFUSED, errors=errors)
    assert caught.value.exit_code == 3
    assert capsys.readouterr().err == "aisc: Part of it.\n  name: Give [it] a name.\n"


def test_a_failure_in_json(capsys):
    output._Mode.json = True  # put back by the fixture “in_words”
    with pytest.raises(typer.Exit):
        fail("No.", code_of := Exit.SIGN_IN, code="x.y")
    assert json.loads(capsys.readouterr().out) == {"error": "No.", "exit_code": int(code_of), "code": "x.y"}


def test_remarks_are_not_in_the_answer(capsys):
    say("[not markup] " + "long " * 60)
    captured = capsys.readouterr()
    assert (captured.out, captured.err.count("\n")) == ("", 1)
