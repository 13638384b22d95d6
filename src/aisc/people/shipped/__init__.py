"""The illustrative texts that come with AISC: a first draft for a centre's own, in each language by itself.

One file per text and language: the title, an empty line, the body. They are nobody's legal advice.
"""

from __future__ import annotations

from pathlib import Path

from aisc.core.language import NAMES

FOLDER = Path(__file__).parent


def shipped(code: str) -> dict[str, tuple[str, str]]:
    """Title and body of the shipped text ``code`` by language; empty when none is shipped."""
    found = {}
    for language in NAMES:
        path = FOLDER / f"{code}.{language}.txt"
        if path.is_file():
            title, _empty, body = path.read_text(encoding="utf-8").partition("\n\n")
            found[language] = (title.strip(), body.strip())
    return found
