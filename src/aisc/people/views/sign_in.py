"""Signing in through institutions, and one's own ways in: links, passkeys, sessions."""

from __future__ import annotations

import logging

from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal.flows import remove_authenticator
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.internal.flows.connect import connect
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from aisc.core import access
from aisc.core.errors import AiscError, NotFound, StepUpNeeded
from aisc.people import actions, queries_sign_in, second_factor, sessions, ways_in
from aisc.people.institutions.adapter import WAITING
from aisc.people.views.common import carry_out

log = logging.getLogger("aisc.people")


@require_http_methods(["GET", "POST"])
def sign_in_through(request: HttpRequest, slug: str) -> HttpResponse:
    """Go to an institution to sign in there; with ``purpose=confirm`` to sign in there again.

    By a click only (POST): a link that somebody else put somewhere must not start a sign-in.
    """
    if request.method == "GET":
        return redirect("account_login")
    confirm = request.POST.get("purpose") == "confirm" and request.user.is_authenticated
    after = reverse("people:go_on") if confirm else _safe(request, request.POST.get("next", ""))
    return _go(request, slug, process="redirect" if confirm else "login", next_url=after, confirm=confirm)


@require_POST
def link_institution(request: HttpRequest, slug: str) -> HttpResponse:
    """Go to an institution to link the account there with one's account here."""
    access.require(request.actor, "people.view_account")
    if request.actor.stale:
        raise StepUpNeeded
    return _go(request, slug, process="connect", next_url=reverse("people:ways_in"))


def _go(request: HttpRequest, slug: str, *, process: str, next_url: str, confirm: bool = False) -> HttpResponse:
    try:
        provider = get_adapter(request).get_provider(request, slug)
    except SocialApp.DoesNotExist as error:
        raise Http404 from error
    try:
        return provider.go(request, process=process, next_url=next_url, confirm=confirm)
    except (OSError, OAuth2Error, KeyError, ValueError) as error:
        # The provider is away, or answers with something that is not its description.
        return render_authentication_error(request, provider, exception=error)


def _safe(request: HttpRequest, url: str) -> str:
    fits = url_has_allowed_host_and_scheme(url, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return url if fits else ""


@never_cache
@require_GET
def link_first(request: HttpRequest) -> HttpResponse:
    """Somebody came from an institution with an address that has an account: its owner signs in, then links."""
    waiting = _waiting(request)
    if waiting is None:
        return redirect("account_login")
    context = {"institution": waiting.provider.name, "email": waiting.email_addresses[0].email}
    if request.user.is_authenticated:
        return render(request, "people/link.html", context)
    return render(request, "people/link_first.html", context)


@require_POST
def link(request: HttpRequest) -> HttpResponse:
    """Link what waits to the account that is signed in now."""
    access.require(request.actor, "people.view_account")
    waiting = _waiting(request)
    if request.actor.stale:
        raise StepUpNeeded
    request.session.pop(WAITING, None)
    if waiting is None or request.POST.get("answer") != "link":
        return redirect("people:ways_in")
    # Somebody else may have linked it in the meantime; connect() looks and refuses.
    waiting.lookup()
    waiting.state = {"process": "connect", "next": reverse("people:ways_in")}
    return connect(request, waiting)


def _waiting(request: HttpRequest) -> SocialLogin | None:
    kept = request.session.get(WAITING)
    try:
        return SocialLogin.deserialize(kept) if kept else None
    except (ValueError, SocialApp.DoesNotExist):
        return None


@never_cache
@require_GET
def own_ways_in(request: HttpRequest) -> HttpResponse:
    """Password, institutions, authenticator app, passkeys, recovery codes, sessions: all in one place."""
    access.require(request.actor, "people.view_account")
    person = request.actor.person
    linked = queries_sign_in.linked(person)
    taken = {each.slug for each in linked}
    context = {
        "person": person,
        "linked": linked,
        "offered": [each for each in queries_sign_in.offered() if each["slug"] not in taken],
        "missing": second_factor.roles_without_factor(person),
        "passkeys_work": request.get_host().partition(":")[0] not in {"127.0.0.1", "[", "::1"},
        **queries_sign_in.factors(person),
    }
    return render(request, "people/ways_in.html", context)


@require_POST
def unlink_institution(request: HttpRequest, account_id: int) -> HttpResponse:
    access.require(request.actor, "people.view_account")
    account = SocialAccount.objects.filter(pk=account_id, user=request.actor.person).first()
    if account is None:
        raise NotFound
    carry_out(request, _("The link is undone."), actions.unlink_institution, account=account)
    return redirect("people:ways_in")


@require_POST
def remove_passkey(request: HttpRequest, passkey_id: int) -> HttpResponse:
    """Remove a passkey, unless it is the last way in."""
    access.require(request.actor, "people.view_account")
    passkey = Authenticator.objects.filter(
        pk=passkey_id, user=request.actor.person, type=Authenticator.Type.WEBAUTHN
    ).first()
    if passkey is None:
        raise NotFound
    if ways_in.remain(request.actor.person, without_passkey=passkey.pk):
        remove_authenticator(request, passkey)
    else:
        messages.error(request, _("This is your only way to sign in. Set a password first."))
    return redirect("people:ways_in")


@never_cache
@require_GET
def own_sessions(request: HttpRequest) -> HttpResponse:
    """Where one is signed in."""
    access.require(request.actor, "people.view_account")
    rows = sessions.sessions_of(request.actor.person)
    for row in rows:
        row.device = sessions.device(row.user_agent)
        row.here = row.session_key == request.session.session_key
    return render(request, "people/sessions.html", {"sessions": rows, "others": [row for row in rows if not row.here]})


@require_POST
def end_session(request: HttpRequest, session_id: int) -> HttpResponse:
    access.require(request.actor, "people.view_account")
    session = UserSession.objects.filter(pk=session_id, user=request.actor.person).first()
    if session is None:
        raise NotFound
    carry_out(request, _("That device is signed out."), actions.end_session, session=session)
    return redirect("people:sessions")


@require_POST
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    access.require(request.actor, "people.view_account")
    try:
        actions.end_other_sessions(request.actor, session_key=request.session.session_key or "")
    except AiscError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("You are signed out everywhere else."))
    return redirect("people:sessions")
