"""Refusals as exit codes, and waits as remarks."""

from __future__ import annotations

import pytest
from faulty import answer, problem


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr("aisc.client.transport.time.sleep", lambda _seconds: None)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (problem(401, "sign_in_needed", "Send a token."), 4),
        (problem(402, "budget.insufficient", "Too little."), 3),
        (problem(403, "forbidden", "You may not do this."), 3),
        (problem(404, "not_found", "No such thing."), 3),
        (problem(409, "conflict", "Not now."), 3),
        (problem(422, "bad_input", "Not so."), 3),
        (problem(500, "error", "Broken."), 5),
        (answer(301, None, Location="https://elsewhere"), 5),
    ],
)
def test_every_refusal_has_its_exit_code(command, faulty, given, code):
    server = faulty(given)
    done = command("orgs", "--json", AISC_URL=server.url, AISC_TOKEN="aisc_x", code=code)
    assert (done.json["exit_code"], bool(done.json["error"])) == (code, True)
    assert command("orgs", AISC_URL=server.url, AISC_TOKEN="aisc_x", code=code).out == ""


def test_an_address_that_is_none(command):
    done = command("orgs", AISC_URL="centre:8000", AISC_TOKEN="aisc_x", code=5)
    assert "is no address of a centre. Write it like http://127.0.0.1:8000" in done.err


def test_a_token_is_asked_for_before_anything_else(command):
    assert command("budgets", AISC_URL="http://127.0.0.1:9", code=4).err == (
        "aisc: You are not signed in. Run “aisc login”, or set AISC_TOKEN.\n"
    )


def test_an_empty_centre_says_so(command, faulty):
    server = faulty(answer(200, {"items": [], "next": None, "current": None, "versions": []}))
    environment = {"AISC_URL": server.url, "AISC_TOKEN": "aisc_x"}
    said = {
        ("apply",): "No applications. Begin one",
        ("calls",): "No call has been announced yet",
        ("centre", "nodes"): "No machine has reported yet",
        ("jobs",): "No jobs.",
        ("notices",): "No notices.",
        ("prices",): "No price list is in force yet",
        ("statement",): "No statements yet",
        ("templates",): "This centre has no templates",
        ("tokens",): "No tokens.",
        ("usage",): "Nothing was used yet",
    }
    for arguments, words in said.items():
        assert words in command(*arguments, **environment).out
    assert "No call is open at the moment" in command("calls", "show", code=3, **environment).err
    assert "There is no application that you may see" in command("apply", "show", "x", code=3, **environment).err
