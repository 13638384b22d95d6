"""What is shown in the public directory: agreed to, changed, withdrawn."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.utils.translation import gettext as _

from aisc.core import clock
from aisc.core.actions import Actor, action, note
from aisc.core.errors import BadInput, Conflict, SignInNeeded
from aisc.people import consent
from aisc.people.actions.members import lock
from aisc.people.actions.texts import accept_text
from aisc.people.models import Listing, Organisation, Project, TextAcceptance
from aisc.people.pictures import small_jpeg
from aisc.people.text import clean_line, clean_names, clean_text

SUMMARY_LIMIT = 2_000  # characters


@action("people.list_organisation", on="organisation")
def list_organisation(
    actor: Actor,
    *,
    organisation: Organisation,
    agreed_text: str,
    summary_en: str = "",
    summary_zh: str = "",
    link: str = "",
) -> Listing:
    """Show the organisation, or change what is shown. ``agreed_text``: the SHA-256 of the wording agreed to.

    Raises BadInput, also when another text is in force by now.
    """
    lock(organisation)
    values = _summaries(summary_en, summary_zh) | {"link": _link(link)}
    return _list(actor, agreed_text, values, organisation=organisation, project=None, person=None)


@action("people.list_project", on="project")
def list_project(
    actor: Actor,
    *,
    project: Project,
    agreed_text: str,
    name_en: str = "",
    name_zh: str = "",
    summary_en: str = "",
    summary_zh: str = "",
    link: str = "",
    picture: bytes | None = None,
    picture_en: str = "",
    picture_zh: str = "",
) -> Listing:
    """Show a project under a title of its own, or change what is shown. ``picture`` None keeps the one there is,
    empty takes it away. Raises BadInput, or Conflict while its organisation is not in the directory.
    """
    lock(project)
    organisation = project.organisation
    if not Listing.objects.filter(organisation=organisation, project=None, person=None, withdrawn_at=None).exists():
        raise Conflict(
            _("The organisation is not in the directory. One of its owners can put it there first."),
            code="directory.organisation",
        )
    values: dict[str, Any] = clean_names(name_en, name_zh) | _summaries(summary_en, summary_zh)
    values["link"] = _link(link)
    values["picture_en"] = clean_line(picture_en, field="picture_en", limit=200, required=False)
    values["picture_zh"] = clean_line(picture_zh, field="picture_zh", limit=200, required=False)
    if picture is not None:
        values["picture"] = small_jpeg(picture) if picture else None
    if values.get("picture") and not (values["picture_en"] or values["picture_zh"]):
        raise BadInput(_("Say what the picture shows, for people who cannot see it."), field="picture_en")
    return _list(actor, agreed_text, values, organisation=organisation, project=project, person=None)


@action("people.list_oneself", on="organisation")
def list_oneself(
    actor: Actor,
    *,
    organisation: Organisation,
    agreed_text: str,
    name_en: str = "",
    name_zh: str = "",
    link: str = "",
) -> Listing:
    """Show oneself with an organisation that is in the directory; the names say what one does there."""
    if actor.person is None or actor.person.is_service:
        raise SignInNeeded
    lock(organisation)
    values: dict[str, Any] = {
        "name_en": clean_line(name_en, field="name_en", limit=200, required=False),
        "name_zh": clean_line(name_zh, field="name_zh", limit=200, required=False),
        "link": _link(link),
    }
    return _list(actor, agreed_text, values, organisation=organisation, project=None, person=actor.person)


@action("people.withdraw_listing", on="listing")
def withdraw_listing(actor: Actor, *, listing: Listing) -> Listing:
    """Stop showing it, at once. Withdrawing again changes nothing; that there was consent stays on record.

    An organisation that is withdrawn takes its projects and people out of sight; what they agreed to comes back
    with it.
    """
    listing = Listing.objects.select_for_update(of=("self",), no_key=True).get(pk=listing.pk)
    if listing.withdrawn_at is None:
        listing.withdrawn_at, listing.withdrawn_by = clock.now(), actor.person
        listing.save(update_fields=["withdrawn_at", "withdrawn_by"])
    note(target=listing.project or listing.person or listing.organisation, listing=listing.uid)
    return listing


def _list(actor: Actor, agreed_text: str, values: dict[str, Any], **what: Any) -> Listing:
    if actor.person is None:
        raise SignInNeeded
    text = consent.agreed(agreed_text)
    now = clock.now()
    rows = Listing.objects.select_for_update(of=("self",), no_key=True)
    listing = rows.filter(withdrawn_at=None, **what).first()
    shown = {name: value for name, value in values.items() if name != "picture"}
    if listing is None:
        listing = Listing(**what)
        note(after=shown)
    else:
        note(before={name: getattr(listing, name) for name in shown}, after=shown)
    again = listing.text_version != text.version
    if again:
        listing.agreed_by, listing.agreed_at = actor.person, now
        listing.text_code, listing.text_version = consent.CODE, text.version
        listing.text_language, listing.text_sha256 = text.wording.language, text.wording.digest
        note(consent=text.version, language=text.wording.language)
    for name, value in values.items():
        setattr(listing, name, value)
    listing.changed_at = now
    listing.save()
    if again and text.wording.pk:
        accept_text(actor, wording=text.wording, occasion=TextAcceptance.Occasion.DIRECTORY, about=listing.uid)
    note(target=what["project"] or what["person"] or what["organisation"], listing=listing.uid)
    return listing


def _summaries(english: str, chinese: str) -> dict[str, str]:
    return {
        "summary_en": clean_text(english, field="summary_en", limit=SUMMARY_LIMIT),
        "summary_zh": clean_text(chinese, field="summary_zh", limit=SUMMARY_LIMIT),
    }


def _link(text: str) -> str:
    """A web address with https or http and a host, or nothing."""
    text = clean_line(text, field="link", limit=300, required=False)
    if not text:
        return ""
    try:
        URLValidator(schemes=["https", "http"])(text)
    except ValidationError as error:
        raise BadInput(_("Write a web address such as https://example.org."), field="link") from error
    if urlsplit(text).username is not None:
        raise BadInput(_("Write a web address such as https://example.org."), field="link")
    return text
