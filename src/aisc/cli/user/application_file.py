"""An application as a TOML file: read, checked for slips, and the commented example that one starts from."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

from aisc.cli.output import Exit, fail
from aisc.cli.tongue import gettext as _

EXAMPLE = '''\
# An application to the subsidy scheme. Fill it in as far as you can and save it as often as you like:
#   aisc apply new --file application.toml          makes the draft
#   aisc apply edit APPLICATION --file application.toml   saves what has changed
#   aisc apply check APPLICATION                    says what is missing
#   aisc apply submit APPLICATION                   freezes it and sends it in

# Left out: the call that is open, and the organisation that you are in, if there is only one.
# call = "cal-…"
# organisation = "Harbour Robotics Limited"

name_en = ""
name_zh = ""

summary_en = """
"""
summary_zh = """
"""

# When the work should start: a date without quotation marks.
# starts_on = 2026-09-01

# Why this much computing: model, data, measured runs, schedule of work.
justification = """
"""

# Does another government subsidy pay for the same work?
other_funding = false
# Other public money for other parts of the work.
funding_note = ""

[[team]]
name = ""
role = "Principal investigator"
email = ""

# What is asked for; “aisc prices” lists the accelerators. Repeat for several.
[[resources]]
accelerator = "h800"
count = 8
months = 6
'''

_TEXTS = {"call", "organisation", "name_en", "name_zh", "summary_en", "summary_zh", "justification", "funding_note"}
_KINDS: dict[str, Any] = {
    **dict.fromkeys(_TEXTS, str),
    "starts_on": date,
    "other_funding": bool,
    "team": list,
    "resources": list,
}
_LINES = {
    "team": {"name": str, "role": str, "email": str},
    "resources": {"accelerator": str, "count": int, "months": int},
}


def read(path: Path) -> dict[str, Any]:
    """The file's parts, as the API takes them. Ends the command where it cannot be used."""
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        fail(_("{path} cannot be read: {strerror}.").format(path=path, strerror=error.strerror), Exit.USAGE)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        fail(
            _("{path} is not good TOML: {error}. Begin from “aisc apply example”.").format(path=path, error=error),
            Exit.USAGE,
        )
    _check(found, _KINDS, path, "")
    for name, kinds in _LINES.items():
        for number, line in enumerate(found.get(name, []), 1):
            if not isinstance(line, dict):
                fail(
                    _("{path}: {name} is written as [[{name}]], once for each.").format(path=path, name=name),
                    Exit.USAGE,
                )
            _check(line, kinds, path, _(" in [[{name}]] number {number}").format(name=name, number=number))
    return {name: value.strip() if isinstance(value, str) else value for name, value in found.items()}


def _check(found: dict[str, Any], kinds: dict[str, Any], path: Path, where: str) -> None:
    for name, value in found.items():
        if name not in kinds:
            fail(
                _("{path}: there is no “{name}”{where}. There are: {kinds}.").format(
                    path=path, name=name, where=where, kinds=", ".join(kinds)
                ),
                Exit.USAGE,
            )
        kind = kinds[name]
        # True is an int to Python, and a time is a date; neither is to a person.
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            words = {str: _("text in quotation marks"), date: _("a date such as 2026-09-01"), bool: _("true or false")}
            fail(
                _("{path}: “{name}”{where} must be {what}.").format(
                    path=path, name=name, where=where, what=words.get(kind, _("a whole number"))
                ),
                Exit.USAGE,
            )
