"""What people type about jobs and files: thin, because the actions decide."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from aisc.core.errors import BadInput
from aisc.core.forms import LongSelect
from aisc.core.money import format_cents
from aisc.jobs import specification, templates
from aisc.jobs.library import Parameter, Template
from aisc.jobs.models import Job
from aisc.jobs.states import LABELS
from aisc.ledger.models import Budget, Price
from aisc.people.models import Project

PARAMETER = "p_"  # before the names of a template's parameters, which are anybody's choice


class FilterForm(forms.Form):
    """Filters of the list of jobs, kept in the address."""

    q = forms.CharField(label=gettext_lazy("Search"), max_length=100, required=False)
    state = forms.ChoiceField(label=gettext_lazy("State"), required=False)
    project = forms.ChoiceField(label=gettext_lazy("Project"), required=False, widget=LongSelect)
    budget = forms.CharField(max_length=24, required=False, widget=forms.HiddenInput)
    mine = forms.ChoiceField(label=gettext_lazy("Submitted by"), required=False)

    def __init__(self, *args: Any, projects: list[Project], **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["state"].choices = [
            ("", _("Any state")),
            ("active", _("under way")),
            ("ended", _("ended")),
            *LABELS.items(),
        ]
        self.fields["mine"].choices = [("", _("Anybody")), ("on", _("Me"))]
        self.fields["project"].choices = [("", _("Any project")), *((each.uid, each.name) for each in projects)]


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _text(label: Any, hint: Any = "", *, required: bool = False, rows: int = 0, limit: int = 20_000) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": str(rows), "spellcheck": "false"}) if rows else forms.TextInput()
    return forms.CharField(label=label, help_text=hint, required=required, widget=widget, max_length=limit)


class JobForm(forms.Form):
    """A job of a project: a command or a template, its resources, and what goes with it."""

    budget = forms.ChoiceField(
        label=gettext_lazy("Budget that pays"), error_messages={"required": gettext_lazy("Choose a budget.")}
    )
    name = _text(gettext_lazy("Name of the job"), gettext_lazy("For people to find it, in any script."), limit=500)
    command = _text(
        gettext_lazy("Command"),
        gettext_lazy(
            "For example: python train.py --epochs 3. Quote what has spaces. No shell reads it; for one, use sh -c '…'."
        ),
        rows=3,
        limit=140_000,
    )
    accelerator = forms.ChoiceField(label=gettext_lazy("Accelerator type"))
    accelerator_count = forms.IntegerField(label=gettext_lazy("How many for each run"), min_value=1)
    time_limit = _text(
        gettext_lazy("Time limit"),
        gettext_lazy("Such as 30m, 2h30m or 1d. It is stopped then; only the time it really runs is charged."),
        required=True,
        limit=40,
    )
    memory = _text(
        gettext_lazy("Memory for each run"),
        gettext_lazy("Such as 16 GB. Empty: the part of the machine that goes with the accelerators."),
        limit=40,
    )
    cpus = forms.IntegerField(
        label=gettext_lazy("CPU cores for each run"),
        help_text=gettext_lazy("Empty: the part of the machine that goes with the accelerators."),
        required=False,
        min_value=1,
    )
    array_size = forms.IntegerField(
        label=gettext_lazy("Number of runs"),
        help_text=gettext_lazy("More than one makes an array: each run finds its number, from 0, in AISC_ARRAY_INDEX."),
        initial=1,
        min_value=1,
        max_value=specification.MAX_ARRAY,
    )
    inputs = _text(
        gettext_lazy("Files it needs"),
        gettext_lazy("Paths in the workspace, one a line. It is not accepted unless they are there."),
        rows=2,
    )
    outputs = _text(
        gettext_lazy("Files it makes"),
        gettext_lazy(
            "Patterns such as figures/*.png, one a line. What it writes to the folder AISC_OUTPUT is shown in any case."
        ),
        rows=2,
    )
    workdir = _text(
        gettext_lazy("Folder to start in"), gettext_lazy("In the workspace. Empty: its first folder."), limit=1000
    )
    environment = _text(
        gettext_lazy("Environment variables"), gettext_lazy("NAME=value, one a line."), rows=3, limit=140_000
    )
    after = _text(
        gettext_lazy("Start only after these jobs have completed"),
        gettext_lazy("Their identifiers (job-…), one a line. They must be jobs of this project."),
        rows=2,
    )
    note = _text(gettext_lazy("Note"), gettext_lazy("For yourself and your team; it can be changed later."), rows=3)

    BASIC = ("budget", "name")
    SIZE = ("accelerator", "accelerator_count", "time_limit")
    MORE_SIZE = ("memory", "cpus", "array_size")
    FILES = ("inputs", "outputs", "workdir")
    MORE = ("environment", "after", "note")

    def __init__(
        self,
        *args: Any,
        budgets: list[Budget],
        accelerators: list[tuple[str, str]],
        template: Template | None,
        **kwargs,
    ):
        super().__init__(*args, **kwargs)
        self.template = template
        self._usual = {"array_size": 1} | (initial_of(template) if template else {})
        self.fields["budget"].choices = [
            (each.uid, f"{each.name} ({format_cents(each.available, each.currency)})") for each in budgets
        ]
        self.fields["accelerator"].choices = accelerators
        self.parameter_names: list[str] = []
        if template is None:
            self.fields["command"].required = True
            self.fields["command"].error_messages["required"] = _("Write the command to run.")
        else:
            for name in ("command", *self.FILES):
                del self.fields[name]
            for parameter in template.parameters:
                self.fields[PARAMETER + parameter.name] = _parameter_field(parameter)
                self.parameter_names.append(PARAMETER + parameter.name)
        self.fields["name"].required = True
        self.fields["name"].error_messages["required"] = _("Give the job a name, so that people can find it.")
        self.fields["time_limit"].error_messages["required"] = _("Say how long it may run at most, such as 30m or 2h.")

    def _group(self, names: tuple[str, ...]) -> list[forms.BoundField]:
        return [self[name] for name in names if name in self.fields]

    def basic(self) -> list[forms.BoundField]:
        return self._group((*self.BASIC, "command"))

    def parameters(self) -> list[forms.BoundField]:
        return self._group(tuple(self.parameter_names))

    def size(self) -> list[forms.BoundField]:
        return self._group(self.SIZE)

    def more(self) -> list[forms.BoundField]:
        return self._group((*self.MORE_SIZE, *self.FILES, *self.MORE))

    def more_is_used(self) -> bool:
        """Whether something less usual was filled in, or is wrong: then it is not folded away."""
        return any(
            field.errors or str(field.value() or "") not in ("", str(self._usual.get(field.name) or ""))
            for field in self.more()
        )

    def _checked(self, name: str, read: Callable[[Any], Any]) -> Any:
        value = self.cleaned_data[name]
        try:
            return read(value)
        except BadInput as error:
            raise ValidationError(str(error.message)) from error

    def clean_name(self) -> str:
        return self._checked("name", specification.read_name)

    def clean_time_limit(self) -> str:
        self._checked("time_limit", specification.read_time)
        return self.cleaned_data["time_limit"].strip()

    def clean_memory(self) -> str:
        if self.cleaned_data["memory"].strip():
            self._checked("memory", specification.read_memory)
        return self.cleaned_data["memory"].strip()

    def clean_command(self) -> list[str]:
        try:
            words = shlex.split(self.cleaned_data["command"])
        except ValueError as error:
            raise ValidationError(_("A quotation mark is opened and not closed.")) from error
        try:
            return list(specification.read_command(words))
        except BadInput as error:
            raise ValidationError(str(error.message)) from error

    def clean_environment(self) -> dict[str, str]:
        found = {}
        for line in self.cleaned_data["environment"].splitlines():
            name, sign, value = line.strip().partition("=")
            if not name and not sign:
                continue
            if not sign:
                raise ValidationError(_("Write NAME=value; “%(line).60s” has no “=”.") % {"line": line})
            found[name.strip()] = value
        try:
            return specification.read_environment(found)
        except BadInput as error:
            raise ValidationError(str(error.message)) from error

    def clean_inputs(self) -> list[str]:
        return _lines(self.cleaned_data["inputs"])

    def clean_outputs(self) -> list[str]:
        return _lines(self.cleaned_data["outputs"])

    def clean_after(self) -> list[str]:
        return self.cleaned_data["after"].replace(",", " ").split()

    def clean(self) -> dict[str, Any]:
        if self.template is not None:
            given = {name.removeprefix(PARAMETER): self._given(name) for name in self.parameter_names}
            for error in self.template.errors(given):
                self.add_error(PARAMETER + error.field, str(templates.refusal(error).message))
        return self.cleaned_data

    def _given(self, name: str) -> str:
        value = self.cleaned_data.get(name)
        return str(value).lower() if isinstance(value, bool) else (value or "")

    def asked(self) -> dict[str, Any]:
        """What to give to ``submit_job`` beside the project and the budget."""
        data = self.cleaned_data
        asked = {
            "name": data["name"],
            "accelerator": data["accelerator"],
            "accelerator_count": data["accelerator_count"],
            "cpus": data["cpus"],
            "memory_mb": data["memory"] or None,
            "time_limit_ms": data["time_limit"],
            "array_size": data["array_size"],
            "environment": data["environment"],
            "after": data["after"],
            "note": data["note"],
        }
        if self.template is None:
            names = ("command", "inputs", "outputs", "workdir")
            return asked | {name: data[name] for name in names}
        parameters = {name.removeprefix(PARAMETER): self._given(name) for name in self.parameter_names}
        return asked | {"template": self.template.code, "parameters": parameters}

    def refuse(self, error: Any) -> None:
        """Put an action's refusal beside its field."""
        names = {"time_limit_ms": "time_limit", "memory_mb": "memory"}
        name = names.get(error.field, error.field or "")
        if PARAMETER + name in self.fields and name not in self.fields:
            name = PARAMETER + name
        self.add_error(name if name in self.fields else None, str(error.message))


class _WithDefault(forms.CharField):
    """Not called optional, since it always has a value: left empty, it is the default again."""

    def clean(self, value: Any) -> Any:
        return super().clean(value if value and str(value).strip() else self.initial)


def _parameter_field(parameter: Parameter) -> forms.Field:
    language = templates.language()
    about: dict[str, Any] = {
        "label": parameter.label_in(language),
        "help_text": parameter.help_in(language),
        "required": parameter.default != "",
        "initial": parameter.default,
    }
    if parameter.type == "choice":
        return forms.ChoiceField(choices=parameter.choices_in(language), **about)
    if parameter.type == "bool":
        return forms.BooleanField(**about | {"required": False, "initial": parameter.default == "true"})
    if parameter.name == templates.OUTPUT and parameter.type == "path":
        about |= {"initial": "", "required": False}
        about["help_text"] = _("Empty: the job's own results folder, so that no job overwrites another's.")
    numeric = {"int": "numeric", "float": "decimal"}.get(parameter.type, "text")
    kind = _WithDefault if parameter.default and about["required"] else forms.CharField
    return kind(max_length=4000, widget=forms.TextInput(attrs={"inputmode": numeric}), **about)


def initial_from(job: Job) -> dict[str, Any]:
    """What the form of a job like ``job`` begins with."""
    data: dict[str, Any] = {
        "budget": job.budget.uid,
        "name": job.name,
        "command": shlex.join(job.command),
        "accelerator": job.accelerator.code,
        "accelerator_count": job.accelerator_count,
        "time_limit": specification.show_time(job.time_limit_ms),
        "memory": specification.show_memory(job.memory_mb),
        "cpus": job.cpus,
        "array_size": job.array_size,
        "inputs": "\n".join(job.inputs),
        "outputs": "\n".join(job.outputs),
        "workdir": job.workdir,
        "environment": "\n".join(f"{name}={value}" for name, value in job.environment.items()),
        "note": job.note,
    }
    return data | {PARAMETER + name: value for name, value in job.parameters.items()}


def initial_of(template: Template) -> dict[str, Any]:
    """What the form of a template begins with."""
    resources = template.resources
    return {
        "name": template.name_in(templates.language())[: specification.MAX_NAME],
        "accelerator": resources.accelerator,
        "accelerator_count": resources.count,
        "time_limit": resources.time_limit,
        "memory": specification.show_memory(resources.memory_mb),
    }


def accelerator_choices(budgets: list[Budget]) -> list[tuple[str, str]]:
    """Accelerator types that the budgets' price lists have prices for, with the price of an hour."""
    found: dict[str, str] = {}
    lists = {each.price_list_id for each in budgets}
    prices = Price.objects.filter(price_list__in=lists, meter__accelerator__isnull=False)
    for price in prices.select_related("meter__accelerator", "price_list").order_by("cents", "pk"):
        kind = price.meter.accelerator
        text = _("%(name)s, %(price)s an hour") % {
            "name": kind.title,
            "price": format_cents(price.cents, price.price_list.currency),
        }
        found.setdefault(kind.code, text)
    return list(found.items())


class NoteForm(forms.Form):
    note = _text(gettext_lazy("Note"), rows=3)


class NewFolderForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Name of the new folder"),
        max_length=500,
        error_messages={"required": gettext_lazy("Give the folder a name.")},
    )


class RenameForm(forms.Form):
    to = forms.CharField(
        label=gettext_lazy("New name"),
        help_text=gettext_lazy("With “/” it is moved into another folder of the workspace."),
        max_length=1000,
        error_messages={"required": gettext_lazy("Give a new name.")},
    )


class ShareForm(forms.Form):
    days = forms.IntegerField(
        label=gettext_lazy("For how many days"),
        help_text=gettext_lazy("1 to 90. After that it opens nothing."),
        error_messages={
            "required": gettext_lazy("Say for how many days."),
            "invalid": gettext_lazy("Give a whole number."),
        },
    )
    email = forms.EmailField(
        label=gettext_lazy("Only for this person"),
        help_text=gettext_lazy("Their e-mail address. To use the link, they sign in to an account with this address."),
        required=False,
    )


class UnpackForm(forms.Form):
    to = forms.CharField(
        label=gettext_lazy("Into a new folder"),
        max_length=1000,
        error_messages={"required": gettext_lazy("Give the folder a name.")},
    )


class ManyFilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class UploadForm(forms.Form):
    """Files from the browser. Read with ``request.FILES.getlist``; each is checked as it is stored."""

    files = forms.FileField(label=gettext_lazy("Files"), widget=ManyFilesInput(attrs={"multiple": True}))
