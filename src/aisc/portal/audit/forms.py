"""Filters of the audit log and of a history; they stay in the address."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from aisc.core.audit import kinds
from aisc.core.audit.reading import Filter


def _actions() -> list[tuple[str, Any]]:
    named = sorted(kinds.words().items(), key=lambda each: each[1])
    return [("", _("Every action")), *named]


def _kinds() -> list[tuple[str, Any]]:
    return [("", _("Everything")), *((slug, kind.label) for slug, kind in kinds.kinds().items())]


class HistoryForm(forms.Form):
    """What can be asked of one object's history."""

    action = forms.ChoiceField(label=_("Action"), required=False, choices=_actions)
    since = forms.DateField(label=_("From day"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label=_("To day"), required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def given(self) -> Filter:
        """The filter; what cannot be understood narrows nothing, and the form says so."""
        self.is_valid()
        cleaned = getattr(self, "cleaned_data", {})
        values = {name: cleaned[name] for name in ("who", "action", "since", "until", "text") if cleaned.get(name)}
        if kind := kinds.kinds().get(cleaned.get("kind", "")):
            values["object_type"] = kind.model._meta.label_lower
        if cleaned.get("object"):
            values["object_id"] = cleaned["object"].strip()
        return Filter(**values)


class AuditForm(HistoryForm):
    """What can be asked of the whole log."""

    who = forms.CharField(label=_("Who"), required=False, max_length=200)
    kind = forms.ChoiceField(label=_("What"), required=False, choices=_kinds)
    object = forms.CharField(label=_("Its number"), required=False, max_length=64)
    text = forms.CharField(label=pgettext_lazy("to look for", "Text"), required=False, max_length=200)
    field_order = ("who", "action", "kind", "object", "text", "since", "until")
