"""Values over time with the usual range, drawn on a sheet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import pairwise

from core.queries.results import Result, Trend
from core.web.drawings.axes import Scale
from core.web.drawings.number_lines import position
from core.web.filters import number
from core.web.paper.sheet import LEFT, QUIET, RIGHT, SMALL, Sheet

HEIGHT = 52.0
BAND, LINE, DOT, BAD_DOT = 232, 120, 40, 20
EDGE = 22.0


def draw(sheet: Sheet, trend: Trend, day: Callable[[datetime], str]) -> None:
    """The numbers in the newest one's unit; nothing of fewer than two. One outside its range is a square."""
    points = _points(trend)
    if len(points) < 2:
        return
    sheet.room(HEIGHT + 12)
    top = sheet.get_y() + 3
    low, high = trend.latest.ref_low, trend.latest.ref_high
    values, times = [value for _, value, _ in points], [at for at, _, _ in points]
    y = _values(values, (low, high), top)
    first, last = times[0].timestamp(), times[-1].timestamp()
    x = Scale(first, last if last > first else first + 1, LEFT + EDGE, RIGHT - 4)
    _band(sheet, y, low, high, top)
    _line(sheet, [(x(at.timestamp()), y(float(value)), result) for at, value, result in points])
    for bound in dict.fromkeys((max(values), min(values))):
        sheet.put(LEFT, y(float(bound)) + 1, number(bound), size=SMALL, shade=QUIET)
    _days(sheet, day(times[0]), day(times[-1]), top + HEIGHT + 4)


def _points(trend: Trend) -> list[tuple[datetime, Decimal, Result]]:
    return [
        (result.observed_at, result.value_number, result)
        for result in trend.results
        if result.unit == trend.latest.unit and result.value_number is not None
    ]


def _days(sheet: Sheet, first: str, last: str, foot: float) -> None:
    sheet.put(LEFT + EDGE, foot, first, size=SMALL, shade=QUIET)
    sheet.put(RIGHT - sheet.measure(last, size=SMALL), foot, last, size=SMALL, shade=QUIET)
    sheet.set_y(foot + 4)


def _values(values: Sequence[Decimal], bounds: tuple[Decimal | None, Decimal | None], top: float) -> Scale:
    known = [float(value) for value in (*values, *bounds) if value is not None]
    spare = (max(known) - min(known)) * 0.12 or abs(max(known)) * 0.1 or 1.0
    return Scale(min(known) - spare, max(known) + spare, top + HEIGHT, top)


def _band(sheet: Sheet, y: Scale, low: Decimal | None, high: Decimal | None, top: float) -> None:
    if low is None and high is None:
        return
    start = y(float(high)) if high is not None else top
    end = y(float(low)) if low is not None else top + HEIGHT
    sheet.set_fill_color(BAND)
    sheet.rect(LEFT + EDGE, start, RIGHT - LEFT - EDGE, end - start, style="F")


def _line(sheet: Sheet, places: Sequence[tuple[float, float, Result]]) -> None:
    sheet.set_draw_color(LINE)
    for (x, y, _), (next_x, next_y, _) in pairwise(places):
        sheet.line(x, y, next_x, next_y)
    for x, y, result in places:
        is_outside = position(result.value_number or Decimal(), result.ref_low, result.ref_high) in ("below", "above")
        sheet.set_fill_color(BAD_DOT if is_outside else DOT)
        if is_outside:
            sheet.rect(x - 1, y - 1, 2, 2, style="F")
        else:
            sheet.circle(x, y, 0.8, style="F")
