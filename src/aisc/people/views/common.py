"""What the views of this room share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict

from aisc.core.errors import AiscError

REFUSALS = (401, 403, 404)  # who asks may not: answered as such, and not as something to put right


def carry_out(request: HttpRequest, done: str, call: Callable[..., Any], **values: Any) -> bool:
    """Call an action for a button; say what was done, or why not, on the page that comes next."""
    try:
        call(request.actor, **values)
    except AiscError as error:
        if error.status in REFUSALS:
            raise
        messages.error(request, str(error))
        return False
    messages.success(request, done)
    return True


def typed(request: HttpRequest) -> QueryDict | None:
    """What was sent with a form; None when it is only to be shown. An empty form was sent all the same."""
    return request.POST if request.method == "POST" else None


def keep_language(response: HttpResponse, language: str) -> HttpResponse:
    """Make the browser show pages in ``language`` from now on."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=365 * 24 * 3600,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response
