"""Who may do what with approved texts, and which rule guards which of their pages."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from aisc.core.access import PUBLIC, READ, Rule, guard, register, register_routes
from aisc.core.actions import Actor
from aisc.people.access import Centre, anyone, centre_role, has_centre_role
from aisc.people.models_texts import ApprovedText, TextWording

EDITORS = (Centre.ADMINISTRATOR, Centre.SECRETARIAT)
READERS = (*EDITORS, Centre.AUDITOR)


def _may_read(actor: Actor, text: ApprovedText) -> bool:
    return text.published_at is not None or has_centre_role(actor, READERS)


_editor = centre_role(*EDITORS, scope="people")

register(
    {
        "people.view_texts": anyone(),
        "people.view_text": Rule(
            _("everybody, once it is published; before, those who write and approve it"), _may_read, READ, hide=True
        ),
        "people.view_drafts": centre_role(*READERS),
        "people.draft_text": _editor,
        "people.edit_text": _editor,
        "people.approve_text": _editor,
        "people.publish_text": _editor,
        "people.discard_text": _editor,
        "people.withdraw_text": _editor,
        # A newcomer accepts the terms before there is anybody to sign in as.
        "people.accept_text": anyone(),
    }
)


class _Version:
    """The version that the address names by text and number."""

    sent = False

    def __init__(self, wording: bool = False) -> None:
        self.wording = wording
        self.model = TextWording if wording else ApprovedText

    def find(self, given: dict[str, Any]) -> Any:
        found = ApprovedText.objects.filter(code=given.get("code"), version=given.get("version")).first()
        if found is None or not self.wording:
            return found
        return found.wordings.filter(language=given.get("language")).first()


_VERSION, _WORDING = _Version(), _Version(wording=True)
_read = guard("people.view_text", on=_VERSION)


def _change(rule: str, on: _Version = _VERSION):
    return guard("people.view_drafts") + _read + guard(rule, on=on)


register_routes(
    {
        "people:texts": PUBLIC,
        "people:text": PUBLIC,
        "people:text_version": _read,
        "people:text_wording": _read,
        "people:text_plain": _read,
        "people:text_drafts": guard("people.view_drafts"),
        "people:new_text": guard("people.view_drafts", "people.draft_text"),
        "people:edit_text": _change("people.edit_text"),
        "people:approve_text": _change("people.approve_text", _WORDING),
        "people:publish_text": _change("people.publish_text"),
        "people:discard_text": _change("people.discard_text"),
        "people:withdraw_text": _change("people.withdraw_text"),
        "GET /texts/{code}": PUBLIC,
        "GET /texts/{code}/{version}": _read,
    }
)
