"""Approved texts: read by everybody, in every version; drafted, approved, published and withdrawn by the centre."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from aisc.core import access, clock
from aisc.core.errors import NotFound
from aisc.core.forms import attempt
from aisc.core.language import NAMES, reader
from aisc.core.paging import page_of
from aisc.people import actions, texts
from aisc.people.forms_texts import TextForm, WithdrawTextForm, slot
from aisc.people.models_texts import ApprovedText, TextWording
from aisc.people.shipped import shipped
from aisc.people.views.common import carry_out, typed


@require_GET
def texts_in_force(request: HttpRequest) -> HttpResponse:
    """Every text that is in force."""
    access.require(request.actor, "people.view_texts")
    found = [text for text in map(texts.in_force, ApprovedText.Code.values) if text]
    context = {
        "texts": [{"text": text, "shown": texts.shown(text)} for text in found],
        "may_write": access.may(request.actor, "people.view_drafts"),
    }
    return render(request, "people/texts.html", context)


@require_GET
def text(request: HttpRequest, code: str) -> HttpResponse:
    """The version in force."""
    found = texts.in_force(code)
    if found is None:
        raise NotFound
    return _page(request, found, texts.shown(found), title=found.label)


@require_GET
def text_version(request: HttpRequest, code: str, version: int) -> HttpResponse:
    """One version, at its permanent address, in the reader's language."""
    found = texts.version(request.actor, code, version)
    title = _("%(text)s, version %(version)s") % {"text": found.label, "version": found.version}
    if found.wordings.filter(approved_by__isnull=False).exists():
        return _page(request, found, texts.shown(found), title=title)
    return _page(request, found, texts.Shown(found.wordings.all()[0], missing=False), title=title)


@require_GET
def text_wording(request: HttpRequest, code: str, version: int, language: str) -> HttpResponse:
    """One version in one language, at its permanent address."""
    wording = _wording(request, code, version, language)
    said = {"text": wording.text.label, "version": version, "language": NAMES[wording.language]}
    title = _("%(text)s, version %(version)s, %(language)s") % said
    asked = wording.language != reader()
    return _page(request, wording.text, texts.Shown(wording, missing=False), title=title, asked=asked)


def _wording(request: HttpRequest, code: str, version: int, language: str) -> TextWording:
    found = texts.version(request.actor, code, version)
    wording = next((each for each in found.wordings.all() if each.language == language), None)
    if wording is None:
        raise NotFound
    wording.text = found
    return wording


def _page(
    request: HttpRequest, found: ApprovedText, shown: texts.Shown, *, title: str, asked: bool = False
) -> HttpResponse:
    current = texts.in_force(found.code)
    context = {
        "text": found,
        "title": title,
        "shown": shown,
        "wording": shown.wording,
        "languages": list(found.wordings.all()),
        "current": current,
        "is_current": current == found,
        "asked": asked,
        "others": ApprovedText.objects.filter(code=found.code, published_at__isnull=False).exclude(pk=found.pk),
        "crumbs": [{"label": _("Approved texts"), "url": "/texts/"}, {"label": found.label, "url": ""}],
    }
    return render(request, "people/text.html", context)


@require_GET
def text_plain(request: HttpRequest, code: str, version: int, language: str) -> HttpResponse:
    """The file whose SHA-256 is the wording's."""
    wording = _wording(request, code, version, language)
    return HttpResponse(wording.plain(), content_type="text/plain; charset=utf-8")


@require_GET
def text_drafts(request: HttpRequest) -> HttpResponse:
    """Every version of every text, for those who write and approve them."""
    access.require(request.actor, "people.view_drafts")
    page = page_of(request, texts.versions())
    for each in page.object_list:
        each.may = _may(request, each)
    codes = [{"code": code, "label": label} for code, label in ApprovedText.Code.choices]
    may_draft = access.may(request.actor, "people.draft_text")
    return render(request, "people/text_drafts.html", {"page": page, "codes": codes, "may_draft": may_draft})


def _may(request: HttpRequest, found: ApprovedText) -> dict[str, Any]:
    """What the reader can do to a version now; who wrote something does not approve it."""
    if not access.may(request.actor, "people.edit_text", found):
        return {}
    me = request.actor.person
    wordings = list(found.wordings.all())
    draft = found.state == "draft"
    return {
        "edit": draft,
        "approve": [each for each in wordings if draft and not each.approved_by_id and each.written_by_id != me.pk],
        "publish": draft and all(each.approved_by_id for each in wordings) and found.drafted_by_id != me.pk,
        "withdraw": found.state == "published",
    }


@require_http_methods(["GET", "POST"])
def new_text(request: HttpRequest) -> HttpResponse:
    """Draft the next version of the text ``?code=``, from the one in force, or from what comes with AISC."""
    access.require(request.actor, "people.view_drafts")
    access.require(request.actor, "people.draft_text")
    code = request.GET.get("code", "")
    if code not in ApprovedText.Code.values:
        raise NotFound
    current = texts.in_force(code)
    given = _written(current) if current else shipped(code)
    initial = _initial(given) | {"effective_on": clock.today(), "illustrative": current is None and bool(given)}
    form = TextForm(typed(request), initial=initial)
    if request.method == "POST" and form.is_valid():
        done, made = attempt(form, actions.draft_text, request.actor, code=code, **_said(form))
        if done:
            messages.success(request, _("Version %(version)s is drafted.") % {"version": made.version})
            return redirect("people:text_drafts")
    title = _("New version: %(text)s") % {"text": ApprovedText.Code(code).label}
    return render(request, "people/text_form.html", {"form": form, "page_title": title, "back_url": "/texts/drafts"})


@require_http_methods(["GET", "POST"])
def edit_text(request: HttpRequest, code: str, version: int) -> HttpResponse:
    found = _to_change(request, "people.edit_text", code, version)
    initial = _initial(_written(found)) | {"effective_on": found.effective_on, "illustrative": found.illustrative}
    form = TextForm(typed(request), initial=initial)
    if request.method == "POST" and form.is_valid():
        done, _saved = attempt(form, actions.edit_text, request.actor, text=found, **_said(form))
        if done:
            messages.success(request, _("The draft is saved."))
            return redirect("people:text_drafts")
    title = _("%(text)s, version %(version)s") % {"text": found.label, "version": found.version}
    return render(request, "people/text_form.html", {"form": form, "page_title": title, "back_url": "/texts/drafts"})


def _written(found: ApprovedText) -> dict[str, tuple[str, str]]:
    return {each.language: (each.title, each.body) for each in found.wordings.all()}


def _initial(given: dict[str, tuple[str, str]]) -> dict[str, Any]:
    values = {}
    for language in NAMES:
        title, body = given.get(language, ("", ""))
        values |= {f"title_{slot(language)}": title, f"body_{slot(language)}": body}
    return values


def _said(form: TextForm) -> dict[str, Any]:
    said = form.cleaned_data
    return {"effective_on": said["effective_on"], "illustrative": said["illustrative"], "wordings": form.wordings()}


def _to_change(request: HttpRequest, rule: str, code: str, version: int) -> ApprovedText:
    access.require(request.actor, "people.view_drafts")
    found = texts.version(request.actor, code, version)
    access.require(request.actor, rule, found)
    return found


@require_POST
def approve_text(request: HttpRequest, code: str, version: int, language: str) -> HttpResponse:
    found = _to_change(request, "people.approve_text", code, version)
    wording = found.wordings.filter(language=language).first()
    if wording is None:
        raise NotFound
    done = _("Approved: %(text)s, version %(version)s, %(language)s.") % {
        "text": found.label,
        "version": found.version,
        "language": NAMES[wording.language],
    }
    carry_out(request, done, actions.approve_text, wording=wording)
    return redirect("people:text_drafts")


@require_POST
def publish_text(request: HttpRequest, code: str, version: int) -> HttpResponse:
    found = _to_change(request, "people.publish_text", code, version)
    carry_out(request, _("It is published."), actions.publish_text, text=found)
    return redirect("people:text_drafts")


@require_POST
def discard_text(request: HttpRequest, code: str, version: int) -> HttpResponse:
    found = _to_change(request, "people.discard_text", code, version)
    carry_out(request, _("The draft is given up."), actions.discard_text, text=found)
    return redirect("people:text_drafts")


@require_http_methods(["GET", "POST"])
def withdraw_text(request: HttpRequest, code: str, version: int) -> HttpResponse:
    """Asks for the reason first."""
    found = _to_change(request, "people.withdraw_text", code, version)
    form = WithdrawTextForm(typed(request))
    if request.method == "POST" and form.is_valid():
        done, _withdrawn = attempt(form, actions.withdraw_text, request.actor, text=found, **form.cleaned_data)
        if done:
            messages.success(request, _("It is withdrawn."))
            return redirect("people:text_drafts")
    title = _("Withdraw: %(text)s, version %(version)s") % {"text": found.label, "version": found.version}
    context = {"form": form, "page_title": title, "back_url": "/texts/drafts", "withdrawing": True}
    return render(request, "people/text_form.html", context)
