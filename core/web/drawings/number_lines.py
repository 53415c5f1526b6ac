"""Number lines, drawn on the server as SVG: no style, and a label for who can't see."""

from __future__ import annotations

from decimal import Decimal

from markupsafe import Markup

from core.web.drawings.axes import Scale, text_at
from core.web.filters import number, spoken_unit

LINE_WIDTH, LINE_HEIGHT, LINE_PAD = 320, 46, 10


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
    """Room on both sides of the range; more for a far value, but never so much that the range can't be seen."""
    bottom = float(low) if low is not None else min(0.0, float(high or 0))
    top = float(high) if high is not None else max(value, bottom) + abs(bottom) * 0.5
    span = top - bottom or abs(top) or 1.0
    start = max(min(bottom - 0.6 * span, value), bottom - 4 * span) if low is not None else bottom
    if start < 0 <= min(value, bottom):
        start = 0.0
    end = min(max(top + 0.6 * span, value), top + 4 * span) if high is not None else max(top, value) + 0.6 * span
    return Scale(start, end, LINE_PAD, LINE_WIDTH - LINE_PAD)


def _bounds(x: Scale, low: Decimal | None, high: Decimal | None) -> Markup:
    """The range's ends under the line; ends that would touch are written as one."""
    if low is not None and high is not None and x(float(high)) - x(float(low)) < 60:
        middle = (x(float(low)) + x(float(high))) / 2
        return text_at(round(middle, 1), 42, f"{number(low)}–{number(high)}", "middle")
    parts = [text_at(x(float(bound)), 42, number(bound), "middle") for bound in (low, high) if bound is not None]
    return Markup("").join(parts)
