"""The geometry of bars and charts, in whole numbers.

Lengths across are percentages of the drawing's width, written as text ("12.34%"), so that one SVG fits any
screen without a stylesheet; lengths down are pixels. Text never scales.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from aisc.portal import formats

FULL = 10_000  # 100.00 %, in hundredths of a per cent
SLIVER = 60  # nothing that exists is drawn narrower than 0.6 %


def percent(part: int) -> str:
    whole, rest = divmod(part, 100)
    return f"{whole}.{rest:02d}%"


def get(source: Any, name: str, default: Any = None) -> Any:
    """An attribute or a key: components take objects and dictionaries alike."""
    if isinstance(source, Mapping):
        return source.get(name, default)
    return getattr(source, name, default)


def widths(values: Sequence[int], scale: int, room: int = FULL) -> list[int]:
    """Split `room` in proportion, keeping every positive value visible and the total exact.

    The slivers are taken from the widest part, which cannot be misread for it.
    """
    if scale <= 0:
        return [0] * len(values)
    out, spent, seen = [], 0, 0
    for value in values:
        seen += value
        edge = min(room, seen * room // scale)
        out.append(edge - spent)
        spent = edge
    for i, value in enumerate(values):
        if value > 0 and out[i] < SLIVER:
            widest = max(range(len(out)), key=out.__getitem__)
            if widest != i and out[widest] > 2 * SLIVER:
                out[widest] -= SLIVER - out[i]
                out[i] = SLIVER
    return out


# The money bar


@dataclass(frozen=True)
class Segment:
    key: str
    label: str
    cents: int
    amount: str
    share: str
    x: str = "0%"
    width: str = "0%"
    tip_x: str = "0%"
    tip_anchor: str = "start"
    drawn: bool = False


@dataclass(frozen=True)
class Marker:
    label: str
    amount: str
    x: str
    anchor: str
    over: bool


@dataclass(frozen=True)
class Frame:
    """Where things stand in the money bar's drawing, in pixels from its top."""

    height: str
    top: str
    thickness: str
    tip_y: str
    marker_top: str
    marker_end: str
    marker_text: str


# The tip of a compact bar lies over the line of text above it, so that a list stays dense.
COMPACT = Frame("22", "1", "20", "-5", "0", "22", "36")
COMPACT_MARKED = replace(COMPACT, height="40", marker_end="25")
WHOLE = Frame("58", "26", "28", "16", "22", "61", "74")
WHOLE_MARKED = replace(WHOLE, height="78")


@dataclass(frozen=True)
class MoneyBar:
    frame: Frame
    segments: list[Segment]
    marker: Marker | None
    over: Segment | None
    ceiling: str
    available: str
    overdrawn: bool
    empty: bool
    summary: str


def _anchor(at: int) -> tuple[str, str]:
    """Where a note about the point `at` starts, so that it never leaves the drawing."""
    if at < FULL * 30 // 100:
        return percent(at), "start"
    if at > FULL * 70 // 100:
        return percent(at), "end"
    return percent(at), "middle"


def money_bar(budget: Any, *, compact: bool = False) -> MoneyBar:
    """One budget, left to right: charged (scheme | applicant), held, free, not yet released.

    `budget` carries integer cents: ceiling, released, charged_scheme, charged_applicant, held; a currency;
    and, if there is one, forecast_end: what will have been charged when the budget ends.
    """
    currency = get(budget, "currency") or "HKD"
    ceiling = formats.require_int(get(budget, "ceiling"))
    released = formats.require_int(get(budget, "released"))
    by_scheme = formats.require_int(get(budget, "charged_scheme"))
    by_applicant = formats.require_int(get(budget, "charged_applicant"))
    held = formats.require_int(get(budget, "held"))
    forecast = get(budget, "forecast_end")
    free = released - by_scheme - by_applicant - held
    unreleased = max(0, ceiling - released)

    parts = [
        ("scheme", _("Charged, paid by the scheme"), by_scheme),
        ("applicant", _("Charged, paid by the applicant"), by_applicant),
        ("held", _("Held for work under way"), held),
        ("free", _("Released and free"), free),
        ("unreleased", _("Not yet released"), unreleased),
    ]
    shown = [max(0, cents) for _key, _label, cents in parts]
    used = sum(shown)
    scale = max(used, ceiling, forecast or 0)
    room = FULL if scale == 0 else FULL * max(used, ceiling) // scale
    spans = widths(shown, max(used, ceiling), room)

    def share_of(cents: int) -> str:
        if ceiling <= 0:
            return formats.NOTHING
        whole, tenth = divmod(formats.divide_half_up(abs(cents) * 1000, ceiling), 10)
        # A cent of a million is not nothing, and a million less a cent is not all.
        if cents and not (whole or tenth):
            return "<0.1%"
        if whole == 100 and not tenth and abs(cents) < ceiling:
            return ">99.9%"
        return f"{formats.MINUS if cents < 0 else ''}{whole}.{tenth}%"

    segments, at = [], 0
    for (key, label, cents), span in zip(parts, spans, strict=True):
        tip_x, tip_anchor = _anchor(at + span // 2)
        segments.append(
            Segment(
                key=key,
                label=label,
                cents=cents,
                amount=formats.money(cents, currency),
                share=share_of(cents),
                x=percent(at),
                width=percent(span),
                tip_x=tip_x,
                tip_anchor=tip_anchor,
                drawn=span > 0,
            )
        )
        at += span

    marker = over = None
    if forecast is not None:
        point = 0 if scale == 0 else formats.require_int(forecast) * FULL // scale
        x, anchor = _anchor(point)
        is_over = forecast > ceiling
        marker = Marker(
            label=_("Forecast to the end date"),
            amount=formats.money(forecast, currency),
            x=x,
            anchor=anchor,
            over=is_over,
        )
        if is_over:
            tip_x, tip_anchor = _anchor((room + FULL) // 2)
            over = Segment(
                key="over",
                label=_("Forecast above the ceiling"),
                cents=forecast - ceiling,
                amount=formats.money(forecast - ceiling, currency),
                share=share_of(forecast - ceiling),
                x=percent(room),
                width=percent(FULL - room),
                tip_x=tip_x,
                tip_anchor=tip_anchor,
                drawn=True,
            )

    total = formats.money(ceiling, currency)
    available = formats.money(free, currency)
    marked, plain = (COMPACT_MARKED, COMPACT) if compact else (WHOLE_MARKED, WHOLE)
    return MoneyBar(
        frame=marked if marker else plain,
        segments=segments,
        marker=marker,
        over=over,
        ceiling=total,
        available=available,
        overdrawn=free < 0,
        empty=ceiling == 0 and used == 0,
        summary=_("Budget of %(ceiling)s: %(charged)s charged, %(held)s held, %(free)s released and free.")
        % {
            "ceiling": total,
            "charged": formats.money(by_scheme + by_applicant, currency),
            "held": formats.money(held, currency),
            "free": available,
        },
    )


# Charts

LINE_TOP = 26
LINE_PLOT = 190
LINE_FOOT = 26
MARKS = ("circle", "square", "triangle", "diamond", "cross")
_SCALES = {"cents": 100, "gpu_hours": 3_600_000, "basis_points": 100, "duration_ms": 60_000}


def writer(series: Any) -> Callable[[int | None], str]:
    write = formats.WRITERS[get(series, "format") or "number"]
    currency = get(series, "currency")
    if write is formats.money and currency:
        return lambda cents: formats.money(cents, currency)
    return write


@dataclass(frozen=True)
class Bar:
    label: str
    amount: str
    note: str
    url: str
    width: str


@dataclass(frozen=True)
class BarChart:
    title: str
    unit: str
    label_header: str
    bars: list[Bar]


def bar_chart(series: Any) -> BarChart:
    """Horizontal bars, each under its own label and value."""
    rows = list(get(series, "bars") or ())
    write = writer(series)
    values = [formats.require_int(get(row, "value")) for row in rows]
    top = max(values, default=0)
    bars = []
    for row, value in zip(rows, values, strict=True):
        span = 0 if top <= 0 else max(0, value) * FULL // top
        if value > 0:
            span = max(span, SLIVER // 4)
        bars.append(
            Bar(
                label=str(get(row, "label")),
                amount=write(value),
                note=str(get(row, "note") or ""),
                url=str(get(row, "url") or ""),
                width=percent(span),
            )
        )
    return BarChart(
        title=str(get(series, "title") or ""),
        unit=str(get(series, "unit") or ""),
        label_header=str(get(series, "label_header") or pgettext("table header", "Item")),
        bars=bars,
    )


@dataclass(frozen=True)
class Tick:
    y: str
    text_y: str
    label: str


@dataclass(frozen=True)
class Point:
    x: str
    y: str
    text: str


@dataclass(frozen=True)
class Line:
    label: str
    index: str
    mark: str
    paths: list[str]
    points: list[Point]
    end_x: str
    end_y: str
    label_y: str
    amount: str


@dataclass(frozen=True)
class LineChart:
    title: str
    unit: str
    x_header: str
    lines: list[Line]
    ticks: list[Tick]
    x_first: str
    x_middle: str
    x_last: str
    height: str
    plot_top: str
    plot_height: str
    radius: str
    base_y: str
    view_box: str
    foot_y: str
    headers: list[str]
    rows: list[list[str]]
    empty: bool


def nice_step(span: int, scale: int = 1, target: int = 4) -> int:
    """A step of 1, 2 or 5 times a power of ten, in units of `scale`, giving at most `target` + 1 steps."""
    raw = max(1, -(-span // target))
    unit = scale if raw >= scale else 1
    raw = -(-raw // unit)
    power = 1
    while power * 10 <= raw:
        power *= 10
    for factor in (1, 2, 5, 10):
        if factor * power >= raw:
            return factor * power * unit
    raise AssertionError("unreachable")  # pragma: no cover


def line_chart(series: Any) -> LineChart:
    """Values over equal steps. Each line has its own dash and mark, and its name at its end."""
    xs = [str(x) for x in (get(series, "x") or ())]
    raw = [(str(get(line, "label")), list(get(line, "values") or ())) for line in (get(series, "lines") or ())]
    for label, values in raw:
        if len(values) != len(xs):
            raise ValueError(f"line {label!r} has {len(values)} values for {len(xs)} places")
    known = [formats.require_int(v) for _label, values in raw for v in values if v is not None]
    kind = get(series, "format") or "number"
    write = writer(series)
    empty = not known
    low = min([0, *known])
    high = max([0, *known])
    step = nice_step(max(1, high - low), _SCALES.get(kind, 1))
    bottom = low // step * step
    top = max(-(-high // step) * step, bottom + step)

    def down(value: int) -> int:
        return LINE_TOP + LINE_PLOT - (value - bottom) * LINE_PLOT // (top - bottom)

    def across(i: int) -> int:
        return FULL // 2 if len(xs) < 2 else i * FULL // (len(xs) - 1)

    axis = write
    if kind == "cents":
        currency = get(series, "currency") or "HKD"
        axis = lambda cents: formats.whole_money(cents, currency)  # noqa: E731
    elif kind == "gpu_hours":
        axis = lambda ms: formats.hours(ms).removesuffix(".00")  # noqa: E731
    ticks = [Tick(y=str(down(v)), text_y=str(down(v) - 4), label=axis(v)) for v in range(bottom, top + 1, step)]

    lines: list[Line] = []
    for n, (label, values) in enumerate(raw):
        points, paths, run = [], [], []
        for i, value in enumerate(values):
            if value is None:
                if len(run) > 1:
                    paths.append(" ".join(run))
                run = []
                continue
            run.append(f"{across(i)},{(down(value) - LINE_TOP)}")
            points.append(Point(percent(across(i)), str(down(value)), f"{label}, {xs[i]}: {write(value)}"))
        if len(run) > 1:
            paths.append(" ".join(run))
        if not points:
            continue
        last = max(i for i, v in enumerate(values) if v is not None)
        lines.append(
            Line(
                label=label,
                index=str(n % 5 + 1),
                mark=MARKS[n % 5],
                paths=paths,
                points=points if len(points) <= 40 else points[-1:],
                end_x=points[-1].x,
                end_y=points[-1].y,
                label_y=points[-1].y,
                amount=write(values[last]),
            )
        )
    lines = _spread(lines)
    return LineChart(
        title=str(get(series, "title") or ""),
        unit=str(get(series, "unit") or ""),
        x_header=str(get(series, "x_header") or pgettext("table header", "When")),
        lines=lines,
        ticks=ticks,
        x_first=xs[0] if len(xs) > 1 else "",
        x_middle=xs[len(xs) // 2] if len(xs) > 4 or len(xs) == 1 else "",
        x_last=xs[-1] if len(xs) > 1 else "",
        height=str(LINE_TOP + LINE_PLOT + LINE_FOOT),
        plot_top=str(LINE_TOP),
        plot_height=str(LINE_PLOT),
        radius="3.5" if len(xs) <= 12 else "2",
        base_y=str(down(max(bottom, min(0, top)))),
        view_box=f"0 0 {FULL} {LINE_PLOT}",
        foot_y=str(LINE_TOP + LINE_PLOT + 18),
        headers=[label for label, _values in raw],
        rows=[[x, *(write(values[i]) for _label, values in raw)] for i, x in enumerate(xs)],
        empty=empty,
    )


def _spread(lines: list[Line], gap: int = 17) -> list[Line]:
    """Move the names at the line ends apart, so that none covers another."""
    order = sorted(range(len(lines)), key=lambda i: int(lines[i].end_y))
    at = [max(14, int(lines[i].end_y) - 9) for i in order]
    for k in range(1, len(at)):
        at[k] = max(at[k], at[k - 1] + gap)
    limit = LINE_TOP + LINE_PLOT - 4
    for k in reversed(range(len(at))):
        at[k] = min(at[k], limit)
        limit = at[k] - gap
    out = list(lines)
    for k, i in enumerate(order):
        out[i] = Line(**{**lines[i].__dict__, "label_y": str(at[k])})
    return out
