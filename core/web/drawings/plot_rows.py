"""Rows of bars and of spans, drawn on the server as SVG: for figures by name and not by time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from core.web.drawings.axes import Scale, text_at
from core.web.drawings.plots import LEFT, RIGHT, WIDTH, Write, legend, mark
from core.web.filters import duration

ROW, TOP = 58, 6
SPAN_ROW, SPAN_TOP = 40, 48
NAME_MAX = 46
MARKS_SECONDS = (0.01, 0.1, 1.0, 10.0, 60.0, 600.0, 3600.0, 86_400.0, 604_800.0)


def took(seconds: float) -> str:
    """A length of time, short ones in milliseconds: `40 ms`, `2.5 s`, `27 min`."""
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else duration(seconds)


@dataclass(frozen=True)
class Bar:
    """A value under its name."""

    name: str
    value: float


def bars(rows: Sequence[Bar], *, name: str, write: Write) -> Markup:
    """A bar for each row, its name above it, its value behind. Empty without rows."""
    if not rows:
        return Markup("")
    x = Scale(0, max(row.value for row in rows) or 1.0, 0, WIDTH - 150)
    drawn = Markup("").join(_bar(row, TOP + ROW * n, x(row.value), write) for n, row in enumerate(rows))
    label = f"{name}: " + "; ".join(f"{row.name}, {write(row.value)}" for row in rows)
    return Markup('<svg class="plot" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        WIDTH, TOP + ROW * len(rows), label, drawn
    )


def _bar(row: Bar, y: float, length: float, write: Write) -> Markup:
    short = row.name if len(row.name) <= NAME_MAX else f"{row.name[: NAME_MAX - 1]}…"
    bar = Markup('<rect class="amount" x="0" y="{}" width="{}" height="18" rx="2"/>').format(y + 28, max(length, 2.0))
    return text_at(0, y + 20, short) + bar + text_at(max(length, 2.0) + 10, y + 44, write(row.value))


@dataclass(frozen=True)
class Percentiles:
    """Seconds within which half, 95 and 99 in 100 ended."""

    name: str
    p50: float
    p95: float
    p99: float


def spans(rows: Sequence[Percentiles], *, name: str) -> Markup:
    """For each row a line from its p50 to its p99, on one axis of times in which each step is a longer one."""
    if not rows:
        return Markup("")
    shown = _axis(min(row.p50 for row in rows), max(row.p99 for row in rows))
    x = Scale(math.log10(shown[0]), math.log10(shown[-1]), LEFT + 10, RIGHT - 30)
    bottom = SPAN_TOP + SPAN_ROW * len(rows)
    axis = Markup('<line class="axis" x1="{x}" y1="{top}" x2="{x}" y2="{bottom}"/>')
    label = "; ".join(f"{row.name}: {took(row.p50)}, {took(row.p95)}, {took(row.p99)}" for row in rows)
    return Markup(
        '<svg class="plot" viewBox="0 0 {w} {h}" role="img" aria-label="{label}">{legend}{axes}{words}{rows}</svg>'
    ).format(
        w=WIDTH,
        h=bottom + 32,
        label=f"{name} (p50, p95, p99): {label}",
        legend=legend(("p50", "p95", "p99")),
        axes=Markup("").join(axis.format(x=x(math.log10(at)), top=SPAN_TOP - 8, bottom=bottom) for at in shown),
        words=Markup("").join(text_at(x(math.log10(at)), bottom + 24, _short(at), "middle") for at in _apart(shown)),
        rows=Markup("").join(_span(row, SPAN_TOP + SPAN_ROW * n + 14, x) for n, row in enumerate(rows)),
    )


def _axis(low: float, high: float) -> list[float]:
    """The marks from the last one that is not above `low` to the first that is not below `high`: two at least."""
    end = len(MARKS_SECONDS) - 1
    first = min(max((n for n, at in enumerate(MARKS_SECONDS) if at <= low), default=0), end - 1)
    last = min((n for n, at in enumerate(MARKS_SECONDS) if at >= high), default=end)
    return list(MARKS_SECONDS[first : max(last, first + 1) + 1])


def _apart(shown: Sequence[float]) -> Sequence[float]:
    return shown if len(shown) <= 6 else shown[::2]


def _short(seconds: float) -> str:
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:g} {unit}"
    return f"{seconds:g} s"


def _span(row: Percentiles, y: float, x: Scale) -> Markup:
    places = [x(math.log10(max(value, MARKS_SECONDS[0]))) for value in (row.p50, row.p95, row.p99)]
    line = Markup('<line class="span" x1="{}" y1="{}" x2="{}" y2="{}"/>').format(places[0], y, places[2], y)
    values = (("p50", row.p50), ("p95", row.p95), ("p99", row.p99))
    marks = (mark(n, places[n], y, f"{row.name}, {said}: {took(value)}") for n, (said, value) in enumerate(values))
    return text_at(LEFT - 8, y + 5, row.name, "end") + line + Markup("").join(marks)
