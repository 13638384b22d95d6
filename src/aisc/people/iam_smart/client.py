"""The calls that a service makes to iAM Smart."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.conf import settings
from django.utils.translation import gettext as _

from aisc.core import clock
from aisc.core.errors import Unavailable
from aisc.people.iam_smart import protocol

LANGUAGES = {"en": "en-US", "zh-hant": "zh-HK", "zh-hans": "zh-CN"}
ALL_SCOPES = "eidapi_auth eidapi_formFilling eidapi_sign eidapi_fr"
# What is asked of a person's app, by kind of request.
ASK = {
    "profile": "/api/v1/account/eme/initiateRequest",
    "signing": "/api/v1/account/signing/initiateRequest",
    "step_up": "/api/v1/account/stepup/initiateRequest",
}
_SPARE_MS = 60_000  # a key or token that ends within a minute is not used any more


class Refused(Exception):  # noqa: N818
    """iAM Smart answered, and refused; ``code`` is its own."""

    def __init__(self, code: str, message: str):
        self.code = code
        super().__init__(f"{code} {message}")


@dataclass(frozen=True)
class Token:
    """What a sign-in gives: who it was (a name that only this service gets), and a key for asking their app more."""

    open_id: str
    access_token: str
    expires_at_ms: int


@dataclass(frozen=True)
class Ticket:
    """A request that waits in the person's app; ``by_qr``: they have to scan a code first."""

    by_qr: bool
    ticket_id: str


class Smart:
    """One registered service. Safe to use from several threads; keeps the content key until it ends."""

    def __init__(self, url: str, client_id: str, client_secret: str, key_file: Path):
        self.url, self.client_id, self._secret = url, client_id, client_secret
        self._private = load_pem_private_key(key_file.read_bytes(), password=None)
        self._http = httpx.Client(base_url=url, timeout=10)
        self._lock = threading.Lock()
        self._key, self._key_until_ms = b"", 0

    def qr_url(self, *, redirect_uri: str, state: str, language: str, ticket_id: str = "", phone: bool = False) -> str:
        """The page with the QR code; on a phone, the page that opens the app. The browser comes back with a code."""
        asked = {
            "clientID": self.client_id,
            "responseType": "code",
            "source": "Android_Chrome" if phone else "PC_Browser",
            "redirectURI": redirect_uri,
            "scope": ALL_SCOPES,
            "lang": LANGUAGES.get(language, "en-US"),
            "state": state,
            "brokerPage": "true",
        }
        if ticket_id:
            asked["ticketID"] = ticket_id
        return f"{self.url}/api/v1/auth/getQR?{urlencode(asked)}"

    def token(self, code: str) -> Token:
        """Exchange a code. Raises Refused, or Unavailable when iAM Smart does not answer."""
        got = self._call("/api/v1/auth/getToken", {"code": code, "grantType": "authorization_code"})
        try:
            return Token(str(got["openID"]), str(got["accessToken"]), int(got["issueAt"]) + int(got["expiresIn"]))
        except (KeyError, ValueError) as error:
            raise protocol.Garbled(f"the answer lacks {error}") from error

    def ask(self, kind: str, token: Token, *, business_id: str, state: str, language: str, **more: Any) -> Ticket:
        """Put a request of ``kind`` into the person's app. The answer comes through the call-back of that kind."""
        got = self._call(
            ASK[kind],
            {
                "businessID": business_id,
                "accessToken": token.access_token,
                "openID": token.open_id,
                "source": "PC_Browser",
                "state": state,
                "lang": LANGUAGES.get(language, "en-US"),
                **more,
            },
        )
        return Ticket(bool(got.get("authByQR")), str(got.get("ticketID", "")))

    def read_call_back(self, body: dict[str, Any]) -> dict[str, Any]:
        """The content of what iAM Smart posted to us. It brings the key that it was sealed with. Raises Garbled."""
        sealed, key = body.get("content"), body.get("secretKey")
        if not isinstance(sealed, str) or not isinstance(key, str):
            raise protocol.Garbled("a call-back has a “content” and a “secretKey”")
        return protocol.unseal(sealed, protocol.open_key(key, self._private))

    def _call(self, path: str, content: dict[str, Any]) -> dict[str, Any]:
        try:
            return self._send(path, content)
        except Refused as refused:
            if refused.code != protocol.KEY_EXPIRED:
                raise
        self._key_until_ms = 0
        return self._send(path, content)

    def _send(self, path: str, content: dict[str, Any]) -> dict[str, Any]:
        key = self._content_key()
        body = httpx.Request("POST", self.url, json={"content": protocol.seal(content, key)}).content.decode()
        sealed = self._post(path, body).get("content")
        return protocol.unseal(sealed, key) if isinstance(sealed, str) else {}

    def _content_key(self) -> bytes:
        with self._lock:
            if clock.now_ms() + _SPARE_MS >= self._key_until_ms:
                got = self._post("/api/v1/security/getKey", "").get("content") or {}
                try:
                    self._key = protocol.open_key(got["secretKey"], self._private)
                    self._key_until_ms = int(got["issueAt"]) + int(got["expiresIn"])
                except (KeyError, ValueError) as error:
                    raise protocol.Garbled(f"the content key: {error}") from error
            return self._key

    def _post(self, path: str, body: str) -> dict[str, Any]:
        sent = protocol.headers(self.client_id, self._secret, body=body, now_ms=clock.now_ms())
        try:
            answer = self._http.post(path, content=body, headers=sent | {"Content-Type": "application/json"})
            answer.raise_for_status()
            got = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise Unavailable(_("iAM Smart does not answer at the moment. Sign in in another way.")) from error
        if got.get("code") != protocol.SUCCESS:
            raise Refused(str(got.get("code")), str(got.get("message", "")))
        return got


@lru_cache(maxsize=2)
def _smart(url: str, client_id: str, client_secret: str, key_file: str) -> Smart:
    return Smart(url, client_id, client_secret, Path(key_file))


def smart() -> Smart:
    """The service that the settings describe."""
    return _smart(
        settings.IAM_SMART_URL, settings.IAM_SMART_CLIENT_ID, settings.IAM_SMART_CLIENT_SECRET, settings.IAM_SMART_KEY
    )
