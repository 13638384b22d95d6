"""What the client does when the network, or the centre, does not do what it should."""

from __future__ import annotations

import io

import pytest
from faulty import answer, cut, drop, problem

from aisc.client import (
    BadInput,
    CentreError,
    Client,
    Conflict,
    Forbidden,
    InsufficientBudget,
    NotFound,
    NotSignedIn,
    Refused,
    TooLarge,
    Unreachable,
)
from aisc.client.transport import Pauses

GOOD = answer(200, {"ok": True})


def test_a_read_is_asked_again_until_it_is_answered(faulty, pauses, talk):
    server = faulty(drop, problem(503, "unavailable", "Away."), answer(502, b"<html>bad gateway</html>"), GOOD)
    transport = talk(server)
    assert transport.get("/whoami") == {"ok": True}
    assert [request.path for request in server.requests] == ["/api/v1/whoami"] * 4
    # The centre asked for one second; the others are ours, each twice as long as the one before.
    assert pauses == [0.25, 1.0, 1.0]


def test_a_write_that_got_no_answer_is_sent_again_with_the_same_key(faulty, pauses, talk):
    server = faulty(drop, drop, answer(201, {"uid": "x"}))
    assert talk(server).post("/organisations", {"name_en": "A"}) == {"uid": "x"}
    assert len({request.headers["Idempotency-Key"] for request in server.requests}) == 1
    assert {request.body for request in server.requests} == {b'{"name_en":"A"}'}


def test_each_write_has_a_key_of_its_own_unless_one_is_given(faulty, talk):
    server = faulty(GOOD)
    transport = talk(server)
    transport.post("/a")
    transport.post("/a")
    transport.post("/a", key="mine")
    first, second, third = (request.headers["Idempotency-Key"] for request in server.requests)
    assert first != second
    assert third == "mine"


def test_what_the_centre_would_do_twice_is_not_sent_twice(faulty, pauses, talk):
    server = faulty(drop, GOOD)
    with pytest.raises(Unreachable):
        talk(server).post("/tokens", {"email": "a"}, repeat=False)
    assert len(server.requests) == 1


def test_but_it_is_sent_again_where_it_was_surely_not_carried_out(faulty, pauses, talk):
    server = faulty(problem(503, "unavailable", "Away."), GOOD)
    assert talk(server).post("/tokens", {"email": "a"}, repeat=False) == {"ok": True}


def test_patience_ends(faulty, pauses, talk):
    server = faulty(problem(503, "unavailable", "A part of the centre is away."))
    told = []
    transport = talk(server, patience_s=5, on_pause=lambda seconds, why: told.append((seconds, why)))
    with pytest.raises(Unreachable, match="A part of the centre is away") as caught:
        transport.get("/jobs")
    assert (caught.value.status, caught.value.code) == (503, "unavailable")
    assert sum(pauses) <= 5
    assert told == [(seconds, "A part of the centre is away.") for seconds in pauses]


def test_a_wait_longer_than_patience_is_not_begun(faulty, pauses, talk):
    server = faulty(answer(429, {"detail": "Too often.", "code": "too_often"}, Retry_After="300"))
    with pytest.raises(Refused, match="Too often") as caught:
        talk(server, patience_s=20).get("/jobs")
    assert (caught.value.status, pauses) == (429, [])


def test_where_nobody_ever_answered_one_is_told_soon(pauses, talk):
    with pytest.raises(Unreachable, match=r"does not answer: Connection refused. Is it running") as caught:
        talk("http://127.0.0.1:9", patience_s=1000).get("/whoami")
    assert (caught.value.status, pauses) == (0, [0.25, 0.5, 1.0])


def test_a_centre_that_was_there_is_waited_for(faulty, pauses, talk):
    server = faulty(answer(200, {"ok": True}, Connection="close"))
    transport = talk(server, patience_s=30)
    transport.get("/whoami")
    server.__exit__()
    with pytest.raises(Unreachable):
        transport.get("/whoami")
    assert len(pauses) > 4
    assert sum(pauses) <= 30


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Refused),
        (401, NotSignedIn),
        (402, InsufficientBudget),
        (403, Forbidden),
        (404, NotFound),
        (409, Conflict),
        (413, TooLarge),
        (422, BadInput),
        (500, Unreachable),
    ],
)
def test_a_problem_becomes_an_error_of_its_kind(faulty, status, kind, talk):
    errors = [{"field": "name", "message": "Give it a name."}]
    server = faulty(problem(status, "some.code", "What to do.", errors=errors, request_id="abc"))
    with pytest.raises(CentreError) as caught:
        talk(server).get("/x")
    assert type(caught.value) is kind
    assert (str(caught.value), caught.value.detail) == ("What to do.", "What to do.")
    assert (caught.value.status, caught.value.code, caught.value.errors) == (status, "some.code", errors)
    assert caught.value.problem["request_id"] == "abc"


@pytest.mark.parametrize("body", [b"<html>", b"[1]", b'{"errors": "x"}', b"", b"\xff\xfe"])
def test_an_error_that_is_no_problem_document_still_says_something(faulty, body, talk):
    server = faulty(answer(400, body))
    with pytest.raises(Refused, match="The centre answered 400 Bad Request") as caught:
        talk(server).get("/x")
    assert (caught.value.code, caught.value.errors) == ("", [])


@pytest.mark.parametrize("body", [b"<html>hello</html>", b"", b"\x00\xff", b'{"half": '])
def test_an_answer_that_is_not_json_is_told(faulty, body, talk):
    server = faulty(answer(200, body))
    with pytest.raises(CentreError, match=r"not JSON. Is this the address of an AISC centre"):
        talk(server).get("/whoami")


def test_json_that_is_not_what_was_asked_for_is_told(faulty):
    server = faulty(answer(200, {"person": {"uid": 3}}))
    with Client(server.url) as client, pytest.raises(CentreError, match=r"not what this client knows as Whoami"):
        client.accounts.whoami()


def test_money_that_is_no_whole_number_is_refused(faulty):
    cost = {"list_cents": 1.0, "scheme_cents": 1, "applicant_cents": 0, "available_cents": 1, "enough": True}
    server = faulty(answer(200, cost | {"price_cents": 1, "price_per": 1, "quantity": 1, "runs": 1}))
    with Client(server.url) as client, pytest.raises(CentreError, match="list_cents"):
        client.budgets.estimate("bud-1", accelerator="cpu", time_limit_ms=1)


def test_a_token_goes_nowhere_but_to_the_address_given(faulty, talk):
    elsewhere = faulty(GOOD)
    server = faulty(answer(301, None, Location=f"{elsewhere.url}/api/v1/whoami"))
    with pytest.raises(Unreachable, match=f"not at this address but at {elsewhere.url}"):
        talk(server, "aisc_secret").get("/whoami")
    assert elsewhere.requests == []


def test_what_is_sent_with_every_request(faulty, talk):
    server = faulty(GOOD)
    talk(server.url + "/", "aisc_secret", language="zh-Hant").get("/whoami", state="", cursor=None, limit=3)
    request = server.requests[0]
    assert request.path == "/api/v1/whoami?limit=3"
    assert request.headers["Authorization"] == "Bearer aisc_secret"
    assert request.headers["Accept-Language"] == "zh-Hant"
    assert request.headers["User-Agent"] == "aisc-client"


@pytest.mark.parametrize(
    "url", ["", "127.0.0.1:8000", "ftp://centre", "http://", "http://c:port", "file:///etc/passwd"]
)
def test_an_address_that_is_none(url, talk):
    with pytest.raises(Unreachable, match="is no address of a centre"):
        talk(url)


@pytest.mark.parametrize("url", ["http://c:1", "http://c:1/", " http://c:1/api/v1 ", "http://c:1/api/v1/"])
def test_an_address_may_be_written_in_several_ways(url, talk):
    assert talk(url).url == "http://c:1"


# Pages and ETags


def test_a_list_is_read_page_by_page_and_no_further_than_needed(faulty, talk):
    server = faulty(
        answer(200, {"items": [1, 2], "next": "b"}),
        answer(200, {"items": [], "next": "c"}),
        answer(200, {"items": [3], "next": None}),
    )
    transport = talk(server)
    numbers = transport.pages("/things", state="active")
    assert next(numbers) == 1
    assert len(server.requests) == 1
    assert list(numbers) == [2, 3]
    assert [request.path.partition("?")[2] for request in server.requests] == [
        "state=active",
        "cursor=b&state=active",
        "cursor=c&state=active",
    ]


def test_an_answer_that_has_not_changed_is_not_sent_again(faulty, talk):
    server = faulty(answer(200, {"n": 1}, ETag='"one"'), answer(304), answer(200, {"n": 2}, ETag='"two"'), answer(304))
    transport = talk(server)
    assert [transport.get("/jobs/x")["n"] for _ in range(4)] == [1, 1, 2, 2]
    assert [request.headers.get("If-None-Match") for request in server.requests] == [None, '"one"', '"one"', '"two"']


def test_only_so_many_answers_are_kept(faulty, monkeypatch, talk):
    monkeypatch.setattr("aisc.client.transport.KEPT_ANSWERS", 2)
    server = faulty(answer(200, {}, ETag='"e"'))
    transport = talk(server)
    for path in ("/a", "/b", "/c", "/a"):
        transport.get(path)
    assert [request.headers.get("If-None-Match") for request in server.requests] == [None] * 4


# Uploads


def test_an_upload_begins_again_when_it_broke_off(faulty, pauses, talk):
    server = faulty(drop, problem(503, "unavailable", "Away."), answer(201, {"path": "a"}))
    told: list[int] = []
    source = io.BytesIO(b"skipped" + b"x" * 600_000)
    source.seek(7)
    assert talk(server).put_file("/files/a", source, 600_000, progress=told.append) == {"path": "a"}
    assert [request.body for request in server.requests] == [b"x" * 600_000] * 3
    assert told == [262_144, 524_288, 600_000] * 3
    assert server.requests[0].headers["Content-Length"] == "600000"
    assert "Transfer-Encoding" not in server.requests[0].headers


def test_a_file_that_grows_while_it_is_sent_is_sent_as_long_as_it_was(faulty, talk):
    server = faulty(answer(201, {}))
    talk(server).put_file("/files/a", io.BytesIO(b"1234567890"), 4)
    assert server.requests[0].body == b"1234"


def test_an_empty_file_is_sent(faulty, talk):
    server = faulty(answer(201, {}))
    talk(server).put_file("/files/a", io.BytesIO(), 0)
    assert (server.requests[0].body, server.requests[0].headers["Content-Length"]) == (b"", "0")


def test_a_stream_that_breaks_off_is_told(faulty, talk):
    server = faulty(cut(200, b"half", 100))
    transport = talk(server)
    with pytest.raises(Unreachable), transport.stream("/x") as got:
        got.read()


def test_a_stream_that_is_refused_says_why(faulty, talk):
    server = faulty(problem(404, "not_found", "There is no such job."))
    transport = talk(server)
    with pytest.raises(NotFound, match="no such job"), transport.stream("/x"):
        pass


def test_pauses_grow_up_to_a_limit(pauses):
    waiting = Pauses(60)
    while waiting.take("why"):
        pass
    assert pauses == [0.25, 0.5, 1, 2, 4, 8, 8, 8, 8, 8, 8]
    assert waiting.taken == len(pauses)
