"""How django-allauth behaves here: language kept per person, mail in our words, an audit row for each event."""

from __future__ import annotations

import dataclasses
import logging

from allauth.account import signals
from allauth.account.adapter import DefaultAccountAdapter
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from aisc.core.errors import Unavailable
from aisc.core.middleware import actor_of
from aisc.people import actions
from aisc.people.models import Person
from aisc.people.notices import centre_name

log = logging.getLogger("aisc.people")


class AccountAdapter(DefaultAccountAdapter):
    """Named by ``settings.ACCOUNT_ADAPTER``."""

    def post_login(self, request, user, **options) -> HttpResponse:
        """After signing in, pages are in the language that the person chose."""
        from aisc.people.views.common import keep_language

        response = super().post_login(request, user, **options)
        return keep_language(response, user.language) if user.language else response

    def send_mail(self, template_prefix: str, email: str, context: dict) -> None:
        """Raises Unavailable, shown as a page, when the mail server is away."""
        try:
            super().send_mail(template_prefix, email, {"centre": centre_name()} | context)
        except OSError as error:
            log.error("mail %s could not be sent: %s", template_prefix, error)
            raise Unavailable(
                _("The mail could not be sent just now. Try again in a few minutes; nothing you typed is lost.")
            ) from error


def _write_down(event: str):
    def heard(sender, request: HttpRequest, user: Person, **_more) -> None:
        actor = dataclasses.replace(actor_of(request, person=user), scopes=None)
        actions.account_event(actor, person=user, event=event)

    return heard


# Kept in a list: Django's signals hold their receivers weakly.
_receivers = [
    receiver(signal)(_write_down(event))
    for signal, event in (
        (signals.user_signed_up, "signed up"),
        (signals.user_logged_in, "signed in"),
        (signals.password_changed, "changed the password"),
        (signals.password_set, "set a password"),
        (signals.password_reset, "reset the password"),
    )
]


@receiver(signals.email_confirmed)
def _confirmed(sender, request: HttpRequest, email_address, **_more) -> None:
    person = email_address.user
    actions.account_event(actor_of(request, person=person), person=person, event=f"confirmed {email_address.email}")


@receiver(signals.email_changed)
def _changed(sender, request: HttpRequest, user: Person, from_email_address, to_email_address, **_more) -> None:
    if from_email_address is None:  # a first address is confirmed, not changed
        return
    event = f"changed the address to {to_email_address.email}"
    actions.account_event(actor_of(request, person=user), person=user, event=event)
