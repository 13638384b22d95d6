"""Calls: made by the secretariat, changeable until they open, and then no more."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from aisc.core import clock
from aisc.core.actions import Actor, action, note
from aisc.core.errors import BadInput, Conflict
from aisc.ledger.models import PriceList
from aisc.people.text import clean_line, clean_names, clean_text
from aisc.scheme.actions.common import whole
from aisc.scheme.models import Call
from aisc.scheme.rules import DEFAULT_CRITERIA, SUMMARY_LIMIT, TITLE_LIMIT

MOST_CRITERIA = 12
_CODE = re.compile(r"[a-z][a-z0-9_-]{0,31}")


@action("scheme.create_call")
def create_call(
    actor: Actor,
    *,
    opens_at: datetime,
    closes_at: datetime,
    price_list: PriceList,
    name_en: str = "",
    name_zh: str = "",
    summary_en: str = "",
    summary_zh: str = "",
    criteria: list[dict[str, Any]] | None = None,
    acceptance_days: int = 28,
    illustrative: bool = False,
) -> Call:
    """Announce a call. One that should open in the past opens now. Raises BadInput.

    Without ``criteria`` it gets the default rubric, whose 55 % placeholder is marked as illustrative.
    """
    call = Call()
    _fill(
        call,
        opens_at=opens_at,
        closes_at=closes_at,
        price_list=price_list,
        name_en=name_en,
        name_zh=name_zh,
        summary_en=summary_en,
        summary_zh=summary_zh,
        criteria=DEFAULT_CRITERIA if criteria is None else criteria,
        acceptance_days=acceptance_days,
        illustrative=illustrative,
    )
    call.save()
    return call


@action("scheme.edit_call", on="call")
def edit_call(actor: Actor, *, call: Call, **changes: Any) -> Call:
    """Change a call that has not opened; takes what :func:`create_call` takes. Raises Conflict, BadInput."""
    call = Call.objects.select_for_update(of=("self",), no_key=True).select_related("price_list").get(pk=call.pk)
    if call.opens_at <= clock.now():
        raise Conflict(
            _("This call has opened. Its dates, its rubric and its price list stay as they were announced."),
            code="call.opened",
        )
    before = {name: getattr(call, name) for name in _FIELDS}
    unknown = changes.keys() - before.keys()
    if unknown:
        raise TypeError(f"a call has no {sorted(unknown)}")
    _fill(call, **(before | changes))
    call.save()
    note(changed=sorted(name for name in _FIELDS if getattr(call, name) != before[name]))
    return call


_FIELDS = (
    "opens_at",
    "closes_at",
    "price_list",
    "name_en",
    "name_zh",
    "summary_en",
    "summary_zh",
    "criteria",
    "acceptance_days",
    "illustrative",
)


def _fill(call: Call, *, opens_at: datetime, closes_at: datetime, price_list: PriceList, **values: Any) -> None:
    for name, moment in (("opens_at", opens_at), ("closes_at", closes_at)):
        if moment.tzinfo is None:
            raise BadInput(_("Say in which time zone this time is."), field=name)
    opens_at = max(opens_at, clock.now())
    if closes_at <= opens_at:
        raise BadInput(_("A call closes after it opens, and not in the past. Choose a later time."), field="closes_at")
    if price_list.published_at is None:
        raise BadInput(
            _("This price list is not published yet. Publish it first, or choose another."), field="price_list"
        )
    call.opens_at, call.closes_at, call.price_list = opens_at, closes_at, price_list
    names = clean_names(values["name_en"], values["name_zh"], limit=TITLE_LIMIT)
    call.name_en, call.name_zh = names["name_en"], names["name_zh"]
    call.summary_en = clean_text(values["summary_en"], field="summary_en", limit=SUMMARY_LIMIT)
    call.summary_zh = clean_text(values["summary_zh"], field="summary_zh", limit=SUMMARY_LIMIT)
    call.criteria = _criteria(values["criteria"])
    call.acceptance_days = whole(
        values["acceptance_days"],
        field="acceptance_days",
        least=1,
        most=365,
        ask=_("Give from 1 to 365 days to accept an award."),
    )
    # A placeholder among the criteria makes the whole call an example: nobody should take it for real terms.
    call.illustrative = (
        bool(values["illustrative"]) or price_list.illustrative or any(row["illustrative"] for row in call.criteria)
    )


def _criteria(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if not 1 <= len(rows) <= MOST_CRITERIA:
        raise BadInput(_("Give from 1 to 12 criteria."), field="criteria")
    found = []
    for row in rows:
        code = str(row.get("code", ""))
        if not _CODE.fullmatch(code):
            raise BadInput(
                _("A criterion's code is a short word in lower case, such as “alignment”."), field="criteria"
            )
        name_en = clean_line(str(row.get("name_en", "")), field="criteria", limit=TITLE_LIMIT, required=False)
        name_zh = clean_line(str(row.get("name_zh", "")), field="criteria", limit=TITLE_LIMIT, required=False)
        if not (name_en or name_zh):
            raise BadInput(_("Give every criterion a name, in English or in Chinese."), field="criteria")
        weight = whole(
            row.get("weight"),
            field="criteria",
            least=1,
            most=100,
            ask=_("A criterion's weight is a whole number from 1 to 100."),
        )
        found.append(
            {
                "code": code,
                "name_en": name_en,
                "name_zh": name_zh,
                "weight": weight,
                "illustrative": bool(row.get("illustrative", False)),
            }
        )
    if len({row["code"] for row in found}) != len(found):
        raise BadInput(_("Two criteria have the same code."), field="criteria")
    total = sum(row["weight"] for row in found)
    if total != 100:
        raise BadInput(
            _("The weights add up to %(total)s; they must add up to 100.") % {"total": total}, field="criteria"
        )
    return found
