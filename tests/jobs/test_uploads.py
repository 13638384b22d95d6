"""Uploads as a server receives them: asked for piece by piece, refused before a byte, kept in one place."""

from __future__ import annotations

import asyncio
import json
import threading

import pytest
from asgiref.sync import sync_to_async
from django.core.files.uploadhandler import SkipFile
from django.test import Client

from aisc.core import bodies
from aisc.core.asgi import application
from aisc.core.errors import TooLarge, Unavailable
from aisc.jobs import content, incoming, workspaces

pytestmark = pytest.mark.django_db(transaction=True)


class Sender:
    """A client that sends ``chunks`` and counts how many were asked for; ``breaks``: then it goes away."""

    def __init__(self, chunks, breaks=False):
        self.chunks, self.breaks, self.asked, self.sent = list(chunks), breaks, 0, []

    async def receive(self):
        if not self.chunks:
            if not self.breaks:
                await asyncio.Event().wait()
            return {"type": "http.disconnect"}
        self.asked += 1
        more = len(self.chunks) > 1 or self.breaks
        return {"type": "http.request", "body": self.chunks.pop(0), "more_body": more}

    async def send(self, message):
        self.sent.append(message)

    def request(self, method, path, cookies, **headers):
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [(b"host", b"127.0.0.1"), (b"cookie", cookies.encode())]
            + [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }
        asyncio.run(asyncio.wait_for(application(scope, self.receive, self.send), 20))
        starts = [each for each in self.sent if each["type"] == "http.response.start"]
        return starts[0]["status"] if starts else None

    @property
    def problem(self):
        return json.loads(b"".join(each.get("body", b"") for each in self.sent))


@pytest.fixture
def session(team):
    client = Client()
    client.force_login(team.person)
    client.get("/home")
    return client


@pytest.fixture
def cookies(session):
    return "; ".join(f"{name}={morsel.value}" for name, morsel in session.cookies.items())


@pytest.fixture
def put(team, session, cookies, settings):
    token = next(morsel.value for name, morsel in session.cookies.items() if name == settings.CSRF_COOKIE_NAME)

    def send(sender, name="x.bin", **headers):
        path = f"/api/v1/projects/{team.project.uid}/files/{name}"
        return sender.request("PUT", path, cookies, x_csrftoken=token, **headers)

    return send


def nothing_is_left():
    return list(workspaces.beside(".incoming").iterdir()) == []


def test_a_large_file_arrives_piece_by_piece(put, team):
    chunks = [b"%PDF-" + b"x" * 999_995, b"y" * 1_000_000]
    sender = Sender(chunks)
    assert put(sender, content_length="2000000") == 201
    assert (workspaces.root_of(team.project) / "x.bin").read_bytes() == b"".join(chunks)
    assert nothing_is_left()


def test_one_of_untold_length_too(put, team):
    assert put(Sender([b"ab", b"cd"]), transfer_encoding="chunked") == 201
    assert (workspaces.root_of(team.project) / "x.bin").read_bytes() == b"abcd"


def test_who_has_no_room_is_refused_before_a_byte_is_asked_for(put, settings):
    settings.WORKSPACE_QUOTA_BYTES = 1_500_000
    sender = Sender([b"x" * 1_000_000] * 2)
    assert put(sender, content_length="2000000") == 413
    assert (sender.problem["code"], sender.asked) == ("workspace.quota", 0)


def test_who_may_not_upload_is_refused_before_a_byte_is_asked_for(team):
    for path in (f"/api/v1/projects/{team.project.uid}/files/x", f"/projects/{team.project.uid}/upload"):
        sender = Sender([b"x" * 1_000_000] * 2)
        method = "PUT" if "api" in path else "POST"
        status = sender.request(
            method, path, "", content_length="2000000", content_type="multipart/form-data; boundary=b"
        )
        assert (status in (302, 401, 403), sender.asked) == (True, 0)


def test_one_that_grows_beyond_the_room_leaves_nothing(put, settings):
    settings.WORKSPACE_QUOTA_BYTES = 1_500_000
    sender = Sender([b"x" * 1_000_000] * 5)
    assert put(sender, transfer_encoding="chunked") == 413
    assert sender.asked == 2
    assert nothing_is_left()


def test_a_broken_connection_leaves_nothing(put, team):
    put(Sender([b"x" * 10], breaks=True), transfer_encoding="chunked")
    assert not (workspaces.root_of(team.project) / "x.bin").exists()
    # The thread that was reading ends by itself.
    deadline = threading.Event()
    while not nothing_is_left():
        assert not deadline.wait(0.02)


def test_a_form_with_several_files(team, session, cookies, settings):
    token = next(morsel.value for name, morsel in session.cookies.items() if name == settings.CSRF_COOKIE_NAME)

    def form(token):
        part = '--b\r\nContent-Disposition: form-data; name="{}"{}\r\n\r\n{}\r\n'
        return (
            part.format("csrfmiddlewaretoken", "", token)
            + part.format("folder", "", "in")
            + part.format("files", '; filename="一.txt"', "x" * 700_000)
            + part.format("files", '; filename="../../二.txt"', "y" * 700_000)
            + "--b--\r\n"
        ).encode()

    path = f"/projects/{team.project.uid}/upload"
    data = form(token)
    kind = "multipart/form-data; boundary=b"
    sender = Sender([data[:500_000], data[500_000:]])
    assert sender.request("POST", path, cookies, content_length=str(len(data)), content_type=kind) == 302
    assert sorted(each.path for each in workspaces.walk(team.project)) == ["in/一.txt", "in/二.txt"]
    data = form("0" * 32)
    sender = Sender([data])
    assert sender.request("POST", path, cookies, content_length=str(len(data)), content_type=kind) == 403
    assert nothing_is_left()


def test_a_body_is_read_whole_only_where_it_is_small(settings):
    async def whole(*chunks):
        body = bodies.Body(Sender(chunks).receive)
        return await sync_to_async(lambda: (body.readline(), body.read(), body.close()), thread_sensitive=False)()

    assert asyncio.run(whole(b"ab", b"c"))[:2] == (b"abc", b"")
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 2
    with pytest.raises(bodies.RequestDataTooBig):
        asyncio.run(whole(b"ab", b"c"))


def test_a_sender_who_says_nothing_is_gone(monkeypatch):
    monkeypatch.setattr(bodies, "IDLE_S", 0.01)

    async def silent():
        body = bodies.Body(Sender([]).receive)
        with pytest.raises(ConnectionResetError):
            await sync_to_async(body.read, thread_sensitive=False)(5)
        return await body.gone()

    assert asyncio.run(silent()) == {"type": "http.disconnect"}


def test_a_form_whose_files_are_refused(team, settings, rf, monkeypatch):
    handler = incoming.ToWorkspace(rf.post("/"), team.project)
    args = ("files", "a.txt", "text/plain", 5)
    settings.WORKSPACE_QUOTA_BYTES = 3
    handler.new_file(*args)
    with pytest.raises(SkipFile):
        handler.receive_data_chunk(b"12345", 0)
    assert handler.file_complete(5) is None
    settings.WORKSPACE_QUOTA_BYTES = -1
    with pytest.raises(SkipFile):
        handler.new_file(*args)
    settings.WORKSPACE_QUOTA_BYTES = 10**9
    handler.new_file(*args)
    monkeypatch.setattr(workspaces.os, "fsync", lambda _fd: (_ for _ in ()).throw(OSError(28, "full")))
    handler.receive_data_chunk(b"12", 0)
    handler.file_complete(2)
    monkeypatch.undo()
    handler.new_file(*args)
    handler.discard()
    assert [type(each.problem) for each in handler.arrived] == [TooLarge, TooLarge, Unavailable]
    assert nothing_is_left()


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n..", "image/png"),
        (b"RIFF....WEBP", "image/webp"),
        (b"%PDF-1.7", "application/pdf"),
        (b"PK\x03\x04", "application/zip"),
        (b"\x7fELF", "application/x-executable"),
        (b"MZ\x90", "application/vnd.microsoft.portable-executable"),
        (b"#!/bin/sh\n", "text/x-script"),
        (b"  <!DOCTYPE html>", "text/html"),
        (b"\xef\xbb\xbf<html>", "text/html"),
        (b'<?xml version="1.0"?><svg', "image/svg+xml"),
        ("訓練".encode()[:-1], "text/plain"),
        ("訓練".encode("big5") + b" data data", "text/plain"),
        (b"a\0b", content.BINARY),
        (b"\xff\xfe\x01\x02 abcdef", content.BINARY),
        (b"", "text/plain"),
    ],
)
def test_what_a_file_is_by_its_content(head, kind):
    assert content.sniff(head) == kind


@pytest.mark.parametrize(
    ("named", "head", "agrees"),
    [
        ("image/png", b"\x89PNG\r\n\x1a\n", True),
        ("image/png", b"<html>", False),
        ("image/png", b"", True),
        ("text/html; charset=utf-8", b"<html>", True),
        ("text/html; charset=utf-8", b"MZ", False),
        ("text/plain; charset=utf-8", b"#!/bin/sh", True),
        ("video/mp4", b"....ftypmp42", True),
        ("video/mp4", b"<html>", False),
        ("application/octet-stream", b"<html>", True),
    ],
)
def test_whether_a_name_tells_the_truth(named, head, agrees):
    assert content.agrees(named, head) is agrees


def test_a_picture_that_is_a_page_is_not_shown(session, team):
    (workspaces.root_of(team.project) / "cat.png").write_text("<html><script>alert(1)</script>")
    answer = session.get(f"/projects/{team.project.uid}/files/cat.png")
    assert answer["Content-Type"] == content.BINARY
    assert answer["Content-Disposition"].startswith("attachment")


def test_a_folder_swapped_for_a_link_while_it_is_read_leads_nowhere(team, tmp_path):
    """A job that swaps as fast as it can, against readers that open, list and walk: nothing outside is ever seen."""
    import os

    root = workspaces.root_of(team.project)
    (tmp_path / "secret").write_text("secret")
    (root / "real").mkdir()
    (root / "real" / "secret").write_text("public")
    os.symlink(tmp_path, root / "link")
    over = threading.Event()

    def swap():
        while not over.is_set():
            for first, second in (("real", "mine"), ("link", "real"), ("real", "link"), ("mine", "real")):
                os.rename(root / first, root / second)

    job = threading.Thread(target=swap)
    job.start()
    seen = set()
    try:
        for _ in range(400):
            try:
                descriptor, _facts = workspaces.open_file(team.project, "real/secret")
            except workspaces.NotFound:
                seen.add("none")
            else:
                with open(descriptor) as file:
                    seen.add(file.read())
            seen |= {
                item.path for item in workspaces.walk(team.project) if item.path not in ("mine/secret", "real/secret")
            }
    finally:
        over.set()
        job.join()
    assert seen <= {"none", "public"}
    assert os.listdir(tmp_path) == ["secret"]
