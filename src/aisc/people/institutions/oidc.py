"""OpenID Connect: the code flow with PKCE; the ID token is always verified, also when it came straight by TLS."""

from __future__ import annotations

import time

from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.internal import jwtkit
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_GET

# How old the provider may say a sign-in is that was asked for just now.
JUST_NOW_S = 120
# Never "none", and never a shared secret: a client secret is not a key to tell who signed a token.
ALGORITHMS = {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}


class Oidc(OpenIDConnectProvider):
    """One OpenID provider."""

    id = "oidc"
    name = "OpenID Connect"
    package = "aisc.people.institutions"  # whose urls django-allauth puts below accounts/
    pkce_enabled_default = True

    @property
    def server_url(self) -> str:
        return self.wk_server_url(self.app.settings["issuer"])

    def get_callback_url(self) -> str:
        return reverse("oidc_callback", args=[self.app.provider_id])

    def get_oauth2_adapter(self, request: HttpRequest) -> OidcAdapter:
        return OidcAdapter(request, self.app.provider_id)

    def serialize(self) -> dict[str, str]:
        return {"id": self.app.provider_id, "app.client_id": self.app.client_id}

    def go(self, request: HttpRequest, *, process: str, next_url: str, confirm: bool = False) -> HttpResponse:
        """Send the browser to the provider; ``confirm`` asks it to have its person sign in again.

        Raises OSError when the provider does not answer.
        """
        again = {"prompt": "login", "max_age": "0"} if confirm else {}
        return self.redirect(request, process, next_url, {"confirm": confirm}, auth_params=again)

    def signed_in_just_now(self, login: SocialLogin) -> bool:
        """Whether the ID token says that its person signed in just now, not from an older session there."""
        at = login.account.extra_data.get("id_token", {}).get("auth_time")
        return isinstance(at, int) and time.time() - at <= JUST_NOW_S


class OidcAdapter(OpenIDConnectOAuth2Adapter):
    def get_provider(self) -> Oidc:
        from allauth.socialaccount.adapter import get_adapter

        return get_adapter().get_provider(self.request, self.provider_id)

    @property
    def openid_config(self) -> dict:
        """What the provider publishes about itself. Raises OAuth2Error when it is another one than was connected."""
        found = super().openid_config
        if found.get("issuer", "").rstrip("/") != self.get_provider().app.settings["issuer"]:
            raise OAuth2Error(f"the issuer calls itself {found.get('issuer')}")
        return found

    def get_callback_url(self, request: HttpRequest, app) -> str:
        return settings.PUBLIC_URL.rstrip("/") + self.get_provider().get_callback_url()

    def complete_login(self, request: HttpRequest, app, token, **kwargs) -> SocialLogin:
        if not kwargs["response"].get("id_token"):
            raise OAuth2Error("no ID token")
        login = super().complete_login(request, app, token, **kwargs)
        said = login.account.extra_data
        # The answer of the userinfo endpoint is about the same person only when it says so (OIDC Core 5.3.2).
        if said.get("userinfo", {}).get("sub") != said["id_token"].get("sub"):
            raise OAuth2Error("userinfo and ID token are about different people")
        return login

    def _decode_id_token(self, app, id_token: str) -> dict:
        def key_of(keys: dict, kid: str):
            return jwtkit.lookup_kid_jwk(
                {"keys": [key for key in keys["keys"] if key.get("alg", "RS256") in ALGORITHMS and "kid" in key]}, kid
            )

        try:
            return jwtkit.verify_and_decode(
                credential=id_token,
                keys_url=self.openid_config["jwks_uri"],
                issuer=self.openid_config["issuer"],
                audience=app.client_id,
                lookup_kid=key_of,
            )
        except KeyError as error:
            raise OAuth2Error(f"the ID token lacks {error}") from error


@require_GET
def callback(request: HttpRequest, slug: str) -> HttpResponse:
    """Where the provider sends the browser back to."""
    from allauth.socialaccount.models import SocialApp

    adapter = OidcAdapter(request, slug)
    try:
        provider = adapter.get_provider()
    except SocialApp.DoesNotExist as error:
        raise Http404 from error
    try:
        return OAuth2CallbackView.adapter_view(adapter)(request)
    except (KeyError, TypeError, ValueError) as error:
        # An answer that is no answer of this protocol: wrong types, missing parts.
        return render_authentication_error(request, provider, exception=error)
