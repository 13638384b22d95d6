"""What people type; the actions check it again and say what is wrong."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.html import format_html
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from aisc.core.errors import AiscError
from aisc.core.language import tag
from aisc.core.middleware import actor_of
from aisc.people.access import SCOPES
from aisc.people.actions.places import MOST_SHARES, SUMMARY_LIMIT
from aisc.people.actions.texts import accept_text
from aisc.people.actions.tokens import DEFAULT_DAYS, MOST_DAYS
from aisc.people.forms_texts import Consent
from aisc.people.models import CentreRole, Organisation, Project
from aisc.people.text import clean_line
from aisc.people.texts import Code, Occasion

_NAME_HINT = _("As you write it yourself, in any script.")
_EMAIL_HINT = _("They must have signed up and confirmed this address.")


class NameField(forms.CharField):
    """A person's name: 1 to 150 characters of any script, none of them invisible."""

    def __init__(self, **options: Any):
        options = {"label": _("Your name"), "help_text": _NAME_HINT, "max_length": 150} | options
        super().__init__(**options)
        self.widget.attrs["autocomplete"] = "name"

    def clean(self, value: Any) -> str:
        try:
            return clean_line(super().clean(value), field="name", limit=150)
        except AiscError as error:
            raise ValidationError(str(error)) from error


class SignUpForm(Consent, forms.Form):
    """What signing up asks besides an e-mail address and a password (base of allauth's form)."""

    consent_code = Code.TERMS
    name = NameField()

    def signup(self, request, user) -> None:
        """Called by allauth once it has made the person."""
        user.name = self.cleaned_data["name"]
        user.language = get_language() or settings.LANGUAGE_CODE
        user.save(update_fields=["name", "language"])
        if self.consent:
            actor = actor_of(request, person=user)
            accept_text(actor, wording=self.cleaned_data["text"], occasion=Occasion.SIGN_UP)


class AccountForm(forms.Form):
    name = NameField()
    language = forms.ChoiceField(
        label=_("Language"),
        choices=[
            (code, format_html('<span lang="{}">{}</span>', tag(code), name)) for code, name in settings.LANGUAGES
        ],
        widget=forms.RadioSelect,
        help_text=_("Of pages after you sign in, and of mail."),
    )


class TokenForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=100, help_text=_("To know it by, such as the machine it is for.")
    )
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"),
        choices=[(code, words) for code, words in SCOPES.items()],
        widget=forms.CheckboxSelectMultiple,
        initial=["read", "jobs"],
    )
    days = forms.IntegerField(
        label=_("How long it works"), min_value=1, max_value=MOST_DAYS, initial=DEFAULT_DAYS, localize=True
    )


class _Bilingual(forms.Form):
    name_en = forms.CharField(label=_("Name in English"), max_length=200, required=False)
    name_zh = forms.CharField(
        label=_("Name in Chinese"),
        max_length=200,
        required=False,
        help_text=_("One of the two names is enough; both are better."),
    )


class OrganisationForm(_Bilingual):
    category = forms.ChoiceField(label=_("Category"), choices=Organisation.Category.choices, widget=forms.RadioSelect)
    registry_number = forms.CharField(
        label=_("Registry number"),
        max_length=50,
        required=False,
        help_text=_("As on the Business Registration Certificate, such as 12345678. Applications show it."),
    )
    address = forms.CharField(label=_("Address"), max_length=300, required=False)

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if not self.errors and not values["name_en"].strip() and not values["name_zh"].strip():
            self.add_error("name_en", _("Give a name, in English or in Chinese."))
        return values


class ProjectForm(_Bilingual):
    summary_en = forms.CharField(
        label=_("Summary in English"),
        max_length=SUMMARY_LIMIT,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("What the work is about, for people who do not know it."),
    )
    summary_zh = forms.CharField(
        label=_("Summary in Chinese"),
        max_length=SUMMARY_LIMIT,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class NewProjectForm(ProjectForm):
    """With the organisation to choose, unless there is only one."""

    organisation = forms.ModelChoiceField(
        label=_("Organisation"), queryset=Organisation.objects.none(), to_field_name="uid", empty_label=None
    )
    field_order = ["organisation"]

    def __init__(self, *args: Any, organisations: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["organisation"].queryset = organisations


class CentreRoleForm(forms.Form):
    email = forms.EmailField(label=_("E-mail address"), help_text=_EMAIL_HINT)
    role = forms.ChoiceField(label=_("Role"), choices=CentreRole.Role.choices)


class SharesForm(forms.Form):
    shares = forms.IntegerField(
        label=_("Weight in the fair-share"),
        min_value=1,
        max_value=MOST_SHARES,
        help_text=_("100 is usual; 200 counts twice as much in the queue."),
        localize=True,
    )
    reason = forms.CharField(label=_("Reason"), max_length=500, help_text=_("Kept in the audit log."))


def initial_of(row: Organisation | Project, form: type[forms.Form]) -> dict[str, Any]:
    """A row's values for the fields of ``form``."""
    return {name: getattr(row, name) for name in form.base_fields if hasattr(row, name)}
