"""Projects: list, start, page with the panels of other rooms, fair-share weight, end."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from aisc.core import access
from aisc.core.forms import attempt
from aisc.core.paging import page_of
from aisc.people import actions, panels, queries
from aisc.people.access import MANAGERS, held_roles
from aisc.people.forms import NewProjectForm, ProjectForm, SharesForm, initial_of
from aisc.people.forms_organisations import ClosingForm
from aisc.people.views.common import carry_out, typed
from aisc.people.views.members import members_context


@require_GET
def projects(request: HttpRequest) -> HttpResponse:
    """Those that the reader may see; ``?q=`` looks in both names, ``?closed=1`` shows closed ones as well."""
    access.require(request.actor, "people.view_projects")
    asked, closed = request.GET.get("q", "").strip()[:100], request.GET.get("closed") == "1"
    rows = queries.matching(queries.projects_visible_to(request.actor), asked)
    context = {
        "page": page_of(request, rows if closed else rows.filter(closed_at=None)),
        "asked": asked,
        "closed": closed,
        "may_create": any(
            role in MANAGERS and project is None for role, _organisation, project in held_roles(request.actor)
        ),
    }
    return render(request, "people/projects.html", context)


@require_http_methods(["GET", "POST"])
def new_project(request: HttpRequest) -> HttpResponse:
    access.require(request.actor, "people.view_projects")
    choices = queries.organisations_where(request.actor, MANAGERS)
    if not choices.exists():
        messages.info(request, _("A project belongs to an organisation. Register yours first."))
        return redirect("people:new_organisation")
    initial = {"organisation": request.GET.get("organisation")}
    form = NewProjectForm(typed(request), organisations=choices, initial=initial)
    if request.method == "POST" and form.is_valid():
        done, made = attempt(form, actions.create_project, request.actor, **form.cleaned_data)
        if done:
            messages.success(request, _("The project “%(name)s” is started.") % {"name": made})
            return redirect(made)
    context = {
        "form": form,
        "page_title": _("Start a project"),
        "back_url": reverse("people:projects"),
        "submit": _("Start the project"),
    }
    return render(request, "people/project_form.html", context)


@require_GET
def project(request: HttpRequest, uid: str) -> HttpResponse:
    """Overview: what it is, who is in it, and what the other rooms have of it."""
    found = queries.project(request.actor, uid)
    context = {
        "project": found,
        "tabs": panels.tabs(request.actor, found),
        "panels": [
            {"title": panel.title, "html": render_to_string(panel.template, panel.context, request)}
            for panel in panels.panels(request, found)
        ],
        "may_edit": access.may(request.actor, "people.update_project", found),
        "may_set_shares": access.may(request.actor, "people.set_shares", found),
        "by_organisation": queries.of_its_organisation(found),
        "facilitators": queries.facilitators_shown(found),
        "may_let_in": access.may(request.actor, "people.let_in_facilitator", found),
        "may_serve": access.may(request.actor, "people.view_service_accounts", found),
        "may_list": access.may(request.actor, "people.list_project", found),
        "listing": queries.listing_of_project(found),
        "crumbs": [{"label": _("Projects"), "url": reverse("people:projects")}, {"label": str(found)}],
    } | members_context(request, found)
    return render(request, "people/project.html", context)


@require_http_methods(["GET", "POST"])
def edit_project(request: HttpRequest, uid: str) -> HttpResponse:
    found = queries.project(request.actor, uid)
    access.require(request.actor, "people.update_project", found)
    form = ProjectForm(typed(request), initial=initial_of(found, ProjectForm))
    if request.method == "POST" and form.is_valid():
        done, saved = attempt(form, actions.update_project, request.actor, project=found, **form.cleaned_data)
        if done:
            messages.success(request, _("The project is saved."))
            return redirect(saved)
    context = {
        "form": form,
        "page_title": _("Name and summary of %(name)s") % {"name": found},
        "back_url": found.get_absolute_url(),
        "submit": _("Save"),
    }
    return render(request, "people/project_form.html", context)


@require_http_methods(["GET", "POST"])
def shares(request: HttpRequest, uid: str) -> HttpResponse:
    """The project's weight in the fair-share, for operators."""
    found = queries.project(request.actor, uid)
    access.require(request.actor, "people.set_shares", found)
    form = SharesForm(typed(request), initial={"shares": found.shares})
    if request.method == "POST" and form.is_valid():
        done, saved = attempt(form, actions.set_shares, request.actor, project=found, **form.cleaned_data)
        if done:
            messages.success(request, _("The weight is saved."))
            return redirect(saved)
    context = {
        "form": form,
        "page_title": _("Weight of %(name)s in the queue") % {"name": found},
        "back_url": found.get_absolute_url(),
        "submit": _("Save"),
    }
    return render(request, "people/shares.html", context)


@require_http_methods(["GET", "POST"])
def close_project(request: HttpRequest, uid: str) -> HttpResponse:
    """End a project, after saying what that means."""
    found = queries.project(request.actor, uid)
    access.require(request.actor, "people.close_project", found)
    form = ClosingForm(typed(request))
    if request.method == "POST" and form.is_valid():
        done, closed = attempt(form, actions.close_project, request.actor, project=found, **form.cleaned_data)
        if done:
            messages.success(request, _("The project is closed."))
            return redirect(closed)
    context = {
        "form": form,
        "page_title": _("Close “%(place)s”") % {"place": found},
        "back_url": found.get_absolute_url(),
    }
    return render(request, "people/closing.html", context)


@require_POST
def reopen_project(request: HttpRequest, uid: str) -> HttpResponse:
    found = queries.project(request.actor, uid)
    carry_out(request, _("The project is open again."), actions.reopen_project, project=found)
    return redirect(found)
