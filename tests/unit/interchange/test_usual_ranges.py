"""Usual ranges for sex and age."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from core.interchange.assay_names import NAMES, SHORT_CHARS_MAX, plain_name, short_name
from core.interchange.generate.measured import ASSAYS, A, bands
from core.interchange.usual_ranges import RANGES, usual_for

DAY = date(2026, 6, 1)


@pytest.mark.parametrize(
    ("sex", "born", "low"),
    [("female", 1980, "12.0"), ("male", 1980, "13.0"), ("male", 2015, "11.0")],
)
def test_haemoglobin_differs_by_sex_and_age(sex: str, born: int, low: str) -> None:
    usual = usual_for("718-7", "g/dL", sex, date(born, 1, 1), DAY)
    assert usual is not None
    assert usual.low == Decimal(low)


def test_the_eighteenth_birthday_counts() -> None:
    before = usual_for("8480-6", "mm[Hg]", "male", date(2008, 6, 2), DAY)
    after = usual_for("8480-6", "mm[Hg]", "male", date(2008, 6, 1), DAY)
    assert before is not None
    assert after is not None
    assert (before.high, after.high) == (Decimal(120), Decimal(130))


def test_no_range_for_another_unit() -> None:
    assert usual_for("4548-4", "mmol/mol", "male", date(1980, 1, 1), DAY) is None


@pytest.mark.parametrize("key", RANGES)
def test_bounds_are_in_order(key: tuple[str, str]) -> None:
    for usual in RANGES[key]:
        sides = [usual.critical_low, usual.low, usual.high, usual.critical_high]
        known = [Decimal(side) for side in sides if side is not None]
        assert known == sorted(known)


@pytest.mark.parametrize("sex", ["female", "male"])
@pytest.mark.parametrize("key", RANGES)
def test_ages_do_not_overlap(key: tuple[str, str], sex: str) -> None:
    for age in range(110):
        fitting = [u for u in RANGES[key] if u.sex in (None, sex) and u.age_from <= age < u.age_to]
        assert len(fitting) <= 1


def test_every_range_has_a_short_name() -> None:
    assert {code for code, _ in RANGES} - set(NAMES) <= {"2019-8", "2703-7"}


def test_names() -> None:
    assert short_name("4548-4", "x") == "HbA1c"
    assert short_name("0-0", "Iron [Mass/volume] in Serum") == "Iron"
    question = short_name("0-0", "word " * 40)
    assert len(question) <= SHORT_CHARS_MAX
    assert question.endswith("word…")
    assert short_name("0-0", "w" * 130) == "w" * (SHORT_CHARS_MAX - 1) + "…"
    assert plain_name("4548-4") == "Average blood sugar over three months"
    assert plain_name("0-0") is None


def test_generated_assays_are_judged_as_imported_ones() -> None:
    hba1c = bands("female", 50)[A.HBA1C]
    assert [hba1c.interpret(value) for value in (3.9, 4.0, 6.0, 6.1, 14.5)] == ["L", "N", "N", "H", "HH"]
    assert bands("female", 50)[A.WEIGHT].interpret(70) == "\\N"
    assert all(assay.code in NAMES for assay in ASSAYS)
