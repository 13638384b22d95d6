"""What several pages of this room need."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from aisc.core import access
from aisc.core.errors import SignInNeeded
from aisc.core.language import chosen
from aisc.scheme import queries
from aisc.scheme.costs import tenths
from aisc.scheme.models import Application, Call


def signed_in(request: HttpRequest) -> None:
    """Raises SignInNeeded: the reader is asked to sign in and comes back."""
    if request.actor.person is None:
        raise SignInNeeded


def application_for(request: HttpRequest, uid: str, rule: str) -> Application:
    """The application, when the reader may do ``rule`` to it. Raises SignInNeeded, NotFound, Forbidden."""
    signed_in(request)
    found = queries.application_by_uid(request.actor, uid)
    access.require(request.actor, f"scheme.{rule}", found)
    return found


def url_of(name: str, application: Application, *more: str) -> str:
    return reverse(f"scheme:{name}", args=[application.uid, *more])


def title_of(application: Application) -> str:
    return application.name or _("Application without a title")


def crumbs(application: Application, *more: tuple[Any, str]) -> list[dict[str, Any]]:
    items = [
        (_("Applications"), reverse("scheme:applications")),
        (application.number or title_of(application), url_of("application", application)),
        *more,
    ]
    return [{"label": label, "url": url} for label, url in items]


def rubric(call: Call, scores: dict[str, int] | None = None) -> list[dict[str, Any]]:
    """The call's criteria in the reader's language, with the score and the points it gives, if any."""
    rows = []
    for criterion in call.criteria:
        score = None if scores is None else scores.get(criterion["code"])
        rows.append(
            {
                "name": chosen(criterion),
                "weight": criterion["weight"],
                "illustrative": criterion["illustrative"],
                "score": score,
                "points": None if score is None else tenths(criterion["weight"] * score),
            }
        )
    return rows


def ask(
    request: HttpRequest, template: str, form: forms.Form, application: Application, **context: Any
) -> HttpResponse:
    """Show a form about an application; 422 when it has errors."""
    context = {
        "form": form,
        "application": application,
        "title": title_of(application),
        "back_url": url_of("application", application),
    } | context
    return render(request, template, context, status=422 if form.errors else 200)


def done(request: HttpRequest, text: Any, url: str) -> HttpResponse:
    messages.success(request, text)
    return redirect(url)
