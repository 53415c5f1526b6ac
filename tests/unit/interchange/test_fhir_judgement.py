"""Flags, ranges and units in the spellings of other laboratories."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.fhir_cases import measured, only, read_with, status

V2 = "http://terminology.hl7.org/CodeSystem/v2-0078"
LAB = "http://lab.example/flags"
UNIT = {"unit": "mmol/L", "system": "http://unitsofmeasure.org", "code": "mmol/L"}


def _low_high(low: float, high: float, **fields: Any) -> dict[str, Any]:
    return {"low": {"value": low, **UNIT}, "high": {"value": high, **UNIT}, **fields}


@pytest.mark.parametrize(
    ("interpretation", "flag"),
    [
        ([{"coding": [{"system": V2, "code": "HH"}]}], "HH"),
        ([{"coding": [{"system": "http://hl7.org/fhir/v2/0078", "code": "L"}]}], "L"),
        ([{"coding": [{"system": "urn:oid:2.16.840.1.113883.5.83", "code": "H"}]}], "H"),
        ([{"text": "Critical high"}], "HH"),
        ([{"text": "HIGH"}], "H"),
        ([{"text": "Low (L)"}, {"coding": [{"code": "LL"}]}], "LL"),
        ([status("v3-ObservationInterpretation", "U"), status("v3-ObservationInterpretation", "HH")], "HH"),
        ([status("v3-ObservationInterpretation", "N"), status("v3-ObservationInterpretation", "H")], "H"),
        ([{"coding": [{"system": LAB, "code": "H", "display": "Critically low"}]}], "LL"),
        ([{"coding": [{"system": LAB, "code": "1", "display": "x"}, {"system": V2, "code": "H"}]}], "H"),
    ],
)  # fmt: skip
def test_a_flag_in_any_spelling(tmp_path: Path, interpretation: list[Any], flag: str) -> None:
    population, _ = read_with(tmp_path, measured(interpretation=interpretation))
    found = only(population, "observation").judged["interpretation"]
    assert found == flag


@pytest.mark.parametrize(
    ("ranges", "value", "expected"),
    [
        ([_low_high(3.5, 5.0)], 5.3, ("3.5", "5", "H")),
        ([_low_high(3.5, 5.0, type={"text": "Normal range"})], 5.3, ("3.5", "5", "H")),
        ([_low_high(0.5, 2.0, type={"text": "Therapeutic"})], 5.3, (None, None, None)),
        ([_low_high(0.5, 2.0, type=status("referencerange-meaning", "treatment")), _low_high(3.5, 5.0)], 5.3,
         ("3.5", "5", "H")),
        ([_low_high(3.5, 5.0, appliesTo=[{"text": "male"}]), _low_high(2.0, 3.0, appliesTo=[{"text": "female"}])], 4.1,
         (None, None, None)),
        ([_low_high(3.5, 5.0), _low_high(3.5, 5.0)], 4.1, ("3.5", "5", "N")),
        ([{"text": "3.5 - 5.0 mmol/l"}], 5.3, ("3.5", "5", "H")),
        ([{"text": "3.5-5.0"}], 3.1, ("3.5", "5", "L")),
        ([{"text": "< 14"}], 88, (None, "14", "HH")),
        ([{"text": ">= 60"}], 40, ("60", None, "LL")),
        ([{"text": "3.5 - 5.0 mg/dL"}], 5.3, (None, None, None)),
        ([{"text": "see the report"}], 5.3, (None, None, None)),
    ],
)  # fmt: skip
def test_the_range_that_holds(tmp_path: Path, ranges: list[Any], value: float, expected: tuple[Any, ...]) -> None:
    population, _ = read_with(tmp_path, measured(valueQuantity={"value": value, **UNIT}, referenceRange=ranges))
    judged = only(population, "observation").judged
    bounds = tuple(None if judged[side] is None else f"{judged[side]:f}" for side in ("ref_low", "ref_high"))
    assert bounds == expected[:2]
    assert (judged["interpretation"] or "")[:1] == (expected[2] or "")[:1]


def test_ranges_of_which_none_holds_are_told(tmp_path: Path) -> None:
    ranges = [_low_high(130, 170, appliesTo=[{"text": "male"}]), _low_high(120, 150, appliesTo=[{"text": "female"}])]
    population, _ = read_with(tmp_path, measured(referenceRange=ranges))
    assert "male: 130 to 170 mmol/L; female: 120 to 150 mmol/L" in only(population, "observation").values["said"]


@pytest.mark.parametrize(
    ("quantity", "unit"),
    [
        ({"code": "mmol/l", "system": "http://unitsofmeasure.org", "unit": "mmol/l"}, "mmol/L"),
        ({"code": "g/dl", "system": "http://unitsofmeasure.org"}, "g/dL"),
        ({"code": "/ul", "system": "http://unitsofmeasure.org"}, "/uL"),
        ({"code": "mL/min", "system": "http://unitsofmeasure.org"}, "mL/min"),
        ({"code": "mol", "system": "http://unitsofmeasure.org"}, "mol"),
        ({"unit": "x10^9/L"}, "10*9/L"),
        ({"unit": "µmol/L"}, "umol/L"),
        ({"unit": "mm Hg"}, "mm[Hg]"),
        ({"code": "mm[Hg]", "system": "urn:oid:2.16.840.1.113883.6.8", "unit": "mmHg"}, "mm[Hg]"),
        ({"code": "258794004", "system": "http://snomed.info/sct", "unit": "mg/L"}, "mg/L"),
        ({"unit": "mU/L"}, "mU/L"),
        ({"unit": "tbl"}, "tbl"),
        ({"code": "{Breaths}/min", "system": "http://unitsofmeasure.org"}, "/min"),
        ({"unit": "l/min"}, "L/min"),
        ({"code": "{score}", "system": "http://unitsofmeasure.org"}, "{score}"),
        ({"code": "mL/min/{1.73_m2}", "system": "http://unitsofmeasure.org"}, "mL/min/{1.73_m2}"),
    ],
)
def test_one_unit_in_many_spellings(tmp_path: Path, quantity: dict[str, Any], unit: str) -> None:
    population, _ = read_with(tmp_path, measured(valueQuantity={"value": 4, **quantity}))
    assert only(population, "observation").assay.unit == unit


@pytest.mark.parametrize("comparator", ["~", "ad", "=>", 5])
def test_a_comparator_that_nobody_knows_refuses(tmp_path: Path, comparator: Any) -> None:
    quantity = {"value": 4, "comparator": comparator, **UNIT}
    population, summary = read_with(tmp_path, measured(valueQuantity=quantity))
    assert population.of("observation") == []
    assert "comparator" in summary.refusals[0].reason
