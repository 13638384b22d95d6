"""What happens around every request: its id, its language, its actor, and refusals shown well."""

from __future__ import annotations

import hashlib
import logging
import secrets
import time

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.functional import SimpleLazyObject

from aisc.core import logs, metrics, step_up
from aisc.core.actions import Actor
from aisc.core.errors import AiscError, SignInNeeded, StepUpNeeded, Unavailable

log = logging.getLogger("aisc.web")
access_log = logging.getLogger("aisc.access")


class RequestContext:
    """Gives each request an id, taken over from a proxy's ``X-Request-ID`` when it looks like one; logs and counts it.

    What is logged and counted is the route, not the path: a path may hold a code or a name.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request.id = given if given.isascii() and given.isalnum() and len(given) <= 64 else secrets.token_hex(8)
        named, nobody = logs.request_id.set(request.id), logs.person.set("")
        began = time.perf_counter()
        try:
            response = self.get_response(request)
            self._record(request, response, time.perf_counter() - began)
        finally:
            logs.request_id.reset(named)
            logs.person.reset(nobody)
        response["X-Request-ID"] = request.id
        return response

    def _record(self, request: HttpRequest, response: HttpResponse, seconds: float) -> None:
        match = request.resolver_match
        route = f"/{match.route}" if match else "none"
        metrics.REQUESTS.labels(request.method, route, response.status_code).inc()
        metrics.REQUEST_SECONDS.labels(route).observe(seconds)
        if settings.ACCESS_LOG:
            fields = {"method": request.method, "route": route, "status": response.status_code}
            fields["ms"] = round(seconds * 1000, 1)
            access_log.info("%(method)s %(route)s %(status)d %(ms).1f ms", fields, extra={"fields": fields})


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
    stale = False
    if person is None and request.user.is_authenticated:
        person = request.user._wrapped if hasattr(request.user, "_wrapped") else request.user
        stale = step_up.is_stale(request)
    if person is not None:
        logs.person.set(person.uid)
    return Actor(
        person=person,
        scopes=scopes,
        address=request.META.get("REMOTE_ADDR", ""),
        request_id=getattr(request, "id", ""),
        via=_session(request),
        stale=stale,
        reading=request.method in ("GET", "HEAD"),
    )


def _session(request: HttpRequest) -> str:
    """The session, by the beginning of its key's SHA-256: enough to tell sessions apart, of no use to anybody else."""
    key = getattr(getattr(request, "session", None), "session_key", None)
    return f"session {hashlib.sha256(key.encode()).hexdigest()[:12]}" if key else ""


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
        if isinstance(exception, StepUpNeeded):
            return step_up.suspend(request)
        if isinstance(exception, AiscError):
            response = render(request, "portal/refusal.html", {"error": exception}, status=exception.status)
            if wait := exception.extra.get("retry_after"):
                response.headers["Retry-After"] = str(wait)
            return response
        return None


def _plain_unavailable(request: HttpRequest) -> HttpResponse:
    # Nothing here may touch the database: sessions and the account menu are out of reach as well.
    from django.template.loader import render_to_string

    body = render_to_string("portal/unavailable.html", {"message": Unavailable().message, "request_id": request.id})
    return HttpResponse(body, status=503, headers={"Retry-After": "30"})
