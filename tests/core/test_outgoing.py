"""What the portal may fetch, and that nothing else in it can make a request."""

from __future__ import annotations

import ast
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

import aisc
from aisc.core import outgoing
from aisc.core.errors import BadInput, TooLarge, Unavailable

SOURCES = Path(aisc.__file__).parent
NETWORK = {
    "httpx",
    "requests",
    "urllib.request",
    "http.client",
    "socket",
    "aiohttp",
    "ftplib",
    "smtplib",
    "asyncio.streams",
}
# Every module that can open a connection, and to what.
KNOWN = {
    "client/transport.py": "the centre's own API, from the user's machine",
    "cli/operator/up.py": "the portal that was just started, on the loopback",
    "core/outgoing.py": "what a person gave: checked here",
    "jobs/engines/local/machine.py": "the machine's own name",
    "jobs/engines/local/keeper/isolate.py": "the loopback inside a job's own network",
    "people/iam_smart/client.py": "iAM Smart, at the address that the operator set",
}


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names |= {node.module, *(f"{node.module}.{each.name}" for each in node.names)}
    return names


def test_only_these_modules_can_make_requests():
    """Whoever fetches an address that a person gave, uses ``core.outgoing``; a new module here has to say why."""
    able = {
        str(path.relative_to(SOURCES))
        for path in SOURCES.rglob("*.py")
        if "library" not in path.parts and imported(path) & NETWORK
    }
    assert able == set(KNOWN)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.0.0.8", "172.16.5.4", "192.168.1.1", "169.254.169.254", "0.0.0.1", "100.64.0.1"),
        *("224.0.0.1", "255.255.255.255", "::1", "fe80::1%eth0", "fc00::1", "ff02::1", "::"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::1"),
    ],
)
def test_addresses_that_are_not_public(address):
    assert not outgoing.is_public(address)


def test_public_addresses():
    assert outgoing.is_public("93.184.216.34")
    assert outgoing.is_public("2606:2800:220:1:248:1893:25c8:1946")


@pytest.mark.parametrize(
    "url",
    [
        *(
            "http://example.org/",
            "ftp://example.org/",
            "file:///etc/passwd",
            "https://user:pass@example.org/",
            "https://",
        ),
        *(
            "https://example.org:bad/",
            "https://127.0.0.1/",
            "https://localhost/",
            "https://[::1]/",
            "https://2130706433/",
        ),
        *("https://0x7f000001/", "https://127.1/", "https://169.254.169.254/latest/meta-data/", "gopher://x", ""),
    ],
)
def test_what_may_not_be_asked_for(url):
    with pytest.raises(BadInput):
        outgoing.look(url)


def test_every_address_of_a_name_must_be_public(monkeypatch):
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 443)) for each in ("93.184.216.34", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_kwargs: found)
    with pytest.raises(BadInput):
        outgoing.look("https://example.org/")
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_kwargs: found[:1])
    assert outgoing.look("https://example.org./a").address == "93.184.216.34"


def test_a_name_without_an_address(monkeypatch):
    def none(*_args, **_kwargs):
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", none)
    with pytest.raises(Unavailable):
        outgoing.look("https://example.org/")


class _Site(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.seen.append((self.path, self.headers["Host"]))
        if self.path == "/away":
            return self._answer(302, Location="http://127.0.0.2:1/secret")
        if self.path == "/round":
            return self._answer(302, Location="/round")
        if self.path == "/missing":
            return self._answer(404)
        return self._answer(200, body=b"x" * 5000 if self.path == "/large" else b"hello")

    def _answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args):
        return


@pytest.fixture
def site(settings):
    """A server on the loopback, which this test's settings allow by its name."""
    server = HTTPServer(("127.0.0.1", 0), _Site)
    server.seen = []
    settings.OUTGOING_PRIVATE_HOSTS = frozenset({"localhost"})
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_connection_goes_where_was_looked_and_nowhere_else(site, monkeypatch):
    url = f"http://localhost:{site.server_port}"
    looked = []
    before = socket.getaddrinfo

    def once(host, *args, **kwargs):
        looked.append(host)
        return before("127.0.0.1" if host == "localhost" else host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", once)
    assert outgoing.fetch(f"{url}/page", schemes=["http"]) == b"hello"
    assert site.seen == [("/page", f"localhost:{site.server_port}")]
    assert looked.count("localhost") == 1  # not again by whoever connects
    for path, refusal in (("/away", BadInput), ("/round", BadInput), ("/missing", Unavailable), ("/large", TooLarge)):
        with pytest.raises(refusal):
            outgoing.fetch(f"{url}{path}", schemes=["http"], most_bytes=1000)
    assert "/secret" not in [path for path, _host in site.seen]


def test_a_server_that_does_not_answer(settings):
    settings.OUTGOING_PRIVATE_HOSTS = frozenset({"127.0.0.1"})
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(Unavailable):
            outgoing.fetch(f"http://127.0.0.1:{unused.getsockname()[1]}/", schemes=["http"])
