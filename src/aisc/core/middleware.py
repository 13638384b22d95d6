"""What happens around every request: its id, its language, its actor, and refusals shown well."""

from __future__ import annotations

import logging
import secrets

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.functional import SimpleLazyObject

from aisc.core.actions import Actor
from aisc.core.errors import AiscError, SignInNeeded, Unavailable

log = logging.getLogger("aisc.web")


class RequestContext:
    """Gives each request an id, taken over from a proxy's ``X-Request-ID`` when it looks like one."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request.id = given if given.isascii() and given.isalnum() and len(given) <= 64 else secrets.token_hex(8)
        response = self.get_response(request)
        response["X-Request-ID"] = request.id
        return response


class Language:
    """The reader's language: ``?lang=``, then the cookie, then the person's choice, then the browser's."""

    def __init__(self, get_response):
        self.get_response = get_response
        self.codes = [code for code, _name in settings.LANGUAGES]

    def __call__(self, request: HttpRequest) -> HttpResponse:
        asked = request.GET.get("lang", "")
        language = asked if asked in self.codes else translation.get_language_from_request(request)
        with translation.override(language):
            request.LANGUAGE_CODE = translation.get_language()
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        response.headers["Vary"] = ", ".join(filter(None, [response.headers.get("Vary"), "Accept-Language"]))
        return response


class CurrentActor:
    """``request.actor``: the signed-in person with where the request came from."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.actor = SimpleLazyObject(lambda: actor_of(request))
        return self.get_response(request)


def actor_of(request: HttpRequest, *, person=None, scopes: frozenset[str] | None = None) -> Actor:
    """The actor of a request; ``person`` and ``scopes`` when a token rather than the session says who."""
    if person is None and request.user.is_authenticated:
        person = request.user._wrapped if hasattr(request.user, "_wrapped") else request.user
    return Actor(
        person=person,
        scopes=scopes,
        address=request.META.get("REMOTE_ADDR", ""),
        request_id=getattr(request, "id", ""),
    )


class Refusals:
    """Shows an :class:`AiscError` as a page, and a database that is away as 503 with a way on.

    The API answers for itself (``core.problem``); this is for pages.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, (OperationalError, InterfaceError)):
            log.error("request %s: database away: %s", request.id, exception)
            return _plain_unavailable(request)
        if isinstance(exception, SignInNeeded):
            from django.contrib.auth.views import redirect_to_login

            return redirect_to_login(request.get_full_path())
        if isinstance(exception, AiscError):
            return render(request, "portal/refusal.html", {"error": exception}, status=exception.status)
        return None


def _plain_unavailable(request: HttpRequest) -> HttpResponse:
    # Nothing here may touch the database: sessions and the account menu are out of reach as well.
    from django.template.loader import render_to_string

    body = render_to_string("portal/unavailable.html", {"message": Unavailable().message, "request_id": request.id})
    return HttpResponse(body, status=503, headers={"Retry-After": "30"})
