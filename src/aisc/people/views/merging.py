"""Duplicates: what merging would move, and merging, for administrators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from aisc.core import access
from aisc.core.errors import AiscError, NotFound
from aisc.core.forms import attempt
from aisc.people import actions, queries
from aisc.people.forms_organisations import DuplicatesForm, MergingForm
from aisc.people.models import Organisation, Person
from aisc.people.views.common import typed


@require_GET
def merging(request: HttpRequest) -> HttpResponse:
    """Where an administrator says which two."""
    access.require(request.actor, "people.view_merging")
    context = {"organisations": DuplicatesForm(prefix="o"), "people": DuplicatesForm(prefix="p")}
    return render(request, "people/merging.html", context)


@require_http_methods(["GET", "POST"])
def merge_organisations(request: HttpRequest) -> HttpResponse:
    access.require(request.actor, "people.merge_organisations")
    return _merge(request, _organisation, actions.organisations_preview, actions.merge_organisations)


@require_http_methods(["GET", "POST"])
def merge_persons(request: HttpRequest) -> HttpResponse:
    access.require(request.actor, "people.merge_persons")
    return _merge(request, _person, actions.persons_preview, actions.merge_persons)


def _merge(
    request: HttpRequest,
    find: Callable[[str], Any],
    preview: Callable[..., list],
    merge: Callable[..., Any],
) -> HttpResponse:
    """Two steps in one address: what will move, then the typed confirmation under it."""
    try:
        survivor, duplicate = (_named(request, name, find) for name in ("survivor", "duplicate"))
        found = preview(survivor, duplicate)
    except AiscError as error:
        messages.error(request, str(error))
        return redirect("people:merging")
    form = MergingForm(typed(request), uid=duplicate.uid)
    if request.method == "POST" and form.is_valid():
        done, kept = attempt(form, merge, request.actor, survivor=survivor, duplicate=duplicate, **form.cleaned_data)
        if done:
            messages.success(
                request,
                _("“%(duplicate)s” is now part of “%(survivor)s”.")
                % {
                    "duplicate": duplicate,
                    "survivor": kept,
                },
            )
            return redirect(kept if isinstance(kept, Organisation) else "people:merging")
    context = {
        "form": form,
        "survivor": survivor,
        "duplicate": duplicate,
        "of_people": isinstance(survivor, Person),
        "consequences": found,
        "page_title": _("Merge %(duplicate)s into %(survivor)s") % {"duplicate": duplicate, "survivor": survivor},
        "back_url": reverse("people:merging"),
    }
    return render(request, "people/merging_form.html", context)


def _named(request: HttpRequest, name: str, find: Callable[[str], Any]) -> Any:
    for given in (name, f"o-{name}", f"p-{name}"):
        if text := request.GET.get(given, "").strip():
            if (found := find(text)) is None:
                raise NotFound(_("Nothing has the identifier “%(text)s”.") % {"text": text[:60]})
            return found
    raise NotFound(_("Name both."))


def _organisation(text: str) -> Organisation | None:
    return Organisation.objects.filter(uid=text).first() or queries.organisation_by_number(text)


def _person(text: str) -> Person | None:
    return Person.objects.filter(uid=text).first() or queries.person_with_address(text.lower())
