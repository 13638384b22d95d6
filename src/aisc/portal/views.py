"""Pages of the portal itself: front, home, operations, document check, outbox, components."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from aisc.core import access, clock
from aisc.core import metrics as figures
from aisc.people import limits
from aisc.people.tokens import actor_from_token
from aisc.portal import queries, samples
from aisc.portal.forms import VerifyForm


@require_GET
def front(request: HttpRequest) -> HttpResponse:
    """The public front page: what the centre is and has."""
    return render(request, "portal/front.html", {"load": queries.load(), "open_call": queries.open_call()})


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """What needs this person now."""
    access.require(request.actor, "portal.home")
    shown = queries.home(request.actor)
    if len(shown.notices) < queries.NOTICES:
        request.unread = len(shown.notices)  # all there are: the frame need not count them
    return render(request, "portal/home.html", {"home": shown, "today": clock.today()})


@require_GET
def operator(request: HttpRequest) -> HttpResponse:
    """Load, queue, health, machines, today's charges."""
    access.require(request.actor, "portal.operations")
    context = {
        "view": queries.operator(),
        "now": clock.now(),
        "budgets_url": reverse("ledger:budgets"),
        "unattributed_url": reverse("ledger:unattributed"),
    }
    return render(request, "portal/operator.html", context)


@require_GET
def metrics(request: HttpRequest) -> HttpResponse:
    """Figures for Prometheus, which sends an operator's API token; 401 without one, as a scraper expects."""
    actor = request.actor
    if "Authorization" in request.headers:
        kind, _space, secret = request.headers["Authorization"].partition(" ")
        actor = actor_from_token(secret.strip(), request) if kind.lower() == "bearer" else None
    if actor is None or actor.person is None:
        return HttpResponse(
            "An operator's API token is needed.\n",
            status=401,
            content_type="text/plain",
            headers={"WWW-Authenticate": "Bearer"},
        )
    access.require(actor, "portal.metrics")
    return HttpResponse(figures.exposition(), content_type=figures.CONTENT_TYPE)


@require_GET
def verify(request: HttpRequest, code: str = "") -> HttpResponse:
    """Whether this centre issued a document, for anybody who holds it."""
    code = code or request.GET.get("code", "")
    if code:
        # So that nobody finds documents by trying codes.
        limits.spend("verify", request.actor.address, limit=settings.VERIFICATIONS_PER_MINUTE, per_s=60)
    context = {
        "form": VerifyForm(initial={"code": code}),
        "asked": bool(code),
        "document": queries.document_by_code(code) if code else None,
    }
    return render(request, "portal/verify.html", context)


@require_GET
def outbox(request: HttpRequest) -> HttpResponse:
    """Mails of the demonstration, so that somebody without a mail server can confirm an address."""
    if not settings.DEMO or not settings.EMAIL_BACKEND.endswith("FolderBackend"):
        raise Http404
    return render(request, "portal/outbox.html", {"mails": queries.outbox()})


@require_GET
def components(request: HttpRequest) -> HttpResponse:
    """Every component with nothing, little and much in it."""
    return render(request, "portal/components_page.html", samples.context())
