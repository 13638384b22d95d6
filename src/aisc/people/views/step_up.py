"""Confirming that it is you, and going on with what waited for it."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from aisc.core import access, step_up
from aisc.people import queries_sign_in


@never_cache
@require_GET
def confirm(request: HttpRequest) -> HttpResponse:
    """Leads to the one way to confirm, or offers all of them; ``go_on`` comes after each."""
    access.require(request.actor, "people.view_account")
    on = reverse("people:go_on")
    if not step_up.is_stale(request):
        return redirect(on)
    ways = get_adapter(request).get_reauthentication_methods(request.user)
    institutions = queries_sign_in.linked_institutions(request.actor.person)
    if len(ways) == 1 and not institutions:
        return redirect(f"{ways[0]['url']}?{urlencode({'next': on})}")
    context = {"ways": ways, "institutions": institutions, "on": on, "waits": step_up.suspended(request)}
    return render(request, "people/confirm.html", context)


@never_cache
@require_GET
def go_on(request: HttpRequest) -> HttpResponse:
    """After the confirmation: back to the page, or a last look before the kept form is sent.

    The form is sent by the reader's own click, with a new token against forgery: nothing happens twice, and
    nothing without them.
    """
    access.require(request.actor, "people.view_account")
    if step_up.is_stale(request):
        return redirect("people:confirm")
    waits = step_up.suspended(request)
    step_up.forget(request)
    if waits is None:
        return redirect("people:account")
    if waits.fields is None:
        return redirect(waits.back)
    return render(request, "people/go_on.html", {"waits": waits})
