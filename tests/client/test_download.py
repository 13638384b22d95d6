"""Downloads that break off: whole or not at all, and no byte of another version."""

from __future__ import annotations

import pytest
from faulty import answer, cut, drop, problem

from aisc.client import Client, NotFound, Refused, Unreachable

BODY = bytes(range(256)) * 100


@pytest.fixture
def fetch(faulty, tmp_path, pauses):
    """``fetch(answers…)``: download from a server that gives them; the path, what was requested, and progress."""

    def go(*script, patience_s: float = 20):
        server, told = faulty(*script), []
        with Client(server.url, patience_s=patience_s) as client:
            client.files.download("prj-1", "data/a b.bin", tmp_path / "a.bin", progress=told.append)
        return server.requests, told

    return go


def whole(tag: str = '"v1"') -> dict[str, str]:
    return {"ETag": tag}


def test_a_file_comes_as_it_is(fetch, tmp_path):
    requests, told = fetch(answer(200, BODY, **whole()))
    assert (tmp_path / "a.bin").read_bytes() == BODY
    assert requests[0].path == "/api/v1/projects/prj-1/files/data/a%20b.bin"
    assert told[-1] == len(BODY)
    assert list(tmp_path.iterdir()) == [tmp_path / "a.bin"]


def test_it_goes_on_where_it_broke_off(fetch, tmp_path):
    requests, _told = fetch(
        cut(200, BODY[:10_000], len(BODY), **whole()),
        drop,
        cut(206, BODY[10_000:15_000], len(BODY) - 10_000, **whole()),
        answer(206, BODY[15_000:], **whole()),
    )
    assert (tmp_path / "a.bin").read_bytes() == BODY
    assert [request.headers.get("Range") for request in requests] == [
        None,
        "bytes=10000-",
        "bytes=10000-",
        "bytes=15000-",
    ]
    assert {request.headers.get("If-Range") for request in requests[1:]} == {'"v1"'}


def test_it_begins_again_when_the_file_has_changed(fetch, tmp_path):
    fetch(cut(200, b"old" * 1000, 99_999, **whole('"v1"')), answer(200, b"new", **whole('"v2"')))
    assert (tmp_path / "a.bin").read_bytes() == b"new"


def test_it_leaves_nothing_half(fetch, tmp_path):
    (tmp_path / "a.bin").write_text("what was there before")
    with pytest.raises(Unreachable):
        fetch(cut(200, BODY[:10], len(BODY), **whole()), drop, patience_s=2)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a.bin", "what was there before")]


def test_a_folder_is_not_downloaded(fetch, tmp_path):
    with pytest.raises(Refused, match="This is a folder"):
        fetch(answer(200, {"path": "data", "items": [], "used_bytes": 0, "quota_bytes": 1}))
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_not_there(fetch, tmp_path):
    with pytest.raises(NotFound):
        fetch(problem(404, "file.not_found", "There is no such file."))
    assert list(tmp_path.iterdir()) == []
