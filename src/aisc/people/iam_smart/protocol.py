"""How iAM Smart signs and encrypts, as its developers' guide describes it. Pure functions.

Every call carries ``clientID``, ``signatureMethod``, ``timestamp`` (milliseconds), ``nonce`` and ``signature`` as
headers. Bodies are ``{"content": …}``, encrypted with a content key (CEK, AES-256-GCM) that iAM Smart makes, and
hands over encrypted with the public key (KEK, RSA) that the service registered.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from typing import Any
from urllib.parse import quote

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

METHOD = "HmacSHA256"
SUCCESS = "D00000"
KEY_EXPIRED = "D30002"
_IV = 12  # bytes


class Garbled(ValueError):  # noqa: N818
    """What was received cannot be opened or read; the message says why."""


def headers(client_id: str, client_secret: str, *, body: str, now_ms: int, nonce: str = "") -> dict[str, str]:
    """The headers of one call whose body is ``body`` (empty when there is none)."""
    nonce = nonce or secrets.token_hex(16)
    return {
        "clientID": client_id,
        "signatureMethod": METHOD,
        "timestamp": str(now_ms),
        "nonce": nonce,
        "signature": signature(client_secret, f"{client_id}{METHOD}{now_ms}{nonce}{body}"),
    }


def signature(client_secret: str, message: str) -> str:
    """HMAC-SHA256 in base 64, written as in an address."""
    digest = hmac.new(client_secret.encode(), message.encode(), hashlib.sha256).digest()
    return quote(base64.b64encode(digest).decode(), safe="")


def open_key(sealed: str, key: RSAPrivateKey) -> bytes:
    """The content key that was encrypted for ``key``. Raises Garbled."""
    try:
        opened = key.decrypt(base64.b64decode(sealed, validate=True), padding.PKCS1v15())
    except (ValueError, binascii.Error) as error:
        raise Garbled("the content key was not encrypted for our key") from error
    if len(opened) != 32:
        raise Garbled("the content key is not 256 bits long")
    return opened


def seal(content: dict[str, Any], key: bytes) -> str:
    """``content`` encrypted: base 64 of the IV's length (4 bytes), the IV, the cipher text with its tag."""
    iv = secrets.token_bytes(_IV)
    text = AESGCM(key).encrypt(iv, json.dumps(content, ensure_ascii=False).encode(), None)
    return base64.b64encode(_IV.to_bytes(4, "big") + iv + text).decode()


def unseal(sealed: str, key: bytes) -> dict[str, Any]:
    """The inverse of :func:`seal`. Raises Garbled, also when a single bit was changed on the way."""
    try:
        raw = base64.b64decode(sealed, validate=True)
        if raw[:4] != _IV.to_bytes(4, "big"):
            raise Garbled("the IV is not 96 bits long")
        content = json.loads(AESGCM(key).decrypt(raw[4 : 4 + _IV], raw[4 + _IV :], None))
    except (InvalidTag, binascii.Error, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise Garbled("the content cannot be opened with this key") from error
    if not isinstance(content, dict):
        raise Garbled("the content is no object")
    return content
