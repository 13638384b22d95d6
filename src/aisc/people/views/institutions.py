"""The centre's page about signing in: identity providers, e-mail domains to verify; an organisation's about joining."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from aisc.core import access
from aisc.core.errors import NotFound
from aisc.core.forms import attempt
from aisc.people import actions, domains, queries, queries_sign_in
from aisc.people.forms_sign_in import DomainForm, OidcForm, PolicyForm, SamlForm
from aisc.people.institutions.configuration import expires_at
from aisc.people.models import EmailDomain, Institution
from aisc.people.views.common import carry_out, typed

FORMS = {Institution.Kind.OIDC: OidcForm, Institution.Kind.SAML: SamlForm}


@require_GET
def sign_in_settings(request: HttpRequest) -> HttpResponse:
    """Every identity provider, and the domains that wait for an administrator."""
    access.require(request.actor, "people.view_sign_in_settings")
    context = {
        "institutions": queries_sign_in.institutions(),
        "domains": queries_sign_in.unverified_domains(),
        "may_change": access.may(request.actor, "people.connect_institution"),
        "step_up_minutes": settings.STEP_UP_AFTER_MS // 60_000,
        "second_factor_for": sorted(settings.SECOND_FACTOR_FOR),
    }
    return render(request, "people/sign_in_settings.html", context)


@require_http_methods(["GET", "POST"])
def connect_institution(request: HttpRequest, kind: str) -> HttpResponse:
    """Connect an identity provider of one kind; the page after it says what to enter on the other side."""
    access.require(request.actor, "people.view_sign_in_settings")
    access.require(request.actor, "people.connect_institution")
    if kind not in FORMS:
        raise NotFound
    form = FORMS[kind](typed(request), request.FILES or None)
    if request.method == "POST" and form.is_valid():
        done, made = attempt(form, actions.connect_institution, request.actor, kind=kind, **form.values())
        if done:
            messages.success(request, _("“%(name)s” is connected. Now tell the other side about us.") % {"name": made})
            return redirect("people:institution", made.slug)
    context = {"form": form, "kind": kind, "page_title": _("Connect an identity provider")}
    return render(request, "people/institution_form.html", context | _addresses(kind, "…"))


@require_http_methods(["GET", "POST"])
def institution(request: HttpRequest, slug: str) -> HttpResponse:
    """One identity provider: what the other side needs to know, and a form to change it. Secrets are never shown."""
    access.require(request.actor, "people.view_sign_in_settings")
    found = get_object_or_404(Institution.objects.select_related("organisation"), slug=slug)
    access.require(request.actor, "people.update_institution", found)
    form = FORMS[found.kind](typed(request), request.FILES or None, institution=found)
    if request.method == "POST" and form.is_valid():
        done, _changed = attempt(form, actions.update_institution, request.actor, institution=found, **form.values())
        if done:
            messages.success(request, _("The change is saved."))
            return redirect("people:institution", slug)
    certificates = found.settings.get("certificates", [])
    context = {
        "form": form,
        "kind": found.kind,
        "institution": found,
        "page_title": str(found),
        "certificates": [expires_at(each) for each in certificates],
    }
    return render(request, "people/institution_form.html", context | _addresses(found.kind, slug))


def _addresses(kind: str, slug: str) -> dict[str, str]:
    """What the institution has to enter on its side."""
    if slug == "…":
        return {"back_url": reverse("people:sign_in_settings")}
    root = settings.PUBLIC_URL.rstrip("/")
    named = (
        {"callback": "oidc_callback"}
        if kind == Institution.Kind.OIDC
        else {"metadata": "saml_metadata", "acs": "saml_acs"}
    )
    return {name: root + reverse(route, args=[slug]) for name, route in named.items()} | {
        "back_url": reverse("people:sign_in_settings")
    }


@require_POST
def verify_domain(request: HttpRequest, domain_id: int) -> HttpResponse:
    """Confirm a domain, or with ``answer=refuse`` take it off the organisation's list."""
    access.require(request.actor, "people.verify_domain")
    found = get_object_or_404(EmailDomain.objects.select_related("organisation"), pk=domain_id)
    if request.POST.get("answer") == "refuse":
        done = _("%(domain)s is off the list.") % {"domain": found}
        carry_out(request, done, actions.drop_domain, organisation=found.organisation, domain=found.domain)
    else:
        done = _("%(domain)s is verified.") % {"domain": found}
        carry_out(request, done, actions.verify_domain, domain=found)
    return redirect("people:sign_in_settings")


@require_GET
def joining(request: HttpRequest, uid: str) -> HttpResponse:
    """Who may join an organisation by themselves, and its e-mail domains."""
    found = queries.organisation(request.actor, uid)
    access.require(request.actor, "people.view_joining", found)
    return _joining(request, found)


def _joining(request: HttpRequest, found, **forms) -> HttpResponse:
    policy = domains.policy_of(found)
    context = {
        "organisation": found,
        "domains": found.email_domains.all(),
        "institutions": found.institutions.filter(active=True),
        "policy": policy,
        "may_change": access.may(request.actor, "people.set_join_policy", found),
        "form": forms.get("form") or DomainForm(),
        "policy_form": forms.get("policy_form") or PolicyForm(initial={"policy": policy}),
        "crumbs": [
            {"label": _("Organisations"), "url": reverse("people:organisations")},
            {"label": str(found), "url": found.get_absolute_url()},
            {"label": _("Joining")},
        ],
    }
    return render(request, "people/joining.html", context)


@require_POST
def claim_domain(request: HttpRequest, uid: str) -> HttpResponse:
    found = queries.organisation(request.actor, uid)
    access.require(request.actor, "people.claim_domain", found)
    form = DomainForm(request.POST)
    if form.is_valid():
        done, _made = attempt(form, actions.claim_domain, request.actor, organisation=found, **form.cleaned_data)
        if done:
            messages.success(request, _("It is on the list. An administrator of the centre verifies it."))
            return redirect("people:joining", uid)
    return _joining(request, found, form=form)


@require_POST
def drop_domain(request: HttpRequest, uid: str) -> HttpResponse:
    found = queries.organisation(request.actor, uid)
    access.require(request.actor, "people.drop_domain", found)
    domain = request.POST.get("domain", "")
    done = _("%(domain)s is off the list.") % {"domain": domain}
    carry_out(request, done, actions.drop_domain, organisation=found, domain=domain)
    return redirect("people:joining", uid)


@require_POST
def set_join_policy(request: HttpRequest, uid: str) -> HttpResponse:
    found = queries.organisation(request.actor, uid)
    access.require(request.actor, "people.set_join_policy", found)
    form = PolicyForm(request.POST)
    if form.is_valid():
        done, _row = attempt(form, actions.set_join_policy, request.actor, organisation=found, **form.cleaned_data)
        if done:
            messages.success(request, _("The change is saved."))
            return redirect("people:joining", uid)
    return _joining(request, found, policy_form=form)
