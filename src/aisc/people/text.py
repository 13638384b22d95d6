"""What people type as names and addresses: accepted in any script, refused where it could deceive."""

from __future__ import annotations

import re
import unicodedata

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from aisc.core.errors import BadInput

# Both joiners are letters' companions in Persian and in the scripts of India, so names may hold them.
_JOINERS = {"\N{ZERO WIDTH JOINER}", "\N{ZERO WIDTH NON-JOINER}"}
_REGISTRY = re.compile(r"[A-Z0-9]+(?:[-/.][A-Z0-9]+)*")


def _hidden(character: str) -> bool:
    # Cn (unassigned) is let through: Hong Kong names use characters newer than this Python's Unicode.
    return unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"} and character not in _JOINERS


def clean_line(text: str, *, field: str, limit: int, required: bool = True) -> str:
    """One line of text in any script: composed (NFC), without outer and double spaces, at most ``limit`` long.

    Raises BadInput for control characters and for invisible ones that change the direction of writing.
    """
    text = unicodedata.normalize("NFC", text).strip()
    if any(map(_hidden, text)):
        raise BadInput(_("This holds an invisible character. Type it again instead of pasting it."), field=field)
    return _sized(" ".join(text.split()), field=field, limit=limit, required=required)


def clean_text(text: str, *, field: str, limit: int) -> str:
    """Several lines of text; line breaks become ``\\n``. Raises BadInput as :func:`clean_line` does."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if any(_hidden(character) and character not in "\n\t" for character in text):
        raise BadInput(_("This holds an invisible character. Type it again instead of pasting it."), field=field)
    return _sized(text, field=field, limit=limit, required=False)


def _sized(text: str, *, field: str, limit: int, required: bool) -> str:
    if required and not text:
        raise BadInput(_("Fill this in."), field=field)
    if len(text) > limit:
        raise BadInput(
            _("This has %(length)s characters; at most %(limit)s fit.") % {"length": len(text), "limit": limit},
            field=field,
        )
    return text


def clean_names(name_en: str, name_zh: str, *, limit: int = 200) -> dict[str, str]:
    """Both names of something bilingual, of which one may be empty. Raises BadInput."""
    names = {
        "name_en": clean_line(name_en, field="name_en", limit=limit, required=False),
        "name_zh": clean_line(name_zh, field="name_zh", limit=limit, required=False),
    }
    if not any(names.values()):
        raise BadInput(_("Give a name, in English or in Chinese."), field="name_en")
    return names


def clean_email(text: str, *, field: str = "email") -> str:
    """An e-mail address in the form in which it is compared: trimmed, in lower case. Raises BadInput."""
    email = unicodedata.normalize("NFC", text).strip().lower()
    try:
        validate_email(email)
    except ValidationError as error:
        raise BadInput(_("Write an e-mail address such as chan@example.org."), field=field) from error
    return _sized(email, field=field, limit=254, required=True)


def clean_registry_number(text: str) -> str:
    """A registry number as it is compared: upper case, half-width, no spaces. Empty stays empty.

    Numbers of every registry are accepted (Hong Kong's Business Registration and Companies Registry,
    the mainland's Unified Social Credit Code, others), so only the shape is checked. Raises BadInput.
    """
    number = re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).upper()
    if not number:
        return ""
    if not 4 <= len(number) <= 50 or not _REGISTRY.fullmatch(number) or not any(map(str.isdigit, number)):
        raise BadInput(
            _(
                "Write the number as it stands on the certificate, such as 12345678 or 12345678-000: "
                "4 to 50 letters, digits, hyphens, full stops and slashes, at least one digit."
            ),
            field="registry_number",
        )
    return number
