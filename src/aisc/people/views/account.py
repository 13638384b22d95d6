"""One's own account: name and language, API tokens, notices."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.i18n import set_language as django_set_language

from aisc.core import access, clock
from aisc.core.errors import NotFound
from aisc.core.forms import attempt
from aisc.core.language import joined
from aisc.core.paging import page_of
from aisc.people import actions, iam_smart, queries
from aisc.people.access import SCOPES
from aisc.people.forms import AccountForm, TokenForm
from aisc.people.models import Notice
from aisc.people.notices import mark_read
from aisc.people.texts import receipts
from aisc.people.views.common import carry_out, keep_language, typed


@require_http_methods(["GET", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """Name, language, and where to change address and password."""
    access.require(request.actor, "people.view_account")
    person = request.actor.person
    # A name that iAM Smart gave just now is a suggestion; saving it is the person's own click.
    name = request.session.pop("aisc_suggested_name", "") or person.name
    form = AccountForm(typed(request), initial={"name": name, "language": get_language()})
    if request.method == "POST" and form.is_valid():
        done, _person = attempt(form, actions.update_account, request.actor, **form.cleaned_data)
        if done:
            language = form.cleaned_data["language"]
            with override(language):
                messages.success(request, _("Your account is saved."))
            return keep_language(redirect("people:account"), language)
    roles = queries.roles_of(person)
    accepted = receipts(person=person)[:20]
    context = {
        "form": form,
        "person": person,
        "roles": roles,
        "accepted": accepted,
        "by_iam_smart": iam_smart.configured(),
    }
    return render(request, "people/account.html", context)


def set_language(request: HttpRequest) -> HttpResponse:
    """The language switcher: as Django's, and kept for somebody who is signed in."""
    response = django_set_language(request)
    language = request.POST.get("language", "")
    if request.actor.person is not None and language in dict(settings.LANGUAGES) and request.method == "POST":
        actions.update_account(request.actor, language=language)
    return response


@never_cache
@require_http_methods(["GET", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """One's tokens; a new one's secret is in the answer to the form and in no other."""
    access.require(request.actor, "people.view_tokens")
    form, secret, made = TokenForm(typed(request)), "", None
    if request.method == "POST" and form.is_valid():
        done, result = attempt(form, actions.issue_token, request.actor, **form.cleaned_data)
        if done:
            (made, secret), form = result, TokenForm()
    rows = list(request.actor.person.api_tokens.order_by("-id")[:100])
    now = clock.now()
    for token in rows:
        token.standing = "revoked" if token.revoked_at else "expired" if token.expires_at <= now else "active"
        token.words = joined(SCOPES[scope] for scope in token.scopes if scope in SCOPES)
    states = {"revoked": _("revoked"), "expired": _("expired"), "active": _("active")}
    context = {"form": form, "secret": secret, "made": made, "tokens": rows, "states": states}
    return render(request, "people/tokens.html", context)


@require_POST
def revoke_token(request: HttpRequest, token_id: int) -> HttpResponse:
    access.require(request.actor, "people.view_tokens")
    token = request.actor.person.api_tokens.filter(pk=token_id).first()
    if token is None:
        raise NotFound
    done = _("The token “%(name)s” no longer works.") % {"name": token.name}
    carry_out(request, done, actions.revoke_token, token=token)
    return redirect("people:tokens")


@require_GET
def notices(request: HttpRequest) -> HttpResponse:
    access.require(request.actor, "people.view_notices")
    rows = queries.notices_of(request.actor)
    unread = request.GET.get("show") == "unread"
    context = {
        "page": page_of(request, rows.filter(read_at=None) if unread else rows),
        "only_unread": unread,
        "unread": rows.filter(read_at=None).count(),
    }
    return render(request, "people/notices.html", context)


@require_POST
def read_notices(request: HttpRequest) -> HttpResponse:
    """Mark one notice (``notice``) or all as read."""
    access.require(request.actor, "people.view_notices")
    one = request.POST.get("notice", "")
    mark_read(request.actor.person, int(one) if one.isascii() and one.isdigit() else None)
    return redirect("people:notices")


@require_GET
def open_notice(request: HttpRequest, notice_id: int) -> HttpResponse:
    """Go to what a notice is about; it counts as read from then on."""
    access.require(request.actor, "people.view_notices")
    notice = Notice.objects.filter(pk=notice_id).first()
    if notice is None:
        raise NotFound
    access.require(request.actor, "people.view_notice", notice)
    mark_read(request.actor.person, notice.pk)
    if notice.url and url_has_allowed_host_and_scheme(notice.url, allowed_hosts=None):
        return redirect(notice.url)
    return redirect("people:notices")
