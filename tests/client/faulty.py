"""A server that does what a network does on a bad day: one scripted answer for each request."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Request:
    """What arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


Answer = Callable[["Handler"], None]


def answer(status: int = 200, body: Any = None, **headers: str) -> Answer:
    """An ordinary answer; ``body`` is sent as JSON unless it is bytes already."""

    def send(handler: Handler) -> None:
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            handler.send_header("Content-Length", str(len(raw)))
        handler.end_headers()
        handler.wfile.write(raw)

    return send


def problem(status: int, code: str, detail: str, **more: Any) -> Answer:
    body = {"type": "about:blank", "title": code, "status": status, "code": code, "detail": detail, **more}
    headers = {"Content_Type": "application/problem+json"}
    if status == 503:
        headers["Retry_After"] = "1"
    return answer(status, body, **headers)


def drop(handler: Handler) -> None:
    """Close the connection without a word, as a crash or a firewall does."""
    # RST instead of FIN: nothing that was written before arrives late.
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.close_connection = True


def cut(status: int, body: bytes, announced: int, **headers: str) -> Answer:
    """Announce ``announced`` bytes, send ``body``, and hang up."""

    def send(handler: Handler) -> None:
        answer(status, body, Content_Length=str(announced), **headers)(handler)
        handler.close_connection = True

    return send


@dataclass
class FaultyServer:
    """``script``: an answer for each request in turn; the last one is for all that follow."""

    script: list[Answer] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)

    def __enter__(self) -> FaultyServer:
        outer = self

        class Bound(Handler):
            faulty = outer

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Bound)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    faulty: FaultyServer

    def handle_one(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        self.faulty.requests.append(Request(self.command, self.path, dict(self.headers), body))
        number = min(len(self.faulty.requests), len(self.faulty.script)) - 1
        self.faulty.script[number](self)

    def __getattr__(self, name: str) -> Any:
        # http.server looks for do_GET, do_PUT…
        if name.startswith("do_"):
            return self.handle_one
        raise AttributeError(name)

    def log_message(self, *_: object) -> None:
        """Quiet."""

    def handle(self) -> None:
        try:
            super().handle()
        except (ConnectionError, ValueError):  # the client has gone
            self.close_connection = True
