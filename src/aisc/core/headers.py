"""What every answer tells browsers to refuse: content security policy, framing, powers of the page, mixed origins.

Strict by default and the same for all pages: nothing inline, nothing from another origin, no plug-ins, no frames. An
answer that needs its own policy (a file that a job wrote, shown in a sandbox) sets the header itself and keeps it.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    # data: is what style sheets draw their small signs with, and what a picture of a second factor's code is.
    "img-src": "'self' data:",
    "font-src": "'self'",
    "media-src": "'self'",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "object-src": "'none'",
    "base-uri": "'none'",
}
# What a page of the portal never needs; passkeys are asked for by the portal itself.
PERMISSIONS = {
    **dict.fromkeys(
        (
            *("accelerometer", "autoplay", "browsing-topics", "camera", "display-capture", "encrypted-media"),
            *("geolocation", "gyroscope", "magnetometer", "microphone", "midi", "payment", "serial", "usb"),
            *("screen-wake-lock", "xr-spatial-tracking"),
        ),
        "()",
    ),
    "publickey-credentials-create": "(self)",
    "publickey-credentials-get": "(self)",
}


def policy() -> str:
    """The content security policy as a header; under https, what is written as http is asked for as https."""
    parts = [f"{name} {sources}" for name, sources in POLICY.items()]
    if settings.PUBLIC_URL.startswith("https://"):
        parts.append("upgrade-insecure-requests")
    return "; ".join(parts)


def permissions() -> str:
    return ", ".join(f"{name}={whom}" for name, whom in PERMISSIONS.items())


class SecurityHeaders:
    """Puts the headers on every answer, those of errors and static files included: it stands first."""

    def __init__(self, get_response):
        self.get_response = get_response
        self._always = {
            "Content-Security-Policy": policy(),
            "Permissions-Policy": permissions(),
            "Cross-Origin-Resource-Policy": "same-origin",
            "X-Permitted-Cross-Domain-Policies": "none",
            # Kept by nobody on the way, and asked for again by the browser; static files say otherwise themselves.
            "Cache-Control": "private, no-cache",
        }

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = _leaving(request, self.get_response(request))
        for name, value in self._always.items():
            response.headers.setdefault(name, value)
        if response.status_code == 429:
            response.headers.setdefault("Retry-After", "60")
        return response


def _leaving(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """A form that leads to another origin (an institution's sign-in) leads there by a page in between.

    ``form-action 'self'`` also holds for where a form's answer redirects to. A page that moves on by itself is no
    form; it needs no script. Only browsers are shown it: they say how they came by ``Sec-Fetch-Mode``.
    """
    if request.method != "POST" or response.status_code not in (301, 302, 303, 307, 308):
        return response
    if request.headers.get("Sec-Fetch-Mode") != "navigate":
        return response
    where = response.headers.get("Location", "")
    host = urlsplit(where).netloc
    if not host or host == request.get_host():
        return response
    page = render(request, "portal/leaving.html", {"where": where, "host": host})
    page.cookies.update(response.cookies)
    page.headers["Cache-Control"] = "no-store"
    return page
