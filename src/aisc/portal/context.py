"""What the frame of every page needs: where one can go, who one is, what is unread."""

from __future__ import annotations

from functools import cache
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Count
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from aisc.core import addresses, language
from aisc.core.question import Question
from aisc.people.access import has_centre_role
from aisc.people.models import CentreRole, Notice
from aisc.people.notices import centre_name

Role = CentreRole.Role


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context of ``portal/frame/base.html``. Lazy: an error page may not touch the database."""
    return {
        "centre_name": centre_name(),
        "nav_items": SimpleLazyObject(lambda: _navigation(request)),
        "account_items": SimpleLazyObject(lambda: _account(request)),
        "footer_items": SimpleLazyObject(lambda: _footer(request)),
        "search_url": addresses.to("portal:search"),
        "notices_url": addresses.to("people:notices"),
        # A function, which templates call: a lazy object would not be a number to the filters.
        "notices_count": cache(lambda: _unread(request)),
        "demonstration": settings.DEMO,
        "reading_copies": settings.READING_COPIES and language.reader() == language.HANS,
        "language_urls": SimpleLazyObject(lambda: _in_other_languages(request)),
    }


def _in_other_languages(request: HttpRequest) -> list[tuple[str, str]]:
    """This page's address in each language, for search engines: pages that everybody may read."""
    if request.method != "GET":
        return []
    asked = request.GET.copy()
    root = settings.PUBLIC_URL.rstrip("/") + request.path
    found = []
    for code, _name in settings.LANGUAGES:
        asked["lang"] = code
        found.append((language.tag(code), f"{root}?{asked.urlencode()}"))
    asked.pop("lang")
    return [*found, ("x-default", f"{root}?{asked.urlencode()}" if asked else root)]


def _signed_in(request: HttpRequest) -> bool:
    return hasattr(request, "user") and request.user.is_authenticated


def _navigation(request: HttpRequest) -> list[dict[str, Any]]:
    if _signed_in(request):
        items = [
            (_("Home"), "portal:home", None),
            (_("Projects"), "people:projects", None),
            (_("Jobs"), "jobs:jobs", None),
            (_("Budgets"), "ledger:budgets", None),
            (_("Applications"), "scheme:applications", None),
            (_("Operations"), "portal:operator", (Role.OPERATOR, Role.ADMINISTRATOR, Role.FINANCE, Role.AUDITOR)),
            (_("Audit log"), "portal:audit", (Role.AUDITOR, Role.OPERATOR, Role.ADMINISTRATOR)),
        ]
    else:
        items = [
            (_("The centre"), "centre:overview", None),
            (_("Subsidy scheme"), "scheme:calls", None),
            (_("Prices"), "ledger:prices", None),
            (_("Directory"), "people:directory", None),
        ]
    shown = []
    for label, name, roles in items:
        if roles and not has_centre_role(request.actor, roles):
            continue
        url = addresses.to(name)
        here = request.path == url if name == "portal:home" else request.path.startswith(url)
        shown.append({"label": label, "url": url, "current": here})
    return shown


def _account(request: HttpRequest) -> list[dict[str, Any]]:
    items = [
        {"label": _("Your account"), "url": addresses.to("people:account")},
        {"label": _("Organisations"), "url": addresses.to("people:organisations")},
        {"label": _("Signing in"), "url": addresses.to("people:ways_in")},
        {"label": _("API tokens"), "url": addresses.to("people:tokens")},
    ]
    if has_centre_role(request.actor, (Role.ADMINISTRATOR,)):
        items.append({"label": _("Roles in the centre"), "url": addresses.to("people:centre_roles")})
        items.append({"label": _("Duplicates"), "url": addresses.to("people:merging")})
        items.append({"label": _("Sign-in of institutions"), "url": addresses.to("people:sign_in_settings")})
    return items


def _footer(request: HttpRequest) -> list[dict[str, Any]]:
    items = [
        (_("The centre"), "centre:overview"),
        (_("Subsidy scheme"), "scheme:calls"),
        (_("Prices"), "ledger:prices"),
        (_("Directory"), "people:directory"),
        (_("Check a document"), "portal:verify"),
        (_("Approved texts"), "people:texts"),
    ]
    links = [{"label": label, "url": addresses.to(name)} for label, name in items]
    if _signed_in(request):
        about = "" if request.path == addresses.to("portal:access") else f"?{urlencode({'page': request.path})}"
        links.append({"label": _("Who may do what here"), "url": addresses.to("portal:access") + about})
    return links


def _unread(request: HttpRequest) -> int:
    if not _signed_in(request):
        return 0
    if hasattr(request, "unread"):
        return request.unread
    found = _waiting(request.user.pk)
    return found[0][0] if found else 0


_waiting = Question(
    lambda person: (
        Notice.objects.order_by()
        .filter(person_id=person, read_at=None)
        .values_list("person_id")
        .annotate(count=Count("pk"))
        .values_list("count")
    )
)
