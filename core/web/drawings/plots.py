"""Figures over time, drawn on the server as SVG: no style, and a label for who can't see. A table beside it says all.

Series differ by dash and by mark, not by colour alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from markupsafe import Markup

from core.web.drawings.axes import Scale, text_at

WIDTH, LEFT, RIGHT = 640, 104, 628
TOP, BOTTOM, HEIGHT = 44, 190, 222
TICKS = (1, 2, 2.5, 5, 10)
# Seconds that people count in; shorter and longer steps are decimal.
TIME_STEPS = (
    1.0,
    2.0,
    5.0,
    10.0,
    30.0,
    60.0,
    120.0,
    300.0,
    600.0,
    1800.0,
    3600.0,
    7200.0,
    21_600.0,
    43_200.0,
    86_400.0,
)
TICKS_MAX = 4
SHAPES = (
    Markup('<circle class="mark s0" cx="{x}" cy="{y}" r="4.5">{said}</circle>'),
    Markup('<rect class="mark s1" x="{x0}" y="{y0}" width="9" height="9">{said}</rect>'),
    Markup('<path class="mark s2" d="M{x} {y1}l6 6l-6 6l-6 -6z">{said}</path>'),
)
Write = Callable[[float], str]


@dataclass(frozen=True)
class Series:
    """A line: a value for each stamp, None where there is none."""

    name: str
    values: Sequence[float | None]

    @property
    def known(self) -> list[float]:
        return [value for value in self.values if value is not None]


@dataclass(frozen=True)
class Limit:
    """Where an alert fires: above the value, or below it. `of` names the series, where there are several."""

    value: float
    below: bool = False
    of: str = ""

    def words(self, write: Write) -> str:
        whose = f" of {self.of}" if self.of else ""
        return f"alert {'below' if self.below else 'above'} {write(self.value)}{whose}"


def lines(
    series: Sequence[Series],
    stamps: Sequence[str],
    *,
    name: str,
    write: Write,
    limits: Sequence[Limit] = (),
    low: float = 0.0,
    high: float | None = None,
    steps: Sequence[float] = (),
) -> Markup:
    """A line for each series over the stamps, oldest first, with each limit. Empty without a value.

    The axis goes from `low` (or the least value, if that is lower) to `high`, or so high that all can be seen, in
    one of `steps` if one fits.
    """
    known = [value for line in series for value in line.known]
    if not known:
        return Markup("")
    ticks = _axis(known, limits, low, high, steps)
    y = Scale(ticks[0], ticks[-1], BOTTOM, TOP)
    x = Scale(0, max(len(stamps) - 1, 1), LEFT + 10, RIGHT - 10)
    return Markup(
        '<svg class="plot" viewBox="0 0 {w} {h}" role="img" aria-label="{label}">'
        "{grid}{legend}{limits}{lines}{limit_words}{stamps}</svg>"
    ).format(
        w=WIDTH,
        h=HEIGHT,
        label=_label(series, stamps, name, write, limits),
        grid=_joined(_grid(tick, y(tick), write) for tick in ticks),
        legend=legend([line.name for line in series]) if len(series) > 1 else "",
        limits=_joined(_limit(limit, y(limit.value), write) for limit in limits),
        limit_words=_joined(_limit_words(limit, y(limit.value), write) for limit in limits),
        lines=_joined(_line(n, line, (x, y), stamps, write) for n, line in enumerate(series)),
        stamps=_stamps(stamps, x),
    )


def _joined(parts: Iterable[Markup]) -> Markup:
    return Markup("").join(parts)


def mark(series: int, x: float, y: float, title: str = "") -> Markup:
    """A series' mark: a disc, a square or a diamond."""
    said = Markup("<title>{}</title>").format(title) if title else Markup("")
    return SHAPES[series].format(x=x, y=y, x0=round(x - 4.5, 1), y0=round(y - 4.5, 1), y1=round(y - 6, 1), said=said)


def legend(names: Sequence[str]) -> Markup:
    """What each mark stands for, along the top."""
    step = (RIGHT - LEFT) / 3
    return Markup("").join(
        mark(n, LEFT + 8 + n * step, 14) + text_at(LEFT + 22 + n * step, 20, name) for n, name in enumerate(names)
    )


def _axis(
    known: Sequence[float], limits: Sequence[Limit], low: float, high: float | None, steps: Sequence[float]
) -> list[float]:
    bounds = [low, *known, *(limit.value for limit in limits)]
    top = high if high is not None else max(bounds) or 1.0
    return _ticks(min(bounds), top, steps)


def _ticks(low: float, high: float, steps: Sequence[float]) -> list[float]:
    """Two to six round values that span both ends."""
    room = (high - low) or abs(high) or 1.0
    power = 10.0 ** _exponent(room / 3)
    decimal = next(tick * power for tick in TICKS if room / (tick * power) <= TICKS_MAX)
    fits = [step for step in steps if room / TICKS_MAX <= step <= room]
    step = fits[0] if fits else decimal
    first, last = int(low // step), -int(-high // step)
    return [round(n * step, 10) for n in range(first, max(last, first + 1) + 1)]


def _exponent(value: float) -> int:
    return int(f"{value:e}".partition("e")[2])


def _grid(tick: float, y: float, write: Write) -> Markup:
    line = Markup('<line class="axis" x1="{}" y1="{}" x2="{}" y2="{}"/>').format(LEFT, y, RIGHT, y)
    return line + text_at(LEFT - 8, round(y + 5, 1), write(tick), "end")


def _limit(limit: Limit, y: float, write: Write) -> Markup:
    line = Markup('<line class="limit" x1="{}" y1="{}" x2="{}" y2="{}"><title>{}</title></line>')
    return line.format(LEFT, y, RIGHT, y, limit.words(write))


def _limit_words(limit: Limit, y: float, write: Write) -> Markup:
    """On the side where the alert fires. Those of several series lie too close: the line has them as its title."""
    if limit.of:
        return Markup("")
    words = Markup('<text class="limit-words" x="{}" y="{}" text-anchor="end">{}</text>')
    return words.format(RIGHT, round(y + 18 if limit.below else y - 6, 1), limit.words(write))


def _line(number: int, line: Series, scales: tuple[Scale, Scale], stamps: Sequence[str], write: Write) -> Markup:
    x, y = scales
    known = [(n, value) for n, value in enumerate(line.values) if value is not None]
    # Neighbours have the same distance from their place among the known.
    parts = [[*part] for _, part in groupby(enumerate(known), key=lambda at: at[1][0] - at[0])]
    path = Markup('<polyline class="plot-line s{}" points="{}"/>')
    drawn = [
        path.format(number, " ".join(f"{x(n)},{y(value)}" for _, (n, value) in part)) for part in parts if len(part) > 1
    ]
    marks = [mark(number, x(n), y(value), f"{stamps[n]}, {line.name}: {write(value)}") for n, value in known]
    return Markup("").join([*drawn, *marks])


def _stamps(stamps: Sequence[str], x: Scale) -> Markup:
    last = len(stamps) - 1
    shown = {0: "start", last: "end", **({last // 2: "middle"} if last >= 4 else {})}
    ends = {"start": -10, "middle": 0, "end": 10}
    return Markup("").join(
        text_at(x(n) + ends[anchor], BOTTOM + 24, stamps[n], anchor) for n, anchor in sorted(shown.items())
    )


def _label(series: Sequence[Series], stamps: Sequence[str], name: str, write: Write, limits: Sequence[Limit]) -> str:
    said = []
    for line in series:
        known = [(stamp, value) for stamp, value in zip(stamps, line.values, strict=True) if value is not None]
        if known:
            values = [value for _, value in known]
            stamp, last = known[-1]
            ends = f"from {write(min(values))} to {write(max(values))}, last {write(last)} ({stamp})"
            said.append(f"{line.name}: {ends}" if len(series) > 1 else ends)
    return f"{name}, {stamps[0]} to {stamps[-1]}: " + "; ".join([*said, *(limit.words(write) for limit in limits)])
