"""Fixtures of the client's tests: a whole centre that runs, and a server that misbehaves."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import live
from faulty import FaultyServer

from aisc.client import Client, transport


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
                made[who] = client.tokens.issue(email=f"{who}@example.org", password=live.PASSWORD, name="test").secret
        return made[who]

    return find


@pytest.fixture
def client_of(centre, token_of):
    """``client_of("researcher")``: a client that acts for one of the demonstration's people."""
    opened: list[Client] = []

    def make(who: str = "", **options) -> Client:
        opened.append(Client(centre.url, token_of(who) if who else "", **options))
        return opened[-1]

    yield make
    for client in opened:
        client.close()


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


@pytest.fixture
def talk():
    """``talk(server)``: a conversation with it, ended with the test."""
    opened: list[transport.Transport] = []

    def make(server, *arguments, **options) -> transport.Transport:
        url = server if isinstance(server, str) else server.url
        opened.append(transport.Transport(url, *arguments, **options))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


@pytest.fixture
def pauses(monkeypatch):
    """The pauses that were made, in seconds, without making them."""
    made: list[float] = []
    monkeypatch.setattr(transport.time, "sleep", made.append)
    return made
