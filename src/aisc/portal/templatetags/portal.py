"""Template tags and filters of every page. `{% load portal %}`; examples in docs/components.md.

Each tag turns plain objects into a small template under portal/components/, or, where lists show it by the dozen,
into what portal/markup.py writes. Tags read; they never query.

``translate``, ``url`` and ``icon`` are Django's and ours with what is constant in a template done once: load this
library after ``i18n``.
"""

import datetime
import re
from collections.abc import Iterable
from functools import cache
from html import escape
from typing import Any

from django import template
from django.conf import settings
from django.forms import BoundField
from django.forms.widgets import CheckboxInput, CheckboxSelectMultiple, RadioSelect
from django.http import QueryDict
from django.template.base import Node, Parser, TextNode, Token
from django.template.defaulttags import URLNode, url
from django.template.loader import get_template, render_to_string
from django.templatetags.i18n import TranslateNode, do_translate
from django.urls import NoReverseMatch
from django.utils import timezone, translation
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from aisc.core import access, addresses, clock, language
from aisc.core.language import joined
from aisc.jobs import sayings
from aisc.portal import drawing, formats, markup

register = template.Library()


# What is the same each time


@register.tag
def drawn(_parser: Parser, token: Token) -> Node:
    """`{% drawn "portal/components/mark.html" %}`: includes what needs no context, when the template is read."""
    _tag, name = token.split_contents()
    return TextNode(get_template(name[1:-1]).render())


@register.simple_tag
def language_buttons() -> SafeString:
    """The languages of the portal, each in its own words, the reader's marked."""
    return _language_buttons(translation.get_language())


@cache
def _language_buttons(current: str | None) -> SafeString:
    here = ' aria-current="true"'
    return format_html_join(
        "",
        '<button type="submit" name="language" value="{}" lang="{}"{}>{}</button>',
        (
            (
                code,
                language_tag(code),
                SafeString(here if code == current else ""),
                language_name(code),
            )
            for code, _name in settings.LANGUAGES
        ),
    )


class Said(Node):
    """`{% translate "a text" %}`: looked up once in each language."""

    def __init__(self, node: TranslateNode) -> None:
        self._node = node
        self._said: dict[str | None, str] = {}

    def render(self, context: template.Context) -> str:
        code = translation.get_language()
        said = self._said.get(code)
        if said is None:
            said = self._said[code] = self._node.render(context)
        return said


@register.tag("translate")
def translate(parser: Parser, token: Token) -> Node:
    """Django's, which looks a text up anew each time."""
    node = do_translate(parser, token)
    said, context = node.filter_expression, node.message_context
    constant = said.var.lookups is None and not said.filters and not (context and context.is_var)
    return Said(node) if constant and not node.asvar and not node.noop else node


class Address(Node):
    """`{% url 'jobs:job' job.uid %}`: a page of ours without an argument, or with one uid."""

    def __init__(self, node: URLNode) -> None:
        self._node = node
        self._name = node.view_name.resolve(None)
        self._uid = node.args[0] if node.args else None

    def render(self, context: template.Context) -> str:
        uid = self._uid.resolve(context) if self._uid else ""
        if self._uid and not (uid and isinstance(uid, str)):
            return self._node.render(context)  # a number, or nothing
        try:
            found = addresses.to(self._name, uid)
        except NoReverseMatch:
            return self._node.render(context)
        if self._node.asvar:
            context[self._node.asvar] = found
            return ""
        return escape(found) if context.autoescape else found


@register.tag("url")
def address(parser: Parser, token: Token) -> Node:
    """Django's, which searches the table of all pages anew each time."""
    node = url(parser, token)
    simple = not node.view_name.is_var and not node.kwargs and len(node.args) < 2
    return Address(node) if simple else node


# Quantities


@register.filter
def cents(value: int | None, currency: str = "HKD") -> str:
    """Integer cents as money: `{{ charge.cents|cents }}`, `{{ n|cents:budget.currency }}`."""
    return formats.money(value, currency)


@register.filter
def gpu_hours(value: int | None) -> str:
    """Integer milliseconds as hours with two decimals."""
    return formats.hours(value)


@register.filter
def number(value: int | None) -> str:
    """An integer with its thousands grouped and a true minus sign."""
    return formats.number(value)


@register.filter(name="bytes")
def bytes_(value: int | None) -> str:
    """A number of bytes in binary units."""
    return formats.size(value)


@register.filter(name="joined")
def joined_(words: Iterable[Any]) -> str:
    """A list in the reader's language: “a, b” in English, “甲、乙” in Chinese."""
    return joined(words)


@register.simple_tag
def gap() -> str:
    """What stands between two sentences, or after a colon: a space, which Chinese punctuation has in itself."""
    return "" if language.reads_chinese() else " "


@register.simple_tag
def comma() -> str:
    """What stands between two things of a list that a loop writes."""
    return joined(("", ""))


@register.filter
def duration_ms(value: int | None) -> str:
    """Integer milliseconds as the two largest units of time."""
    return formats.duration(value)


@register.filter
def basis_points(value: int | None) -> str:
    """7000 as 70%."""
    return formats.share(value)


# Moments

_MONTHS = (
    *("", "January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def _day_text(value: datetime.date) -> str:
    """A day as the active language writes it."""
    if language.reads_chinese():
        return f"{value.year:04d}年{value.month}月{value.day}日"
    return f"{value.day} {_MONTHS[value.month]} {value.year:04d}"


def _exact_text(value: datetime.datetime) -> str:
    local = timezone.localtime(value)
    comma = "" if language.reads_chinese() else ","
    return f"{_day_text(local)}{comma} {local.hour:02d}:{local.minute:02d} {local.tzname()}"


def _is_moment(value: object) -> bool:
    return isinstance(value, datetime.datetime)


@register.filter
def day(value: datetime.date | datetime.datetime | None) -> str:
    """A date in words: 22 November 2024."""
    if value is None:
        return formats.NOTHING
    if _is_moment(value):
        value = timezone.localtime(value)
    return _day_text(value)


@register.filter
def exact(value: datetime.datetime | None) -> str | SafeString:
    """A moment with its time zone, as a `<time>` element."""
    if value is None:
        return formats.NOTHING
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), _exact_text(value))


@register.filter
def relative(value: datetime.date | datetime.datetime | None) -> str | SafeString:
    """How long ago or ahead, with the exact time on hover; a date when that is clearer."""
    if value is None:
        return formats.NOTHING
    if _is_moment(value):
        text = formats.distance(round((value - clock.now()).total_seconds()))
        known, exactly = " data-relative" if text else "", _exact_text(value)
        text = text or _day_text(timezone.localtime(value))
    else:
        days = (value - clock.today()).days
        known, exactly = "", _day_text(value)
        text = _("today") if days == 0 else formats.distance(days * 86_400) or exactly
    return markup.moment(value.isoformat(), exactly, known, text)


# Languages


@register.filter
def language_tag(code: str) -> str:
    """What goes into a `lang` attribute: zh-hant becomes zh-Hant-HK."""
    return language.tag(code)


@register.filter
def language_name(code: str) -> str:
    """A language in its own words."""
    return language.NAMES.get(code) or translation.get_language_info(code)["name_local"]


@register.filter
def marked(value: object) -> str | SafeString:
    """A name or text that people wrote, in a `<span lang>` when it is in another language than the page.

    For text between tags only: an attribute, an `<option>` and a `<title>` cannot hold an element.
    """
    if isinstance(value, SafeString):
        return value  # markup of ours, which says its own languages
    text = "" if value is None else str(value)
    code = language.foreign_to_reader(text)
    return format_html('<span lang="{}">{}</span>', language.tag(code), text) if code else text


@register.filter
def engine_says(said: str) -> str:
    """What an engine says about a machine, in the reader's language where its words are known."""
    return sayings.in_words(said)


# Small pieces

_TONES = {
    "neutral": "neutral",
    "info": "info",
    "progress": "progress",
    "success": "success",
    "warning": "warning",
    "danger": "danger",
}
_STATES = {
    "neutral": "draft closed cancelled canceled withdrawn archived expired released stopped inactive ended",
    "info": "open submitted received pending queued requested new scheduled invited screening eligible",
    "progress": "running starting in_review review reviewing committee in_progress held stopping settling",
    "success": "done succeeded success approved awarded accepted active paid settled signed completed ok up "
    "passed current published",
    "warning": "warning due overdue returned suspended paused maintenance degraded conditional changes_requested "
    "waiting drained draining preempted",
    "danger": "failed error rejected declined refused terminated revoked down lost disputed blocked timeout",
}
for _tone, _words in _STATES.items():
    _TONES.update(dict.fromkeys(_words.split(), _tone))
_GLYPHS = {
    "neutral": "dot-open",
    "info": "dot",
    "progress": "half",
    "success": "check",
    "warning": "warning",
    "danger": "cross",
}


def tone_of(state: str) -> str:
    """The tone of a state's name; unknown names are neutral."""
    return _TONES.get(str(state).lower().replace("-", "_").replace(" ", "_"), "neutral")


def _icon_at_once(parser: Parser, token: Token) -> Node:
    """An icon whose name stands in the template is text when the template is read."""
    words = token.split_contents()
    if len(words) == 2 and words[1][0] in "'\"" and words[1][0] == words[1][-1]:
        return TextNode(markup.icon(words[1][1:-1]))
    return _any_icon(parser, token)


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """One drawing from the sheet in portal/components/icons.html. Without a label it is decoration."""
    if not label:
        return markup.icon(name)
    return format_html(
        '<svg class="icon" role="img" aria-label="{}" width="16" height="16"><use href="#icon-{}"/></svg>',
        label,
        name,
    )


_any_icon = register.tags["icon"]
register.tag("icon", _icon_at_once)


@register.simple_tag
def badge(state: str, label: str = "") -> SafeString:
    """A state in a word, with a shape for those who do not see its colour."""
    tone = tone_of(state)
    return markup.badge(tone, _GLYPHS[tone], str(label or str(state).replace("_", " ").capitalize()))


@register.inclusion_tag("portal/components/evidence.html")
def evidence(href: str, label: str = "") -> dict[str, Any]:
    """The records a claimed number was computed from."""
    return {"href": href, "label": label}


@register.inclusion_tag("portal/components/history.html", takes_context=True)
def history(context: template.Context, row: Any) -> dict[str, Any]:
    """The way to what happened to an object, for those who may see that: `{% history budget %}`"""
    from aisc.portal.audit.display import url_of  # late: it formats with this module's filters

    request = context.get("request")
    may = request is not None and row and access.may(request.actor, "portal.history", row)
    return {"url": url_of(row) if may else ""}


@register.inclusion_tag("portal/components/stat.html")
def stat(label: str, value: object, unit: str = "", evidence_url: str = "", *, note: str = "") -> dict[str, Any]:
    """One figure that matters, with its unit and its evidence."""
    value = formats.number(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if value is None or value == "":
        value = formats.NOTHING
    return {"label": label, "value": value, "unit": unit, "evidence_url": evidence_url, "note": note}


@register.inclusion_tag("portal/components/empty_state.html")
def empty_state(
    title: str, text: str = "", action_label: str = "", action_url: str = "", *, level: int = 2
) -> dict[str, Any]:
    """What to do first when there is nothing yet."""
    return {
        "title": title,
        "text": text,
        "action_label": action_label,
        "action_url": action_url,
        "level": level,
    }


@register.inclusion_tag("portal/components/notice.html")
def notice(tone: str, title: str, text: str = "", *, level: int = 2) -> dict[str, Any]:
    """A message in the page: info, success, warning or danger."""
    tone = {"debug": "info", "error": "danger"}.get(tone, tone)
    tone = tone if tone in ("info", "success", "warning", "danger") else "info"
    glyph = {"info": "info", "success": "check", "warning": "warning", "danger": "cross"}[tone]
    return {"tone": tone, "title": title, "text": text, "glyph": glyph, "level": level}


@register.simple_tag
def illustrative() -> SafeString:
    """Flag a price or rule that is an example, and point to the statement in the footer."""
    return format_html('<a class="illustrative" href="#illustrative-note">{}</a>', _("Illustrative"))


@register.inclusion_tag("portal/components/copy_button.html")
def copy_button(text: str, label: str = "") -> dict[str, Any]:
    """Copies `text`; hidden where script is off."""
    return {"text": text, "label": label or _("Copy")}


@register.inclusion_tag("portal/components/progress.html")
def progress(label: str, value: int, maximum: int, *, text: str = "") -> dict[str, Any]:
    """A true measure of work done; `text` replaces "3 of 12"."""
    return {
        "label": label,
        "value": str(value),
        "maximum": str(max(1, maximum)),
        "text": text
        or _("%(value)s of %(maximum)s") % {"value": formats.number(value), "maximum": formats.number(maximum)},
    }


@register.inclusion_tag("portal/components/log_viewer.html")
def log_viewer(src: str, *, initial: str = "", label: str = "", download_url: str = "") -> dict[str, Any]:
    """A log that grows: server-sent events from `src`, readable without script through `initial`."""
    return {"src": src, "initial": initial, "label": label or _("Log"), "download_url": download_url}


# Signature pieces


@register.simple_tag
def money_bar(budget: Any, *, compact: bool = False, evidence_url: str = "") -> SafeString:
    """One bar for a budget, with the cents in a table beneath. `compact` folds the table away."""
    bar = drawing.money_bar(budget, compact=compact)
    under = render_to_string("portal/components/evidence.html", {"href": evidence_url}) if evidence_url else ""
    return markup.money_bar(bar, compact=compact, evidence=under)


_STEP_WORDS = {
    "done": lambda: pgettext("step of a process", "Done"),
    "current": lambda: pgettext("step of a process", "Now"),
    "todo": lambda: pgettext("step of a process", "To come"),
    "failed": lambda: pgettext("step of a process", "Stopped here"),
}


@register.inclusion_tag("portal/components/state_ribbon.html")
def state_ribbon(ribbon: Any) -> dict[str, Any]:
    """Where something stands, who must act next, and by when.

    `ribbon`: label, steps (label, state = done | current | todo | failed, at, note), and optionally
    waiting_on (who), action (what they must do), due (a date or moment), url.
    """
    steps = []
    for step in drawing.get(ribbon, "steps") or ():
        state = drawing.get(step, "state") or "todo"
        steps.append(
            {
                "label": drawing.get(step, "label"),
                "state": state,
                "word": _STEP_WORDS[state](),
                "at": drawing.get(step, "at"),
                "note": drawing.get(step, "note"),
            }
        )
    due = drawing.get(ribbon, "due")
    late = False
    if _is_moment(due):
        late = due < clock.now()
    elif due:
        late = due < clock.today()
    position = next((n for n, s in enumerate(steps, 1) if s["state"] in ("current", "failed")), None)
    return {
        "label": drawing.get(ribbon, "label") or _("Progress"),
        "steps": steps,
        "position": position,
        "waiting_on": drawing.get(ribbon, "waiting_on"),
        "action": drawing.get(ribbon, "action"),
        "due": due,
        "late": late,
        "url": drawing.get(ribbon, "url"),
    }


@register.inclusion_tag("portal/components/bar_chart.html")
def bar_chart(series: Any) -> dict[str, Any]:
    """Horizontal bars. `series`: title, unit, format, bars (label, value, note, url), evidence_url."""
    return {"chart": drawing.bar_chart(series), "evidence_url": drawing.get(series, "evidence_url")}


@register.inclusion_tag("portal/components/line_chart.html")
def line_chart(series: Any) -> dict[str, Any]:
    """Values over time. `series`: title, unit, format, x, lines (label, values), evidence_url."""
    return {"chart": drawing.line_chart(series), "evidence_url": drawing.get(series, "evidence_url")}


# Finding one's way


@register.simple_tag
def links(items: Iterable[dict[str, Any]]) -> SafeString:
    """Lines of a list that lead somewhere. `items`: label, url, current."""
    return markup.links(items)


@register.inclusion_tag("portal/components/breadcrumbs.html")
def breadcrumbs(items: Iterable[Any]) -> dict[str, Any]:
    """`items`: label, url; the last one is the page itself."""
    return {"items": list(items or ())}


@register.inclusion_tag("portal/components/tabs.html")
def tabs(items: Iterable[Any], label: str = "") -> dict[str, Any]:
    """Links between views of one thing. `items`: label, url, current, count."""
    return {"items": list(items or ()), "label": label or _("Views")}


@register.inclusion_tag("portal/components/side_nav.html")
def side_nav(items: Iterable[Any], label: str = "") -> dict[str, Any]:
    """Links for the side of a work page. `items`: label, url, current, count; no url makes a heading."""
    return {"items": list(items or ()), "label": label or _("In this section")}


@register.inclusion_tag("portal/components/pager.html", takes_context=True)
def pager(
    context: template.Context, page: Any, param: str = "page", label: str = "", *, csv: bool = False
) -> dict[str, Any]:
    """Steps through a Django `Page`, keeping the filters in the address. `csv`: the whole list as a file as well."""
    query = _query(context)
    paginator = page.paginator

    def link(n: int) -> str:
        return _with(query, param, str(n))

    pages = [
        {"number": n, "url": link(n) if isinstance(n, int) else "", "current": n == page.number}
        for n in paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
    ]
    return {
        "label": label or _("Pages"),
        "pages": pages,
        "several": paginator.num_pages > 1,
        "previous_url": link(page.previous_page_number()) if page.has_previous() else "",
        "next_url": link(page.next_page_number()) if page.has_next() else "",
        "first": formats.number(page.start_index()),
        "last": formats.number(page.end_index()),
        "total": formats.number(paginator.count),
        "more": getattr(paginator, "more", False),  # than were counted
        "ellipsis": paginator.ELLIPSIS,
        "csv_url": _with(query, "csv", "1") if csv else "",
    }


def _query(context: template.Context) -> Any:
    request = context.get("request")
    return (request.GET if request is not None else QueryDict()).copy()


def _with(query: Any, key: str, value: str) -> str:
    query = query.copy()
    query[key] = value
    return f"?{query.urlencode()}"


@register.inclusion_tag("portal/components/sort_header.html", takes_context=True)
def sort_header(
    context: template.Context, label: str, key: str, unit: str = "", *, numeric: bool = False
) -> dict[str, Any]:
    """A column header that sorts by `?sort=key`, then `?sort=-key`."""
    query = _query(context)
    current = query.get("sort", "")
    query.pop("page", None)
    direction = {key: "ascending", f"-{key}": "descending"}.get(current, "")
    return {
        "label": label,
        "unit": unit,
        "numeric": numeric or bool(unit),
        "direction": direction,
        "url": _with(query, "sort", f"-{key}" if direction == "ascending" else key),
    }


# Forms


@register.inclusion_tag("portal/components/field.html")
def field(
    bound_field: BoundField,
    *,
    label: str = "",
    hint: str = "",
    prefix: str = "",
    suffix: str = "",
    width: str = "",
    heading: bool = False,
) -> dict[str, Any]:
    """A form field with its label, hint and error tied together.

    `width` is one of "", short, medium; `heading` makes the label the h1 of a page with one question.
    """
    widget = bound_field.field.widget
    group = isinstance(widget, RadioSelect | CheckboxSelectMultiple)
    single_box = isinstance(widget, CheckboxInput)
    fieldset = group or bound_field.use_fieldset
    hint = hint or bound_field.help_text
    described = []
    if hint:
        described.append(f"{bound_field.auto_id}_hint")
    if bound_field.errors:
        described.append(f"{bound_field.auto_id}_error")
    attrs: dict[str, Any] = {}
    if described and not fieldset:
        attrs["aria-describedby"] = " ".join(described)
    if bound_field.errors and not fieldset:
        attrs["aria-invalid"] = "true"
    return {
        "bound": bound_field,
        "label": label or bound_field.label,
        "hint": hint,
        "prefix": prefix,
        "suffix": suffix,
        "width": width,
        "heading": heading,
        "kind": "group" if group else "checkbox" if single_box else "fieldset" if fieldset else "input",
        "control": "" if group else bound_field.as_widget(attrs=attrs),
        "described_by": " ".join(described),
        "optional": not bound_field.field.required and not single_box,
    }


def _problems(form: Any) -> list[dict[str, str]]:
    """Every error of a form or a formset, with the id of the field to go to."""
    if hasattr(form, "management_form"):
        found = [{"text": str(text), "target": ""} for text in form.non_form_errors()]
        return found + [problem for each in form.forms for problem in _problems(each)]
    found = []
    for name, errors in form.errors.items():
        if name not in form.fields:
            found += [{"text": str(text), "target": ""} for text in errors]
            continue
        bound = form[name]
        target = bound.id_for_label
        if isinstance(bound.field.widget, RadioSelect | CheckboxSelectMultiple) or not target:
            target = f"{bound.auto_id}_0"
        found += [
            {"text": _("%(label)s — %(error)s") % {"label": bound.label, "error": text}, "target": target}
            for text in errors
        ]
    return found


@register.inclusion_tag("portal/components/error_summary.html")
def error_summary(form: Any) -> dict[str, Any]:
    """What must be put right, linked to the fields. Takes a form, a formset, or a list of them."""
    forms = form if isinstance(form, list | tuple) else [form]
    return {"problems": [problem for each in forms if each is not None for problem in _problems(each)]}


@register.inclusion_tag("portal/components/summary_list.html")
def summary_list(rows: Iterable[Any], title: str = "") -> dict[str, Any]:
    """ "Check your answers". `rows`: label, value, and optionally change_url."""
    return {"rows": list(rows or ()), "title": title}


@register.inclusion_tag("portal/components/confirm_button.html")
def confirm_button(
    label: str,
    action_url: str,
    title: str,
    text: str,
    confirm_label: str = "",
    *,
    typed_name: str = "",
    danger: bool = True,
    name: str = "",
    value: str = "",
) -> dict[str, Any]:
    """A button that first says exactly what will happen, then posts to `action_url`.

    With `typed_name` the person types that name into `confirm_name`; the view must check it again.
    `name` and `value` become a hidden field. Needs no script; with script it is a dialog.
    """
    slug = re.sub(r"[^a-z0-9]+", "-", f"{action_url}-{value or label}".lower()).strip("-")
    return {
        "label": label,
        "action_url": action_url,
        "title": title,
        "text": text,
        "confirm_label": confirm_label or label,
        "typed_name": typed_name,
        "danger": danger,
        "name": name,
        "value": value,
        "id": f"confirm-{slug}",
    }
