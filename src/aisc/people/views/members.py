"""Who is in an organisation or a project: the same table and buttons for both."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from aisc.core import access
from aisc.core.errors import NotFound
from aisc.core.forms import attempt
from aisc.people import actions, queries
from aisc.people.actions.members import roles_given_by
from aisc.people.forms import MemberForm
from aisc.people.models import Membership, Organisation, Project
from aisc.people.views.common import carry_out, page_of, typed


def members_context(request: HttpRequest, place: Organisation | Project) -> dict[str, Any]:
    """What ``people/members.html`` needs: the members, and which roles the reader may give and take."""
    return {
        "members": page_of(request, queries.members_of(place), "people"),
        "roles_given": roles_given_by(request.actor, place),
        "place": place,
        "in_project": isinstance(place, Project),
    }


@require_http_methods(["GET", "POST"])
def add_organisation_member(request: HttpRequest, uid: str) -> HttpResponse:
    return _add(request, queries.organisation(request.actor, uid))


@require_http_methods(["GET", "POST"])
def add_project_member(request: HttpRequest, uid: str) -> HttpResponse:
    return _add(request, queries.project(request.actor, uid))


def _add(request: HttpRequest, place: Organisation | Project) -> HttpResponse:
    access.require(request.actor, "people.add_member", place)
    form = MemberForm(typed(request), roles=roles_given_by(request.actor, place))
    if request.method == "POST" and form.is_valid():
        where = {"project": place} if isinstance(place, Project) else {"organisation": place}
        done, added = attempt(form, actions.add_member, request.actor, **where, **form.cleaned_data)
        if done:
            words = {"person": added.person, "role": added.get_role_display()}
            messages.success(request, _("%(person)s is now %(role)s.") % words)
            return redirect(place)
    context = {
        "form": form,
        "place": place,
        "in_project": isinstance(place, Project),
        "page_title": _("Add somebody to %(place)s") % {"place": place},
        "back_url": place.get_absolute_url(),
    }
    return render(request, "people/member_form.html", context)


@require_POST
def change_role(request: HttpRequest, membership_id: int) -> HttpResponse:
    membership, place = _membership(request, membership_id)
    done = _("The role of %(person)s is changed.") % {"person": membership.person}
    role = request.POST.get("role", "")
    carry_out(request, done, actions.change_role, membership=membership, role=role)
    return redirect(place)


@require_POST
def remove_member(request: HttpRequest, membership_id: int) -> HttpResponse:
    membership, place = _membership(request, membership_id)
    leaving = membership.person == request.actor.person
    done = (_("You have left “%(place)s”.") if leaving else _("%(person)s no longer belongs to “%(place)s”.")) % {
        "person": membership.person,
        "place": place,
    }
    removed = carry_out(request, done, actions.remove_member, membership=membership)
    return redirect("portal:home") if removed and leaving else redirect(place)


def _membership(request: HttpRequest, membership_id: int) -> tuple[Membership, Organisation | Project]:
    """A membership that the reader may see. Raises NotFound."""
    rows = Membership.objects.select_related("person", "organisation", "project__organisation")
    found = rows.filter(pk=membership_id).first()
    if found is None:
        raise NotFound
    access.require(request.actor, "people.view_membership", found)
    return found, found.project or found.organisation
