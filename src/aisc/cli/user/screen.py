"""The log on standard output, and below it, on a terminal, one line that says where the job stands."""

from __future__ import annotations

import os
import shutil
import sys

from rich.cells import cell_len, set_cell_size

from aisc.cli.output import say, wants_json

CLEAR = "\r\x1b[K"


class Screen:
    """Keeps log and status line apart, whichever of them is on a terminal."""

    def __init__(self) -> None:
        # Whoever asks for JSON gets nothing else on standard output.
        self._log = sys.stderr if wants_json() else sys.stdout
        self._live = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._shared = self._live and self._log.isatty()
        self._shown = ""
        self._line_open = False  # whether the log stopped within a line
        self._said = ""

    def write(self, text: str) -> None:
        """A piece of the log, as it is."""
        if not text:
            return
        self._hide()
        # What the terminal cannot show is shown as a sign, not as an error.
        encoding = self._log.encoding or "utf-8"
        self._log.write(text.encode(encoding, "replace").decode(encoding))
        self._log.flush()
        self._line_open = not text.endswith("\n")

    def status(self, text: str, *, remark: str = "") -> None:
        """Where the job stands now. Without a terminal, ``remark`` is said once each time that it changes."""
        if not self._live:
            if remark and remark != self._said:
                say(remark)
                self._said = remark
            return
        if self._shared and self._line_open:
            # It would be written into the middle of what the job writes.
            return
        width = shutil.get_terminal_size().columns - 1
        line = text if cell_len(text) <= width else set_cell_size(text, width - 1) + "…"
        if line != self._shown:
            sys.stderr.write(CLEAR + line)
            sys.stderr.flush()
            self._shown = line

    def remark(self, text: str) -> None:
        """A line of its own among the log."""
        self._hide()
        if self._shared and self._line_open:
            sys.stderr.write("\n")
            self._line_open = False
        say(text)

    def close(self) -> None:
        """Leave the terminal as it should be for what comes next."""
        self._hide()
        if self._shared and self._line_open:
            sys.stderr.write("\n")
            sys.stderr.flush()
            self._line_open = False

    def _hide(self) -> None:
        if self._shown:
            sys.stderr.write(CLEAR)
            sys.stderr.flush()
            self._shown = ""


def bar(done: int, total: int, width: int = 20) -> str:
    """``████████░░░░  40%``."""
    share = max(0, min(done, total))
    filled = share * width // total if total else 0
    percent = share * 100 // total if total else 0
    return f"{'█' * filled}{'░' * (width - filled)} {percent:>3}%"
