"""What people type about organisations: invitations, requests, service accounts, leaving, merging, the directory."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from aisc.core.errors import BadInput
from aisc.people import consent
from aisc.people.access import SCOPES
from aisc.people.actions.directory import SUMMARY_LIMIT
from aisc.people.actions.facilitators import MOST_DAYS as MOST_FACILITATOR_DAYS
from aisc.people.actions.members import ROLES
from aisc.people.actions.service_accounts import SERVICE_ROLES, SERVICE_SCOPES
from aisc.people.actions.tokens import DEFAULT_DAYS, MOST_DAYS
from aisc.people.models import Membership, Person

Role = Membership.Role


class InvitationForm(forms.Form):
    """``roles`` are those that the reader may give."""

    email = forms.EmailField(
        label=_("E-mail address"),
        help_text=_("They need no account yet: the mail says how to get one. Only with this address can they accept."),
    )
    role = forms.ChoiceField(label=_("Role"))

    def __init__(self, *args: Any, roles: list[Membership.Role], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = [(role.value, role.label) for role in roles]


class OwnershipForm(forms.Form):
    email = forms.EmailField(
        label=_("E-mail address of the new owner"),
        help_text=_("Nothing changes until they accept, signed in with this address."),
    )
    role_after = forms.ChoiceField(
        label=_("Your role from then on"),
        choices=[(role.value, role.label) for role in ROLES],
        initial=Role.MANAGER,
    )


class JoinForm(forms.Form):
    organisation = forms.CharField(
        label=_("Registry number or identifier of the organisation"),
        max_length=60,
        help_text=_("As on the Business Registration Certificate, or the identifier that begins with “org-”."),
    )
    message = forms.CharField(
        label=_("Message to its owners"),
        max_length=500,
        required=False,
        help_text=_("Who you are, if they may wonder."),
    )


class LeavingForm(forms.Form):
    """Who takes over, and what happens to jobs under way, when there are any."""

    successor = forms.ModelChoiceField(
        label=_("Who takes over"),
        queryset=Person.objects.none(),
        to_field_name="uid",
        empty_label=None,
        help_text=_("They are told, answer for service accounts, and hear of jobs and applications from now on."),
    )
    jobs = forms.ChoiceField(
        label=_("Jobs under way"),
        choices=[("go_on", _("They go on")), ("end", _("End them now"))],
        initial="go_on",
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, successors: list[Person], jobs: bool, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if successors:
            field = self.fields["successor"]
            field.queryset = Person.objects.filter(pk__in=[each.pk for each in successors])
            field.widget.choices = [(each.uid, str(each)) for each in successors]
        else:
            del self.fields["successor"]
        if not jobs:
            del self.fields["jobs"]


class ClosingForm(forms.Form):
    cancel_jobs = forms.BooleanField(
        label=_("End jobs that are under way"),
        required=False,
        help_text=_(
            "What they have used until then is charged. Otherwise the project cannot be closed before they end."
        ),
    )


class ServiceForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=150, help_text=_("What the program is, such as “Nightly tests”.")
    )
    role = forms.ChoiceField(label=_("Role"), choices=[(role.value, role.label) for role in SERVICE_ROLES])
    purpose = forms.CharField(label=_("What it is for"), max_length=300, required=False)

    def __init__(self, *args: Any, roles: list[Membership.Role], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = [(role.value, role.label) for role in SERVICE_ROLES if role in roles]


class ServiceTokenForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=100, help_text=_("To know it by, such as the machine it is for.")
    )
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"),
        choices=[(code, SCOPES[code]) for code in SERVICE_SCOPES],
        widget=forms.CheckboxSelectMultiple,
        initial=["read", "jobs"],
    )
    days = forms.IntegerField(
        label=_("How long it works"), min_value=1, max_value=MOST_DAYS, initial=DEFAULT_DAYS, localize=True
    )


class FacilitatorForm(forms.Form):
    email = forms.EmailField(
        label=_("E-mail address"), help_text=_("Of somebody with an account. They can read everything, change nothing.")
    )
    days = forms.IntegerField(label=_("For how many days"), min_value=1, max_value=MOST_FACILITATOR_DAYS, initial=14)
    reason = forms.CharField(
        label=_("Reason"), max_length=500, help_text=_("The project's people see it, and it is kept in the audit log.")
    )


class DuplicatesForm(forms.Form):
    """Which of two stays; identifiers of organisations or of people, or a person's address."""

    survivor = forms.CharField(label=_("The one that stays"), max_length=254)
    duplicate = forms.CharField(label=_("The duplicate, which becomes part of it"), max_length=254)


class MergingForm(forms.Form):
    confirmation = forms.CharField(label=_("Identifier of the duplicate"), max_length=30)
    reason = forms.CharField(
        label=_("Reason"), max_length=500, help_text=_("How you know that they are the same. Kept in the audit log.")
    )

    def __init__(self, *args: Any, uid: str, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["confirmation"].help_text = _("Type %(uid)s to confirm. It cannot be undone.") % {"uid": uid}
        self.fields["confirmation"].widget.attrs |= {"autocomplete": "off", "spellcheck": "false"}


class _Agreeing(forms.Form):
    """``agreed_text`` is the SHA-256 of the text that was on the page: what is agreed to is what was shown."""

    agree = forms.BooleanField(label=_("I agree"), error_messages={"required": _("Read the text and agree to it.")})
    agreed_text = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.shown = consent.current()
        self.fields["agreed_text"].initial = self.shown.wording.digest

    def clean(self) -> dict[str, Any]:
        found = super().clean()
        try:
            consent.agreed(found.get("agreed_text", ""))
        except BadInput as error:
            # Shown again with what is in force now, unticked.
            self.data = self.data.copy()
            self.data["agreed_text"] = self.shown.wording.digest
            self.data.pop("agree", None)
            self.add_error("agree", str(error))
        return found

    def values(self) -> dict[str, Any]:
        """What the action takes."""
        return {name: value for name, value in self.cleaned_data.items() if name != "agree"}


def _summary(label: Any) -> forms.CharField:
    return forms.CharField(
        label=label, max_length=SUMMARY_LIMIT, required=False, widget=forms.Textarea(attrs={"rows": 4})
    )


def _link(help_text: Any = "") -> forms.CharField:
    return forms.CharField(
        label=_("Link"), max_length=300, required=False, help_text=help_text, widget=forms.URLInput()
    )


class OrganisationListingForm(_Agreeing):
    summary_en = _summary(_("What you do, in English"))
    summary_zh = _summary(_("What you do, in Chinese"))
    link = _link(_("Such as your website."))
    field_order = ["summary_en", "summary_zh", "link", "agree"]


class ProjectListingForm(_Agreeing):
    name_en = forms.CharField(label=_("Title in English"), max_length=200, required=False)
    name_zh = forms.CharField(label=_("Title in Chinese"), max_length=200, required=False)
    summary_en = _summary(_("Summary in English"))
    summary_zh = _summary(_("Summary in Chinese"))
    link = _link(_("To results, code, data or a paper."))
    picture = forms.FileField(
        label=_("Picture"),
        required=False,
        help_text=_("JPEG, PNG or WebP up to 8 MiB. A small copy is kept, without where and when it was taken."),
        widget=forms.ClearableFileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
    )
    picture_en = forms.CharField(label=_("What the picture shows, in English"), max_length=200, required=False)
    picture_zh = forms.CharField(label=_("What the picture shows, in Chinese"), max_length=200, required=False)
    remove_picture = forms.BooleanField(label=_("Take the picture away"), required=False)

    def __init__(self, *args: Any, has_picture: bool, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if not has_picture:
            del self.fields["remove_picture"]

    def values(self) -> dict[str, Any]:
        found = super().values()
        upload, remove = found.pop("picture"), found.pop("remove_picture", False)
        found["picture"] = upload.read() if upload else (b"" if remove else None)
        return found


class PersonListingForm(_Agreeing):
    name_en = forms.CharField(
        label=_("What you do, in English"), max_length=200, required=False, help_text=_("Such as “Head of robotics”.")
    )
    name_zh = forms.CharField(label=_("What you do, in Chinese"), max_length=200, required=False)
    link = _link(_("Such as your page or your ORCID."))
