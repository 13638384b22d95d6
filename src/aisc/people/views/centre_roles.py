"""Roles in the centre: seen by administrators and auditors, given by administrators."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from aisc.core import access
from aisc.core.forms import attempt
from aisc.core.paging import page_of
from aisc.people import actions, queries
from aisc.people.forms import CentreRoleForm
from aisc.people.views.common import carry_out, typed


@require_http_methods(["GET", "POST"])
def centre_roles(request: HttpRequest) -> HttpResponse:
    """Everybody with a role, and a form to give one."""
    access.require(request.actor, "people.view_centre_roles")
    may_grant = access.may(request.actor, "people.grant_centre_role")
    form = CentreRoleForm(typed(request)) if may_grant else None
    if request.method == "POST":
        access.require(request.actor, "people.grant_centre_role")
        if form.is_valid() and _grant(request, form):
            return redirect("people:centre_roles")
    context = {"form": form, "page": page_of(request, queries.centre_roles()), "may_grant": may_grant}
    return render(request, "people/centre_roles.html", context)


def _grant(request: HttpRequest, form: CentreRoleForm) -> bool:
    person = queries.person_with_address(form.cleaned_data["email"].strip().lower())
    if person is None:
        form.add_error("email", _("Nobody has confirmed this address here. Ask them to sign up first."))
        return False
    done, granted = attempt(
        form, actions.grant_centre_role, request.actor, person=person, role=form.cleaned_data["role"]
    )
    if done:
        words = {"person": person, "role": granted.get_role_display()}
        messages.success(request, _("%(person)s is now %(role)s of the centre.") % words)
    return done


@require_POST
def revoke_centre_role(request: HttpRequest) -> HttpResponse:
    """Take the role ``grant`` (``<person uid>:<role>``) away."""
    access.require(request.actor, "people.revoke_centre_role")
    uid, _colon, role = request.POST.get("grant", "").partition(":")
    person = queries.person(uid)
    done = _("%(person)s no longer has this role.") % {"person": person}
    carry_out(request, done, actions.revoke_centre_role, person=person, role=role)
    return redirect("people:centre_roles")
