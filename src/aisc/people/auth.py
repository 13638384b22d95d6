"""How the API knows who calls: a bearer token, or the session of the page that calls it."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja.security import APIKeyCookie, HttpBearer
from ninja.utils import check_csrf

from aisc.core.actions import Actor
from aisc.core.errors import Forbidden
from aisc.people import limits
from aisc.people.tokens import actor_from_token


class BearerToken(HttpBearer):
    """``Authorization: Bearer aisc_…``; sets ``request.actor`` to the token's person, limited to its scopes."""

    openapi_description = "An API token: made on the page “API tokens”, by `POST /tokens`, or by `aisc login`."

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        actor = actor_from_token(token.strip(), request)
        if actor is not None:
            request.actor = actor
            _spend_write(request, actor)
        return actor


class Session(APIKeyCookie):
    """The cookie of somebody signed in to the pages; a request that writes also needs ``X-CSRFToken``.

    Not asked when an ``Authorization`` header was sent: a bad token must not act as somebody else.
    """

    openapi_description = "The cookie of a signed-in browser, with `X-CSRFToken` on every write."
    param_name = settings.SESSION_COOKIE_NAME

    def __call__(self, request: HttpRequest) -> Actor | None:
        return None if "Authorization" in request.headers else self.authenticate(request, None)

    def authenticate(self, request: HttpRequest, key: str | None) -> Actor | None:
        if request.actor.person is None:
            return None
        # Only after it is known that somebody is signed in, so that strangers get 401 and not 403.
        if check_csrf(request):
            raise Forbidden(_("Send the page's “X-CSRFToken”, or use an API token."), code="csrf")
        _spend_write(request, request.actor)
        return request.actor


def _spend_write(request: HttpRequest, actor: Actor) -> None:
    """Count a write of this person. Raises TooOften beyond ``API_WRITES_PER_MINUTE``."""
    if request.method not in ("GET", "HEAD"):
        limits.spend("api-write", actor.person.uid, limit=settings.API_WRITES_PER_MINUTE, per_s=60)
