"""iAM Smart's four call-backs, and the page that waits for somebody's app.

The first is a browser that comes back with a code; the others are posted by iAM Smart itself, later, each to its own
address. What a call-back brings is believed because it carries the state that we gave to iAM Smart alone.
"""

from __future__ import annotations

import json
import logging

from allauth.account.internal.flows.login import record_authentication
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.helpers import complete_social_login, render_authentication_error
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.base import AuthError
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from aisc.core import access
from aisc.core.actions import system
from aisc.core.errors import AiscError, NotFound
from aisc.people import actions, iam_smart
from aisc.people.iam_smart import requests
from aisc.people.iam_smart.client import Refused, smart
from aisc.people.iam_smart.protocol import SUCCESS, Garbled
from aisc.people.models import IamSmartRequest

log = logging.getLogger("aisc.people")

_MOST_BYTES = 1_000_000
_NAMES = {"profile": "profile", "signing": "signing", "step-up": "step_up"}


@require_GET
def callback(request: HttpRequest) -> HttpResponse:
    """Authentication: the browser comes back from the QR page with a code and our state."""
    try:
        provider = get_adapter().get_provider(request, iam_smart.SLUG)
    except SocialApp.DoesNotExist as error:
        raise Http404 from error
    try:
        state = provider.unstash_redirect_state(request, request.GET.get("state", ""))
    except PermissionDenied:
        return render_authentication_error(request, provider, extra_context={"reason": "a state that is not ours"})
    if not (code := request.GET.get("code", "")):
        return render_authentication_error(request, provider, error=AuthError.CANCELLED)
    try:
        token = smart().token(code)
    except (Refused, Garbled) as error:
        return render_authentication_error(request, provider, exception=error)
    login = provider.sociallogin_from_response(request, token)
    login.state = state
    response = complete_social_login(request, login)
    requests.keep_token(request, token)
    return response


@csrf_exempt
@require_POST
def answered(request: HttpRequest, kind: str) -> JsonResponse:
    """Profile, signing, step-up: iAM Smart posts the answer of somebody's app."""
    if kind not in _NAMES or not iam_smart.configured():
        raise Http404
    try:
        if int(request.headers.get("Content-Length") or 0) > _MOST_BYTES:
            raise Garbled("too long")
        body = json.loads(request.body)
        content = smart().read_call_back(body)
        actions.answer_iam_smart(
            system("iAM Smart"),
            kind=_NAMES[kind],
            business_id=str(content.get("businessID", "")),
            state=str(content.get("state", "")),
            agreed=_agreed(kind, body, content),
            content={key: value for key, value in content.items() if key not in {"state", "businessID"}},
        )
    except (Garbled, ValueError, AttributeError, NotFound) as error:
        log.warning("request %s: a call-back of iAM Smart was refused: %s", request.id, error)
        return JsonResponse({"code": "E40000", "message": "refused"}, status=400)
    return JsonResponse({"txID": body.get("txID", ""), "code": SUCCESS, "message": "SUCCESS"})


def _agreed(kind: str, body: dict, content: dict) -> bool:
    """Whether the person agreed: the code says so, and for a step-up the content as well."""
    if body.get("code", SUCCESS) != SUCCESS:
        return False
    return kind != "step-up" or str(content.get("isPassed", "")).lower() in {"true", "1"}


@never_cache
@require_GET
def waiting(request: HttpRequest, business_id: str) -> HttpResponse:
    """Waits for the app; asks again by itself every few seconds. What it answered is used here, once."""
    access.require(request.actor, "people.view_account")
    asked = IamSmartRequest.objects.filter(
        business_id=business_id, person=request.actor.person, session_key=request.session.session_key
    ).first()
    if asked is None:
        raise NotFound
    if asked.answered_at is None:
        return render(request, "people/iam_smart_waiting.html", {"asked": asked})
    asked.delete()
    if not asked.agreed:
        messages.error(request, _("iAM Smart says that you did not agree. Nothing was changed."))
        return redirect("people:account")
    if asked.kind == IamSmartRequest.Kind.STEP_UP:
        record_authentication(request, request.user, "socialaccount", provider=iam_smart.SLUG, reauthenticated=True)
        return redirect("people:go_on")
    if asked.kind == IamSmartRequest.Kind.PROFILE:
        request.session["aisc_suggested_name"] = _name(requests.answer_of(asked))
    return redirect("people:account")


@require_POST
def fill_in(request: HttpRequest) -> HttpResponse:
    """Ask the app for the person's name, for the form on the account page."""
    access.require(request.actor, "people.update_account")
    token = requests.token_of(request) if iam_smart.configured() else None
    if token is None:
        messages.error(request, _("Sign in with iAM Smart first; then it can fill in your name."))
        return redirect("people:account")
    try:
        asked = requests.ask_profile(request, token)
    except (Refused, Garbled, AiscError) as error:
        log.warning("request %s: iAM Smart: %s", request.id, error)
        messages.error(request, _("iAM Smart does not answer at the moment. Write your name yourself."))
        return redirect("people:account")
    return redirect("people:iam_smart_waiting", asked.business_id)


def _name(answer: dict) -> str:
    """The Chinese name if there is one, else the English one, as one line."""

    def text(value) -> str:
        if isinstance(value, dict):
            return str(value.get("ChineseName") or value.get("UnstructuredName") or "")
        return str(value or "")

    return (text(answer.get("chName")) or text(answer.get("enName"))).strip()[:150]
