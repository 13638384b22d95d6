"""Readings about signing in. Each makes a constant number of SQL queries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from aisc.people import iam_smart
from aisc.people.models import EmailDomain, Institution, Person


@dataclass(frozen=True)
class Linked:
    """An account at an institution that signs in to an account here."""

    pk: int
    slug: str
    name: str
    email: str
    since: datetime
    last_login: datetime
    active: bool


def offered() -> list[dict[str, str]]:
    """The institutions of the sign-in page: ``slug`` and ``name``, by name."""
    found = [{"slug": row.slug, "name": row.name} for row in Institution.objects.filter(active=True)]
    found.sort(key=lambda each: each["name"].casefold())
    if iam_smart.configured():
        found.insert(0, {"slug": iam_smart.SLUG, "name": _("iAM Smart")})
    return found


def linked(person: Person) -> list[Linked]:
    """What the person is linked to, also where the institution is no longer offered."""
    rows = {row.slug: row for row in Institution.objects.filter(slug__in=_slugs(person))}
    found = []
    for account in SocialAccount.objects.filter(user=person).order_by("pk"):
        row = rows.get(account.provider)
        smart = account.provider == iam_smart.SLUG
        found.append(
            Linked(
                pk=account.pk,
                slug=account.provider,
                name=_("iAM Smart") if smart else str(row or account.provider),
                email=_address(account.extra_data),
                since=account.date_joined,
                last_login=account.last_login,
                active=iam_smart.configured() if smart else bool(row and row.active),
            )
        )
    return found


def linked_institutions(person: Person) -> list[Linked]:
    """Those through which the person can sign in now."""
    return [each for each in linked(person) if each.active]


def _slugs(person: Person) -> QuerySet:
    return SocialAccount.objects.filter(user=person).values("provider")


def _address(data: dict) -> str:
    said = data.get("userinfo") or data.get("id_token") or data
    return str(said.get("email") or said.get("preferred_username") or "")


def factors(person: Person) -> dict:
    """The person's authenticator app (or None), passkeys, and how many recovery codes are left (or None)."""
    app, codes, passkeys = None, None, []
    for each in Authenticator.objects.filter(user=person).order_by("pk"):
        if each.type == Authenticator.Type.TOTP:
            app = each
        elif each.type == Authenticator.Type.WEBAUTHN:
            passkeys.append(each)
        else:
            codes = len(each.wrap().get_unused_codes())
    return {"app": app, "passkeys": passkeys, "codes": codes}


def institutions() -> QuerySet[Institution]:
    return Institution.objects.select_related("organisation").order_by("-active", "name_en", "name_zh")


def unverified_domains() -> QuerySet[EmailDomain]:
    """Domains that wait for an administrator, the longest first."""
    return (
        EmailDomain.objects.filter(verified_at=None).select_related("organisation", "claimed_by").order_by("claimed_at")
    )
