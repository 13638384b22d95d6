"""The ways in which a person can sign in. One must always be left."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount

from aisc.people.models import Person


def remain(person: Person, *, without_account: int | None = None, without_passkey: int | None = None) -> bool:
    """Whether the person could still sign in without this linked account or this passkey.

    Ways in are a password, an account at an institution, and a passkey that signs in by itself.
    """
    if person.has_usable_password():
        return True
    if SocialAccount.objects.filter(user=person).exclude(pk=without_account).exists():
        return True
    passkeys = Authenticator.objects.filter(user=person, type=Authenticator.Type.WEBAUTHN).exclude(pk=without_passkey)
    return any(passkey.wrap().is_passwordless for passkey in passkeys)
