"""A small server that behaves as iAM Smart's developers' guide says its test environment does.

It checks signatures, hands out content keys, turns codes into tokens, takes requests for somebody's app, and posts
the answers to the service's call-backs. The tests say what the person does in the app.
"""

from __future__ import annotations

import base64
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives.asymmetric import padding, rsa

from aisc.people.iam_smart import protocol

CLIENT, SECRET = "aisc-client", "aisc-secret"


class IamSmart:
    """What the server knows. ``codes``: code → tokenised ID; ``asked``: requests that wait, by business ID."""

    def __init__(self, kek: rsa.RSAPublicKey):
        self.kek = kek
        self.url = ""
        self.keys: list[bytes] = []
        self.codes: dict[str, str] = {}
        self.tokens: dict[str, str] = {}
        self.asked: dict[str, dict] = {}
        self.nonces: set[str] = set()
        self.refuse = ""  # a code to answer every request with

    def new_key(self) -> dict:
        self.keys.append(secrets.token_bytes(32))
        return {"secretKey": self._for_service(self.keys[-1]), "issueAt": _now(), "expiresIn": 600_000}

    def _for_service(self, key: bytes) -> str:
        return base64.b64encode(self.kek.encrypt(key, padding.PKCS1v15())).decode()

    def approve(self, address: str, tokenised_id: str) -> str:
        """Somebody scans the code of the QR page and agrees; where their browser is sent."""
        parts = urlsplit(address)
        assert parts.path == "/api/v1/auth/getQR"
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        assert (asked["clientID"], asked["responseType"]) == (CLIENT, "code")
        code = secrets.token_hex(16)
        self.codes[code] = tokenised_id
        return f"{asked['redirectURI']}?code={code}&state={asked['state']}&businessID="

    def call_back(self, business_id: str, **said: object) -> str:
        """The body of the call-back with the person's answer, sealed with a key of its own."""
        asked, key = self.asked[business_id], secrets.token_bytes(32)
        content = {"businessID": business_id, "state": asked["state"]} | said
        body = {"txID": "tx-1", "code": protocol.SUCCESS, "message": "SUCCESS"}
        return json.dumps(body | {"secretKey": self._for_service(key), "content": protocol.seal(content, key)})

    def answer(self, path: str, headers: dict[str, str], body: str) -> dict:
        """One call of a service."""
        message = f"{headers['clientID']}{headers['signatureMethod']}{headers['timestamp']}{headers['nonce']}{body}"
        good = headers["clientID"] == CLIENT and headers["signature"] == protocol.signature(SECRET, message)
        if not good or headers["nonce"] in self.nonces or abs(_now() - int(headers["timestamp"])) > 300_000:
            return {"code": "D20006", "message": "signature verification failed"}
        self.nonces.add(headers["nonce"])
        if path == "/api/v1/security/getKey":
            return {"code": protocol.SUCCESS, "content": self.new_key()}
        if not self.keys:
            return {"code": protocol.KEY_EXPIRED, "message": "content encryption key not exist or expired"}
        if self.refuse:
            return {"code": self.refuse, "message": "refused"}
        sent = protocol.unseal(json.loads(body)["content"], self.keys[-1])
        return {"txID": "tx-1", "code": protocol.SUCCESS, "content": protocol.seal(self._do(path, sent), self.keys[-1])}

    def _do(self, path: str, sent: dict) -> dict:
        if path == "/api/v1/auth/getToken":
            tokenised_id = self.codes.pop(sent["code"])
            token = secrets.token_hex(16)
            self.tokens[token] = tokenised_id
            times = {"issueAt": _now(), "expiresIn": 1_200_000}
            return {"accessToken": token, "openID": tokenised_id, "tokenType": "Bearer", "scope": "eidapi_auth"} | times
        assert self.tokens[sent["accessToken"]] == sent["openID"]
        assert path.endswith("/initiateRequest")
        self.asked[sent["businessID"]] = sent | {"path": path}
        return {"businessID": sent["businessID"], "authByQR": False, "ticketID": ""}


def _now() -> int:
    return time.time_ns() // 1_000_000


@contextmanager
def running(kek: rsa.RSAPublicKey) -> Iterator[IamSmart]:
    """Start the server on a free port of the loopback."""
    smart = IamSmart(kek)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            try:
                said, status = smart.answer(self.path, dict(self.headers), body), 200
            except (KeyError, protocol.Garbled):
                said, status = {"code": "D40000", "message": "bad request"}, 200
            data = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_args) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    smart.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield smart
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
