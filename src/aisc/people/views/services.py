"""Service accounts of an organisation or a project, and their tokens."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from aisc.core import access, clock
from aisc.core.errors import NotFound
from aisc.core.forms import attempt
from aisc.core.language import joined
from aisc.core.paging import page_of
from aisc.people import actions, queries
from aisc.people.access import SCOPES
from aisc.people.actions.members import roles_given_by
from aisc.people.forms_organisations import ServiceForm, ServiceTokenForm
from aisc.people.models import Organisation, Project, ServiceAccount
from aisc.people.views.common import carry_out, typed


@require_http_methods(["GET", "POST"])
def organisation_services(request: HttpRequest, uid: str) -> HttpResponse:
    return _services(request, queries.organisation(request.actor, uid))


@require_http_methods(["GET", "POST"])
def project_services(request: HttpRequest, uid: str) -> HttpResponse:
    return _services(request, queries.project(request.actor, uid))


def _services(request: HttpRequest, place: Organisation | Project) -> HttpResponse:
    access.require(request.actor, "people.view_service_accounts", place)
    form = ServiceForm(typed(request), roles=roles_given_by(request.actor, place))
    if request.method == "POST":
        access.require(request.actor, "people.make_service_account", place)
        if form.is_valid():
            done, made = attempt(form, actions.make_service_account, request.actor, place=place, **form.cleaned_data)
            if done:
                messages.success(request, _("The service account “%(name)s” is there.") % {"name": made})
                return redirect("people:service", uid=made.person.uid)
    context = {
        "place": place,
        "form": form,
        "page": page_of(request, queries.service_accounts_of(place)),
        "crumbs": _crumbs(place, _("Service accounts")),
    }
    return render(request, "people/services.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
def service(request: HttpRequest, uid: str) -> HttpResponse:
    """One account with its tokens; a new one's secret is in the answer to the form and in no other."""
    account = queries.service_account(request.actor, uid)
    form, secret, made = ServiceTokenForm(typed(request)), "", None
    if request.method == "POST":
        access.require(request.actor, "people.issue_service_token", account)
        if form.is_valid():
            done, result = attempt(
                form, actions.issue_service_token, request.actor, account=account, **form.cleaned_data
            )
            if done:
                (made, secret), form = result, ServiceTokenForm()
    rows = list(account.person.api_tokens.select_related("issued_by").order_by("-id")[:100])
    now = clock.now()
    for token in rows:
        token.standing = "revoked" if token.revoked_at else "expired" if token.expires_at <= now else "active"
        token.words = joined(SCOPES[scope] for scope in token.scopes if scope in SCOPES)
    role = account.person.memberships.first()
    context = {
        "account": account,
        "role": role,
        "form": form,
        "secret": secret,
        "made": made,
        "tokens": rows,
        "states": {"revoked": _("revoked"), "expired": _("expired"), "active": _("active")},
        "crumbs": _crumbs(account.place, str(account)),
    }
    return render(request, "people/service.html", context)


@require_POST
def revoke_service_token(request: HttpRequest, uid: str, token_id: int) -> HttpResponse:
    account = queries.service_account(request.actor, uid)
    token = account.person.api_tokens.filter(pk=token_id).first()
    if token is None:
        raise NotFound
    done = _("The token “%(name)s” no longer works.") % {"name": token.name}
    carry_out(request, done, actions.revoke_service_token, account=account, token=token)
    return redirect("people:service", uid=uid)


@require_POST
def close_service(request: HttpRequest, uid: str) -> HttpResponse:
    account: ServiceAccount = queries.service_account(request.actor, uid)
    done = _("The service account “%(name)s” is closed. Its tokens no longer work.") % {"name": account}
    carry_out(request, done, actions.close_service_account, account=account)
    return redirect("people:project_services" if account.project else "people:organisation_services", account.place.uid)


def _crumbs(place: Organisation | Project, here: str) -> list[dict[str, str]]:
    return [{"label": str(place), "url": place.get_absolute_url()}, {"label": here}]
