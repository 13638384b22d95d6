"""Forms as thin faces: clean what was typed, call an action, show its refusal beside the field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from aisc.core.errors import AiscError
from aisc.core.money import format_cents, parse_cents


def attempt(form: forms.Form, call: Callable[..., Any], /, *args: Any, **kwargs: Any) -> tuple[bool, Any]:
    """Call an action; on a refusal put its message on the form. Answers (worked, result)."""
    try:
        return True, call(*args, **kwargs)
    except AiscError as error:
        form.add_error(error.field if error.field in form.fields else None, str(error.message))
        return False, None


class LongSelect(forms.Select):
    """For hundreds of choices without groups: Django renders two templates for each of them."""

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        widget = self.get_context(name, value, attrs)["widget"]
        choices = [each for _group, within, _index in widget["optgroups"] for each in within]
        options = format_html_join(
            "\n",
            '  <option value="{}"{}>{}</option>',
            ((each["value"], flatatt(each["attrs"]), each["label"]) for each in choices),
        )
        return format_html('<select name="{}"{}>\n{}\n</select>', widget["name"], flatatt(widget["attrs"]), options)


class CentsField(forms.CharField):
    """An amount of money typed by a person; cleans to integer cents."""

    def to_python(self, value: Any) -> int | None:
        if value in self.empty_values:
            return None
        if isinstance(value, int):
            return value
        try:
            return parse_cents(value)
        except ValueError as error:
            from django.utils.translation import gettext as _

            raise ValidationError(_("Write an amount such as 1,200.50.")) from error

    def prepare_value(self, value: Any) -> Any:
        return format_cents(value, "").strip() if isinstance(value, int) else value

    def validate(self, value: Any) -> None:
        if value is None and self.required:
            raise ValidationError(self.error_messages["required"], code="required")

    def run_validators(self, value: Any) -> None:
        return
