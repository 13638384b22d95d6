"""What ``aisc demo --year`` says while it works, and where no year can be made any more."""

from __future__ import annotations

import pytest

from aisc.cli.operator import demo
from aisc.cli.output import err
from aisc.portal import demonstration, set_up
from aisc.portal.demonstration import Year


@pytest.fixture
def asked(monkeypatch):
    """``asked(outcome)``: ask for the year where making it ends so; what was said."""
    monkeypatch.setattr(set_up, "centre", lambda: None)
    monkeypatch.setattr(demonstration, "make", list)

    def ask(outcome: Year, capsys: pytest.CaptureFixture[str]) -> str:
        def make_year(progress, jobs):
            assert jobs == 5
            for hundredths in range(101):
                progress(hundredths)
            return outcome

        monkeypatch.setattr(demonstration, "make_year", make_year)
        assert demo.demonstrate(year=True, hundredths=5) == []
        return capsys.readouterr().err

    return ask


def test_progress_is_told_now_and_then(asked, capsys):
    said = asked(Year.MADE, capsys)
    assert said.count("Writing down") == 4
    assert "was written down in" in said


def test_in_a_terminal_one_line_counts(asked, capsys, monkeypatch):
    monkeypatch.setattr(type(err), "is_terminal", True)
    assert asked(Year.THERE, capsys).count("\r") == 101


def test_a_centre_that_has_begun_is_told_how_to_get_one(asked, capsys):
    assert "choose an empty state folder" in asked(Year.TOO_LATE, capsys)
