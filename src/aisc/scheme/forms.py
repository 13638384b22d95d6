"""Forms of the scheme: what was typed, cleaned to what the actions take. No rules here but formats."""

from __future__ import annotations

from decimal import Decimal, DecimalException
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from aisc.core.forms import CentsField
from aisc.core.language import chosen
from aisc.core.money import format_cents
from aisc.ledger.models import PriceList
from aisc.people.models import Organisation, Person
from aisc.scheme import rules
from aisc.scheme.costs import prices_of
from aisc.scheme.models import Application, Call, Decision, Review


class PercentField(forms.CharField):
    """A share typed as ``70`` or ``62.5`` (with or without %); cleans to integer basis points."""

    def to_python(self, value: Any) -> int | None:
        if value in self.empty_values:
            return None
        if isinstance(value, int):
            return value
        text = str(value).strip().removesuffix("%").removesuffix("％").strip()
        try:
            share = Decimal(text if text.isascii() else "NaN")
        except DecimalException:
            share = Decimal("NaN")
        # In this order: a huge number is not multiplied, and one that is none is not compared.
        if not share.is_finite() or not 0 <= share <= 100 or share * 100 != (share * 100).to_integral_value():
            raise ValidationError(gettext("Write a percentage such as 70 or 62.5."))
        return int(share * 100)

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, int):
            return f"{value // 100}.{value % 100:02d}".rstrip("0").rstrip(".")
        return value

    def run_validators(self, value: Any) -> None:
        return

    def validate(self, value: Any) -> None:
        if value is None and self.required:
            raise ValidationError(self.error_messages["required"], code="required")


def _area(rows: int = 6) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


def _day() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


def _moment() -> forms.DateTimeInput:
    return forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


# The application form: one class per page


class DraftForm(forms.Form):
    """Saves what is there. ``required`` says what submitting needs; a draft is saved without it."""

    use_required_attribute = False

    def full_clean(self) -> None:
        needed = [field for field in self.fields.values() if field.required]
        for field in needed:
            field.required = False
        try:
            super().full_clean()
        finally:
            for field in needed:
                field.required = True

    def changes(self) -> dict[str, Any]:
        """What ``save_draft`` takes."""
        return dict(self.cleaned_data)


class OrganisationForm(DraftForm):
    organisation = forms.ModelChoiceField(
        Organisation.objects.none(), label=_("Which organisation applies?"), to_field_name="uid", empty_label=None
    )

    def __init__(self, *args: Any, organisations: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["organisation"].queryset = organisations

    def changes(self) -> dict[str, Any]:
        chosen = self.cleaned_data["organisation"]
        return {} if chosen is None else {"organisation": chosen}


class ProjectForm(DraftForm):
    name_en = forms.CharField(label=_("Title in English"), max_length=rules.TITLE_LIMIT)
    name_zh = forms.CharField(label=_("Title in Chinese"), max_length=rules.TITLE_LIMIT)
    summary_en = forms.CharField(
        label=_("Summary in English"),
        help_text=_("About 250 words: what you will make, and whom it helps."),
        widget=_area(),
        max_length=rules.SUMMARY_LIMIT,
    )
    summary_zh = forms.CharField(
        label=_("Summary in Chinese"),
        help_text=_("About 400 characters."),
        widget=_area(),
        max_length=rules.SUMMARY_LIMIT,
    )


class StartForm(DraftForm):
    starts_on = forms.DateField(
        label=_("When should the project start?"),
        help_text=_("An award starts on this day, or on the day it is accepted if that is later."),
        widget=_day(),
    )


class JustificationForm(DraftForm):
    justification = forms.CharField(
        label=_("Why do you need this much computing?"),
        help_text=_(
            "How complex the model is, how large the data, the batch and the precision, whether you train or run it, "
            "and the schedule of the work. A measured run says more than a guess."
        ),
        widget=_area(12),
        max_length=rules.JUSTIFICATION_LIMIT,
    )


class FundingForm(DraftForm):
    other_funding = forms.TypedChoiceField(
        label=_("Does another government subsidy pay for the same work, or has one been asked to?"),
        choices=[("yes", _("Yes")), ("no", _("No"))],
        widget=forms.RadioSelect,
        coerce={"yes": True, "no": False}.get,
        empty_value=None,
    )
    funding_note = forms.CharField(
        label=_("Other public money for other parts of the project"),
        help_text=_("Who pays, how much, and for which part. This does not count against you."),
        widget=_area(4),
        required=False,
        max_length=rules.NOTE_LIMIT,
    )


class PersonForm(DraftForm):
    name = forms.CharField(label=_("Name"), max_length=150)
    role = forms.CharField(label=_("Role in the project"), max_length=150)
    email = forms.EmailField(label=_("E-mail address"), required=False)


class ResourceForm(DraftForm):
    accelerator = forms.ChoiceField(label=_("Accelerator"))
    count = forms.IntegerField(
        label=_("Number"),
        min_value=1,
        max_value=rules.MAX_COUNT,
        widget=forms.NumberInput(attrs={"inputmode": "numeric", "min": 1, "max": rules.MAX_COUNT}),
    )
    months = forms.IntegerField(
        label=_("Months"),
        min_value=1,
        max_value=rules.MAX_MONTHS,
        widget=forms.NumberInput(attrs={"inputmode": "numeric", "min": 1, "max": rules.MAX_MONTHS}),
    )

    def __init__(self, *args: Any, choices: list[tuple[str, str]], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["accelerator"].choices = [("", _("Choose one")), *choices]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if not self.errors and any(values.values()):
            for name, text in [
                ("accelerator", _("Choose an accelerator.")),
                ("count", _("Say how many.")),
                ("months", _("Say for how many months.")),
            ]:
                if not values.get(name):
                    self.add_error(name, text)
        return values


class _Rows(forms.BaseFormSet):
    """Rows that are all optional; a row with nothing in it, or marked for removal, is left out."""

    deletion_widget = forms.CheckboxInput

    def rows(self) -> list[dict[str, Any]]:
        return [
            {key: value for key, value in form.cleaned_data.items() if key != "DELETE"}
            for form in self.forms
            if not form.cleaned_data.get("DELETE")
            and any(value for key, value in form.cleaned_data.items() if key != "DELETE")
        ]


class TeamRows(_Rows):
    def changes(self) -> dict[str, Any]:
        return {"team": self.rows()}


class ResourceRows(_Rows):
    def changes(self) -> dict[str, Any]:
        return {"resources": self.rows()}


def _formset(form: type[forms.Form], rows: type[_Rows], most: int, extra: int) -> type[_Rows]:
    return forms.formset_factory(
        form, formset=rows, extra=extra, can_delete=True, max_num=most, absolute_max=most, validate_max=True
    )


def accelerator_choices(call: Call) -> list[tuple[str, str]]:
    """(code, name and list price an hour) of what can be asked for in this call."""
    currency = call.price_list.currency
    return [
        (
            code,
            gettext("%(name)s, %(price)s an hour")
            % {"name": price.meter.accelerator.title, "price": format_cents(price.cents, currency)},
        )
        for code, price in prices_of(call.price_list).items()
    ]


def section_form(section: str, application: Application, data: Any, *, organisations: Any) -> Any:
    """The form (or rows) of one page, bound to ``data`` or showing what is saved."""
    if section == "organisation":
        initial = {"organisation": application.organisation.uid}
        return OrganisationForm(data, initial=initial, organisations=organisations)
    if section == "team":
        saved = list(application.team.values("name", "role", "email"))
        return _formset(PersonForm, TeamRows, rules.MAX_TEAM, 1 if saved else 2)(data, initial=saved, prefix="team")
    if section == "resources":
        saved = [
            {"accelerator": row.accelerator.code, "count": row.count, "months": row.months}
            for row in application.resources.select_related("accelerator")
        ]
        return _formset(ResourceForm, ResourceRows, rules.MAX_LINES, 1)(
            data, initial=saved, prefix="resources", form_kwargs={"choices": accelerator_choices(application.call)}
        )
    form = {"project": ProjectForm, "start": StartForm, "justification": JustificationForm, "funding": FundingForm}
    initial = {name: getattr(application, name) for name in form[section].base_fields}
    if section == "funding":
        initial["other_funding"] = {True: "yes", False: "no"}.get(application.other_funding, "")
    return form[section](data, initial=initial)


class DeclarationForm(forms.Form):
    """``text`` is the digest of the declaration on the page: what is declared is what was read."""

    text = forms.CharField(widget=forms.HiddenInput, required=False)
    declared = forms.BooleanField(
        label=_("We declare all of this"), error_messages={"required": _("Make the declaration.")}
    )

    def again(self, digest: str) -> DeclarationForm:
        """This form after a refusal, with the declaration that is in force now."""
        self.data = self.data.copy()
        self.data["text"] = digest
        return self


# The desk, the assessment, the decision


class ReasonForm(forms.Form):
    """One text that a step needs. ``name`` is the argument of the action."""

    use_required_attribute = False

    def __init__(self, *args: Any, name: str, label: str, hint: str = "", required: bool = True, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields[name] = forms.CharField(
            label=label,
            help_text=hint,
            widget=_area(8),
            required=required,
            max_length=rules.REASON_LIMIT,
            error_messages={"required": _("Write this before you go on.")},
        )


class _AssessorChoice(forms.ModelChoiceField):
    def label_from_instance(self, person: Person) -> str:
        return gettext("%(name)s (open assessments: %(count)s)") % {"name": person.name, "count": person.open_reviews}


class AssignForm(forms.Form):
    assessor = _AssessorChoice(
        Person.objects.none(),
        label=_("Who should assess it?"),
        widget=forms.RadioSelect,
        to_field_name="uid",
        empty_label=None,
        error_messages={"required": _("Choose an assessor.")},
    )

    def __init__(self, *args: Any, assessors: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["assessor"].queryset = assessors


class ReviewForm(DraftForm):
    """One score per criterion of the call's rubric; a draft may lack any of them."""

    comment = forms.CharField(label=_("Reasons for the committee"), widget=_area(10), max_length=rules.COMMENT_LIMIT)
    recommended_bps = PercentField(
        label=_("Recommended rate"),
        help_text=_("The scheme's share of the list price: up to 70%, in exceptional cases up to 90%; 0% for none."),
    )

    def __init__(self, *args: Any, call: Call, review: Review, **kwargs: Any):
        initial = {"comment": review.comment, "recommended_bps": review.recommended_bps}
        initial |= {f"score_{code}": score for code, score in review.scores.items()}
        super().__init__(*args, initial=initial, **kwargs)
        scores = {}
        for criterion in call.criteria:
            scores[f"score_{criterion['code']}"] = forms.IntegerField(
                label=gettext("%(name)s (weight %(weight)s%%)")
                % {"name": chosen(criterion), "weight": criterion["weight"]},
                help_text=rules.REVIEW_HINTS.get(criterion["code"], ""),
                min_value=0,
                max_value=rules.BEST_SCORE,
                widget=forms.NumberInput(attrs={"inputmode": "numeric", "min": 0, "max": rules.BEST_SCORE}),
            )
        self.fields = scores | self.fields

    def values(self) -> dict[str, Any]:
        """What ``save_review`` and ``submit_review`` take."""
        given = self.cleaned_data
        return {
            "scores": {
                name.removeprefix("score_"): value
                for name, value in given.items()
                if name.startswith("score_") and value is not None
            },
            "comment": given["comment"],
            "recommended_bps": given["recommended_bps"],
        }


class DecisionForm(forms.Form):
    use_required_attribute = False

    outcome = forms.ChoiceField(
        label=_("Decision"),
        choices=[(Decision.Outcome.APPROVED, _("Approve")), (Decision.Outcome.REJECTED, _("Do not approve"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("Approve it or do not approve it.")},
    )
    scheme_bps = PercentField(
        label=_("Rate: the scheme's share of the list price"),
        help_text=_("Up to 70%. Above that up to 90%, and only with a written exceptional reason."),
        required=False,
    )
    exceptional_reason = forms.CharField(
        label=_("Why this case is special and exceptional"),
        help_text=_("Only for a rate above 70%. The letter quotes it."),
        widget=_area(4),
        required=False,
        max_length=rules.REASON_LIMIT,
    )
    ceiling = CentsField(label=_("Ceiling at list price"), required=False)
    months = forms.IntegerField(label=_("Months"), min_value=1, max_value=rules.MAX_MONTHS, required=False)
    reasons = forms.CharField(
        label=_("Reasons"),
        help_text=_("The letter quotes them."),
        widget=_area(6),
        max_length=rules.REASON_LIMIT,
        error_messages={"required": _("Give the reasons; the letter quotes them.")},
    )

    def values(self) -> dict[str, Any]:
        """What ``decide`` takes; terms of an award only when one is made."""
        given = dict(self.cleaned_data)
        if given["outcome"] == Decision.Outcome.REJECTED:
            return {"outcome": given["outcome"], "reasons": given["reasons"]}
        given["scheme_bps"] = given["scheme_bps"] or 0
        return given


# Calls


class CallForm(forms.Form):
    use_required_attribute = False

    name_en = forms.CharField(label=_("Name in English"), max_length=rules.TITLE_LIMIT, required=False)
    name_zh = forms.CharField(label=_("Name in Chinese"), max_length=rules.TITLE_LIMIT, required=False)
    summary_en = forms.CharField(
        label=_("Summary in English"), widget=_area(), max_length=rules.SUMMARY_LIMIT, required=False
    )
    summary_zh = forms.CharField(
        label=_("Summary in Chinese"), widget=_area(), max_length=rules.SUMMARY_LIMIT, required=False
    )
    opens_at = forms.DateTimeField(
        label=_("Opens"), help_text=_("The call can be changed until then, and not afterwards."), widget=_moment()
    )
    closes_at = forms.DateTimeField(label=_("Closes"), widget=_moment())
    price_list = forms.ModelChoiceField(
        PriceList.objects.filter(published_at__isnull=False),
        label=_("Price list"),
        help_text=_("Awards of this call are made, and charged, at these prices."),
        empty_label=None,
    )
    acceptance_days = forms.IntegerField(label=_("Days to accept an award"), min_value=1, max_value=365)


class CriterionForm(forms.Form):
    use_required_attribute = False

    code = forms.SlugField(label=_("Code"), max_length=32)
    name_en = forms.CharField(label=_("Name in English"), max_length=rules.TITLE_LIMIT, required=False)
    name_zh = forms.CharField(label=_("Name in Chinese"), max_length=rules.TITLE_LIMIT, required=False)
    weight = forms.IntegerField(label=_("Weight"), min_value=1, max_value=100)
    illustrative = forms.BooleanField(label=_("Illustrative placeholder"), required=False)


CriterionRows = _formset(CriterionForm, _Rows, 12, 1)
