"""How quantities are written for a reader. Integers in, text out: no floating point anywhere.

Everything here is pure, except that words follow the active language. `NOTHING` stands for "not known";
zero is a number and is written as one.
"""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from aisc.core.money import format_cents, round_half_up

NOTHING = "—"
MINUS = "\N{MINUS SIGN}"

_MS_PER_HOUR = 3_600_000


def require_int(value: object) -> int:
    """Refuse anything but a whole number: a float here would be a float on a statement."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"expected an integer, got {type(value).__name__}")
    return value


def divide_half_up(numerator: int, denominator: int) -> int:
    """The nearest integer to numerator / denominator; halves go away from zero."""
    sign = -1 if numerator < 0 else 1
    return sign * round_half_up(abs(numerator), denominator)


def _grouped(value: int) -> str:
    return f"{MINUS if value < 0 else ''}{abs(value):,}"


def _fixed(hundredths: int) -> str:
    whole, rest = divmod(abs(hundredths), 100)
    return f"{MINUS if hundredths < 0 else ''}{whole:,}.{rest:02d}"


def money(cents: int | None, currency: str = "HKD") -> str:
    """`money(-123456)` is −HK$1,234.56."""
    if cents is None:
        return NOTHING
    return format_cents(require_int(cents), currency)


def whole_money(cents: int, currency: str = "HKD") -> str:
    """For axis labels: the cents are left out when there are none."""
    return money(cents, currency).removesuffix(".00")


def hours(milliseconds: int | None) -> str:
    """Hours with two decimals; the unit belongs in the header."""
    if milliseconds is None:
        return NOTHING
    return _fixed(divide_half_up(require_int(milliseconds) * 100, _MS_PER_HOUR))


def number(value: int | None) -> str:
    return NOTHING if value is None else _grouped(require_int(value))


def share(basis_points: int | None) -> str:
    """`share(7000)` is 70%; decimals appear only when they say something."""
    if basis_points is None:
        return NOTHING
    text = _fixed(require_int(basis_points))
    return f"{text.rstrip('0').rstrip('.')}%"


def size(count: int | None) -> str:
    """Binary units, one decimal from KiB upwards."""
    if count is None:
        return NOTHING
    require_int(count)
    if abs(count) < 1024:
        return f"{_grouped(count)}\N{NO-BREAK SPACE}B"
    units = ("KiB", "MiB", "GiB", "TiB", "PiB")
    divisor = 1024
    for unit in units:
        tenths = divide_half_up(count * 10, divisor)
        if abs(tenths) < 10240 or unit == units[-1]:
            break
        divisor *= 1024
    whole, rest = divmod(abs(tenths), 10)
    return f"{MINUS if count < 0 else ''}{whole:,}.{rest}\N{NO-BREAK SPACE}{unit}"


def duration(milliseconds: int | None) -> str:
    """The two largest units: 2 d 4 h, 3 h 05 min, 45 s, 350 ms."""
    if milliseconds is None:
        return NOTHING
    require_int(milliseconds)
    sign, left = (MINUS, -milliseconds) if milliseconds < 0 else ("", milliseconds)
    if 0 < left < 1000:
        return sign + _("%(count)d ms") % {"count": left}
    seconds = left // 1000
    minutes, s = divmod(seconds, 60)
    hours_, m = divmod(minutes, 60)
    days, h = divmod(hours_, 24)
    if days:
        return sign + _("%(days)d d %(hours)d h") % {"days": days, "hours": h}
    if hours_:
        return sign + _("%(hours)d h %(minutes)02d min") % {"hours": h, "minutes": m}
    if minutes:
        return sign + _("%(minutes)d min %(seconds)02d s") % {"minutes": m, "seconds": s}
    return sign + _("%(count)d s") % {"count": s}


def distance(seconds: int) -> str | None:
    """Words for a moment `seconds` from now (negative is past); None when a date says it better."""
    away = abs(seconds)
    future = seconds > 0
    if away < 45:
        return _("just now")
    if away < 3570:
        count = max(1, divide_half_up(away, 60))
        text = (
            ngettext("in %(count)d minute", "in %(count)d minutes", count)
            if future
            else ngettext("%(count)d minute ago", "%(count)d minutes ago", count)
        )
    elif away < 84_600:
        count = max(1, divide_half_up(away, 3600))
        text = (
            ngettext("in %(count)d hour", "in %(count)d hours", count)
            if future
            else ngettext("%(count)d hour ago", "%(count)d hours ago", count)
        )
    elif away < 30 * 86_400:
        count = max(1, divide_half_up(away, 86_400))
        text = (
            ngettext("in %(count)d day", "in %(count)d days", count)
            if future
            else ngettext("%(count)d day ago", "%(count)d days ago", count)
        )
    else:
        return None
    return text % {"count": count}


WRITERS = {
    "cents": money,
    "gpu_hours": hours,
    "number": number,
    "basis_points": share,
    "bytes": size,
    "duration_ms": duration,
}
