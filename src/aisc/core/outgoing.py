"""The one way to fetch an address that a person gave: to public hosts only, checked where it really connects.

An address that a person writes can name the portal's own network: a database, a metadata service, a router. Names are
resolved here, every address found must be public, and the connection goes to exactly the address that was checked, so
that a name which resolves differently the second time gains nothing. Redirects are followed here and checked again.
Answers are bounded in size and time.

Nothing in AISC fetches what a person gave today: links are shown, not followed. Identity providers are fetched by
django-allauth at addresses that an administrator entered. ``tests/core/test_outgoing.py`` proves that no other part of
the portal can make requests; whoever needs to fetch uses :func:`fetch`, and the test then says so.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import httpx
from django.conf import settings
from django.utils.translation import gettext as _

from aisc.core.errors import BadInput, TooLarge, Unavailable

LONGEST_S = 10.0
MOST_BYTES = 1_048_576
MOST_REDIRECTS = 3
SCHEMES = {"https": 443, "http": 80}


@dataclass(frozen=True)
class Target:
    """Where a request goes: ``address`` is what is connected to, ``host`` what it is called."""

    url: str
    scheme: str
    host: str
    port: int
    address: str


def look(url: str, *, schemes: Iterable[str] = ("https",)) -> Target:
    """Where ``url`` leads, if it may be asked. Raises BadInput with what is wrong with it, Unavailable without DNS."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise BadInput(_("This is not a web address."), field="url") from error
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme not in schemes or not host or parts.username or parts.password:
        raise BadInput(_("Write a web address that begins with https:// and has no password in it."), field="url")
    port = port or SCHEMES[parts.scheme]
    addresses = _addresses(host, port)
    if host.lower() not in settings.OUTGOING_PRIVATE_HOSTS and not all(map(is_public, addresses)):
        raise BadInput(_("This address is not on the public internet."), field="url")
    return Target(url, parts.scheme, host, port, addresses[0])


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet, also when it is written inside an IPv6 address."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inside = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if inside is None and found in _NAT64:
            inside = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inside is not None:
            return is_public(str(inside))
    return found.is_global and not found.is_multicast


_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def _addresses(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unavailable(_("The name %(host)s could not be looked up.") % {"host": host}) from error
    return list(dict.fromkeys(str(each[4][0]) for each in found))


class _Pinned(httpx.HTTPTransport):
    """Connects to the address that was checked; the name still goes into ``Host`` and into the certificate's check."""

    def __init__(self, target: Target) -> None:
        # No proxy of the environment: it would resolve the name again, elsewhere.
        super().__init__(trust_env=False, retries=0)
        self._target = target

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.headers["Host"] = request.url.netloc.decode()
        request.extensions = {**request.extensions, "sni_hostname": self._target.host}
        request.url = request.url.copy_with(host=self._target.address)
        return super().handle_request(request)


def fetch(url: str, *, schemes: Iterable[str] = ("https",), most_bytes: int = MOST_BYTES) -> bytes:
    """What ``url`` answers, at most ``most_bytes``. Raises BadInput, TooLarge, or Unavailable when it does not."""
    schemes = tuple(schemes)
    for _turn in range(MOST_REDIRECTS + 1):
        target = look(url, schemes=schemes)
        try:
            with (
                httpx.Client(transport=_Pinned(target), timeout=LONGEST_S, trust_env=False) as client,
                client.stream("GET", url, headers={"Accept-Encoding": "identity"}) as answer,
            ):
                if not answer.has_redirect_location:
                    return _bounded(answer, most_bytes)
                url = urljoin(url, answer.headers["Location"])
        except httpx.HTTPError as error:
            raise Unavailable(_("%(host)s does not answer.") % {"host": target.host}) from error
    raise BadInput(_("This address leads on too many times."), field="url")


def _bounded(answer: httpx.Response, most_bytes: int) -> bytes:
    if answer.status_code != 200:
        raise Unavailable(_("The address answers %(status)s.") % {"status": answer.status_code})
    body = bytearray()
    for piece in answer.iter_raw():
        body += piece
        if len(body) > most_bytes:
            raise TooLarge(_("The answer is too large."))
    return bytes(body)
