"""An audit row as a reader sees it: actions in words, what changed as a difference, links to what it is about.

Nothing here asks the database: what a row says was written down when it happened.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aisc.core.audit import kinds
from aisc.core.audit.changes import HIDDEN
from aisc.core.models import AuditEvent
from aisc.core.money import format_cents
from aisc.portal.templatetags.portal import day, exact

MONEY = frozenset({"ceiling", "released", "charged", "charged_scheme", "held", "gross", "gross_scheme"})
MONEY |= {"amount", "lapsed", "freed", "list_total", "payer_total", "cents", "credited"}
SHARES = frozenset({"scheme_bps", "recommended_bps"})

WORDS = {
    "name": gettext_lazy("name"),
    "name_en": gettext_lazy("name in English"),
    "name_zh": gettext_lazy("name in Chinese"),
    "state": gettext_lazy("state"),
    "state_since": gettext_lazy("in this state since"),
    "role": gettext_lazy("role"),
    "person": gettext_lazy("person"),
    "organisation": gettext_lazy("organisation"),
    "project": gettext_lazy("project"),
    "budget": gettext_lazy("budget"),
    "application": gettext_lazy("application"),
    "call": gettext_lazy("call"),
    "price_list": gettext_lazy("price list"),
    "ceiling": gettext_lazy("ceiling"),
    "released": gettext_lazy("released"),
    "charged": gettext_lazy("charged"),
    "held": gettext_lazy("held"),
    "amount": gettext_lazy("amount"),
    "lapsed": gettext_lazy("lapsed"),
    "scheme_bps": gettext_lazy("scheme’s share"),
    "recommended_bps": gettext_lazy("recommended share"),
    "starts_on": gettext_lazy("first day"),
    "ends_on": gettext_lazy("last day"),
    "created_at": gettext_lazy("made at"),
    "ended_at": gettext_lazy("ended at"),
    "closed_at": gettext_lazy("closed at"),
    "expires_at": gettext_lazy("works until"),
    "revoked_at": gettext_lazy("revoked at"),
    "submitted_at": gettext_lazy("submitted at"),
    "saved_at": gettext_lazy("saved at"),
    "accepted_at": gettext_lazy("accepted at"),
    "accepted_by": gettext_lazy("accepted by"),
    "accept_by": gettext_lazy("to be accepted by"),
    "scopes": gettext_lazy("scopes"),
    "days": gettext_lazy("days"),
    "email": gettext_lazy("e-mail address"),
    "event": gettext_lazy("what"),
    "password": gettext_lazy("password"),
    "number": gettext_lazy("number"),
    "numbers": gettext_lazy("numbers"),
    "reference": gettext_lazy("reference"),
    "currency": gettext_lazy("currency"),
    "source": gettext_lazy("source"),
    "note": gettext_lazy("note"),
    "command": gettext_lazy("command"),
    "runs": gettext_lazy("runs"),
    "rows": gettext_lazy("rows"),
    "holds": gettext_lazy("holds"),
    "shares": gettext_lazy("fair-share weight"),
    "hash": gettext_lazy("hash"),
    "digest": gettext_lazy("SHA-256"),
    "assessor": gettext_lazy("assessor"),
    "scores": gettext_lazy("scores"),
    "comment": gettext_lazy("comment"),
    "outcome": gettext_lazy("outcome"),
    "reasons": gettext_lazy("reasons"),
    "prices": gettext_lazy("prices"),
    "effective_from": gettext_lazy("in force from"),
    "changed": gettext_lazy("changed"),
    "added": gettext_lazy("added"),
    "entries": gettext_lazy("journal lines"),
    "budgets": gettext_lazy("budgets"),
    "ok": gettext_lazy("everything agrees"),
    "findings": gettext_lazy("differences"),
    "before": gettext_lazy("before"),
    "after": gettext_lazy("after"),
}
# What an account was used for, as ``people.account_event`` writes it down.
EVENTS = {
    "signed up": gettext_lazy("signed up"),
    "signed in": gettext_lazy("signed in"),
    "changed the password": gettext_lazy("changed the password"),
    "set a password": gettext_lazy("set a password"),
    "reset the password": gettext_lazy("reset the password"),
}
WHAT = {
    "created": gettext_lazy("new"),
    "changed": gettext_lazy("changed"),
    "deleted": gettext_lazy("deleted"),
}
_REFERENCE = re.compile(r" \(#\w+\)$")
_LONGEST = 400


@dataclass(frozen=True)
class Line:
    """One field: before and after, either None where there was nothing."""

    label: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Block:
    """One row that changed, or what the action noted: its name and its lines."""

    title: str
    what: str
    lines: list[Line]


@dataclass(frozen=True)
class Shown:
    """One audit row for the page. ``address`` and ``via`` are empty for whom they are not meant."""

    event: AuditEvent
    action: str
    url: str
    blocks: list[Block]
    whole: bool
    noted: list[Line] = field(default_factory=list)

    @property
    def summary(self) -> str:
        """What is folded away, in a few words."""
        told = _(", ").join(f"{block.title} ({block.what})" for block in self.blocks[:3])
        return told or str(EVENTS.get(self.event.details.get("event"), _("Details")))

    @property
    def short_hash(self) -> str:
        return self.event.hash[:12]


def shown(event: AuditEvent, *, whole: bool) -> Shown:
    """``event`` in the reader's language; ``whole`` with where the actor came from and links to what it was about.

    Others see events of objects whose own history may be closed to them.
    """
    url = history_url(event) if whole else ""
    return Shown(event, kinds.said(event.action), url, _blocks(event), whole, _noted(event))


def history_url(event: AuditEvent) -> str:
    """Where the history of the row's object is; empty when it has none of its own."""
    kind = kinds.kind_of(event.object_type) if event.object_id else None
    return reverse("portal:history", args=[kind.slug, event.object_id]) if kind else ""


def url_of(row: models.Model) -> str:
    """Where the history of ``row`` is, for “What happened to this”; empty when it has none."""
    kind = kinds.kind_of(row._meta.label_lower)
    return reverse("portal:history", args=[kind.slug, str(getattr(row, kind.field))]) if kind else ""


def _blocks(event: AuditEvent) -> list[Block]:
    blocks = []
    for change in event.changes:
        if "more" in change:
            blocks.append(Block(_("%(count)s more rows") % {"count": change["more"]}, _("changed"), []))
            continue
        model = _model(change["type"])
        kind = kinds.kind_of(change["type"])
        label = str(kind.label) if kind else str(model._meta.verbose_name if model else change["type"])
        title = f"{label} {change['label']}".strip()
        names = [*change["before"], *(name for name in change["after"] if name not in change["before"])]
        lines = [
            Line(
                _label(model, name),
                _value(model, name, change["before"].get(name)),
                _value(model, name, change["after"].get(name)),
            )
            for name in names
        ]
        blocks.append(Block(title, str(WHAT[change["what"]]), lines))
    return blocks


def _noted(event: AuditEvent) -> list[Line]:
    details = dict(event.details)
    model = _model(event.object_type)
    before, after = details.pop("before", None), details.pop("after", None)
    lines = []
    if isinstance(before, dict) or isinstance(after, dict):
        old, new = (each if isinstance(each, dict) else {} for each in (before, after))
        for name in dict.fromkeys([*old, *new]):
            lines.append(
                Line(_label(model, name), _value(model, name, old.get(name)), _value(model, name, new.get(name)))
            )
    elif before is not None or after is not None:
        lines.append(Line(_("Value"), _value(model, "", before), _value(model, "", after)))
    # What the changed rows say themselves is not said twice.
    if event.changes and any(change.get("what") == "changed" for change in event.changes):
        lines = []
    return lines + [Line(_label(model, name), None, _value(model, name, value)) for name, value in details.items()]


def _model(label: str) -> type[models.Model] | None:
    try:
        return apps.get_model(label) if label else None
    except (LookupError, ValueError):
        return None


def _field(model: type[models.Model] | None, name: str) -> Any:
    try:
        return model._meta.get_field(name) if model and name else None
    except FieldDoesNotExist:
        return None


def _label(model: type[models.Model] | None, name: str) -> str:
    if name in WORDS:
        return str(WORDS[name])
    plain = name.replace("_", " ")
    said = str(getattr(_field(model, name), "verbose_name", name)).replace("_", " ")
    # A name that nobody has put into words is the table's own, in no language.
    return format_html("<code>{}</code>", plain) if said == plain else said


def _value(model: type[models.Model] | None, name: str, value: Any) -> Any:
    """A value in the reader's language; None stays None, which the page shows as nothing."""
    if value is None or value == "":
        return None
    if value == HIDDEN:
        return _("kept secret")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    found = _field(model, name)
    if found is not None and getattr(found, "choices", None):
        return str(dict(found.flatchoices).get(value, value))
    if isinstance(value, int):
        return _number(name, value)
    if isinstance(value, str):
        return str(EVENTS[value]) if name == "event" and value in EVENTS else _text(found, value)
    return format_html("<code>{}</code>", _structure(value))


def _number(name: str, value: int) -> str:
    if name in MONEY:
        return format_cents(value)
    if name in SHARES:
        return f"{value / 100:g}%"
    return str(value) if name.endswith("_id") else f"{value:,}"


def _text(found: Any, value: str) -> Any:
    if isinstance(found, models.DateTimeField) or re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", value):
        return exact(datetime.fromisoformat(value))
    if isinstance(found, models.DateField):
        return day(date.fromisoformat(value))
    if found is not None and found.is_relation:
        return _REFERENCE.sub("", value)
    return value


def _structure(value: Any) -> str:
    if isinstance(value, dict):
        parts = [f"{WORDS.get(name, name)}: {_plain(each)}" for name, each in value.items()]
    else:
        parts = [_plain(each) for each in value]
    text = _(", ").join(parts)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _plain(value: Any) -> str:
    return _structure(value) if isinstance(value, dict | list) else str(value)
