"""The public directory, and the pages where people agree to be in it."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from aisc.core import access
from aisc.core.errors import NotFound
from aisc.core.forms import attempt
from aisc.people import actions, queries
from aisc.people import directory as entries
from aisc.people.forms import initial_of
from aisc.people.forms_organisations import OrganisationListingForm, PersonListingForm, ProjectListingForm
from aisc.people.models import Listing
from aisc.people.views.common import carry_out, typed

ROWS = 24
# Pages of other rooms that everybody may read; one whose room is not there is left out of the site map.
_PUBLIC_PAGES = ("portal:front", "centre:overview", "scheme:calls", "ledger:prices", "people:directory")
_MOST_URLS = 10_000  # of a site map; the protocol allows 50,000


@require_GET
def directory(request: HttpRequest) -> HttpResponse:
    """Organisations that agreed, with their published projects; ``?q=`` and ``?category=`` stay in the address."""
    access.require(request.actor, "people.view_directory")
    asked, category = request.GET.get("q", "").strip()[:100], request.GET.get("category", "")
    page = Paginator(entries.organisations(asked, category), ROWS).get_page(request.GET.get("page"))
    rows = entries.with_projects(list(page.object_list))
    context = {
        "page": page,
        "rows": rows,
        "asked": asked,
        "category": category,
        "categories": entries.categories(),
    }
    return render(request, "people/directory.html", context)


@require_GET
def directory_organisation(request: HttpRequest, uid: str) -> HttpResponse:
    """One organisation: what it does, its published projects and people."""
    access.require(request.actor, "people.view_directory")
    found = entries.organisation(uid)
    if found.organisation.uid != uid:  # a duplicate that was merged
        return redirect("people:directory_organisation", uid=found.organisation.uid, permanent=True)
    projects = list(entries.projects().filter(organisation=found.organisation))
    people = list(entries.people(found.organisation))
    context = {
        "listing": found,
        "organisation": found.organisation,
        "projects": projects,
        "people": people,
        "json_ld": _data_block(_about_organisation(found, projects, people)),
        "crumbs": [
            {"label": _("Directory"), "url": reverse("people:directory")},
            {"label": str(found.organisation)},
        ],
    }
    return render(request, "people/directory_organisation.html", context)


@require_GET
def directory_project(request: HttpRequest, uid: str) -> HttpResponse:
    """One published project."""
    access.require(request.actor, "people.view_directory")
    found = entries.project(uid)
    organisation_url = reverse("people:directory_organisation", args=[found.organisation.uid])
    context = {
        "listing": found,
        "organisation": found.organisation,
        "organisation_url": organisation_url,
        "json_ld": _data_block(_about_project(found)),
        "crumbs": [
            {"label": _("Directory"), "url": reverse("people:directory")},
            {"label": str(found.organisation), "url": organisation_url},
            {"label": found.name},
        ],
    }
    return render(request, "people/directory_project.html", context)


@require_GET
def directory_picture(request: HttpRequest, uid: str) -> HttpResponse:
    """A published project's picture. Not kept by caches without asking: withdrawing ends it at once."""
    access.require(request.actor, "people.view_directory")
    found = entries.picture(uid)
    tag = f'"{found.uid}-{found.changed_at.timestamp():.0f}"'
    headers = {"ETag": tag, "Cache-Control": "public, no-cache", "X-Content-Type-Options": "nosniff"}
    if request.headers.get("If-None-Match") == tag:
        return HttpResponse(status=304, headers=headers)
    return HttpResponse(bytes(found.picture), content_type="image/jpeg", headers=headers)


@require_GET
def sitemap(request: HttpRequest) -> HttpResponse:
    """The pages that everybody may read, each in every language, for search engines."""
    access.require(request.actor, "people.view_directory")
    paths = []
    for name in _PUBLIC_PAGES:
        try:
            paths.append((reverse(name), None))
        except NoReverseMatch:
            continue
    for each in entries.organisations()[:_MOST_URLS]:
        paths.append((reverse("people:directory_organisation", args=[each.organisation.uid]), each.changed_at))
    for each in entries.projects()[:_MOST_URLS]:
        paths.append((reverse("people:directory_project", args=[each.project.uid]), each.changed_at))
    root = settings.PUBLIC_URL.rstrip("/")
    pages = [
        {
            "url": root + path,
            "changed": changed,
            "languages": [(code, f"{root}{path}?lang={code}") for code, _name in settings.LANGUAGES],
        }
        for path, changed in paths
    ]
    return render(request, "people/sitemap.xml", {"pages": pages}, content_type="application/xml")


# What search engines read: schema.org as JSON-LD. A data block is no script: browsers do not run it, and the
# content policy, which forbids inline scripts, does not apply to it.


def _data_block(about: dict[str, Any]) -> SafeString:
    text = json.dumps(about, ensure_ascii=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return mark_safe(text)  # noqa: S308 - nothing that could end the element is left


def _absolute(name: str, *args: str) -> str:
    return settings.PUBLIC_URL.rstrip("/") + reverse(name, args=args)


def _filled(**values: Any) -> dict[str, Any]:
    return {key.replace("_at_", "@"): value for key, value in values.items() if value}


def _names(english: str, chinese: str) -> dict[str, Any]:
    """``name``, and ``alternateName`` where there is one in each language."""
    first, second = english or chinese, chinese if english else ""
    return _filled(name=first, alternateName=second)


def _about_organisation(listing: Listing, projects: list[Listing], people: list[Listing]) -> dict[str, Any]:
    organisation = listing.organisation
    kind = "CollegeOrUniversity" if organisation.category == "university" else "Organization"
    return _filled(
        _at_context="https://schema.org",
        _at_type=kind,
        _at_id=_absolute("people:directory_organisation", organisation.uid),
        **_names(organisation.name_en, organisation.name_zh),
        description=listing.summary,
        url=listing.link,
        member=[
            _filled(_at_type="Person", name=each.person.name, jobTitle=each.name, url=each.link) for each in people
        ],
        subjectOf=[
            _filled(
                _at_type="CreativeWork",
                _at_id=_absolute("people:directory_project", each.project.uid),
                **_names(each.name_en, each.name_zh),
            )
            for each in projects
        ],
    )


def _about_project(listing: Listing) -> dict[str, Any]:
    organisation, uid = listing.organisation, listing.project.uid
    return _filled(
        _at_context="https://schema.org",
        _at_type="CreativeWork",
        _at_id=_absolute("people:directory_project", uid),
        **_names(listing.name_en, listing.name_zh),
        description=listing.summary,
        url=listing.link,
        image=_absolute("people:directory_picture", uid) if listing.has_picture else "",
        creator=_filled(
            _at_type="Organization",
            _at_id=_absolute("people:directory_organisation", organisation.uid),
            **_names(organisation.name_en, organisation.name_zh),
        ),
    )


# Agreeing


@never_cache
@require_http_methods(["GET", "POST"])
def list_organisation(request: HttpRequest, uid: str) -> HttpResponse:
    """Put the organisation into the directory, change what is shown, see who and what else is listed."""
    found = queries.organisation(request.actor, uid)
    access.require(request.actor, "people.list_organisation", found)
    listing = queries.listing_of(found)
    form = OrganisationListingForm(typed(request), initial=_initial(listing, OrganisationListingForm))
    if request.method == "POST" and form.is_valid():
        done, _made = attempt(form, actions.list_organisation, request.actor, organisation=found, **form.values())
        if done:
            messages.success(request, _("“%(place)s” is in the directory.") % {"place": found})
            return redirect("people:directory_organisation", uid=found.uid)
    others = found.listings.filter(withdrawn_at=None).exclude(project=None, person=None).defer("picture")
    context = _agreeing(form, listing, found) | {
        "others": others.select_related("project", "person"),
        "page_title": _("%(place)s in the public directory") % {"place": found},
    }
    return render(request, "people/listing_form.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
def list_project(request: HttpRequest, uid: str) -> HttpResponse:
    found = queries.project(request.actor, uid)
    access.require(request.actor, "people.list_project", found)
    listing = Listing.objects.filter(project=found, withdrawn_at=None).first()
    initial = _initial(listing, ProjectListingForm) or initial_of(found, ProjectListingForm)
    initial.pop("picture", None)
    has_picture = bool(listing and listing.picture)
    form = ProjectListingForm(typed(request), request.FILES or None, initial=initial, has_picture=has_picture)
    if request.method == "POST" and form.is_valid():
        done, _made = attempt(form, actions.list_project, request.actor, project=found, **form.values())
        if done:
            messages.success(request, _("“%(place)s” is in the directory.") % {"place": found})
            return redirect("people:directory_project", uid=found.uid)
    context = _agreeing(form, listing, found) | {
        "page_title": _("%(place)s in the public directory") % {"place": found},
        "needs_organisation": queries.listing_of(found.organisation) is None,
    }
    return render(request, "people/listing_form.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
def list_oneself(request: HttpRequest, uid: str) -> HttpResponse:
    found = queries.organisation(request.actor, uid)
    access.require(request.actor, "people.list_oneself", found)
    person = request.actor.person
    listing = found.listings.filter(person=person, withdrawn_at=None).first()
    form = PersonListingForm(typed(request), initial=_initial(listing, PersonListingForm))
    if request.method == "POST" and form.is_valid():
        done, _made = attempt(form, actions.list_oneself, request.actor, organisation=found, **form.values())
        if done:
            messages.success(request, _("You are in the directory with “%(place)s”.") % {"place": found})
            return redirect(found)
    context = _agreeing(form, listing, found) | {
        "page_title": _("You in the public directory"),
        "needs_organisation": queries.listing_of(found) is None,
    }
    return render(request, "people/listing_form.html", context)


@require_POST
def withdraw_listing(request: HttpRequest, uid: str) -> HttpResponse:
    rows = Listing.objects.defer("picture").select_related("organisation", "project__organisation", "person")
    found = rows.filter(uid=uid).first()
    if found is None:
        raise NotFound
    access.require(request.actor, "people.withdraw_listing", found)
    carry_out(request, _("It is no longer in the directory."), actions.withdraw_listing, listing=found)
    return redirect(found.project or found.organisation)


def _agreeing(form: Any, listing: Listing | None, place: Any) -> dict[str, Any]:
    return {
        "form": form,
        "listing": listing,
        "place": place,
        "back_url": place.get_absolute_url(),
    }


def _initial(listing: Listing | None, form: type) -> dict[str, Any]:
    return initial_of(listing, form) | {"agree": True} if listing else {}
