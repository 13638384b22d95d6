"""The log and the status line keep apart, on a terminal and in a pipe."""

from __future__ import annotations

import io
import os
from types import SimpleNamespace

import pytest

from aisc.cli import output
from aisc.cli.user import screen
from aisc.cli.user.screen import CLEAR, Screen, bar


class Tty(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True


@pytest.fixture
def terminal(monkeypatch):
    """Both standard output and standard error on one terminal."""
    shown = Tty()
    # Not in “sys” itself: pytest puts its own capture there before each test.
    monkeypatch.setattr(screen, "sys", SimpleNamespace(stdout=shown, stderr=shown))
    monkeypatch.setattr(screen, "say", lambda text: shown.write(f"{text}\n"))
    monkeypatch.setattr(screen.shutil, "get_terminal_size", lambda: os.terminal_size((20, 5)))
    monkeypatch.delenv("TERM", raising=False)
    monkeypatch.setattr(output._Mode, "json", False)
    return shown


def test_the_status_line_makes_room_for_the_log(terminal):
    view = Screen()
    view.status("running")
    view.status("running")
    view.write("one\n")
    view.status("running")
    view.close()
    assert terminal.getvalue() == f"{CLEAR}running{CLEAR}one\n{CLEAR}running{CLEAR}"


def test_it_does_not_write_into_the_middle_of_a_line(terminal):
    view = Screen()
    view.write("50 %")
    view.status("running")
    view.write("")
    view.remark("Cancelling…")
    view.write("half")
    view.close()
    view.close()
    assert terminal.getvalue() == "50 %\nCancelling…\nhalf\n"


def test_a_long_status_is_cut_to_the_terminal(terminal):
    Screen().status("執行中執行中執行中執行中")
    assert terminal.getvalue() == f"{CLEAR}執行中執行中執行中…"


def test_in_a_pipe_there_are_remarks_once_each(capsys):
    view = Screen()
    view.status("queued", remark="job-1: queued")
    view.status("queued · 2 s", remark="job-1: queued")
    view.write("log\n")
    view.status("running", remark="job-1: running")
    view.remark("Something.")
    view.close()
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("log\n", "job-1: queued\njob-1: running\nSomething.\n")


def test_with_json_the_log_goes_to_standard_error(capsys, monkeypatch):
    monkeypatch.setattr(output._Mode, "json", True)
    Screen().write("log\n")
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "log\n")


def test_what_the_terminal_cannot_show(terminal):
    terminal.encoding = "ascii"
    Screen().write("a 中\n")
    assert terminal.getvalue() == "a ?\n"


@pytest.mark.parametrize(
    ("done", "total", "text"), [(0, 10, "░░░░   0%"), (5, 10, "██░░  50%"), (99, 10, "████ 100%"), (1, 0, "░░░░   0%")]
)
def test_bars(done, total, text):
    assert bar(done, total, width=4) == text
