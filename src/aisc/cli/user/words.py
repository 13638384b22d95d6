"""Amounts, times, shares and states in the words that people read."""

from __future__ import annotations

from datetime import UTC, datetime

from rich.markup import escape
from rich.text import Text

from aisc.cli.tongue import gettext as _
from aisc.cli.tongue import ngettext, pgettext, spoken

SYMBOLS = {"HKD": "HK$"}

STATE_STYLES = {
    "completed": "green",
    "active": "green",
    "approved": "green",
    "accepted": "green",
    "running": "cyan",
    "queued": "yellow",
    "held": "yellow",
    "suspended": "yellow",
    "returned": "yellow",
    "failed": "red",
    "timeout": "red",
    "out_of_memory": "red",
    "over_limit": "red",
    "node_failed": "red",
    "rejected": "red",
}


def plain(text: str) -> str:
    """``text`` for a line of markup: brackets in it are brackets."""
    return escape(text)


def money(cents: int, currency: str = "HKD") -> str:
    """``HK$1,234.56``; a true minus sign before negative amounts."""
    sign = "\N{MINUS SIGN}" if cents < 0 else ""
    units, rest = divmod(abs(cents), 100)
    return f"{sign}{SYMBOLS.get(currency, currency + ' ')}{units:,}.{rest:02d}"


def parse_money(text: str) -> int:
    """Cents of an amount as people type it: ``1,234.5``, ``HK$20``. Raises ValueError."""
    cleaned = text.strip().replace(",", "").removeprefix("HK$").removeprefix("$").strip()
    units, dot, rest = cleaned.partition(".")
    if not (units.isascii() and units.isdigit()) or (dot and not (rest.isascii() and rest.isdigit())) or len(rest) > 2:
        raise ValueError(_("“{text}” is no amount of money. Write it like 1500 or 1,500.00.").format(text=text))
    return int(units) * 100 + int(rest.ljust(2, "0"))


def percent(basis_points: int) -> str:
    """``70%``, ``72.5%``."""
    whole, rest = divmod(basis_points, 100)
    return f"{whole}.{rest:02d}".rstrip("0").rstrip(".") + "%"


def parse_percent(text: str) -> int:
    """Basis points of ``70``, ``70%``, ``72.5%``. Raises ValueError."""
    whole, dot, rest = text.strip().removesuffix("%").strip().partition(".")
    if not (whole.isascii() and whole.isdigit()) or (dot and not (rest.isascii() and rest.isdigit())) or len(rest) > 2:
        raise ValueError(_("“{text}” is no percentage. Write it like 70% or 72.5%.").format(text=text))
    return int(whole) * 100 + int(rest.ljust(2, "0"))


def duration(ms: int) -> str:
    """A measured time: ``0.8 s``, ``12 s``, ``3 m 05 s``, ``2 h 05 m``, ``3 d 04 h``."""
    seconds = ms // 1000
    if seconds < 10:
        return f"{ms // 100 / 10:.1f} s"
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} m {seconds % 60:02d} s"
    if seconds < 86_400:
        return f"{seconds // 3600} h {seconds // 60 % 60:02d} m"
    return f"{seconds // 86_400} d {seconds // 3600 % 24:02d} h"


def limit(ms: int) -> str:
    """A time limit in its shortest form, as it is typed: ``2h30m``."""
    parts = []
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)):
        number, ms = divmod(ms, size)
        if number:
            parts.append(f"{number}{unit}")
    return "".join(parts) or "0s"


def per(units: int) -> str:
    """What a price is for."""
    return pgettext("terminal", "hour") if units == 3_600_000 else f"{units:,}"


def quantity(amount: int, meter: str) -> str:
    """A metered amount: accelerator time in hours (less than 0.01 h in seconds), anything else as it is."""
    if not meter.startswith("accelerator:"):
        return f"{amount:,}"
    if amount < 36_000:
        return duration(amount)
    # Hundredths of an hour, rounded half up; the exact milliseconds are in the JSON.
    hundredths = (2 * amount * 100 + 3_600_000) // 7_200_000
    return f"{hundredths // 100:,}.{hundredths % 100:02d} h"


def memory(mb: int) -> str:
    return f"{mb // 1024:,} GB" if mb % 1024 == 0 else f"{mb:,} MB"


def size(count: int) -> str:
    """``512 B``, ``1.4 MB``; 1 kB is 1,000 bytes."""
    if count < 1000:
        return f"{count} B"
    value = float(count)
    for unit in ("kB", "MB", "GB", "TB"):
        value /= 1000
        if value < 999.95 or unit == "TB":
            return f"{value:,.1f} {unit}"
    raise AssertionError("unreachable")


def files(number: int) -> str:
    """``1 file``, ``1,200 files``."""
    return ngettext("{number:,} file", "{number:,} files", number).format(number=number)


def when(moment: datetime | None) -> str:
    """A time in this machine's time zone, to the minute."""
    return "" if moment is None else f"{moment.astimezone():%Y-%m-%d %H:%M}"


def ago(moment: datetime, now: datetime | None = None) -> str:
    """How long ago: ``just now``, ``5 m ago``, ``3 h ago``, ``2 d ago``."""
    seconds = int(((now or datetime.now(UTC)) - moment).total_seconds())
    if seconds < 60:
        return _("just now")
    for unit, length in (("d", 86_400), ("h", 3600), ("m", 60)):
        if seconds >= length:
            return _("{time} ago").format(time=f"{seconds // length} {unit}")
    raise AssertionError("unreachable")


def state(word: str) -> Text:
    """A state, coloured."""
    return Text(state_name(word), style=STATE_STYLES.get(word, ""))


# States whose English here is shorter than what the portal calls them.
_CALLED = {
    "held": "money held",
    "timeout": "time limit reached",
    "over_limit": "stopped at a limit",
    "node_failed": "machine failed",
    "returned": "returned for completion",
}


def state_name(word: str) -> str:
    """A state, a role or the like in words: in English as the API names it, else as the portal does."""
    plain_word = word.replace("_", " ")
    return plain_word if spoken() == "en" else _(_CALLED.get(word, plain_word))


def gflops(amount: int) -> str:
    """``300.8 PFLOPS`` and less: dense FP16 peak."""
    for unit, scale in (("PFLOPS", 1_000_000), ("TFLOPS", 1_000)):
        if amount >= scale:
            return f"{amount / scale:,.1f} {unit}"
    return f"{amount:,} GFLOPS"
