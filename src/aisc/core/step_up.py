"""Step-up: for some actions a session must have proved lately who its person is.

A rule marked with :func:`aisc.core.access.with_step_up` is refused to a *stale* session with
:class:`aisc.core.errors.StepUpNeeded`. Pages then lead to a confirmation and come back with everything that was
typed; the API answers with a problem. Tokens are not asked: their scope says what they are for.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from aisc.core import clock

_PROVED_AT = "aisc_proved_at"  # milliseconds since the Unix epoch
_SUSPENDED = "aisc_suspended"
MOST_KEPT = 256 * 1024  # characters of a form that are kept
KEPT_FOR_MS = 30 * 60 * 1000


def stamp(request: HttpRequest) -> None:
    """Note in the session that its person has just proved who they are."""
    request.session[_PROVED_AT] = clock.now_ms()


def is_stale(request: HttpRequest) -> bool:
    """Whether the session's last proof is too old, or was never noted. Never when the setting is 0."""
    if not settings.STEP_UP_AFTER_MS:
        return False
    proved_at = request.session.get(_PROVED_AT)
    return proved_at is None or clock.now_ms() - proved_at > settings.STEP_UP_AFTER_MS


@dataclass(frozen=True)
class Suspended:
    """A request that waits for a confirmation. ``fields`` is None when it cannot be sent again from here."""

    path: str
    back: str
    fields: tuple[tuple[str, str], ...] | None


def suspend(request: HttpRequest) -> HttpResponse:
    """Keep what was sent and lead to the confirmation page (for htmx: tell it to go there).

    A form with files, or one too large to keep, is not kept: its sender is led back to the form.
    """
    path = request.get_full_path()
    if request.method == "POST":
        fields = [(k, v) for k, values in request.POST.lists() for v in values if k != "csrfmiddlewaretoken"]
        fits = not request.FILES and sum(len(k) + len(v) for k, v in fields) <= MOST_KEPT
        kept = {"path": path, "back": _page_before(request), "fields": fields if fits else None}
    else:
        kept = {"path": path, "back": path, "fields": None}
    request.session[_SUSPENDED] = kept | {"at": clock.now_ms()}
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": reverse(settings.STEP_UP_URL)})
    return redirect(settings.STEP_UP_URL)


def suspended(request: HttpRequest) -> Suspended | None:
    """What waits in this session; None when there is nothing, or when it is older than half an hour."""
    kept = request.session.get(_SUSPENDED)
    if kept is None or clock.now_ms() - kept["at"] > KEPT_FOR_MS:
        return None
    fields = kept["fields"]
    return Suspended(
        kept["path"], kept["back"], None if fields is None else tuple((name, value) for name, value in fields)
    )


def forget(request: HttpRequest) -> None:
    """Drop what waits."""
    request.session.pop(_SUSPENDED, None)


def _page_before(request: HttpRequest) -> str:
    """The page that the form was on, as far as the browser says so and it is one of ours; else the front page."""
    before = urlsplit(request.headers.get("HX-Current-URL") or request.headers.get("Referer", ""))
    if before.netloc != request.get_host() or not before.path.startswith("/"):
        return "/"
    return before.path + (f"?{before.query}" if before.query else "")
