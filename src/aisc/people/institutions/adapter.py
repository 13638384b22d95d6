"""Whose word is taken for what when somebody comes from an institution."""

from __future__ import annotations

import logging

from allauth.account.internal.flows.login import record_authentication
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin
from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from aisc.people import iam_smart, queries, ways_in
from aisc.people.institutions.configuration import app_of
from aisc.people.models import Institution, Person

log = logging.getLogger("aisc.people")

WAITING = "aisc_link_after_sign_in"


class InstitutionAdapter(DefaultSocialAccountAdapter):
    """Named by ``settings.SOCIALACCOUNT_ADAPTER``."""

    def list_apps(self, request: HttpRequest, provider=None, client_id=None) -> list[SocialApp]:
        """The active institutions; ``provider`` is a protocol or an institution's short name."""
        rows = Institution.objects.filter(active=True)
        if provider:
            rows = rows.filter(Q(slug=provider) | Q(kind=provider))
        apps = [app_of(row) for row in rows]
        if (smart := iam_smart.app()) and provider in (None, smart.provider_id, smart.provider):
            apps.append(smart)
        return [app for app in apps if client_id is None or app.client_id == client_id]

    def new_user(self, request: HttpRequest, sociallogin: SocialLogin) -> Person:
        return Person()

    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: dict) -> Person:
        """Suggest a name and an address for the sign-up form; its reader decides."""
        person = sociallogin.user
        both = f"{data.get('first_name') or ''} {data.get('last_name') or ''}"
        person.name = str(data.get("name") or both).strip()[:150]
        person.email = (data.get("email") or "").lower()
        return person

    def get_signup_form_initial_data(self, sociallogin: SocialLogin) -> dict:
        return {"email": sociallogin.user.email, "name": sociallogin.user.name}

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Decide what is believed, before anything else is done with who came.

        An address counts as confirmed only when the provider says so and the operator trusts it for that domain.
        An address that has an account here never signs in to it: its owner signs in first, and then links.
        """
        domains = sociallogin.provider.app.settings.get("domains", [])
        sociallogin.email_addresses = [
            address
            for address in sociallogin.email_addresses
            if address.verified and address.email.partition("@")[2].lower() in domains
        ]
        for address in sociallogin.email_addresses:
            address.email = address.email.lower()
        if (sociallogin.state.get("data") or {}).get("confirm"):
            self._confirm(request, sociallogin)
        elif sociallogin.state.get("process") == "login" and not sociallogin.is_existing:
            self._link_first(request, sociallogin)

    def _confirm(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """The institution was asked to have its person sign in again, to confirm who sits there."""
        mine = sociallogin.is_existing and sociallogin.user == request.user
        if not mine or not sociallogin.provider.signed_in_just_now(sociallogin):
            messages.error(request, _("This did not confirm that it is you. Sign in there again, as the same person."))
            raise ImmediateHttpResponse(redirect("people:confirm"))
        record_authentication(
            request,
            request.user,
            "socialaccount",
            provider=sociallogin.account.provider,
            uid=sociallogin.account.uid,
            reauthenticated=True,
        )

    def _link_first(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        for address in sociallogin.email_addresses:
            if queries.person_with_address(address.email):
                request.session[WAITING] = sociallogin.serialize()
                raise ImmediateHttpResponse(redirect("people:link_first"))

    def validate_disconnect(self, account: SocialAccount, accounts) -> None:
        if not ways_in.remain(account.user, without_account=account.pk):
            raise self.validation_error("no_password")

    def on_authentication_error(self, request, provider, error=None, exception=None, extra_context=None) -> None:
        """Leave the reason for the operator; the page tells people only what they can do about it."""
        reason = (extra_context or {}).get("reason") or exception or error
        log.warning(
            "request %s: sign-in through %s refused: %s", request.id, getattr(provider.app, "provider_id", "?"), reason
        )
