"""The form of an approved text, and the consent that other forms ask for."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.html import format_html
from django.utils.safestring import mark_safe
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from aisc.core.errors import Conflict
from aisc.core.language import NAMES, tag
from aisc.people import texts
from aisc.people.models_texts import TextWording


def slot(language: str) -> str:
    """A language's part of a field name."""
    return language.replace("-", "_")


class TextForm(forms.Form):
    """A version of a text: its day, and title and body in each language that it is to be approved in."""

    effective_on = forms.DateField(
        label=_("In force from"),
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("Today at the earliest, once it is published."),
        localize=False,
    )
    illustrative = forms.BooleanField(
        label=_("This is only an example, and no text that binds anybody"), required=False
    )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        for language, name in NAMES.items():
            lang = {"lang": tag(language)}
            self.fields[f"title_{slot(language)}"] = forms.CharField(
                label=gettext("Title (%(language)s)") % {"language": name},
                max_length=200,
                required=False,
                widget=forms.TextInput(attrs=lang),
            )
            self.fields[f"body_{slot(language)}"] = forms.CharField(
                label=gettext("Text (%(language)s)") % {"language": name},
                required=False,
                widget=forms.Textarea(attrs={"rows": 16} | lang),
                help_text=_("Paragraphs are parted by an empty line. “## ” begins a heading, “- ” an item of a list."),
            )

    def wordings(self) -> dict[str, tuple[str, str]]:
        said = self.cleaned_data
        return {each: (said[f"title_{slot(each)}"], said[f"body_{slot(each)}"]) for each in NAMES}


class WithdrawTextForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=500, help_text=_("Kept in the audit log."))


class Consent:
    """Mix-in: asks to accept the text ``code`` that is in force, and says which wording was accepted.

    The digest of what was on the page travels with the form: what is accepted is what was shown. Where no such
    text is in force, nothing is asked.
    """

    consent_code: str

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.consent = texts.to_accept(self.consent_code)
        if self.consent:
            wording = self.consent.wording
            self.fields["text"] = forms.CharField(widget=forms.HiddenInput, initial=wording.digest, required=False)
            self.fields["accept"] = forms.BooleanField(
                label=consent_label(wording), error_messages={"required": _("Accept it to go on.")}
            )

    def clean_text(self) -> TextWording:
        try:
            return texts.accepted_now(self.consent_code, self.cleaned_data["text"])
        except Conflict as error:
            # Shown again with what is in force now, unticked.
            self.data = self.data.copy()
            self.data["text"] = self.consent.wording.digest
            self.data.pop("accept", None)
            raise ValidationError(str(error)) from error


def consent_label(wording: TextWording) -> str:
    """“I accept the Terms of use (version 3)”, with a link to exactly this wording."""
    link = format_html(
        '<a href="{}" target="_blank" lang="{}">{}</a>',
        wording.get_absolute_url(),
        tag(wording.language),
        wording.title,
    )
    words = gettext("I have read and accept: %(title)s (version %(version)s)")
    # The words are ours, and the link is escaped above.
    return mark_safe(words % {"title": link, "version": wording.text.version})  # noqa: S308
