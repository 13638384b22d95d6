"""Who is in an organisation or a project: the same table and buttons for both."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from aisc.core import access, clock
from aisc.core.errors import NotFound, SignInNeeded
from aisc.core.forms import attempt
from aisc.core.paging import page_of
from aisc.people import actions, queries
from aisc.people.actions.members import roles_given_by
from aisc.people.forms_organisations import FacilitatorForm, LeavingForm
from aisc.people.models import Membership, Organisation, Project
from aisc.people.views.common import carry_out, typed


def members_context(request: HttpRequest, place: Organisation | Project) -> dict[str, Any]:
    """What ``people/members.html`` needs: the members, and which roles the reader may give and take."""
    context = {"may_invite": access.may(request.actor, "people.view_invitations", place)}
    if context["may_invite"]:
        context |= {
            "invitations": queries.invitations_shown(place),
            "join_requests": [] if isinstance(place, Project) else queries.join_requests_of(place)[:100],
            "now": clock.now(),
        }
    return context | {
        "members": page_of(request, queries.members_of(place), param="people"),
        "roles_given": roles_given_by(request.actor, place),
        "place": place,
        "in_project": isinstance(place, Project),
    }


@require_POST
def change_role(request: HttpRequest, membership_id: int) -> HttpResponse:
    membership, place = _membership(request, membership_id)
    done = _("The role of %(person)s is changed.") % {"person": membership.person}
    role = request.POST.get("role", "")
    carry_out(request, done, actions.change_role, membership=membership, role=role)
    return redirect(place)


@require_http_methods(["GET", "POST"])
def remove_member(request: HttpRequest, membership_id: int) -> HttpResponse:
    """What will happen when this role ends, who takes over, and ending it."""
    membership, place = _membership(request, membership_id)
    access.require(request.actor, "people.view_departure", membership)
    found = actions.departure(request.actor, membership)
    leaving = membership.person == request.actor.person
    form = LeavingForm(typed(request), successors=found.successors, jobs=found.jobs_under_way)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        done, _gone = attempt(
            form,
            actions.remove_member,
            request.actor,
            membership=membership,
            successor=values.get("successor"),
            cancel_jobs=values.get("jobs") == "end",
        )
        if done:
            words = {"person": membership.person, "place": place}
            left, removed = _("You have left “%(place)s”."), _("%(person)s no longer belongs to “%(place)s”.")
            messages.success(request, (left if leaving else removed) % words)
            return redirect("portal:home") if leaving else redirect(place)
    words = {"person": membership.person, "place": place}
    context = {
        "form": form,
        "leaving": leaving,
        "departure": found,
        "membership": membership,
        "place": place,
        "page_title": (_("Leave “%(place)s”") if leaving else _("Remove %(person)s from “%(place)s”")) % words,
        "back_url": place.get_absolute_url(),
    }
    return render(request, "people/leaving.html", context)


@require_http_methods(["GET", "POST"])
def let_in_facilitator(request: HttpRequest, uid: str) -> HttpResponse:
    """Let somebody read the project for a while, for administrators."""
    project = queries.project(request.actor, uid)
    access.require(request.actor, "people.let_in_facilitator", project)
    form = FacilitatorForm(typed(request))
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        person = queries.person_with_address(values.pop("email").strip().lower())
        if person is None:
            form.add_error("email", _("Nobody has confirmed this address here. Ask them to sign up first."))
        else:
            done, made = attempt(
                form, actions.let_in_facilitator, request.actor, project=project, person=person, **values
            )
            if done:
                messages.success(request, _("%(person)s can read the project now.") % {"person": made.person})
                return redirect(project)
    context = {
        "form": form,
        "page_title": _("Let a facilitator into %(place)s") % {"place": project},
        "back_url": project.get_absolute_url(),
    }
    return render(request, "people/facilitator_form.html", context)


@require_POST
def end_facilitation(request: HttpRequest, membership_id: int) -> HttpResponse:
    _signed_in(request)
    rows = Membership.objects.select_related("person", "organisation", "project__organisation")
    found = rows.filter(pk=membership_id, role=Membership.Role.FACILITATOR).first()
    if found is None:
        raise NotFound
    access.require(request.actor, "people.end_facilitation", found)
    done = _("%(person)s can no longer read the project.") % {"person": found.person}
    carry_out(request, done, actions.end_facilitation, membership=found)
    return redirect("portal:home") if found.person == request.actor.person else redirect(found.project)


def _membership(request: HttpRequest, membership_id: int) -> tuple[Membership, Organisation | Project]:
    """A membership that the reader may see. Raises SignInNeeded, NotFound."""
    _signed_in(request)
    rows = Membership.objects.select_related("person", "organisation", "project__organisation")
    found = rows.filter(pk=membership_id).first()
    if found is None:
        raise NotFound
    access.require(request.actor, "people.view_membership", found)
    return found, found.project or found.organisation


def _signed_in(request: HttpRequest) -> None:
    # Before anything is looked for: whether it exists is nobody's business who is not signed in.
    if request.actor.person is None:
        raise SignInNeeded
