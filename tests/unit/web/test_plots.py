"""Figures over time and by name: the picture, its words and its limits say the same."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from core.web.drawings.plot_rows import Bar, Percentiles, bars, spans, took
from core.web.drawings.plots import BOTTOM, LEFT, RIGHT, TOP, Limit, Series, lines


def write(value: float) -> str:
    return f"{value:g}"


def marks(drawing: str) -> list[tuple[float, float]]:
    return [
        (float(x), float(y)) for x, y in re.findall(r'<circle class="mark s0" cx="([\d.]+)" cy="([\d.]+)"', drawing)
    ]


def test_the_label_tells_the_ends_the_last_and_the_limit() -> None:
    drawing = str(lines([Series("mean", [1.0, None, 3.0, 2.0])], list("abcd"), name="Cost", write=write,
                        limits=[Limit(2.5)]))  # fmt: skip
    ElementTree.fromstring(drawing)  # noqa: S314
    assert 'aria-label="Cost, a to d: from 1 to 3, last 2 (d); alert above 2.5"' in drawing
    assert "c, mean: 3" in drawing


def test_a_gap_is_not_bridged() -> None:
    drawing = str(
        lines([Series("mean", [1.0, 2.0, None, 3.0, 2.0, None, 1.0])], list("abcdefg"), name="n", write=write)
    )
    assert drawing.count("<polyline") == 2
    assert len(marks(drawing)) == 5


def test_higher_is_higher_and_a_limit_lies_where_its_value_is() -> None:
    drawing = str(lines([Series("mean", [1.0, 4.0])], ["a", "b"], name="n", write=write, limits=[Limit(4.0)]))
    (_, low), (_, high) = marks(drawing)
    assert high < low
    limit = re.search(r'class="limit" x1="[\d.]+" y1="([\d.]+)"', drawing)
    assert limit is not None
    assert float(limit[1]) == high


@pytest.mark.parametrize("values", [[0.0], [1e-6, 2e-6], [1e9, 0.0], [5.0, 5.0], [0.999, 1.0], [-3.0, 2.0]])
@pytest.mark.parametrize("low", [0.0, 0.95])
def test_any_values_are_drawn_inside_the_picture(values: list[float], low: float) -> None:
    stamps = [str(n) for n in range(len(values))]
    drawing = str(
        lines([Series("<b>", values)], stamps, name="<b>", write=write, low=low, limits=[Limit(1.0, below=True)])
    )
    ElementTree.fromstring(drawing)  # noqa: S314
    assert all(LEFT <= x <= RIGHT and TOP <= y <= BOTTOM for x, y in marks(drawing))
    assert len(marks(drawing)) == len(values)
    assert "style" not in drawing
    assert 2 <= drawing.count('class="axis"') <= 7


def test_series_differ_by_mark_and_are_named() -> None:
    series = [Series(name, [float(n)]) for n, name in enumerate(("p50", "p95", "p99"))]
    drawing = str(lines(series, ["a"], name="n", write=write))
    assert [drawing.count(f"mark s{n}") for n in range(3)] == [2, 2, 2]
    assert [f">{name}<" in drawing for name in ("p50", "p95", "p99")] == [True] * 3


def test_bars_are_as_long_as_their_values() -> None:
    drawing = str(bars([Bar("a" * 80, 4.0), Bar("b", 1.0), Bar("c", 0.0)], name="n", write=write))
    ElementTree.fromstring(drawing)  # noqa: S314
    longest, quarter, least = (float(width) for width in re.findall(r'class="amount"[^>]* width="([\d.]+)"', drawing))
    assert longest == pytest.approx(quarter * 4)
    assert least > 0
    assert "…" in drawing


@pytest.mark.parametrize(
    "times", [(0.0, 0.0, 0.0), (0.002, 0.5, 7.0), (1.0, 1.0, 1.0), (60.0, 90_000.0, 9e6), (9e6, 9e6, 9e6)]
)
def test_spans_are_drawn_inside_the_picture(times: tuple[float, float, float]) -> None:
    drawing = str(spans([Percentiles("draft", *times)], name="Time by phase"))
    ElementTree.fromstring(drawing)  # noqa: S314
    assert all(LEFT <= x <= RIGHT for x, _ in marks(drawing))
    assert f"draft: {took(times[0])}, {took(times[1])}, {took(times[2])}" in drawing


def test_nothing_to_draw() -> None:
    assert lines([Series("a", [None])], ["x"], name="n", write=write) == ""
    assert bars([], name="n", write=write) == ""
    assert spans([], name="n") == ""


def test_limits_of_several_series_are_titles_and_no_words_that_lie_on_each_other() -> None:
    limits = [Limit(0.9, of="processor"), Limit(0.85, of="disk")]
    drawing = str(lines([Series("processor", [0.5])], ["a"], name="n", write=write, high=1.0, limits=limits))
    assert "limit-words" not in drawing
    titles = ["alert above 0.9 of processor", "alert above 0.85 of disk"]
    assert re.findall(r'class="limit"[^>]*><title>([^<]*)<', drawing) == titles
    assert "; ".join(titles) in drawing
