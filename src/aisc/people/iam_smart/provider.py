"""Signing in with iAM Smart, as one more of django-allauth's providers."""

from __future__ import annotations

from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.base import Provider, ProviderAccount
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from aisc.people.iam_smart import requests
from aisc.people.iam_smart.client import Token, smart


class IamSmart(Provider):
    """Names people by the tokenised ID: iAM Smart gives each service another one, so it tells nothing elsewhere."""

    id = "iam_smart"
    package = "aisc.people.iam_smart"
    account_class = ProviderAccount
    supports_redirect = True

    def __init__(self, request: HttpRequest, app=None):
        super().__init__(request, app)
        self.name = _("iAM Smart")

    def serialize(self) -> dict[str, str]:
        return {"id": self.app.provider_id, "app.client_id": self.app.client_id}

    def get_login_url(self, request: HttpRequest, **kwargs) -> str:
        return reverse("people:sign_in_through", args=[self.app.provider_id])

    def go(self, request: HttpRequest, *, process: str, next_url: str, confirm: bool = False) -> HttpResponse:
        """To the QR code. To confirm who one is, the app that signed this session in is asked instead, if one did."""
        if confirm and (token := requests.token_of(request)):
            asked = requests.start(request, token, "step_up")
            return redirect("people:iam_smart_waiting", asked.business_id)
        state = self.stash_redirect_state(request, process, next_url, {"confirm": confirm})
        where = smart().qr_url(
            redirect_uri=settings.PUBLIC_URL.rstrip("/") + reverse("people:iam_smart_callback"),
            state=state,
            language=get_language() or "en",
            phone="Mobile" in request.headers.get("User-Agent", ""),
        )
        return HttpResponseRedirect(where)

    def signed_in_just_now(self, login: SocialLogin) -> bool:
        """Always: every code comes from the person's app, unlocked for it."""
        return True

    def extract_uid(self, data: Token) -> str:
        return data.open_id

    def extract_extra_data(self, data: Token) -> dict:
        return {}
