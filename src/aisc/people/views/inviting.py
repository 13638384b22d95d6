"""Invitations, offers of ownership, and requests to join."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from aisc.core import access
from aisc.core.errors import NotFound
from aisc.core.forms import attempt
from aisc.people import actions, queries
from aisc.people.actions.members import roles_given_by
from aisc.people.forms_organisations import InvitationForm, JoinForm, OwnershipForm
from aisc.people.models import Invitation, JoinRequest, Organisation, Project
from aisc.people.views.common import carry_out, typed


@require_http_methods(["GET", "POST"])
def invite_to_organisation(request: HttpRequest, uid: str) -> HttpResponse:
    return _invite(request, queries.organisation(request.actor, uid))


@require_http_methods(["GET", "POST"])
def invite_to_project(request: HttpRequest, uid: str) -> HttpResponse:
    return _invite(request, queries.project(request.actor, uid))


def _invite(request: HttpRequest, place: Organisation | Project) -> HttpResponse:
    access.require(request.actor, "people.invite", place)
    form = InvitationForm(typed(request), roles=roles_given_by(request.actor, place))
    if request.method == "POST" and form.is_valid():
        done, sent = attempt(form, actions.invite, request.actor, place=place, **form.cleaned_data)
        if done:
            messages.success(request, _("The invitation is on its way to %(email)s.") % {"email": sent.email})
            return redirect(place)
    context = {
        "form": form,
        "place": place,
        "in_project": isinstance(place, Project),
        "page_title": _("Invite somebody to %(place)s") % {"place": place},
        "back_url": place.get_absolute_url(),
    }
    return render(request, "people/invitation_form.html", context)


@require_http_methods(["GET", "POST"])
def offer_ownership(request: HttpRequest, uid: str) -> HttpResponse:
    found = queries.organisation(request.actor, uid)
    access.require(request.actor, "people.offer_ownership", found)
    form = OwnershipForm(typed(request))
    if request.method == "POST" and form.is_valid():
        done, sent = attempt(form, actions.offer_ownership, request.actor, organisation=found, **form.cleaned_data)
        if done:
            messages.success(request, _("The offer is on its way to %(email)s.") % {"email": sent.email})
            return redirect(found)
    context = {
        "form": form,
        "page_title": _("Hand over the ownership of %(place)s") % {"place": found},
        "back_url": found.get_absolute_url(),
    }
    return render(request, "people/ownership_form.html", context)


@never_cache
@require_GET
def invitation(request: HttpRequest, uid: str) -> HttpResponse:
    """What is offered, for whoever has the link; and what the reader has to do to accept."""
    found = queries.invitation(uid)
    access.require(request.actor, "people.view_invitation", found)
    person = request.actor.person
    open_ = found.state == "open" and not found.is_over
    context = {
        "invitation": found,
        "open": open_,
        "masked": _masked(found.email),
        "may_accept": open_ and access.may(request.actor, "people.accept_invitation", found),
        "mine": person is not None and found.accepted_by_id == person.pk,
        "person": person,
        "here": found.get_absolute_url(),
    }
    return render(request, "people/invitation.html", context)


@require_POST
def accept_invitation(request: HttpRequest, uid: str) -> HttpResponse:
    found = queries.invitation(uid)
    access.require(request.actor, "people.accept_invitation", found)
    words = {"role": found.get_role_display(), "place": found.place}
    if carry_out(
        request, _("You are now %(role)s in “%(place)s”.") % words, actions.accept_invitation, invitation=found
    ):
        return redirect(found.place)
    return redirect(found)


@require_POST
def decline_invitation(request: HttpRequest, uid: str) -> HttpResponse:
    found = queries.invitation(uid)
    access.require(request.actor, "people.decline_invitation", found)
    carry_out(request, _("You have declined the invitation."), actions.decline_invitation, invitation=found)
    return redirect("portal:home")


@require_POST
def resend_invitation(request: HttpRequest, uid: str) -> HttpResponse:
    found = _invitation_of_mine(request, uid, "people.resend_invitation")
    done = _("The invitation is on its way to %(email)s again.") % {"email": found.email}
    carry_out(request, done, actions.resend_invitation, invitation=found)
    return redirect(found.place)


@require_POST
def revoke_invitation(request: HttpRequest, uid: str) -> HttpResponse:
    found = _invitation_of_mine(request, uid, "people.revoke_invitation")
    done = _("The invitation of %(email)s is taken back.") % {"email": found.email}
    carry_out(request, done, actions.revoke_invitation, invitation=found)
    return redirect(found.place)


def _invitation_of_mine(request: HttpRequest, uid: str, rule: str) -> Invitation:
    found = queries.invitation(uid)
    access.require(request.actor, rule, found)
    return found


def _masked(email: str) -> str:
    """Enough of an address for its owner to know it, too little for anybody else to use it."""
    name, _at, domain = email.partition("@")
    return f"{name[:1]}…@{domain}"


@require_http_methods(["GET", "POST"])
def join(request: HttpRequest) -> HttpResponse:
    """Ask an organisation to be taken in."""
    access.require(request.actor, "people.ask_to_join")
    form = JoinForm(typed(request), initial={"organisation": request.GET.get("organisation", "")})
    if request.method == "POST" and form.is_valid():
        done, asked = attempt(form, actions.ask_to_join, request.actor, **form.cleaned_data)
        if done:
            words = {"place": asked.organisation}
            messages.success(request, _("You have asked “%(place)s”. Its owners answer; you get a notice.") % words)
            return redirect("people:organisations")
    context = {
        "form": form,
        "page_title": _("Ask to join an organisation"),
        "back_url": reverse("people:organisations"),
    }
    return render(request, "people/join_form.html", context)


@require_POST
def answer_join_request(request: HttpRequest, uid: str) -> HttpResponse:
    """Take in as ``role``, or decline (``answer=decline``)."""
    asked = _join_request(uid)
    access.require(request.actor, "people.answer_join_request", asked)
    declined = request.POST.get("answer") == "decline"
    words: dict[str, Any] = {"person": asked.person, "place": asked.organisation}
    done = _("%(person)s was declined.") % words if declined else _("%(person)s now belongs to “%(place)s”.") % words
    role = "" if declined else request.POST.get("role", "") or "?"
    carry_out(request, done, actions.answer_join_request, asked=asked, role=role)
    return redirect(asked.organisation)


@require_POST
def withdraw_join_request(request: HttpRequest, uid: str) -> HttpResponse:
    asked = _join_request(uid)
    access.require(request.actor, "people.withdraw_join_request", asked)
    carry_out(request, _("Your request is withdrawn."), actions.withdraw_join_request, asked=asked)
    return redirect("people:organisations")


def _join_request(uid: str) -> JoinRequest:
    found = JoinRequest.objects.select_related("organisation", "person").filter(uid=uid).first()
    if found is None:
        raise NotFound
    return found
