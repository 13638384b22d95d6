"""What people type: thin, because the actions decide. Sums are typed as money, kept as cents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from aisc.core.forms import CentsField
from aisc.ledger.models import Budget, Meter, Price
from aisc.people.models import Project


class DateInput(forms.DateInput):
    """The browser's own date field; ISO in both directions, in every language."""

    input_type = "date"

    def __init__(self, **kwargs: Any):
        super().__init__(format="%Y-%m-%d", **kwargs)


def _date(**kwargs: Any) -> forms.DateField:
    return forms.DateField(widget=DateInput, input_formats=["%Y-%m-%d"], **kwargs)


def _reason(hint: Any) -> forms.CharField:
    return forms.CharField(
        label=_("Reason"), help_text=hint, max_length=300, widget=forms.Textarea(attrs={"rows": "3"})
    )


class FilterForm(forms.Form):
    """Filters of the list of budgets, kept in the address."""

    q = forms.CharField(label=_("Search"), max_length=100, required=False)
    state = forms.ChoiceField(label=_("State"), required=False, choices=[("", _("Any state")), *Budget.State.choices])
    source = forms.ChoiceField(
        label=_("Source"), required=False, choices=[("", _("Any source")), *Budget.Source.choices]
    )
    sort = forms.CharField(max_length=20, required=False, widget=forms.HiddenInput)


class ProjectStep(forms.Form):
    """Which project the money is for."""

    project = forms.ModelChoiceField(
        label=_("Which project will use this money?"),
        queryset=Project.objects.none(),
        to_field_name="uid",
        empty_label=None,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a project.")},
    )

    def __init__(self, *args: Any, projects: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["project"].queryset = projects
        self.fields["project"].label_from_instance = lambda project: f"{project.name} – {project.organisation.name}"


class MoneyStep(forms.Form):
    """How much, and what to call it."""

    name = forms.CharField(
        label=_("Name of the budget"),
        help_text=_("What people see when they choose who pays for a job, such as “Own funds 2026”."),
        max_length=200,
    )
    ceiling = CentsField(
        label=_("The most that may be spent"),
        help_text=_("At list price. The centre releases it, in one or several tranches, when your credit is granted."),
    )
    reference = forms.CharField(
        label=_("Your order number"),
        help_text=_("Printed on every statement, so that your accounts department knows it."),
        max_length=64,
        required=False,
    )


class DatesStep(forms.Form):
    """From when until when jobs may use it."""

    starts_on = _date(label=_("First day"))
    ends_on = _date(
        label=_("Last day"), help_text=_("Jobs that still run on this day are charged; none can start after.")
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data.get("starts_on") and data.get("ends_on") and data["ends_on"] < data["starts_on"]:
            self.add_error("ends_on", _("The last day must not be before the first day."))
        return data


class PriceListStep(forms.Form):
    """What the new price list is called, from when it is in force, what readers are told about it."""

    version = forms.CharField(
        label=_("Version"),
        help_text=_("Printed on statements beside every price, such as “2026-2”. No other list may have it."),
        max_length=32,
    )
    effective_from = _date(
        label=_("In force from"), help_text=_("Today at the earliest. Budgets opened from this day on get it.")
    )
    illustrative = forms.TypedChoiceField(
        label=_("Are these prices only an example?"),
        help_text=_("Examples are marked “Illustrative” wherever they are shown. The prices of a real centre are not."),
        choices=[("no", _("No, these are the prices that the centre charges")), ("yes", _("Yes, they are an example"))],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
        error_messages={"required": _("Say whether these prices are an example.")},
    )
    note_en = forms.CharField(
        label=_("Note in English"), help_text=_("Shown above the prices."), max_length=300, required=False
    )
    note_zh = forms.CharField(
        label=_("Note in Chinese"), help_text=_("Shown above the prices."), max_length=300, required=False
    )


class AmountsStep(forms.Form):
    """One amount for each thing that is measured; an empty one is not offered."""

    def __init__(self, *args: Any, meters: Sequence[Meter], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.meters = {f"price-{meter.code}": meter for meter in meters}
        for name, meter in self.meters.items():
            hint = "" if meter.unit == "ms" else _("For %(per)s of the unit “%(unit)s”.")
            self.fields[name] = CentsField(
                label=meter.name, help_text=hint and hint % {"per": meter.per, "unit": meter.unit}, required=False
            )

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if not self.errors and not self.prices():
            raise forms.ValidationError(_("Give at least one price."))
        return data

    def prices(self) -> dict[str, int]:
        """Cents by the meter's code, of those that have a price."""
        found = {meter.code: self.cleaned_data[name] for name, meter in self.meters.items()}
        return {code: cents for code, cents in found.items() if cents is not None}


class ReleaseForm(forms.Form):
    """A tranche."""

    amount = CentsField(label=_("Amount to release"))
    reason = _reason(_("Kept in the journal, such as “first tranche” or “progress report accepted”."))


class CeilingForm(forms.Form):
    """More of the organisation's own money."""

    ceiling = CentsField(label=_("New ceiling"))
    reason = _reason(_("The centre's finance officer reads it before granting credit."))


class ReasonForm(forms.Form):
    """A change that needs saying why."""

    reason = _reason(_("Kept in the audit log and shown to those who use the budget."))


class MoveForm(forms.Form):
    """To the price list that was shown, even if another one is published in the meantime."""

    price_list = forms.CharField(max_length=32, widget=forms.HiddenInput)
    reason = _reason(_("Kept in the audit log."))


class CloseForm(ReasonForm):
    """Closing cannot be undone, so the name is typed."""

    confirm_name = forms.CharField(max_length=200)

    def __init__(self, *args: Any, name: str, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.name = name
        self.fields["confirm_name"].label = _("To confirm, type “%(name)s”") % {"name": name}

    def clean_confirm_name(self) -> str:
        typed = self.cleaned_data["confirm_name"]
        if typed.strip() != self.name:
            raise forms.ValidationError(_("Type the budget's name exactly as it is written above."))
        return typed


class IssueForm(forms.Form):
    """The period that the statements cover."""

    period_start = _date(label=_("First day of the period"))
    period_end = _date(
        label=_("Last day of the period"), help_text=_("Every charge up to this day that is not yet on a statement.")
    )


class AttributeForm(forms.Form):
    """Which budget pays for a use that came without one."""

    budget = forms.ModelChoiceField(
        label=_("Budget that pays"),
        queryset=Budget.objects.none(),
        to_field_name="uid",
        empty_label=_("Choose a budget"),
        error_messages={"required": _("Choose a budget."), "invalid_choice": _("Choose a budget from the list.")},
    )

    price = forms.ModelChoiceField(
        label=_("What was used"), queryset=Price.objects.none(), empty_label=_("Choose what was used")
    )
    reason = _reason(_("Kept in the journal beside the charge."))

    def __init__(self, *args: Any, budgets: Any, prices: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if prices is None:
            # What was used is recorded with the usage; only who pays is open.
            del self.fields["price"]
        else:
            self.fields["price"].queryset = prices.select_related("meter").order_by("meter__code")
            self.fields["price"].label_from_instance = lambda price: price.meter.name
        field = self.fields["budget"]
        field.queryset = budgets
        field.label_from_instance = lambda budget: f"{budget.name} – {budget.organisation.name} ({budget.uid})"
