"""Values over time with the usual range, drawn on the server as SVG: no style, and a label for who can't see."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from markupsafe import Markup

from core.queries.results import Result, Trend
from core.web.drawings.axes import Scale, text_at
from core.web.drawings.number_lines import described, position
from core.web.filters import number, spoken_unit, unit

Usual = tuple[Decimal | None, Decimal | None]

WIDTH, HEIGHT = 480, 190
LEFT, RIGHT, TOP, BOTTOM = 52, 472, 12, 160
LABEL_GAP = 17
YEARS_MAX = 7
OUTSIDE = ("below", "above")


@dataclass(frozen=True)
class Point:
    """One value in time; `outside` its range or not."""

    at: datetime
    value: Decimal
    outside: bool = False


def of_results(found: Trend, *, least: int = 1, day: Callable[[datetime], str]) -> Markup:
    """The values that are numbers in the latest value's unit, over the latest range; empty if fewer than `least`.

    A value is marked if it lay outside the range that held when it was measured.
    """
    latest = found.latest
    points = [point for result in found.results if result.unit == latest.unit and (point := _point(result)) is not None]
    if len(points) < least:
        return Markup("")
    return trend(points, name=latest.name, code=latest.unit, low=latest.ref_low, high=latest.ref_high, day=day)


def _point(result: Result) -> Point | None:
    if result.value_number is None or result.is_implausible:
        return None
    place = position(result.value_number, result.ref_low, result.ref_high)
    return Point(result.observed_at, result.value_number, outside=place in OUTSIDE)


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
        if value is None or any(abs(y(float(value)) - other) < LABEL_GAP for other in placed):
            continue
        placed.append(y(float(value)))
        labels.append(text_at(LEFT - 8, round(y(float(value)) + 4, 1), number(value), "end"))
    return Markup("").join(labels)


def _line(places: Sequence[tuple[float, float, Point]]) -> Markup:
    if len(places) < 2:
        return Markup("")
    path = " ".join(f"{x},{y}" for x, y, _ in places)
    return Markup('<polyline class="plot-line" points="{}"/>').format(path)


def _dot(x: float, y: float, point: Point, code: str | None, day: Callable[[datetime], str]) -> Markup:
    title = f"{day(point.at)}: {number(point.value)} {unit(code)}".strip()
    return Markup('<circle class="dot{}" cx="{}" cy="{}" r="{}"><title>{}</title></circle>').format(
        " bad" if point.outside else "", x, y, 4 if point.outside else 3, title
    )


def _time_labels(points: Sequence[Point], x: Scale, day: Callable[[datetime], str]) -> Markup:
    """The years that begin between the first and the last point, or those two days if there is not a year between."""
    first, last = points[0].at, points[-1].at
    starts = [datetime(year, 1, 1, tzinfo=UTC) for year in range(first.year + 1, last.year + 1)]
    if len(starts) >= 2:
        every = -(-len(starts) // YEARS_MAX)
        return Markup("").join(_year(x(start.timestamp()), start.year) for start in starts[::-every])
    if day(first) == day(last):
        return text_at(x(first.timestamp()), BOTTOM + 20, day(first), "middle")
    return text_at(LEFT, BOTTOM + 20, day(first)) + text_at(RIGHT, BOTTOM + 20, day(last), "end")


def _year(x: float, year: int) -> Markup:
    tick = Markup('<line class="axis" x1="{x}" y1="{top}" x2="{x}" y2="{bottom}"/>')
    return tick.format(x=x, top=BOTTOM, bottom=BOTTOM + 6) + text_at(x, BOTTOM + 22, str(year), "middle")


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
