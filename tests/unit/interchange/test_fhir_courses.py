"""A course of medicine that has ended, wherever its length is told, is no current medicine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from core.models import said
from tests.fhir_cases import SINGAPORE, about, only, order, read_with

TODAY = datetime.now(UTC).date()
HERE = datetime.now(SINGAPORE).date()


def _days_ago(count: int) -> str:
    return (TODAY - timedelta(days=count)).isoformat()


def _step(**timing: Any) -> dict[str, Any]:
    return {"text": "one a day", "timing": timing}


def _beside(days: int) -> dict[str, Any]:
    url = "http://jpfhir.jp/fhir/core/Extension/StructureDefinition/JP_MedicationDosage_UsageDuration"
    return {"extension": [{"url": url, "valueDuration": {"value": days, "unit": "\u65e5", "code": "d"}}]}


def _supply(days: int) -> dict[str, Any]:
    return {"expectedSupplyDuration": {"value": days, "unit": "days"}}


WEEK = {"boundsDuration": {"value": 1, "unit": "wk", "system": "http://unitsofmeasure.org", "code": "wk"}}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"dosageInstruction": [_step(repeat=WEEK)], "authoredOn": _days_ago(20)}, "completed"),
        ({"dosageInstruction": [_step(repeat=WEEK)], "authoredOn": _days_ago(3)}, "active"),
        ({"dosageInstruction": [_step(repeat=WEEK)] * 3, "authoredOn": _days_ago(20)}, "active"),
        ({"dosageInstruction": [_step(repeat=WEEK), _step()], "authoredOn": _days_ago(99)}, "active"),
        ({"dosageInstruction": [_step(repeat=WEEK)], "authoredOn": _days_ago(20),
          "dispenseRequest": {"numberOfRepeatsAllowed": 3}}, "active"),
        ({"dosageInstruction": [_step(event=["2019-03-01T08:00:00Z"])], "authoredOn": "2019-03-01"}, "completed"),
        ({"dosageInstruction": [_step(repeat={"boundsRange": {"high": {"value": 10, "code": "d"}}})],
          "authoredOn": _days_ago(20)}, "completed"),
        ({"dosageInstruction": [_step(repeat={"boundsPeriod": {"end": "2019-03"}})], "authoredOn": "2019"},
         "completed"),
        ({"dosageInstruction": [_step(repeat={"boundsDuration": {"value": 36, "unit": "hours"}})],
          "authoredOn": _days_ago(4)}, "completed"),
        ({"dosageInstruction": [_beside(3)], "authoredOn": _days_ago(5)}, "completed"),
        ({"dosageInstruction": [_beside(3)], "authoredOn": _days_ago(2)}, "active"),
        # Taken on three days, every other day: the supply tells when it ends.
        ({"dosageInstruction": [_beside(3)], "authoredOn": _days_ago(5), "dispenseRequest": _supply(6)}, "active"),
        ({"dosageInstruction": [{"extension": [{"url": "http://a.example/periodOfUse",
                                                "valuePeriod": {"start": "2020-04-01", "end": "2020-04-03"}}]}]},
         "completed"),
        ({"extension": [{"url": "http://a.example/ext-Course.PeriodOfUse", "valuePeriod": {"end": "2020-04-03"}}]},
         "completed"),
        ({"dosageInstruction": [{"extension": [{"url": "http://a.example/minimumGapBetweenDose",
                                                "valueDuration": {"value": 1, "code": "d"}}]}],
          "authoredOn": _days_ago(9)}, "active"),
        ({"dispenseRequest": _supply(30), "authoredOn": _days_ago(40)}, "unknown"),
        ({"dispenseRequest": _supply(30) | {"numberOfRepeatsAllowed": 1}, "authoredOn": _days_ago(40)}, "active"),
        ({"dispenseRequest": _supply(30) | {"numberOfRepeatsAllowed": 1}, "authoredOn": _days_ago(70)}, "unknown"),
    ],
)  # fmt: skip
def test_a_course_that_has_ended_is_not_current(tmp_path: Path, fields: dict[str, Any], expected: str) -> None:
    population, _ = read_with(tmp_path, order(**fields))
    assert only(population, "prescription").values["status"] == expected


def test_length_and_supply_are_told_beside_a_medicine(tmp_path: Path) -> None:
    request = _supply(30) | {"numberOfRepeatsAllowed": 2}
    population, _ = read_with(tmp_path, order(dosageInstruction=[_beside(1)], dispenseRequest=request))
    values = only(population, "prescription").values
    assert values["frequency"] == "for 1 day"
    assert said.read(values["said"])["note"] == "supply for 30 days, may be given out again 2 times"


def test_a_statement_of_a_period_that_has_ended_is_not_current(tmp_path: Path) -> None:
    fields = {"status": "active", "medicationCodeableConcept": {"text": "A"}, "effectivePeriod": {"end": "2020-02"}}
    population, _ = read_with(tmp_path, about("MedicationStatement", **fields))
    assert only(population, "prescription").values["status"] == "completed"


def _ahead(count: int) -> str:
    return (TODAY + timedelta(days=count)).isoformat()


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"dosageInstruction": [_step(repeat=WEEK)], "authoredOn": _days_ago(3)}, {"completed": _ahead(4)}),
        ({"dosageInstruction": [_step(repeat={"boundsPeriod": {"end": _ahead(9)}})], "authoredOn": _days_ago(3)},
         {"completed": _ahead(9)}),
        ({"dispenseRequest": _supply(30), "authoredOn": _days_ago(3)}, {"unknown": _ahead(27)}),
        ({"dispenseRequest": {"validityPeriod": {"end": _ahead(20)}} | _supply(30), "authoredOn": _days_ago(3)},
         {"unknown": _ahead(20)}),
        ({"dosageInstruction": [_beside(60)], "dispenseRequest": {"validityPeriod": {"end": _ahead(20)}},
          "authoredOn": _days_ago(0)}, {"unknown": _ahead(20), "completed": _ahead(60)}),
        ({"authoredOn": _days_ago(3)}, None),
        ({"dosageInstruction": [_step(repeat=WEEK)], "authoredOn": _days_ago(20)}, None),
        ({"status": "on-hold", "dosageInstruction": [_step(repeat=WEEK)], "authoredOn": _days_ago(3)}, None),
    ],
)  # fmt: skip
def test_a_current_course_tells_when_it_lapses(tmp_path: Path, fields: dict[str, Any], expected: Any) -> None:
    population, _ = read_with(tmp_path, order(**fields))
    assert said.read(only(population, "prescription").values["said"]).get("lapses") == expected


@pytest.mark.parametrize(
    ("end", "expected"),
    [(f"{HERE:%Y}", "active"), (f"{HERE:%Y-%m}", "active"), (f"{HERE.year - 1}", "completed"),
     (f"{HERE.year - 1}-12", "completed")],
)  # fmt: skip
def test_an_end_in_part_is_over_with_its_last_day(tmp_path: Path, end: str, expected: str) -> None:
    step = _step(repeat={"boundsPeriod": {"start": "2020-01-01", "end": end}})
    population, _ = read_with(tmp_path, order(dosageInstruction=[step]))
    assert only(population, "prescription").values["status"] == expected
