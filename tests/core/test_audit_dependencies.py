"""The audit of dependencies says what it knows, and plainly when it knows nothing."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "tools"))

import audit_dependencies as audit

FAULT = {"id": "PYSEC-1", "aliases": ["CVE-1"], "fixed_in": ["2.0"], "summary": "Bad.", "withdrawn": None}


@pytest.fixture
def known(monkeypatch):
    """``known({"a": [advisory]})``: what the index answers; None for what it does not know."""

    def make(answers, *, accepted=None, strict=False):
        monkeypatch.setattr(audit, "pinned", lambda: [(name, "1.0") for name in answers])
        monkeypatch.setattr(audit, "advisories", lambda _base, name, _version: answers[name])
        monkeypatch.setattr(audit, "ACCEPTED", accepted or {})
        monkeypatch.setattr(sys, "argv", ["audit", "--strict"] if strict else ["audit"])
        return audit.main()

    return make


def test_a_known_fault_fails(known, capsys):
    assert known({"a": [FAULT], "b": []}) == 1
    assert "a 1.0: PYSEC-1 (fixed in 2.0) Bad." in capsys.readouterr().out


def test_withdrawn_and_accepted_ones_do_not(known):
    assert known({"a": [FAULT | {"withdrawn": "2026-01-01"}]}) == 0
    assert known({"a": [FAULT]}, accepted={"CVE-1": "not reached"}) == 0
    assert known({"a": []}, accepted={"CVE-1": "not reached"}) == 1


def test_an_index_that_does_not_say_is_no_failure_and_no_all_clear(known, capsys):
    assert known({"a": None, "b": None}) == 0
    assert "NOT MADE" in capsys.readouterr().err
    assert known({"a": None, "b": None}, strict=True) == 2
    assert known({"a": [], "b": None}) == 0
    assert "Not asked" in capsys.readouterr().err


def test_what_is_pinned_is_what_is_asked_about():
    assert ("Django" in dict(audit.pinned())) or ("django" in dict(audit.pinned()))
    assert all(version for _name, version in audit.pinned())
