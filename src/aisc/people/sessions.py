"""Where somebody is signed in: noted at sign-in by django-allauth, kept fresh here, ended by the actions."""

from __future__ import annotations

import logging
import re

from allauth.account.adapter import get_adapter
from allauth.usersessions.models import UserSession
from django.core.cache import cache
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from aisc.people.models import Person

log = logging.getLogger("aisc.people")
SEEN_EVERY_S = 300


class LastSeen:
    """Notes when and from where a session was last used: one small write in five minutes, never more."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        key = request.session.session_key
        # Nothing is asked of the database here for visitors, nor for pages that did not look at the session.
        if key and request.session.accessed and "_auth_user_id" in request.session:
            note_seen(request, key)
        return response


def just_seen(key: str) -> bool:
    """Remember that the session was seen now; False when that is remembered already."""
    return cache.add(f"aisc-seen:{key}", True, SEEN_EVERY_S)


def note_seen(request: HttpRequest, key: str) -> None:
    """Keep the time and place at which a session was last used."""
    if not just_seen(key):
        return
    place = get_adapter(request).get_client_ip(request)
    try:
        UserSession.objects.filter(session_key=key).update(last_seen_at=timezone.now(), ip=place)
    except DatabaseError as error:
        # Not worth failing a page that is made already.
        log.warning("when a session was last seen could not be noted: %s", error)


def sessions_of(person: Person) -> list[UserSession]:
    """Where the person is signed in, the latest used first; ended and expired ones are forgotten."""
    alive = UserSession.objects.purge_and_list(person)
    return sorted(alive, key=lambda session: session.last_seen_at, reverse=True)


def end_all(person: Person, *, but: str = "") -> int:
    """End every session of the person except the one with the key ``but``; answers how many there were."""
    sessions = list(UserSession.objects.filter(user=person).exclude(session_key=but))
    for session in sessions:
        session.end()
    return len(sessions)


# What browsers say of themselves, most particular first: every one of them also claims to be others.
_BROWSERS = (
    (r"EdgA?/|EdgiOS/", "Edge"),
    (r"OPR/", "Opera"),
    (r"SamsungBrowser/", "Samsung Internet"),
    (r"MicroMessenger/", "WeChat"),
    (r"Firefox/|FxiOS/", "Firefox"),
    (r"Chrome/|CriOS/", "Chrome"),
    (r"Safari/", "Safari"),
)
_SYSTEMS = (
    (r"iPhone", "iPhone"),
    (r"iPad", "iPad"),
    (r"Android", "Android"),
    (r"HarmonyOS|OpenHarmony", "HarmonyOS"),
    (r"Windows", "Windows"),
    (r"Mac OS X|Macintosh", "Mac"),
    (r"CrOS", "ChromeOS"),
    (r"Linux", "Linux"),
)


def device(user_agent: str) -> str:
    """What the browser says it is, in words such as “Firefox, Windows”."""
    found = [
        next((name for pattern, name in table if re.search(pattern, user_agent)), "") for table in (_BROWSERS, _SYSTEMS)
    ]
    return ", ".join(filter(None, found)) or _("unknown device")
