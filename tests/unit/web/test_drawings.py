"""Number lines and trends: the picture and its words say the same."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from xml.etree import ElementTree

import pytest

from core.queries.results import Result, Trend
from core.web.drawings.number_lines import number_line, position
from core.web.drawings.trends import LEFT, RIGHT, Point, of_results, trend
from core.web.filters import Formats

DAY = Formats("Asia/Singapore").day
START = datetime(2023, 2, 1, tzinfo=UTC)


def assert_well_formed(drawing: str) -> None:
    ElementTree.fromstring(drawing)  # noqa: S314


def dot(drawing: str) -> float:
    found = re.search(r'<circle class="dot[^"]*" cx="([\d.]+)"', drawing)
    assert found is not None
    return float(found[1])


def band(drawing: str) -> tuple[float, float]:
    found = re.search(r'class="range-band" x="([\d.]+)" y="[\d.]+" width="([\d.]+)"', drawing)
    assert found is not None
    return float(found[1]), float(found[1]) + float(found[2])


@pytest.mark.parametrize(
    ("value", "low", "high", "words"),
    [
        ("8.9", "4.0", "6.0", "8.9 percent, above the usual range of 4 to 6"),
        ("5", "4", "6", "5 percent, within the usual range of 4 to 6"),
        ("4", "4", "6", "4 percent, within the usual range of 4 to 6"),
        ("3.9", "4", None, "3.9 percent, below the usual range of 4 or more"),
        ("7", None, "6", "7 percent, above the usual range of 6 or less"),
        ("0.1", None, "6", "0.1 percent, within the usual range of 6 or less"),
    ],
)
def test_the_dot_stands_where_the_words_say(value: str, low: str | None, high: str | None, words: str) -> None:
    number, bounds = Decimal(value), (low and Decimal(low), high and Decimal(high))
    drawing = str(number_line(number, *bounds, "%"))
    assert f'aria-label="{words}"' in drawing
    start, end = band(drawing)
    place = position(number, *bounds)
    assert place == words.split(", ")[1].split(" ", maxsplit=1)[0]
    assert {"below": dot(drawing) < start, "above": dot(drawing) > end}.get(place, start <= dot(drawing) <= end)
    assert ("dot bad" in drawing) == (place != "within")


@pytest.mark.parametrize("value", ["-40", "0", "0.0001", "1000000", "37.5"])
@pytest.mark.parametrize("bounds", [("36", "38"), (None, "0"), ("0", None), ("5", "5"), ("-2", "2")])
def test_any_value_and_range_is_drawn_inside_the_picture(value: str, bounds: tuple[str | None, str | None]) -> None:
    low, high = (bound and Decimal(bound) for bound in bounds)
    drawing = str(number_line(Decimal(value), low, high))
    assert_well_formed(drawing)
    assert 0 <= dot(drawing) <= 320
    assert "nan" not in drawing
    assert "style" not in drawing


@pytest.mark.parametrize("value", ["5000", "-5000"])
def test_a_range_stays_visible_beside_a_far_value(value: str) -> None:
    start, end = band(str(number_line(Decimal(value), Decimal(20), Decimal(200))))
    assert end - start > 40


def test_no_range_no_line() -> None:
    assert number_line(Decimal(5), None, None) == ""


def test_a_trend_says_where_it_began_and_ended() -> None:
    points = [Point(START + timedelta(days=400 * n), Decimal("6.9") + n, outside=n > 0) for n in range(3)]
    drawing = str(trend(points, name="HbA1c", code="%", low=Decimal(4), high=Decimal(7), day=DAY))
    assert_well_formed(drawing)
    assert (
        "HbA1c, 3 results: from 6.9 percent on 1 Feb 2023 to 8.9 percent, above the usual range of 4 to 7,"
        " on 11 Apr 2025" in drawing
    )
    assert drawing.count("<circle") == 3
    assert drawing.count("dot bad") == 2
    assert [year in drawing for year in (">2023<", ">2024<", ">2025<")] == [False, True, True]


@pytest.mark.parametrize("many", [1, 2, 300])
def test_a_trend_of_equal_values_or_one_moment_is_drawn(many: int) -> None:
    drawing = str(trend([Point(START, Decimal(5))] * many, name="<b>", day=DAY))
    assert_well_formed(drawing)
    assert "&lt;b&gt;" in drawing
    places = [float(x) for x in re.findall(r'cx="([\d.]+)"', drawing)]
    assert all(LEFT <= x <= RIGHT for x in places)


def measured(value: str, *, day: int, high: str, unit: str = "%") -> Result:
    return Result(
        id=day,
        assay_id=1,
        code="4548-4",
        name="HbA1c",
        plain_name=None,
        category="laboratory",
        value_number=Decimal(value),
        value_text=None,
        unit=unit,
        ref_low=None,
        ref_high=Decimal(high),
        interpretation=None,
        observed_at=START + timedelta(days=day),
        visit_id=None,
        is_archived=False,
    )


def of(*results: Result, least: int = 1) -> str:
    found = Trend(results[-1], results, held=None, shows_archived=False, is_partial=False)
    return str(of_results(found, least=least, day=DAY))


def test_each_value_is_marked_by_the_range_that_held_when_it_was_measured() -> None:
    drawing = of(measured("7", day=0, high="6"), measured("6.5", day=1, high="7"), measured("7.5", day=2, high="8"))
    assert drawing.count("<circle") == 3
    assert re.findall(r'class="(dot[^"]*)"', drawing) == ["dot bad", "dot", "dot"]


def test_a_trend_shows_only_numbers_in_the_latest_unit() -> None:
    numbers = measured("6", day=0, high="7"), measured("7", day=3, high="7")
    words = replace(numbers[0], value_number=None, value_text="high")
    drawing = of(numbers[0], words, measured("40", day=2, high="50", unit="mmol/mol"), numbers[1])
    assert drawing.count("<circle") == 2


def test_too_few_values_are_not_drawn() -> None:
    assert of(measured("6", day=0, high="7"), least=2) == ""
    assert of(measured("6", day=0, high="7")) != ""


def test_nothing_to_draw() -> None:
    assert trend([], name="HbA1c", day=DAY) == ""
