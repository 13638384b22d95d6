"""Writing a document that came from the centre to this machine."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from aisc.cli.output import Exit, fail, show
from aisc.cli.tongue import gettext as _
from aisc.cli.user import words

Output = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where to write it; “-” for standard output.")
]


def save(content: bytes, target: Path) -> None:
    """Write ``content`` whole and say where; to standard output for ``-``."""
    if str(target) == "-":
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    try:
        target.write_bytes(content)
    except OSError as error:
        fail(_("{target} cannot be written: {strerror}.").format(target=target, strerror=error.strerror), Exit.SET_UP)
    answer = {"file": str(target), "bytes": len(content)}
    show(answer, f"{words.plain(str(target))} ({words.size(len(content))})")
