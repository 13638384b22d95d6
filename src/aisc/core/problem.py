"""Errors of the API as RFC 9457 ``application/problem+json``, in the caller's language."""

from __future__ import annotations

import logging
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError

from aisc.core.errors import AiscError, NotFound, SignInNeeded, StepUpNeeded, Unavailable

log = logging.getLogger("aisc.api")


class Problem(Schema):
    """RFC 9457 problem details, with a stable ``code`` and the fields that are wrong."""

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str
    request_id: str = ""
    errors: list[dict[str, Any]] = []


def respond(request: HttpRequest, status: int, code: str, detail: str, **extra: Any) -> JsonResponse:
    """A problem response. ``detail`` is for people, ``code`` for programs."""
    body = {
        "type": "about:blank",
        "title": code.replace("_", " ").replace(".", " ").capitalize(),
        "status": status,
        "code": code,
        "detail": detail,
        "request_id": getattr(request, "id", ""),
        **extra,
    }
    headers = {}
    if status in (429, 503):
        headers["Retry-After"] = str(extra.get("retry_after", 30))
    return JsonResponse(
        body,
        status=status,
        content_type="application/problem+json",
        headers=headers,
        json_dumps_params={"default": str},
    )


def install(api: NinjaAPI) -> None:
    """Make every error of ``api`` a problem."""

    @api.exception_handler(AiscError)
    def refused(request, error: AiscError):
        errors = [{"field": error.field, "message": str(error.message)}] if error.field else []
        return respond(request, error.status, error.code, str(error.message), errors=errors, **error.extra)

    @api.exception_handler(StepUpNeeded)
    def stale(request, error: StepUpNeeded):
        where = settings.PUBLIC_URL.rstrip("/") + reverse(settings.STEP_UP_URL)
        return respond(request, error.status, error.code, str(error), confirm_url=where)

    @api.exception_handler(ValidationError)
    def invalid(request, error: ValidationError):
        errors = [
            {"field": ".".join(str(part) for part in item["loc"][1:]), "message": item["msg"]} for item in error.errors
        ]
        detail = _("Some of what was sent cannot be used; see “errors”.")
        return respond(request, 422, "bad_input", detail, errors=errors)

    @api.exception_handler(AuthenticationError)
    def unauthenticated(request, _error):
        return respond(request, 401, SignInNeeded.code, _("Send a token: “Authorization: Bearer aisc_…”, or sign in."))

    @api.exception_handler(Http404)
    def missing(request, _error):
        return respond(request, 404, NotFound.code, str(NotFound().message))

    @api.exception_handler(HttpError)
    def http(request, error: HttpError):
        code = "unreadable" if error.status_code == 400 else "http_error"
        return respond(request, error.status_code, code, str(error))

    @api.exception_handler(OperationalError)
    @api.exception_handler(InterfaceError)
    def away(request, error):
        log.error("request %s: database away: %s", getattr(request, "id", ""), error)
        return respond(request, 503, Unavailable.code, str(Unavailable().message))
