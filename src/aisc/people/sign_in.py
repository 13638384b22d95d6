"""Checking an e-mail address and a password without a page, by the same counters as the page."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _

from aisc.core.errors import SignInNeeded, TooOften
from aisc.people.models import Person


def person_by_password(request: HttpRequest, *, email: str, password: str) -> Person:
    """The active person with this password and confirmed address.

    Raises TooOften after 5 failures in 5 minutes for an address, or 10 in a minute from one place, pages
    and API together; SignInNeeded in every other case, with the same words, so that nobody learns which
    addresses have an account.
    """
    email = email.strip().lower()
    try:
        person = get_adapter(request).authenticate(request, email=email, password=password)
    except ValidationError as error:
        raise TooOften(retry_after=300) from error
    confirmed = (
        person is not None
        and person.is_active
        and EmailAddress.objects.filter(user=person, email=email, verified=True).exists()
    )
    if not confirmed:
        raise SignInNeeded(
            _("The e-mail address or the password is wrong, or the address is not confirmed yet."), code="sign_in.wrong"
        )
    return person
