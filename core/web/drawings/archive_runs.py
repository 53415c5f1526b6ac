"""An archive run drawn on the server as SVG: how large its batches were, when each attempt at a step was at work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

from markupsafe import Markup

from core.web.drawings.axes import Scale, text_at
from core.web.filters import count

WIDTH, LEFT, RIGHT = 640, 96, 632
BARS_TOP, BARS_BOTTOM = 12, 96
ROW, ROW_TOP = 26, 8
BAR_MIN = 2.0
IDLE = timedelta(minutes=2)
STRETCHES_DRAWN = 3


class Sized(Protocol):
    """A batch that is drawn as a bar."""

    @property
    def ordinal(self) -> int: ...
    @property
    def roots(self) -> int: ...
    @property
    def reason(self) -> str | None: ...


class Attempt(Protocol):
    """An attempt at a step; `state` is running, done or failed."""

    @property
    def name(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def started_at(self) -> datetime: ...
    @property
    def finished_at(self) -> datetime | None: ...


def size_bars(sizes: Sequence[Sized]) -> Markup:
    """A bar for each batch, oldest first, as high as it has roots. Empty without batches."""
    if not sizes:
        return Markup("")
    most = max(size.roots for size in sizes) or 1
    y = Scale(0, most, BARS_BOTTOM, BARS_TOP)
    step = (RIGHT - LEFT) / len(sizes)
    bars = (_bar(size, round(LEFT + step * place, 1), y(size.roots), step) for place, size in enumerate(sizes))
    first, last = sizes[0], sizes[-1]
    label = f"Roots in batches {first.ordinal} to {last.ordinal}: at most {count(most)}, now {count(last.roots)}"
    return Markup(
        '<svg class="bars" viewBox="0 0 {w} {h}" role="img" aria-label="{label}">'
        '<line class="axis" x1="{left}" y1="{bottom}" x2="{right}" y2="{bottom}"/>{bars}{words}</svg>'
    ).format(
        w=WIDTH,
        h=BARS_BOTTOM + 24,
        label=label,
        left=LEFT,
        right=RIGHT,
        bottom=BARS_BOTTOM,
        bars=Markup("").join(bars),
        words=text_at(LEFT - 8, BARS_TOP + 8, count(most), "end")
        + text_at(LEFT, BARS_BOTTOM + 18, f"batch {first.ordinal}")
        + (text_at(RIGHT, BARS_BOTTOM + 18, f"batch {last.ordinal}", "end") if last is not first else Markup("")),
    )


def _bar(size: Sized, x: float, y: float, step: float) -> Markup:
    width = round(min(max(step - 2, BAR_MIN), 40), 1)
    return Markup('<rect class="bar" x="{}" y="{}" width="{}" height="{}" rx="1"><title>{}</title></rect>').format(
        x, y, width, round(BARS_BOTTOM - y, 1), f"batch {size.ordinal}: {count(size.roots)}, {size.reason or ''}"
    )


def attempt_bars(
    attempts: Sequence[Attempt], names: Sequence[str], *, now: datetime, clock: Callable[[datetime], str]
) -> Markup:
    """A row for each step in `names`, a bar for each attempt from its start to its end. Empty without attempts.

    A drawing for each of the latest stretches of work: else a night before a redrive would leave no room for the work.
    """
    drawn = sorted((attempt for attempt in attempts if attempt.name in names), key=lambda attempt: attempt.started_at)
    parts = _stretches(drawn, now)[-STRETCHES_DRAWN:]
    return Markup("").join(_stretch(part, names, now=now, clock=clock) for part in parts)


def _stretches(attempts: Sequence[Attempt], now: datetime) -> list[list[Attempt]]:
    """Attempts in order of their start, apart where nothing was at work for IDLE."""
    parts: list[list[Attempt]] = []
    busy_until = datetime.min.replace(tzinfo=UTC)
    for attempt in attempts:
        if not parts or attempt.started_at - busy_until > IDLE:
            parts.append([])
        parts[-1].append(attempt)
        busy_until = max(busy_until, attempt.finished_at or now)
    return parts


def _stretch(
    drawn: Sequence[Attempt], names: Sequence[str], *, now: datetime, clock: Callable[[datetime], str]
) -> Markup:
    first = min(attempt.started_at for attempt in drawn)
    last = max(*(attempt.finished_at or now for attempt in drawn), first + timedelta(milliseconds=1))
    x = Scale(0.0, (last - first).total_seconds(), LEFT, RIGHT)
    height = ROW_TOP + ROW * len(names)
    rows = (text_at(LEFT - 8, ROW_TOP + ROW * place + 15, name, "end") for place, name in enumerate(names))
    bars = (_attempt(attempt, names.index(attempt.name), x, first, now) for attempt in drawn)
    failed = sum(attempt.state == "failed" for attempt in drawn)
    label = f"{len(drawn)} attempts at steps, {failed} failed, between {clock(first)} and {clock(last)}"
    return Markup(
        '<svg class="attempts" viewBox="0 0 {w} {h}" role="img" aria-label="{label}">{rows}'
        '<line class="axis" x1="{left}" y1="{y}" x2="{right}" y2="{y}"/>{bars}{times}</svg>'
    ).format(
        w=WIDTH,
        h=height + 24,
        label=label,
        rows=Markup("").join(rows),
        left=LEFT,
        right=RIGHT,
        y=height,
        bars=Markup("").join(bars),
        times=text_at(LEFT, height + 18, clock(first))
        + text_at(RIGHT, height + 18, f"{clock(last)}, {(last - first).total_seconds():,.2f} s later", "end"),
    )


def _attempt(attempt: Attempt, row: int, x: Scale, first: datetime, now: datetime) -> Markup:
    began = (attempt.started_at - first).total_seconds()
    took = ((attempt.finished_at or now) - attempt.started_at).total_seconds()
    start, end = x(began), x(began + took)
    return Markup('<rect class="bar {}" x="{}" y="{}" width="{}" height="16" rx="2"><title>{}</title></rect>').format(
        attempt.state, start, ROW_TOP + ROW * row + 3, max(round(end - start, 1), BAR_MIN),
        f"{attempt.name}: {attempt.state}, {took:.2f} s",
    )  # fmt: skip
