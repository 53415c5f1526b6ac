"""Number lines and trends, drawn on the server as SVG: no style, and a label for who can't see."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from markupsafe import Markup

from core.web.filters import number, spoken_unit, unit

Usual = tuple[Decimal | None, Decimal | None]

LINE_WIDTH, LINE_HEIGHT, LINE_PAD = 320, 46, 10
WIDTH, HEIGHT = 720, 220
LEFT, RIGHT, TOP, BOTTOM = 52, 706, 16, 184


@dataclass(frozen=True)
class Point:
    """One value in time; `outside` its range or not."""

    at: datetime
    value: Decimal
    outside: bool = False


@dataclass(frozen=True)
class Scale:
    """Maps values to pixels along one axis."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return round(self.start + min(max(share, 0.0), 1.0) * (self.end - self.start), 1)


def position(value: Decimal, low: Decimal | None, high: Decimal | None) -> str:
    """`below`, `within` or `above` the range; empty if there is no range."""
    if low is None and high is None:
        return ""
    if low is not None and value < low:
        return "below"
    return "above" if high is not None and value > high else "within"


def described(value: Decimal, code: str | None, low: Decimal | None, high: Decimal | None) -> str:
    """`8.9 percent, above the usual range of 4 to 6`."""
    words = f"{number(value)} {spoken_unit(code)}".strip()
    place = position(value, low, high)
    return f"{words}, {place} {_range_words(low, high)}" if place else words


def _range_words(low: Decimal | None, high: Decimal | None) -> str:
    if low is not None and high is not None:
        return f"the usual range of {number(low)} to {number(high)}"
    return f"the usual range of {number(high)} or less" if low is None else f"the usual range of {number(low)} or more"


def number_line(value: Decimal, low: Decimal | None, high: Decimal | None, code: str | None = None) -> Markup:
    """A value on a line with its usual range; either side of the range may be open. Empty without a range."""
    if low is None and high is None:
        return Markup("")
    x = _line_scale(float(value), low, high)
    from_x = x(float(low)) if low is not None else 0.0
    to_x = x(float(high)) if high is not None else float(LINE_WIDTH)
    bad = " bad" if position(value, low, high) != "within" else ""
    return Markup(
        '<svg class="number-line" viewBox="0 0 {w} {h}" role="img" aria-label="{label}">'
        '<rect class="track" x="0" y="18" width="{w}" height="8" rx="4"/>'
        '<rect class="range-band" x="{from_x}" y="16" width="{band}" height="12" rx="3"/>'
        '{bounds}<circle class="dot{bad}" cx="{at}" cy="22" r="7"/></svg>'
    ).format(
        w=LINE_WIDTH,
        h=LINE_HEIGHT,
        label=described(value, code, low, high),
        from_x=from_x,
        band=round(to_x - from_x, 1),
        bounds=_bounds(x, low, high),
        bad=bad,
        at=min(max(x(float(value)), 8.0), LINE_WIDTH - 8.0),
    )


def _line_scale(value: float, low: Decimal | None, high: Decimal | None) -> Scale:
    """Room on both sides of the range, and always the value."""
    bottom = float(low) if low is not None else min(0.0, float(high or 0))
    top = float(high) if high is not None else max(value, bottom) + abs(bottom) * 0.5
    room = (top - bottom or abs(top) or 1.0) * 0.6
    start = min(bottom - room, value) if low is not None else bottom
    if start < 0 <= min(value, bottom):
        start = 0.0
    end = max(top + room, value) if high is not None else max(top, value) + room
    return Scale(start, end, LINE_PAD, LINE_WIDTH - LINE_PAD)


def _bounds(x: Scale, low: Decimal | None, high: Decimal | None) -> Markup:
    """The range's ends under the line; ends that would touch are written as one."""
    if low is not None and high is not None and x(float(high)) - x(float(low)) < 60:
        middle = (x(float(low)) + x(float(high))) / 2
        return _text(round(middle, 1), 42, f"{number(low)}–{number(high)}", "middle")
    parts = [_text(x(float(bound)), 42, number(bound), "middle") for bound in (low, high) if bound is not None]
    return Markup("").join(parts)


def _text(x: float, y: float, words: str, anchor: str = "start") -> Markup:
    return Markup('<text x="{}" y="{}" text-anchor="{}">{}</text>').format(x, y, anchor, words)


def trend(
    points: Sequence[Point],
    *,
    name: str,
    code: str | None = None,
    low: Decimal | None = None,
    high: Decimal | None = None,
    day: Callable[[datetime], str],
) -> Markup:
    """Values over time, oldest first, with the range's band; `day` writes a point's date. Empty without points."""
    if not points:
        return Markup("")
    y = _value_scale(points, low, high)
    x = _time_scale(points)
    places = [(x(point.at.timestamp()), y(float(point.value)), point) for point in points]
    return Markup(
        '<svg class="trend" viewBox="0 0 {w} {h}" role="img" aria-label="{label}">'
        '{band}<line class="axis" x1="{left}" y1="{bottom}" x2="{right}" y2="{bottom}"/>'
        "{values}{line}{dots}{times}</svg>"
    ).format(
        w=WIDTH,
        h=HEIGHT,
        left=LEFT,
        right=RIGHT,
        bottom=BOTTOM,
        label=_trend_label(points, name, code, (low, high), day),
        band=_band(y, low, high),
        values=_value_labels(points, y, low, high),
        line=_line(places),
        dots=Markup("").join(_dot(px, py, point, code, day) for px, py, point in places),
        times=_time_labels(points, x, day),
    )


def _value_scale(points: Sequence[Point], low: Decimal | None, high: Decimal | None) -> Scale:
    values = [float(point.value) for point in points] + [float(bound) for bound in (low, high) if bound is not None]
    bottom, top = min(values), max(values)
    room = (top - bottom) * 0.12 or abs(top) * 0.1 or 1.0
    start = bottom - room
    return Scale(0.0 if start < 0 <= bottom else start, top + room, BOTTOM, TOP)


def _time_scale(points: Sequence[Point]) -> Scale:
    first, last = points[0].at.timestamp(), points[-1].at.timestamp()
    if last <= first:
        first, last = first - 1, first + 1
    return Scale(first, last, LEFT + 12, RIGHT - 12)


def _band(y: Scale, low: Decimal | None, high: Decimal | None) -> Markup:
    if low is None and high is None:
        return Markup("")
    top = y(float(high)) if high is not None else TOP
    bottom = y(float(low)) if low is not None else BOTTOM
    return Markup('<rect class="range-band" x="{}" y="{}" width="{}" height="{}"/>').format(
        LEFT, top, RIGHT - LEFT, round(bottom - top, 1)
    )


def _value_labels(points: Sequence[Point], y: Scale, low: Decimal | None, high: Decimal | None) -> Markup:
    """The range's ends first, then the extremes where there is room."""
    values = [point.value for point in points]
    placed: list[float] = []
    labels: list[Markup] = []
    for value in (high, low, max(values), min(values)):
        if value is None or any(abs(y(float(value)) - other) < 14 for other in placed):
            continue
        placed.append(y(float(value)))
        labels.append(_text(LEFT - 8, round(y(float(value)) + 4, 1), number(value), "end"))
    return Markup("").join(labels)


def _line(places: Sequence[tuple[float, float, Point]]) -> Markup:
    if len(places) < 2:
        return Markup("")
    path = " ".join(f"{x},{y}" for x, y, _ in places)
    return Markup('<polyline class="plot-line" points="{}"/>').format(path)


def _dot(x: float, y: float, point: Point, code: str | None, day: Callable[[datetime], str]) -> Markup:
    title = f"{day(point.at)}: {number(point.value)} {unit(code)}".strip()
    return Markup('<circle class="dot{}" cx="{}" cy="{}" r="{}"><title>{}</title></circle>').format(
        " bad" if point.outside else "", x, y, 5 if point.outside else 4, title
    )


def _time_labels(points: Sequence[Point], x: Scale, day: Callable[[datetime], str]) -> Markup:
    first, last = points[0].at, points[-1].at
    if day(first) == day(last):
        return _text(x(first.timestamp()), BOTTOM + 20, day(first), "middle")
    return _text(LEFT, BOTTOM + 20, day(first)) + _text(RIGHT, BOTTOM + 20, day(last), "end")


def _trend_label(
    points: Sequence[Point], name: str, code: str | None, usual: Usual, day: Callable[[datetime], str]
) -> str:
    first, last = points[0], points[-1]
    if len(points) == 1:
        return f"{name}: {described(last.value, code, *usual)}, on {day(last.at)}"
    spoken = spoken_unit(code)
    start = f"{number(first.value)} {spoken}".strip()
    end = described(last.value, code, *usual)
    return f"{name}, {len(points)} results: from {start} on {day(first.at)} to {end}, on {day(last.at)}"
