"""Following a log over a network that breaks: nothing is lost, nothing comes twice."""

from __future__ import annotations

import random
from urllib.parse import parse_qs, urlsplit

import pytest
from faulty import answer, drop, problem

from aisc.client import CentreError, Client, Unreachable

STREAM = {"Content_Type": "text/event-stream"}
LOG = "".join(f"第 {number} 行 🙂 line {number}\n" for number in range(200)).encode()


class Growing:
    """A job's log that grows by itself, behind a network that breaks every so often.

    Grows with each request; its events and its pieces are what the centre's own API gives: events with the byte
    that was reached, pieces of text cut between characters.
    """

    def __init__(self, seed: int, *, breaks: float):
        self.random, self.breaks, self.size = random.Random(seed), breaks, 0

    def __call__(self, handler) -> None:
        url = urlsplit(handler.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        self.size = min(len(LOG), self.size + self.random.randrange(400))
        if self.random.random() < self.breaks:
            self.random.choice([drop, problem(503, "unavailable", "Away."), answer(502, b"<html>")])(handler)
        elif url.path.endswith("/events"):
            self.events(handler)
        else:
            self.piece(handler, int(query.get("offset", 0)))

    def piece(self, handler, offset: int) -> None:
        data = LOG[offset : min(self.size, offset + self.random.randrange(1, 500))]
        while data and offset + len(data) < len(LOG) and LOG[offset + len(data)] & 0xC0 == 0x80:
            data = data[:-1]
        ended = offset + len(data) == len(LOG) and self.size == len(LOG)
        answer(200, {"text": data.decode(), "next_offset": offset + len(data), "ended": ended})(handler)

    def events(self, handler) -> None:
        reached = int(handler.headers["Last-Event-ID"])
        lines = f"retry: 1000\n\nid: {self.size}\ndata: shown on a page\n\n: still here\n\n".encode()
        if self.size > reached:
            lines += f"id: {self.size}\ndata: more\n\n".encode()
        if self.random.random() < 0.5:
            lines = lines[: self.random.randrange(len(lines))]
        answer(200, lines, Connection="close", **STREAM)(handler)


@pytest.mark.parametrize("seed", range(6))
def test_every_byte_comes_once(faulty, pauses, seed):
    server = faulty(Growing(seed, breaks=0.3))
    with Client(server.url, patience_s=1000) as client:
        pieces = list(client.jobs.follow("job-1"))
    assert "".join(piece.text for piece in pieces).encode() == LOG
    assert [piece.ended for piece in pieces] == [False] * (len(pieces) - 1) + [True]


def test_it_begins_where_it_is_told_to(faulty, pauses):
    server = faulty(Growing(1, breaks=0))
    with Client(server.url, patience_s=1000) as client:
        text = "".join(piece.text for piece in client.jobs.follow("job-1", run=3, offset=25))
    assert text.encode() == LOG[25:]
    assert all("run=3" in request.path for request in server.requests)


def test_it_gives_up_when_the_centre_stays_away(faulty, pauses):
    server = faulty(answer(200, {"text": "one\n", "next_offset": 4, "ended": False}, Connection="close"), drop)
    with Client(server.url, patience_s=10) as client:
        log = client.jobs.follow("job-1")
        assert next(log).text == "one\n"
        with pytest.raises(Unreachable):
            next(log)
    assert sum(pauses) <= 20


def test_it_looks_again_ever_more_slowly_where_events_are_held_back(faulty, pauses):
    def nothing_new(handler):
        if "/events" in handler.path:
            drop(handler)
        else:
            answer(200, {"text": "", "next_offset": 0, "ended": False})(handler)

    server = faulty(nothing_new)
    with Client(server.url, patience_s=10) as client, pytest.raises(Unreachable):
        list(client.jobs.follow("job-1"))
    assert pauses == [0.25, 0.5, 1, 2, 4]


def test_the_end_is_taken_from_the_events_as_well(faulty):
    server = faulty(
        answer(200, {"text": "", "next_offset": 0, "ended": False}),
        answer(200, b"event: end\nid: 0\ndata: Ended\n\n", Connection="close", **STREAM),
        answer(200, {"text": "", "next_offset": 0, "ended": False}),
    )
    with Client(server.url) as client:
        assert list(client.jobs.follow("job-1")) == []


def test_a_page_of_another_server_is_no_log(faulty):
    server = faulty(
        answer(200, {"text": "", "next_offset": 0, "ended": False}),
        answer(200, b"<html>Sign in to the hotel's network</html>", Content_Type="text/html"),
    )
    with Client(server.url) as client, pytest.raises(CentreError, match="not the log of a job"):
        list(client.jobs.follow("job-1"))
