"""Secrets that have to be used again (a client secret, a private key, a TOTP seed), kept sealed in the database.

Sealed with a key that is derived from ``AISC_SECRET_KEY`` and lies beside the database, not in it: who reads a copy
of the database alone reads none of them. A new secret key makes them unreadable; they then have to be entered again.
"""

from __future__ import annotations

import base64
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.utils.translation import gettext as _

from aisc.core.errors import Unavailable


@lru_cache(maxsize=4)
def _fernet(secret_key: str) -> Fernet:
    derived = HKDF(SHA256(), length=32, salt=None, info=b"aisc.people.sealing").derive(secret_key.encode())
    return Fernet(base64.urlsafe_b64encode(derived))


def seal(text: str) -> str:
    """``text`` in a form that only this centre can open. Empty stays empty."""
    return _fernet(settings.SECRET_KEY).encrypt(text.encode()).decode() if text else ""


def unseal(sealed: str) -> str:
    """The inverse of :func:`seal`. Raises Unavailable when it was sealed with another secret key."""
    if not sealed:
        return ""
    try:
        return _fernet(settings.SECRET_KEY).decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise Unavailable(
            _("This was sealed with another secret key of the centre. Its operator has to enter it again.")
        ) from error
