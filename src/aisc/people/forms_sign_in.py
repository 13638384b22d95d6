"""What operators type about identity providers, and owners about who may join."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from aisc.people.models import Institution, JoinPolicy, Organisation


class _InstitutionForm(forms.Form):
    """What both kinds have. With ``institution`` it changes a row: the short name is gone, secrets may stay empty."""

    slug = forms.CharField(
        label=_("Short name"),
        max_length=40,
        help_text=_("For addresses, such as hku. It cannot be changed later."),
    )
    name_en = forms.CharField(label=_("Name in English"), max_length=200, required=False)
    name_zh = forms.CharField(label=_("Name in Chinese"), max_length=200, required=False)
    domains = forms.CharField(
        label=_("E-mail domains whose addresses it may confirm"),
        required=False,
        help_text=_("Such as hku.hk, cs.hku.hk. Addresses of other domains are confirmed by a code that we mail."),
    )
    organisation = forms.ModelChoiceField(
        label=_("Organisation"),
        queryset=Organisation.objects.none(),
        to_field_name="uid",
        required=False,
        empty_label=_("none"),
        help_text=_("Whose people they are, if it is one organisation here. It may let them join by themselves."),
    )

    def __init__(self, *args: Any, institution: Institution | None = None, **kwargs: Any):
        self.institution = institution
        if institution:
            kwargs["initial"] = self.of(institution) | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        self.fields["organisation"].queryset = Organisation.objects.order_by("name_en", "name_zh")
        if institution:
            del self.fields["slug"]
            self.fields["active"] = forms.BooleanField(label=_("Offered on the sign-in page"), required=False)

    @staticmethod
    def of(institution: Institution) -> dict[str, Any]:
        owner = institution.organisation
        return {
            "name_en": institution.name_en,
            "name_zh": institution.name_zh,
            "domains": ", ".join(institution.domains),
            "organisation": owner and owner.uid,
            "active": institution.active,
            "issuer": institution.settings.get("issuer", ""),
            "client_id": institution.settings.get("client_id", ""),
            "id_attribute": institution.settings.get("id_attribute", ""),
        }

    def values(self) -> dict[str, Any]:
        """For the action."""
        return dict(self.cleaned_data)


class OidcForm(_InstitutionForm):
    issuer = forms.CharField(
        label=_("Issuer"), max_length=300, help_text=_("The address that its description is below, such as https://…")
    )
    client_id = forms.CharField(label=_("Client ID"), max_length=200)
    client_secret = forms.CharField(
        label=_("Client secret"),
        max_length=1000,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=_("Kept sealed, and never shown again."),
    )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if self.institution:
            self.fields["client_secret"].required = False
            self.fields["client_secret"].help_text = _("Leave this empty to keep the one that is there.")


class SamlForm(_InstitutionForm):
    metadata = forms.CharField(
        label=_("Its metadata (XML)"), widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}), required=False
    )
    id_attribute = forms.CharField(
        label=_("Attribute that names a person for good"),
        max_length=200,
        required=False,
        help_text=_("Leave this empty for subject-id, pairwise-id, eduPersonUniqueId, or a persistent NameID."),
    )

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["metadata"].required = not self.institution
        if self.institution:
            self.fields["metadata"].help_text = _("Leave this empty to keep what is there.")


class DomainForm(forms.Form):
    domain = forms.CharField(label=_("E-mail domain"), max_length=253, help_text=_("Such as cs.hku.hk."))


class PolicyForm(forms.Form):
    policy = forms.ChoiceField(label=_("Who may join?"), choices=JoinPolicy.Policy.choices, widget=forms.RadioSelect)
