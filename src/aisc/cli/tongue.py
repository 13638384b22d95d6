"""The language the command line speaks: ``--lang``, then what was kept, then the terminal's locale.

Texts come from the portal's own catalogues, read with the standard library: the user's commands know no Django. Help
stays in English, as the names of commands and options are.
"""

from __future__ import annotations

import gettext as catalogues
import os
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).resolve().parent.parent / "locale"


class _Chosen:
    asked = ""
    spoken = ""


def language_named(text: str) -> str:
    """The language that a code or a locale stands for: ``zh_CN.UTF-8`` is zh-Hans, other Chinese zh-Hant, else en."""
    name = text.lower().replace("_", "-").partition(".")[0]
    if not name.startswith("zh"):
        return "en"
    return "zh-Hans" if {"hans", "cn", "sg", "my"}.intersection(name.split("-")) else "zh-Hant"


def of_terminal() -> str:
    """The language of the terminal's locale."""
    named = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return language_named(named)


def speak(language: str) -> None:
    """Say everything in ``language`` from now on; “” stands for what was kept, or the terminal's."""
    _Chosen.asked, _Chosen.spoken = language and language_named(language), ""


def chosen() -> str:
    """What ``--lang`` said; “” when it said nothing."""
    return _Chosen.asked


def spoken() -> str:
    """The language in which to speak now."""
    if not _Chosen.spoken:
        from aisc.cli.user import config

        _Chosen.spoken = config.language_of(config.load_quietly())
    return _Chosen.spoken


@cache
def _catalogue(language: str) -> catalogues.NullTranslations:
    folder = {"zh-Hant": "zh_Hant", "zh-Hans": "zh_Hans"}.get(language)
    if folder is None:
        return catalogues.NullTranslations()
    return catalogues.translation("django", _FOLDER, [folder], fallback=True)


def gettext(text: str) -> str:
    """``text`` in the language spoken."""
    return _catalogue(spoken()).gettext(text)


def pgettext(context: str, text: str) -> str:
    """``text`` in the language spoken, where ``context`` says which of its meanings it has."""
    found = _catalogue(spoken()).pgettext(context, text)
    return found or text


def ngettext(one: str, many: str, number: int) -> str:
    """``one`` or ``many`` in the language spoken, whichever goes with ``number``."""
    return _catalogue(spoken()).ngettext(one, many, number)
