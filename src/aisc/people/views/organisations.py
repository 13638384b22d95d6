"""Organisations: list, registration, page."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from aisc.core import access
from aisc.core.forms import attempt
from aisc.core.paging import page_of
from aisc.people import actions, queries
from aisc.people.forms import OrganisationForm, initial_of
from aisc.people.models import FormerName, Organisation
from aisc.people.views.common import typed
from aisc.people.views.members import members_context


@require_GET
def organisations(request: HttpRequest) -> HttpResponse:
    """Those that the reader may see; ``?q=`` looks in both names and the registry number."""
    access.require(request.actor, "people.view_organisations")
    asked = request.GET.get("q", "").strip()[:100]
    rows = queries.organisations_visible_to(request.actor)
    if asked:
        former = queries.matching(FormerName.objects.all(), asked, "registry_number").values("organisation")
        named = queries.matching(Organisation.objects.all(), asked, "registry_number").values("pk")
        rows = rows.filter(Q(pk__in=named) | Q(pk__in=former))
    context = {
        "page": page_of(request, queries.with_counts(rows)),
        "asked": asked,
        "invitations": queries.invitations_for(request.actor)[:20],
        "requests": queries.join_requests_by(request.actor)[:20],
    }
    return render(request, "people/organisations.html", context)


@require_http_methods(["GET", "POST"])
def new_organisation(request: HttpRequest) -> HttpResponse:
    access.require(request.actor, "people.create_organisation")
    form = OrganisationForm(typed(request))
    if request.method == "POST" and form.is_valid():
        done, made = attempt(form, actions.create_organisation, request.actor, **form.cleaned_data)
        if done:
            messages.success(request, _("“%(name)s” is registered, and you are its owner.") % {"name": made})
            return redirect(made)
    context = {
        "form": form,
        "page_title": _("Register an organisation"),
        "back_url": reverse("people:organisations"),
        "submit": _("Register it"),
    }
    return render(request, "people/organisation_form.html", context)


@require_GET
def organisation(request: HttpRequest, uid: str) -> HttpResponse:
    """Its particulars, projects and people."""
    found = queries.organisation(request.actor, uid)
    if found.uid != uid:  # a duplicate that was merged
        return redirect(found, permanent=True)
    projects = queries.projects_visible_to(request.actor).filter(organisation=found)
    context = {
        "organisation": found,
        "projects": page_of(request, projects),
        "may_edit": access.may(request.actor, "people.update_organisation", found),
        "may_hand_over": access.may(request.actor, "people.offer_ownership", found),
        "may_serve": access.may(request.actor, "people.view_service_accounts", found),
        "may_list": access.may(request.actor, "people.list_organisation", found),
        "may_list_oneself": access.may(request.actor, "people.list_oneself", found),
        "former_names": found.former_names.all(),
        "listing": queries.listing_of(found),
        "crumbs": [
            {"label": _("Organisations"), "url": reverse("people:organisations")},
            {"label": str(found)},
        ],
    }
    if access.may(request.actor, "people.view_members", found):
        context |= members_context(request, found)
    return render(request, "people/organisation.html", context)


@require_http_methods(["GET", "POST"])
def edit_organisation(request: HttpRequest, uid: str) -> HttpResponse:
    found = queries.organisation(request.actor, uid)
    access.require(request.actor, "people.update_organisation", found)
    form = OrganisationForm(typed(request), initial=initial_of(found, OrganisationForm))
    if request.method == "POST" and form.is_valid():
        done, saved = attempt(form, actions.update_organisation, request.actor, organisation=found, **form.cleaned_data)
        if done:
            messages.success(request, _("The particulars are saved."))
            return redirect(saved)
    context = {
        "form": form,
        "page_title": _("Particulars of %(name)s") % {"name": found},
        "back_url": found.get_absolute_url(),
        "submit": _("Save"),
    }
    return render(request, "people/organisation_form.html", context)
