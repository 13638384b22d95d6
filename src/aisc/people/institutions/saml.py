"""SAML 2.0, Web Browser SSO: our requests are signed; answers must be signed, meant for us, in time, and asked for."""

from __future__ import annotations

import binascii
import re
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.helpers import complete_social_login, render_authentication_error
from allauth.socialaccount.models import SocialApp, SocialLogin
from allauth.socialaccount.providers.base import AuthError
from allauth.socialaccount.providers.saml.provider import SAMLProvider
from allauth.socialaccount.sessions import LoginSession
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST
from lxml import etree
from onelogin.saml2.auth import OneLogin_Saml2_Auth
from onelogin.saml2.constants import OneLogin_Saml2_Constants as Saml
from onelogin.saml2.errors import OneLogin_Saml2_Error, OneLogin_Saml2_ValidationError
from onelogin.saml2.settings import OneLogin_Saml2_Settings

from aisc.core import clock
from aisc.people.institutions.oidc import JUST_NOW_S

# Where institutions write what is needed; the first that is there counts. Names that are given again to others
# (eduPersonPrincipalName, mail) are not in the first list: an account must never pass to another person.
IDENTIFIERS = (
    "urn:oasis:names:tc:SAML:attribute:subject-id",
    "urn:oasis:names:tc:SAML:attribute:pairwise-id",
    "urn:oid:1.3.6.1.4.1.5923.1.1.1.13",  # eduPersonUniqueId
    "http://schemas.microsoft.com/identity/claims/objectidentifier",
)
ADDRESSES = (
    "urn:oid:0.9.2342.19200300.100.1.3",
    "mail",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
)
NAMES = ("urn:oid:2.16.840.1.113730.3.1.241", "displayName", "urn:oid:2.5.4.3", "cn")
GIVEN = ("urn:oid:2.5.4.42", "givenName", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname")
FAMILY = ("urn:oid:2.5.4.4", "sn", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname")
LASTING = {Saml.NAMEID_PERSISTENT, Saml.NAMEID_EMAIL_ADDRESS, Saml.NAMEID_UNSPECIFIED}


class NobodyNamed(ValueError):  # noqa: N818
    """The answer names its person by nothing that lasts."""


class SamlProvider(SAMLProvider):
    """One SAML identity provider."""

    id = "saml"
    package = "aisc.people.iam_smart"  # its addresses stand with those of OIDC

    def serialize(self) -> dict[str, str]:
        return {"id": self.app.provider_id, "app.client_id": self.app.client_id}

    def go(self, request: HttpRequest, *, process: str, next_url: str, confirm: bool = False) -> HttpResponse:
        """Send the browser to the provider; ``confirm`` asks it to have its person sign in again."""
        auth = _auth(self.app)
        where = auth.login(return_to="", force_authn=confirm)
        self.stash_redirect_state(request, process, next_url, {"confirm": confirm}, state_id=auth.get_last_request_id())
        return HttpResponseRedirect(where)

    def signed_in_just_now(self, login: SocialLogin) -> bool:
        """Whether the answer says that its person signed in just now."""
        try:
            at = datetime.fromisoformat(login.account.extra_data.get("authn_instant", ""))
        except ValueError:
            return False
        return (clock.now() - at).total_seconds() <= JUST_NOW_S

    def extract_uid(self, data: OneLogin_Saml2_Auth) -> str:
        """What names the person for good. Raises NobodyNamed."""
        chosen = self.app.settings.get("id_attribute")
        found = _first(data, (chosen,) if chosen else IDENTIFIERS)
        if not found and not chosen and data.get_nameid_format() in LASTING:
            found = data.get_nameid()
        if not found:
            raise NobodyNamed("no attribute, and no lasting NameID, names the person")
        return found

    def extract_common_fields(self, data: OneLogin_Saml2_Auth) -> dict[str, Any]:
        # SAML has no word for “confirmed”: the adapter believes an address of the provider's own domains.
        return {
            "email": _first(data, ADDRESSES),
            "email_verified": True,
            "name": _first(data, NAMES),
            "first_name": _first(data, GIVEN),
            "last_name": _first(data, FAMILY),
        }

    def extract_extra_data(self, data: OneLogin_Saml2_Auth) -> dict[str, Any]:
        """What is kept beside the link: when they signed in there, and the address to show in the list."""
        return {"email": _first(data, ADDRESSES), "authn_instant": _authn_instant(data)}


def _first(data: OneLogin_Saml2_Auth, names: tuple[str, ...]) -> str:
    given = data.get_attributes()
    return next((given[name][0].strip() for name in names if given.get(name) and given[name][0]), "")


def _authn_instant(data: OneLogin_Saml2_Auth) -> str:
    statement = etree.fromstring(data.get_last_response_xml()).find(f".//{{{Saml.NS_SAML}}}AuthnStatement")
    return "" if statement is None else re.sub(r"Z$", "+00:00", statement.get("AuthnInstant", ""))


def _url(name: str, slug: str) -> str:
    return settings.PUBLIC_URL.rstrip("/") + reverse(name, args=[slug])


def _settings(app: SocialApp) -> dict[str, Any]:
    known, slug = app.settings, app.provider_id
    return {
        "strict": True,
        "security": {
            "authnRequestsSigned": True,
            "wantAssertionsSigned": True,
            "wantNameId": False,
            "requestedAuthnContext": False,
            "signatureAlgorithm": Saml.RSA_SHA256,
            "digestAlgorithm": Saml.SHA256,
            "rejectDeprecatedAlgorithm": True,
            "allowRepeatAttributeName": True,
            "allowSingleLabelDomains": True,
        },
        "sp": {
            "entityId": _url("saml_metadata", slug),
            "assertionConsumerService": {"url": _url("saml_acs", slug), "binding": Saml.BINDING_HTTP_POST},
            "NameIDFormat": Saml.NAMEID_PERSISTENT,
            "x509cert": known["certificate"],
            "privateKey": app.secret,
        },
        "idp": {
            "entityId": known["entity_id"],
            "singleSignOnService": {"url": known["sso_url"], "binding": Saml.BINDING_HTTP_REDIRECT},
            "x509certMulti": {"signing": known["certificates"], "encryption": known["certificates"][:1]},
        },
    }


def _auth(app: SocialApp, posted: dict[str, str] | None = None) -> OneLogin_Saml2_Auth:
    # Our own address as the operator set it, not as the request claims it: the answer must be meant for this one.
    at = urlsplit(_url("saml_acs", app.provider_id))
    request = {
        "https": "on" if at.scheme == "https" else "off",
        "http_host": at.netloc,
        "script_name": at.path,
        "get_data": {},
        "post_data": posted or {},
    }
    return OneLogin_Saml2_Auth(request, _settings(app))


def _provider(request: HttpRequest, slug: str) -> SamlProvider:
    try:
        found = get_adapter().get_provider(request, slug)
    except SocialApp.DoesNotExist as error:
        raise Http404 from error
    if not isinstance(found, SamlProvider):
        raise Http404
    return found


@require_GET
def metadata(request: HttpRequest, slug: str) -> HttpResponse:
    """Our side, for the institution's configuration."""
    ours = OneLogin_Saml2_Settings(_settings(_provider(request, slug).app), sp_validation_only=True)
    return HttpResponse(ours.get_sp_metadata(), content_type="application/samlmetadata+xml")


@csrf_exempt
@require_POST
def acs(request: HttpRequest, slug: str) -> HttpResponse:
    """Where the provider's page posts its answer. The browser keeps our session back from such a post, so that the
    answer is laid aside under a cookie of its own and read on the next page, which gets both."""
    _provider(request, slug)
    response = HttpResponseRedirect(reverse("saml_finish_acs", args=[slug]))
    aside = LoginSession(request, "saml_acs_session", "saml-acs-session")
    aside.store.update({"answer": request.POST.get("SAMLResponse", "")[: settings.DATA_UPLOAD_MAX_MEMORY_SIZE]})
    aside.save(response)
    return response


@require_GET
def finish(request: HttpRequest, slug: str) -> HttpResponse:
    """Check the answer and go on with it."""
    provider = _provider(request, slug)
    aside = LoginSession(request, "saml_acs_session", "saml-acs-session")
    answer = aside.store.get("answer", "")
    aside.delete()
    auth = _auth(provider.app, {"SAMLResponse": answer})
    try:
        auth.process_response()
        if auth.get_errors():
            return _refuse(request, provider, auth.get_last_error_reason() or ", ".join(auth.get_errors()))
        # The request that it answers must have been made by this browser, of this institution, and not yet answered.
        state = provider.unstash_redirect_state(request, auth.get_last_response_in_response_to())
        login = provider.sociallogin_from_response(request, auth)
    except PermissionDenied:
        return _refuse(request, provider, "nobody here asked for this answer, or it was used already")
    except (OneLogin_Saml2_Error, OneLogin_Saml2_ValidationError, NobodyNamed, binascii.Error, etree.Error) as error:
        return _refuse(request, provider, str(error))
    login.state = state
    return complete_social_login(request, login)


def _refuse(request: HttpRequest, provider: SamlProvider, reason: str) -> HttpResponse:
    return render_authentication_error(request, provider, error=AuthError.DENIED, extra_context={"reason": reason})
