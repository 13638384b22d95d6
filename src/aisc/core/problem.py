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
from aisc.core.language import reads_chinese

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


def _title(status: int, code: str) -> str:
    """A few words for people: the code's own in English, else what its kind of refusal is called."""
    if not reads_chinese():
        return code.replace("_", " ").replace(".", " ").capitalize()
    kinds = {
        401: _("Sign in first."),
        403: _("You may not do this."),
        404: _("There is no such thing here, or you may not see it."),
        409: _("This does not go with how things are now."),
        413: _("This is too large."),
        429: _("That is too many tries in a short time. Wait a few minutes, then try again."),
        503: _("A part of the centre is away at the moment. Nothing was changed; try again in a minute."),
    }
    return kinds.get(status, _("The request could not be carried out."))


def _said(item: dict[str, Any]) -> str:
    """What pydantic found, in the caller's language where it is something usual."""
    kind, context = item["type"], item.get("ctx", {})
    usual = {
        "missing": _("Fill this in."),
        "json_invalid": _("This is not JSON."),
        "string_type": _("This must be text."),
        "bool_type": _("This must be true or false."),
        "bool_parsing": _("This must be true or false."),
        "int_type": _("This must be a whole number."),
        "int_parsing": _("This must be a whole number."),
        "int_from_float": _("This must be a whole number."),
        "list_type": _("This must be a list."),
        "date_from_datetime_parsing": _("Write a date, such as 2026-09-01."),
        "datetime_from_date_parsing": _("Write a time, such as 2026-09-01T01:00:00Z."),
        "literal_error": _("Choose one of: %(known)s.") % {"known": context.get("expected", "")},
        "greater_than_equal": _("This must be %(least)s or more.") % {"least": context.get("ge", "")},
        "less_than_equal": _("This must be %(most)s or less.") % {"most": context.get("le", "")},
    }
    # In English pydantic's own words are as good, and name what was given.
    return usual[kind] if kind in usual and reads_chinese() else item["msg"]


def respond(request: HttpRequest, status: int, code: str, detail: str, **extra: Any) -> JsonResponse:
    """A problem response. ``detail`` is for people, ``code`` for programs."""
    body = {
        "type": "about:blank",
        "title": _title(status, code),
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
            {"field": ".".join(str(part) for part in item["loc"][1:]), "message": _said(item)} for item in error.errors
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
