"""Streams and downloads as a server sends them: piece by piece, and no further when the reader has gone."""

from __future__ import annotations

import asyncio
import io
import os
import zipfile

import pytest
from asgiref.sync import sync_to_async

from aisc.core.asgi import application
from aisc.jobs import streaming, tasks, workspaces
from aisc.people import actions as people

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cookies(client, team):
    client.force_login(team.person)
    return "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())


class Reader:
    """A browser at the other end of an ASGI connection, which may go away."""

    def __init__(self, path, cookies):
        path, _sign, query = path.partition("?")
        self.scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(b"host", b"127.0.0.1"), (b"cookie", cookies.encode())],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }
        self.status = None
        self.pieces = []
        self.gone = asyncio.Event()
        self.asked = False

    async def receive(self):
        if not self.asked:
            self.asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message):
        if message["type"] == "http.response.start":
            self.status = message["status"]
        else:
            self.pieces.append(message.get("body", b""))

    @property
    def body(self):
        return b"".join(self.pieces)


def run(scenario):
    return asyncio.run(asyncio.wait_for(scenario(), 30))


def open_files():
    return {
        os.readlink(f"/proc/self/fd/{each}")
        for each in os.listdir("/proc/self/fd")
        if os.path.lexists(f"/proc/self/fd/{each}")
    }


def test_a_stream_follows_the_log_and_stops_when_the_reader_goes(memory, team, cluster, cookies, monkeypatch):
    monkeypatch.setattr(streaming, "FASTEST_S", 0.01)
    job = team.submit("x")
    tasks.run_engines()
    ref = f"{job.uid}-0"
    memory.logs[ref] = b"one\n"

    async def scenario():
        reader = Reader(f"/jobs/{job.uid}/events?run=0&offset=0", cookies)
        serving = asyncio.create_task(application(reader.scope, reader.receive, reader.send))
        while b"one" not in reader.body:
            await asyncio.sleep(0.01)
        memory.logs[ref] += b"two\n"
        while b"two" not in reader.body:
            await asyncio.sleep(0.01)
        reader.gone.set()
        await serving
        read = memory.calls.count("read_log")
        await asyncio.sleep(0.2)
        assert memory.calls.count("read_log") == read  # nobody reads for somebody who has gone
        return reader

    reader = run(scenario)
    assert reader.status == 200
    assert reader.body == b"retry: 1000\n\nid: 4\ndata: one\n\nid: 8\ndata: two\n\n"


@pytest.mark.parametrize("lost", ["membership", "session", "account", "token"])
def test_an_open_stream_ends_when_the_reader_loses_access(
    memory, team, cluster, client, cookies, monkeypatch, make_person, member, acting, lost
):
    """Also where the log is silent: then what keeps the connection alive asks, every ten seconds."""
    assert streaming.KEEP_ALIVE_S + streaming.RECHECK_S + streaming.SLOWEST_S <= 15
    monkeypatch.setattr(streaming, "FASTEST_S", 0.01)
    monkeypatch.setattr(streaming, "KEEP_ALIVE_S", 0.02)
    monkeypatch.setattr(streaming, "RECHECK_S", 0.0)
    friend = make_person()
    role = member(friend, team.project)
    token, secret = people.issue_token(acting(friend), name="t", scopes=["read"])
    client.force_login(friend)
    cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
    job = team.submit("x")
    tasks.run_engines()
    memory.logs[f"{job.uid}-0"] = b"one\n"

    def lose():
        if lost == "membership":
            role.delete()
        elif lost == "session":
            client.logout()
        elif lost == "token":
            people.revoke_token(acting(friend), token=token)
        else:
            type(friend).objects.filter(pk=friend.pk).update(is_active=False)

    async def scenario():
        reader = Reader(f"/api/v1/jobs/{job.uid}/events", "" if lost == "token" else cookies)
        if lost == "token":
            reader.scope["headers"].append((b"authorization", f"Bearer {secret}".encode()))
        serving = asyncio.create_task(application(reader.scope, reader.receive, reader.send))
        while b"one" not in reader.body:
            await asyncio.sleep(0.01)
        await sync_to_async(lose)()
        await serving
        memory.logs[f"{job.uid}-0"] += b"secret\n"
        return reader

    reader = run(scenario)
    assert reader.status == 200
    assert b"secret" not in reader.body


def test_a_download_is_sent_piece_by_piece_and_its_file_is_closed(team, cluster, cookies):
    data = os.urandom(3_000_000)
    workspaces.place(team.project, "big.bin", workspaces.receive(team.project, [data]))
    path = f"/projects/{team.project.uid}/files/big.bin"

    async def scenario():
        reader = Reader(path, cookies)
        await application(reader.scope, reader.receive, reader.send)
        return reader

    reader = run(scenario)
    assert reader.body == data
    assert max(map(len, reader.pieces)) <= workspaces.CHUNK
    assert not any("big.bin" in each for each in open_files())


def test_a_download_that_is_broken_off_closes_its_file(team, cluster, cookies):
    workspaces.place(team.project, "big.bin", workspaces.receive(team.project, [b"x" * 4_000_000]))

    async def scenario():
        reader = Reader(f"/projects/{team.project.uid}/files/big.bin", cookies)
        slow = reader.send

        async def send(message):
            await slow(message)
            await asyncio.sleep(0.05)

        serving = asyncio.create_task(application(reader.scope, reader.receive, send))
        while not reader.body:
            await asyncio.sleep(0.01)
        reader.gone.set()
        await serving
        return reader

    reader = run(scenario)
    assert 0 < len(reader.body) < 4_000_000
    assert not any("big.bin" in each for each in open_files())


def test_a_zip_and_a_log_are_made_while_they_are_sent(memory, team, cluster, cookies):
    workspaces.place(team.project, "d/a", workspaces.receive(team.project, [b"a" * 600_000]))
    job = team.submit("x")
    memory.logs[f"{job.uid}-0"] = b"line\n" * 200_000

    async def scenario():
        found = []
        for path in (f"/projects/{team.project.uid}/files/d?zip", f"/jobs/{job.uid}/log"):
            reader = Reader(path, cookies)
            await application(reader.scope, reader.receive, reader.send)
            found.append(reader)
        return found

    archive, log = run(scenario)
    with zipfile.ZipFile(io.BytesIO(archive.body)) as found:
        assert found.read("a") == b"a" * 600_000
    assert log.body == b"line\n" * 200_000
    assert len(log.pieces) > 2
