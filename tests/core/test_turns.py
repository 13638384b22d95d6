"""So many requests at once as a process serves well; the others wait until an answer begins."""

from __future__ import annotations

import asyncio

from django.core.handlers.asgi import ASGIHandler

from aisc.core.bodies import Handler


def _scope(**more):
    return {"type": "http", "method": "GET", "path": "/", "headers": []} | more


async def _begin(handler, sent, **more):
    async def send(message):
        sent.append(message)

    task = asyncio.create_task(handler.handle(_scope(**more), None, send))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return task


def _run(monkeypatch, settings, story):
    """``story(handler, started, answer)``: ``started`` are the paths that Django was given; it answers when told to."""
    settings.REQUESTS_AT_ONCE = 2
    started: list[str] = []

    async def handle(_self, scope, _receive, send):
        started.append(scope["path"])
        await answers[scope["path"]].wait()
        if scope["path"] == "/broken":
            raise RuntimeError("no answer")
        await send({"type": "http.response.start"})
        await ends[scope["path"]].wait()

    answers: dict[str, asyncio.Event] = {}
    ends: dict[str, asyncio.Event] = {}
    monkeypatch.setattr(ASGIHandler, "handle", handle)
    monkeypatch.setattr(ASGIHandler, "load_middleware", lambda _self, **_more: None)

    async def play():
        for path in ("/1", "/2", "/3", "/broken", "/large"):
            answers[path], ends[path] = asyncio.Event(), asyncio.Event()
        tasks = await story(Handler(), started, answers)
        for event in [*answers.values(), *ends.values()]:
            event.set()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(play())


def test_the_third_of_two_waits_until_an_answer_begins(monkeypatch, settings):
    async def story(handler, started, answers):
        tasks = [await _begin(handler, [], path=path) for path in ("/1", "/2", "/3")]
        assert started == ["/1", "/2"]
        answers["/1"].set()  # it begins, and goes on as long as it likes
        for _turn in range(4):
            await asyncio.sleep(0)
        assert started == ["/1", "/2", "/3"]
        assert not tasks[0].done()
        return tasks

    _run(monkeypatch, settings, story)


def test_a_request_that_breaks_gives_its_turn_back(monkeypatch, settings):
    async def story(handler, started, answers):
        tasks = [await _begin(handler, [], path=path) for path in ("/broken", "/1", "/2")]
        assert started == ["/broken", "/1"]
        answers["/broken"].set()
        for _turn in range(4):
            await asyncio.sleep(0)
        assert started == ["/broken", "/1", "/2"]
        return tasks

    _run(monkeypatch, settings, story)


def test_a_large_body_takes_no_turn(monkeypatch, settings):
    async def story(handler, started, _answers):
        large = {"method": "PUT", "path": "/large", "headers": [(b"content-length", b"9999999")]}
        tasks = [await _begin(handler, [], **each) for each in ({"path": "/1"}, large, {"path": "/2"})]
        assert started == ["/1", "/large", "/2"]
        return tasks

    _run(monkeypatch, settings, story)
