"""How django-allauth behaves here: language kept per person, mail in our words, an audit row for each event.

What it calls reauthentication is our step-up (``core.step_up``): one clock, one page that leads back.
"""

from __future__ import annotations

import dataclasses
import logging

from allauth.account import signals
from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa import signals as mfa_signals
from allauth.socialaccount import signals as social_signals
from django.contrib import messages
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from aisc.core import step_up
from aisc.core.errors import StepUpNeeded, Unavailable
from aisc.core.middleware import actor_of
from aisc.people import actions, domains, second_factor, sessions
from aisc.people.models import Person
from aisc.people.notices import centre_name

log = logging.getLogger("aisc.people")


class AccountAdapter(DefaultAccountAdapter):
    """Named by ``settings.ACCOUNT_ADAPTER``."""

    def post_login(self, request, user, **options) -> HttpResponse:
        """After signing in, pages are in the language that the person chose."""
        from aisc.people.views.common import keep_language

        if second_factor.roles_without_factor(user):
            messages.warning(
                request,
                _("Your role in the centre counts only once you have set up a second factor: an app or a passkey."),
            )
            options["redirect_url"] = reverse("people:ways_in")
        response = super().post_login(request, user, **options)
        return keep_language(response, user.language) if user.language else response

    def is_reauthentication_required(self, *, app: str, **kwargs) -> bool:
        """Never allauth's own way: a stale session goes to our page, which also knows institutions and comes back."""
        if step_up.is_stale(self.request):
            raise StepUpNeeded
        return False

    def get_reauthentication_methods(self, user) -> list[dict]:
        """Ways to confirm who one is: password, authenticator app, passkey (institutions: ``views.step_up``)."""
        words = {
            "reauthenticate": _("Use your password"),
            "mfa_reauthenticate": _("Use your authenticator app or a recovery code"),
            "mfa_reauthenticate:webauthn": _("Use a passkey"),
        }
        methods = super().get_reauthentication_methods(user)
        return [method | {"description": words[method["id"]]} for method in methods]

    def send_mail(self, template_prefix: str, email: str, context: dict) -> None:
        """Raises Unavailable, shown as a page, when the mail server is away."""
        try:
            super().send_mail(template_prefix, email, {"centre": centre_name()} | context)
        except OSError as error:
            log.error("mail %s could not be sent: %s", template_prefix, error)
            raise Unavailable(
                _("The mail could not be sent just now. Try again in a few minutes; nothing you typed is lost.")
            ) from error


@receiver(user_logged_in)
def _proved(sender, request: HttpRequest, user: Person, **_more) -> None:
    """Django's own signal: every way of signing in ends there."""
    if hasattr(request, "session"):
        step_up.stamp(request)
        if request.session.session_key:
            sessions.just_seen(request.session.session_key)


@receiver(signals.authentication_step_completed)
def _proved_again(sender, request: HttpRequest, user: Person, reauthenticated: bool = False, **_more) -> None:
    # Steps on the way to a session that is not there yet are not proof enough; user_logged_in will say so.
    if reauthenticated and request.user == user:
        step_up.stamp(request)


@receiver(signals.user_logged_in)
def _join(sender, request: HttpRequest, user: Person, sociallogin=None, **_more) -> None:
    domains.join_what_is_due(user, institution=sociallogin.account.provider if sociallogin else "")


def _whole(user) -> Person:
    """The person itself, where Django hands on the lazy object of the request."""
    return getattr(user, "_wrapped", user)


def _write_down(event: str):
    def heard(sender, request: HttpRequest, user: Person, **_more) -> None:
        user = _whole(user)
        actor = dataclasses.replace(actor_of(request, person=user), scopes=None)
        actions.account_event(actor, person=user, event=event)
        if event in _ENDS_OTHER_SESSIONS:
            sessions.end_all(user, but=request.session.session_key or "")

    return heard


_ENDS_OTHER_SESSIONS = {"changed the password", "set a password", "reset the password"}


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


@receiver(mfa_signals.authenticator_added)
@receiver(mfa_signals.authenticator_removed)
@receiver(mfa_signals.authenticator_reset)
def _factor(sender, request: HttpRequest, user: Person, authenticator, signal, **_more) -> None:
    done = {
        mfa_signals.authenticator_added: "added",
        mfa_signals.authenticator_removed: "removed",
        mfa_signals.authenticator_reset: "renewed",
    }[signal]
    person = _whole(user)
    actions.account_event(actor_of(request, person=person), person=person, event=f"{done} {authenticator.type}")


@receiver(social_signals.social_account_added)
def _linked(sender, request: HttpRequest, sociallogin, **_more) -> None:
    person = _whole(sociallogin.user)
    event = f"linked {sociallogin.account.provider}"
    actions.account_event(actor_of(request, person=person), person=person, event=event)


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
