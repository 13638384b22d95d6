"""iAM Smart (智方便), Hong Kong's digital identity: an adapter that works once the Government registered the centre.

What is public about its interface is built here: ``protocol`` (signatures and the two layers of encryption),
``client`` (the calls that a service makes) and ``provider`` (signing in). Its four call-backs (authentication,
profile, signing, step-up) are in ``people.views.iam_smart``. Tried against the server of the tests, never yet
against the real one: ``docs/operator/sign-in.md`` says what to check first.
"""

from __future__ import annotations

from allauth.socialaccount.models import SocialApp
from django.conf import settings
from django.utils.translation import gettext as _

SLUG = "iam-smart"


def configured() -> bool:
    """Whether all four settings are there."""
    return all(
        (settings.IAM_SMART_URL, settings.IAM_SMART_CLIENT_ID, settings.IAM_SMART_CLIENT_SECRET, settings.IAM_SMART_KEY)
    )


def app() -> SocialApp | None:
    """iAM Smart as django-allauth's app, or None when it is not configured."""
    if not configured():
        return None
    return SocialApp(
        provider="iam_smart",
        provider_id=SLUG,
        name=_("iAM Smart"),
        client_id=settings.IAM_SMART_CLIENT_ID,
        settings={"domains": []},
    )
