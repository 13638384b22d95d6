"""PDF documents, set with typst from templates of this package and from data that is only ever data.

    pdf(Path(__file__).parent / "documents" / "statement.typ", {"letter": letter_data(...), ...})

The data travels as one JSON text that the template decodes; nothing a person typed is read as markup or
as code. The same template and data give the same bytes on every machine: fonts come from a package, the
system's own are not looked at, and no clock is read. Nothing is fetched from anywhere.
"""

from __future__ import annotations

import json
import logging
import threading
from datetime import date
from importlib import metadata
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from aisc.core import reading_copy
from aisc.core.errors import Unavailable

log = logging.getLogger("aisc.typeset")

ROOT = Path(__file__).resolve().parent.parent  # templates import each other by paths from here: "/core/documents/…"
FONT_PACKAGE = "noto-cjk-sans-otc"
FONT_FILE = "NotoSansCJK-Regular.ttc"
# PDF/UA-1: tagged, titled and readable aloud; PDF/A-2a: nothing outside the file is needed to show it in 30 years.
STANDARDS = ["a-2a", "ua-1"]

# Invisible characters that turn the direction of writing: with them a letter could read otherwise than its data.
_TURNING = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])

_lock = threading.Lock()
_compilers: dict[Path, Any] = {}


def pdf(template: Path, data: dict[str, Any], *, copy: bool = False) -> bytes:
    """The document as PDF bytes. ``template`` lies inside the ``aisc`` package; ``data`` is what JSON can say.

    ``copy``: not the document but its reading copy in 简体 (``core.reading_copy``).

    Raises Unavailable when the document cannot be set (fonts or typst missing, an error in the template;
    the reason goes to the log). Takes some 20 ms a page: call it outside transactions.
    """
    root = ROOT
    if copy:
        root, data = reading_copy.templates(ROOT), reading_copy.data(data)
        template = root / template.resolve().relative_to(ROOT)
    text = json.dumps(data, ensure_ascii=False, sort_keys=True).translate(_TURNING)
    try:
        try:
            return _set(root, template, text, STANDARDS)
        except RuntimeError as error:
            # The standards forbid what no font of ours can show (an emoji in a job's name): such a character
            # becomes an empty box in a document that is like the others but does not claim the standards.
            log.info("%s is not set to the standards: %s", template.name, str(error).splitlines()[0])
            return _set(root, template, text, [])
    except Exception as error:
        # typst raises its own error for a template, OSError or RuntimeError for files; a reader can do the
        # same thing about each of them.
        log.error("%s could not be set: %s", template.name, error)
        raise Unavailable(
            _("The document could not be made at the moment. Nothing was changed; tell the centre's operator."),
            code="document.unavailable",
        ) from error


def _set(root: Path, template: Path, text: str, standards: list[str]) -> bytes:
    # One compiler per process keeps the 19 MB of fonts open; it is not written to be shared by threads.
    with _lock:
        return _ready(root).compile(
            str(template.resolve()),
            format="pdf",
            sys_inputs={"data": text},
            pdf_standards=standards,
            timestamp=0,
        )


def fonts_folder() -> Path:
    """Where the fonts are. Found by the package's list of files: importing it is not needed. Raises OSError."""
    files = (Path(str(entry.locate())) for entry in metadata.files(FONT_PACKAGE) or () if entry.name == FONT_FILE)
    found = next((path for path in files if path.is_file()), None)
    if found is None:
        raise OSError(f"{FONT_FILE} is not installed; install the package {FONT_PACKAGE}")
    return found.parent


def _ready(root: Path) -> Any:
    if root not in _compilers:
        import typst

        _compilers[root] = typst.Compiler(
            root=str(root),
            font_paths=[str(fonts_folder())],
            ignore_system_fonts=True,
        )
    return _compilers[root]


def letter_data(
    *,
    reference: str,
    issued: date,
    title_en: str,
    title_zh: str,
    code: str = "",
    illustrative: bool = False,
) -> dict[str, Any]:
    """What ``letterhead.typ`` needs for its header, footer and title; pass it as ``data["letter"]``.

    ``code`` is the verification code; without one (a draft, an interim statement) the footer says so.
    """
    return {
        "centre_en": settings.CENTRE_NAME_EN,
        "centre_zh": settings.CENTRE_NAME_ZH,
        "reference": reference,
        "year": issued.year,
        "month": issued.month,
        "day": issued.day,
        "date_en": date_en(issued),
        "date_zh": date_zh(issued),
        "title_en": title_en,
        "title_zh": title_zh,
        "code": code,
        "verify_url": verify_url(code) if code else "",
        "illustrative": illustrative,
        "reading_copy": False,
    }


def verify_url(code: str) -> str:
    """Where anybody can check the document with this verification code."""
    return f"{settings.PUBLIC_URL.rstrip('/')}/verify/{code}"


# Named here and not by the locale: the document is the same wherever it is made.
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def date_en(day: date) -> str:
    """``15 June 2026``."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def date_zh(day: date) -> str:
    """``2026年6月15日``."""
    return f"{day.year}年{day.month}月{day.day}日"
