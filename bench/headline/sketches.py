"""The figures as drawings: plain SVG that needs no style sheet."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from core.web.drawings.axes import Scale

WIDTH, LEFT, RIGHT, TOP, ROW = 720, 190, 690, 56, 30
FILLS = ("#1d70b8", "#b1b4b6")
TICKS = (1, 10, 100, 1_000, 10_000, 30_000)


def write(folder: Path, sizes: Mapping[str, Mapping[str, Any]]) -> list[Path]:
    """A drawing of waits for each size, and one of what the primary spends."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = []
    for size, found in sizes.items():
        waits = {name: found["waits"][name]["with_reports"] for name in found["waits"]}
        path = folder / f"waits-{size}.svg"
        path.write_text(_waits(f"Waits with reports running, {size}: p50 to p99, ms", waits), encoding="utf-8")
        drawn.append(path)
    spent = {
        f"{size}, {system}": found["primary"][system]["cpu_seconds"]
        for size, found in sizes.items()
        for system in found["primary"]
    }
    path = folder / "primary-cpu.svg"
    path.write_text(_bars("The primary's processor seconds for 1,000 hot requests", spent), encoding="utf-8")
    return [*drawn, path]


def _waits(title: str, systems: Mapping[str, Mapping[str, Mapping[str, float]]]) -> str:
    """A bar from p50 to p99 for each kind and system, on a scale of powers."""
    kinds = list(next(iter(systems.values())))
    x = Scale(0, math.log10(TICKS[-1]), LEFT, RIGHT)

    def at(ms: float) -> float:
        return x(math.log10(max(1.0, ms if math.isfinite(ms) else TICKS[-1])))

    height = TOP + ROW * len(kinds) * 1.5 + 40
    parts = [_line(at(tick), TOP - 10, at(tick), height - 40) + _text(at(tick), height - 22, f"{tick:,}", "middle")
             for tick in TICKS]  # fmt: skip
    parts.append(_line(at(2_000), TOP - 10, at(2_000), height - 40, "#d4351c"))
    parts.append(_text(at(2_000), TOP - 14, "time-out", "middle"))
    for row, kind in enumerate(kinds):
        y = TOP + row * ROW * 1.5
        parts.append(_text(LEFT - 10, y + 16, kind, "end"))
        for number, (name, found) in enumerate(systems.items()):
            if kind not in found:
                continue
            begin, end, top = at(found[kind]["p50"]), at(found[kind]["p99"]), y + number * 15
            words = f"{name}, {kind}: p50 {found[kind]['p50']} ms, p99 {found[kind]['p99']} ms"
            parts.append(_bar(begin, top, (max(2.0, end - begin), 12), FILLS[number % 2], words))
    return _svg(title, height, parts, list(systems))


def _bars(title: str, values: Mapping[str, float]) -> str:
    x = Scale(0, max(values.values(), default=1.0) or 1.0, LEFT, RIGHT - 60)
    parts = []
    for row, (name, value) in enumerate(values.items()):
        y = TOP + row * ROW
        parts += [
            _text(LEFT - 10, y + 16, name, "end"),
            _bar(LEFT, y, (x(value) - LEFT, 20), FILLS[row % 2], f"{name}: {value}"),
            _text(x(value) + 6, y + 16, f"{value:g}"),
        ]
    return _svg(title, TOP + ROW * len(values) + 20, parts, [])


def _svg(title: str, height: float, parts: Sequence[str], legend: Sequence[str]) -> str:
    shown = [_bar(LEFT + 160 * n, 30, (12, 12), FILLS[n % 2], name) + _text(LEFT + 18 + 160 * n, 41, name)
             for n, name in enumerate(legend)]  # fmt: skip
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" font-family="sans-serif"'
        f' font-size="13"><rect width="100%" height="100%" fill="#fff"/>'
        f"{_text(16, 20, title)}{''.join(shown)}{''.join(parts)}</svg>\n"
    )


def _bar(x: float, y: float, size: tuple[float, float], fill: str, words: str) -> str:
    width, height = size
    place = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height}"'
    return f'<rect {place} fill="{fill}"><title>{escape(words)}</title></rect>'


def _line(x: float, y: float, to_x: float, to_y: float, stroke: str = "#dddddd") -> str:
    return f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{to_x:.1f}" y2="{to_y:.1f}" stroke="{stroke}"/>'


def _text(x: float, y: float, words: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="#0b0c0c">{escape(words)}</text>'
