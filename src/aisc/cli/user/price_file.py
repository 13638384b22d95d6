"""A price list as a TOML file: a template with the prices in force, and what somebody made of it, read exactly."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aisc.cli.output import Exit, fail
from aisc.cli.tongue import gettext as _
from aisc.cli.user import words

if TYPE_CHECKING:
    from aisc.client.models.centre import Accelerator
    from aisc.client.models.ledger import PriceList

_HEAD = """\
# A new price list for the centre. Edit it, then:
#   aisc prices publish --file prices.toml
# It never changes once it is published. Open budgets keep the list they have; “aisc budgets move-prices”
# lets one have the new prices where nothing gets dearer.

version = ""  # of the new list, such as "2026-2"
effective_from = {today}  # today at the earliest
illustrative = false  # true: an example, not what the centre charges
note_en = ""
note_zh = ""

# Hong Kong dollars for an hour of one. What is left out is not offered.
[prices]
"""

_KINDS: dict[str, tuple[type, str]] = {
    "version": (str, "text in quotation marks"),
    "effective_from": (date, "a date such as 2026-07-01"),
    "illustrative": (bool, "true or false"),
    "note_en": (str, "text in quotation marks"),
    "note_zh": (str, "text in quotation marks"),
    "prices": (dict, "written as [prices], with a line for each price below it"),
}
_NEEDED = ("version", "effective_from", "prices")


class _Written(str):
    """A number with a decimal point, as it stands in the file: an amount is never a float."""


def template(price_list: PriceList | None, accelerators: Iterable[Accelerator], today: date) -> str:
    """The file to edit: the prices of ``price_list``, and as remarks the accelerators that have none there."""
    priced = price_list.prices if price_list else []
    lines = []
    for each in priced:
        per = "" if each.unit == "ms" else _(", for {per:,} of the unit {unit}").format(per=each.per, unit=each.unit)
        amount = f"{each.cents // 100}.{each.cents % 100:02d}"
        lines.append(f"{json.dumps(each.meter)} = {amount}  # {each.name_en or each.name_zh}{per}")
    codes = {each.meter for each in priced}
    for each in accelerators:
        if (meter := f"accelerator:{each.code}") not in codes:
            lines.append(f"# {json.dumps(meter)} = 0.00  # {each.name}, has no price")
    return _HEAD.format(today=today.isoformat()) + "\n".join(lines) + "\n"


def read(path: Path) -> dict[str, Any]:
    """What :meth:`aisc.client` publishes, amounts in cents. Ends the command where the file cannot be used."""
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=_Written)
    except OSError as error:
        fail(_("{path} cannot be read: {strerror}.").format(path=path, strerror=error.strerror), Exit.USAGE)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        fail(
            _("{path} is not good TOML: {error}. Begin from “aisc prices show --toml”.").format(path=path, error=error),
            Exit.USAGE,
        )
    for name, value in found.items():
        if name not in _KINDS:
            fail(
                _("{path}: there is no “{name}”. There are: {kinds}.").format(
                    path=path, name=name, kinds=", ".join(_KINDS)
                ),
                Exit.USAGE,
            )
        kind, what = _KINDS[name]
        # A moment is a date to Python, and a number that was kept as written is text; neither is to a person.
        if not isinstance(value, kind) or isinstance(value, (datetime, _Written)):
            fail(_("{path}: “{name}” must be {what}.").format(path=path, name=name, what=what), Exit.USAGE)
    for name in _NEEDED:
        if not found.get(name):
            fail(_("{path}: “{name}” is missing.").format(path=path, name=name), Exit.USAGE)
    return found | {"prices": {meter: _cents(path, meter, value) for meter, value in found["prices"].items()}}


def _cents(path: Path, meter: str, value: Any) -> int:
    """``20``, ``20.50`` and ``"20.50"`` are dollars."""
    try:
        if isinstance(value, bool) or not isinstance(value, (int, str)):
            raise ValueError(_("“{value}” is no amount of money. Write it like 1500 or 1500.00.").format(value=value))
        return words.parse_money(str(value))
    except ValueError as error:
        fail(f"{path}: {meter}: {error}", Exit.USAGE)
