"""Components that lists show by the dozen, written out in Python: as templates they took most of such a page's time.

Everything that comes from outside goes through ``escape``; what does not is text of ours, numbers and lengths.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from html import escape
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from aisc.portal.drawing import Frame, Marker, MoneyBar, Segment

_HERE = ' aria-current="page"'
_PATTERNED = ("applicant", "held", "unreleased", "over")


@cache
def icon(name: str) -> SafeString:
    """One drawing from the sheet in portal/components/icons.html, as decoration."""
    return SafeString(
        '<svg class="icon" aria-hidden="true" focusable="false" width="16" height="16">'
        f'<use href="#icon-{escape(name)}"/></svg>'
    )


@cache
def _badge(tone: str, glyph: str) -> str:
    return f'<span class="badge badge--{tone}">{icon(glyph)}<span>'


def badge(tone: str, glyph: str, label: str) -> SafeString:
    return SafeString(f"{_badge(tone, glyph)}{escape(label)}</span></span>")


def links(items: Iterable[dict[str, Any]]) -> SafeString:
    """Lines of a list that lead somewhere; ``current`` marks the one that the reader is at."""
    return SafeString(
        "".join(
            f'<li><a href="{escape(each["url"])}"{_HERE if each.get("current") else ""}>'
            f"{escape(each['label'])}</a></li>"
            for each in items
        )
    )


def moment(exact: str, title: str, known: str, text: str) -> SafeString:
    """A `<time>`; ``known`` is the attribute that lets the page's script keep ``text`` true."""
    return SafeString(f'<time class="relative" datetime="{exact}" title="{title}"{known}>{escape(text)}</time>')


def money_bar(bar: MoneyBar, *, compact: bool, evidence: str = "") -> SafeString:
    """The whole component; ``evidence`` is HTML that goes under it."""
    name = "money money--compact" if compact else "money"
    if bar.empty:
        nothing = escape(_("This budget has no money in it yet."))
        return SafeString(f'<figure class="{name}">\n  <p class="money__none">{nothing}</p>\n  {evidence}\n</figure>\n')
    summary, frame = escape(bar.summary), bar.frame
    table = _money_table(bar, summary)
    if compact:
        said = escape(_("%(free)s free of %(ceiling)s") % {"free": bar.available, "ceiling": bar.ceiling})
        table = f'<details class="money__more"><summary>{said}</summary>\n{table}\n  </details>'
    else:
        table = f"\n{table}\n  "
    warning = ""
    if bar.overdrawn:
        said = escape(_("More is charged and held than has been released."))
        warning = f'<p class="money__warning">{icon("warning")}{said}</p>'
    return SafeString(
        f'<figure class="{name}">\n  \n'
        f'  <svg class="money__bar" width="100%" height="{frame.height}" role="group" aria-label="{summary}">\n'
        f'    <rect class="money__track" x="0" y="{frame.top}" width="100%" height="{frame.thickness}" rx="2"/>\n'
        f"    {''.join(_money_part(each, frame) for each in bar.segments if each.drawn)}\n"
        f"    {_money_part(bar.over, frame) if bar.over else ''}\n"
        f"    {_money_marker(bar.marker, frame) if bar.marker else ''}\n"
        f"  </svg>\n  {table}\n  {warning}\n  \n  {evidence}\n</figure>\n"
    )


def _pattern(part: Segment) -> str:
    return f' fill="url(#fill-{part.key})"' if part.key in _PATTERNED else " "


def _money_part(part: Segment, frame: Frame) -> str:
    label, amount = escape(part.label), escape(part.amount)
    return (
        f'<g class="money__part" tabindex="0" role="img" aria-label="{label}: {amount}">\n'
        f'      <rect class="money__fill money__fill--{part.key}" x="{part.x}" y="{frame.top}" width="{part.width}"'
        f' height="{frame.thickness}"{_pattern(part)}/>\n'
        f'      <text class="money__tip" x="{part.tip_x}" y="{frame.tip_y}" text-anchor="{part.tip_anchor}">{label}'
        f' <tspan class="money__amount">{amount}</tspan></text>\n    </g>'
    )


def _money_marker(marker: Marker, frame: Frame) -> str:
    return (
        f'<g class="money__marker{" money__marker--over" if marker.over else ""}">\n'
        f'      <line x1="{marker.x}" x2="{marker.x}" y1="{frame.marker_top}" y2="{frame.marker_end}"/>\n'
        f'      <text x="{marker.x}" y="{frame.marker_text}" text-anchor="{marker.anchor}">{escape(marker.label)}'
        f' <tspan class="money__amount">{escape(marker.amount)}</tspan></text>\n    </g>'
    )


def _money_table(bar: MoneyBar, summary: str) -> str:
    rows = "".join(_money_row(each) for each in bar.segments)
    over = _money_row(bar.over) if bar.over else ""
    part, amount, share, ceiling = (
        escape(each) for each in (_("Part"), _("Amount"), _("Share of the ceiling"), _("Ceiling"))
    )
    return (
        f'  <table class="money__table">\n    <caption class="hidden">{summary}</caption>\n'
        f'    <thead class="hidden"><tr><th scope="col">{part}</th><th scope="col">{amount}</th>'
        f'<th scope="col">{share}</th></tr></thead>\n    <tbody>\n      {rows}\n      {over}\n    </tbody>\n'
        f'    <tfoot><tr><th scope="row">{ceiling}</th><td class="num">{escape(bar.ceiling)}</td>'
        f'<td class="num money__share">100%</td></tr></tfoot>\n  </table>'
    )


def _money_row(part: Segment) -> str:
    over = ' class="money__row--over"' if part.key == "over" else ""
    return (
        f"<tr{over}>\n"
        '        <th scope="row"><svg class="money__key" width="18" height="14" aria-hidden="true">'
        f'<rect class="money__fill money__fill--{part.key}" x="0.5" y="0.5" width="17" height="13"{_pattern(part)}/>'
        f"</svg>{escape(part.label)}</th>\n"
        f'        <td class="num">{escape(part.amount)}</td><td class="num money__share">{escape(part.share)}</td>\n'
        "      </tr>"
    )
