"""Fixtures of the command line's tests: commands run in this process, against a whole centre that runs."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parent.parent / "client"))

import live
from faulty import FaultyServer

from aisc.cli import output
from aisc.cli.main import app
from aisc.cli.user import ask
from aisc.client import Client


@dataclass
class Done:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture(scope="session")
def centre():
    return live.start()


@pytest.fixture(scope="session")
def token_of(centre):
    """``token_of("finance")``: a token of one of the demonstration's people."""
    made: dict[str, str] = {}

    def find(who: str) -> str:
        if who not in made:
            with Client(centre.url) as client:
                asked = {"email": f"{who}@example.org", "password": live.PASSWORD, "name": "test"}
                made[who] = client.tokens.issue(**asked).secret
        return made[who]

    return find


@pytest.fixture(autouse=True)
def in_words(monkeypatch):
    """Whoever asks for JSON does so for one command."""
    monkeypatch.setattr(output._Mode, "json", False)


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A person's own folder on this machine: nothing remembered, no settings, and the working directory."""
    for name in ("AISC_TOKEN", "AISC_URL", "AISC_BUDGET", "XDG_CONFIG_HOME", "LC_ALL", "LC_MESSAGES", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AISC_CONFIG", str(tmp_path / "config" / "aisc.toml"))
    monkeypatch.setenv("LANG", "C.UTF-8")
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return work


@pytest.fixture
def command(home):
    """``command("orgs", "list", input="…")``: run ``aisc orgs list`` in this process."""

    def run(*arguments: str, input: str = "", code: int | None = 0, **environment: str) -> Done:
        found = CliRunner().invoke(app, [str(each) for each in arguments], input=input, env=environment)
        if found.exception and not isinstance(found.exception, SystemExit):
            raise found.exception
        done = Done(found.exit_code, found.stdout, found.stderr)
        if code is not None:
            assert done.code == code, f"aisc {' '.join(map(str, arguments))}: {done.code}\n{done.out}\n{done.err}"
        return done

    return run


@pytest.fixture
def aisc(command, centre, token_of):
    """``aisc("budgets", who="finance")``: run a command at the centre as one of the demonstration's people."""

    def run(*arguments: str, who: str = "researcher", **options) -> Done:
        environment = {"AISC_URL": centre.url}
        if who:
            environment["AISC_TOKEN"] = token_of(who)
        return command(*arguments, **environment, **options)

    return run


@pytest.fixture
def at_terminal(monkeypatch):
    """Somebody is there to be asked."""
    monkeypatch.setattr(ask, "interactive", lambda: True)


@pytest.fixture
def award(aisc):
    """The uid of the demonstration's award."""
    return next(each for each in aisc("budgets", "--json").json if each["source"] == "award")["uid"]


@pytest.fixture
def faulty():
    """``faulty(answers…)``: a server that gives them, one for each request."""
    running: list[FaultyServer] = []

    def make(*script) -> FaultyServer:
        running.append(FaultyServer(list(script)).__enter__())
        return running[-1]

    yield make
    for server in running:
        server.__exit__()
