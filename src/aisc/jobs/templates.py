"""From a template and its parameters to what is asked of a job; and a template's refusals in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from aisc.core.errors import BadInput
from aisc.jobs import library
from aisc.jobs.library import Template, TemplateError, load_templates

# Where jobs find the templates' programs, whatever machine they run on.
LIBRARY = "/opt/aisc/templates"
# A path parameter of this name says where results go. Left empty, they go where every job's results are.
OUTPUT = "output"


@dataclass(frozen=True)
class Wish:
    """What to give to :func:`aisc.jobs.specification.read`, and the parameters as the person gave them."""

    fields: dict[str, Any]
    parameters: dict[str, str]


def language() -> str:
    """The reader's language as the library names it."""
    return get_language() or "en"


def find(code: str) -> Template:
    """The template called ``code``. Raises BadInput."""
    template = load_templates().get(code)
    if template is None:
        raise BadInput(_("There is no template “%(code).60s”.") % {"code": code}, field="template")
    return template


def results_folder(uid: str) -> str:
    """Where a job's results go, inside the workspace."""
    return f"results/{uid}"


def wish(
    *,
    uid: str,
    command: Sequence[str] | None = None,
    template: str = "",
    parameters: Mapping[str, str] | None = None,
    accelerator: str = "",
    accelerator_count: int | None = None,
    memory_mb: int | str | None = None,
    time_limit_ms: int | str | None = None,
    inputs: Iterable[str] = (),
    outputs: Iterable[str] = (),
    workdir: str = "",
) -> Wish:
    """What is asked for, from a template or from a command; never from both. Raises BadInput."""
    if template and command:
        raise BadInput(_("Give a template or a command, not both."), field="command")
    fields: dict[str, Any] = {
        "accelerator": accelerator or "cpu",
        "accelerator_count": 1 if accelerator_count is None else accelerator_count,
        "memory_mb": memory_mb,
        "time_limit_ms": time_limit_ms,
        "inputs": inputs,
        "outputs": outputs,
        "workdir": workdir,
    }
    given = {name: value for name, value in (parameters or {}).items() if value.strip()}
    if template:
        fields |= _from_template(find(template), uid, given, fields, accelerator, accelerator_count)
    else:
        if given:
            raise BadInput(_("Parameters belong to a template; a command has none."), field="parameters")
        fields["command"] = command or ()
    if fields["time_limit_ms"] is None:
        raise BadInput(_("Say how long it may run at most, such as 30m or 2h."), field="time_limit")
    return Wish(fields, given)


def _from_template(
    template: Template,
    uid: str,
    given: dict[str, str],
    asked: dict[str, Any],
    accelerator: str,
    accelerator_count: int | None,
) -> dict[str, Any]:
    values = filled(template, uid, given)
    try:
        # As a person would type it: each machine has its own Python first on the path, and the programs at one place.
        program = f"{LIBRARY}/{template.program.relative_to(library.FOLDER)}"
        command = template.build(values, python="python", program=program)
        outputs = [each.glob for each in template.outputs_for(values)]
        cleaned = template.clean(values)
    except TemplateError as error:
        raise refusal(error) from error
    resources = template.resources
    return {
        "command": command,
        "accelerator": accelerator or resources.accelerator,
        "accelerator_count": resources.count if accelerator_count is None else accelerator_count,
        "memory_mb": asked["memory_mb"] or resources.memory_mb,
        "time_limit_ms": asked["time_limit_ms"] or resources.time_limit_ms,
        # Each input's file; what it finds below a folder is the program's affair.
        "inputs": [cleaned[each.parameter] for each in template.inputs if cleaned[each.parameter]],
        "outputs": outputs,
        "workdir": "",
    }


def filled(template: Template, uid: str, given: Mapping[str, str]) -> dict[str, str]:
    """The parameters with the job's own results folder where the template asks for one and none was given."""
    values = dict(given)
    if any(each.name == OUTPUT and each.type == "path" for each in template.parameters):
        values.setdefault(OUTPUT, results_folder(uid))
    return values


def refusal(error: TemplateError) -> BadInput:
    """A template's refusal as this room says it."""
    return BadInput(_message(error), field=error.field)


def _message(error: TemplateError) -> str:
    messages = {
        "unknown": _("This template has no parameter of this name."),
        "required": _("A value is needed."),
        "not_a_whole_number": _("“%(value)s” is not a whole number."),
        "not_a_number": _("“%(value)s” is not a number."),
        "too_small": _("%(value)s is too small: the least is %(min)s."),
        "too_large": _("%(value)s is too large: the most is %(max)s."),
        "too_short": _("This is too short: at least %(min)s characters."),
        "too_long": _("This is too long: at most %(max)s characters."),
        "not_a_choice": _("“%(value)s” is not one of %(choices)s."),
        "not_yes_or_no": _("“%(value)s” is neither yes nor no."),
        "wrong_form": _("“%(value)s” does not have the form that is asked for."),
        "unprintable": _("There is a character in this that cannot be printed."),
        "absolute_path": _("Give a path inside the workspace, without a “/” in front."),
        "outside_workspace": _("A path may not lead out of the workspace (“..”)."),
    }
    # A template that came with a new kind of refusal still says it, in English.
    return messages.get(error.code, error.message.replace("%", "%%")) % error.params
