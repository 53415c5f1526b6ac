"""An element that a serializer wrote as null is not there: it neither refuses a row nor says anything of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests import interchange_files as files
from tests.fhir_cases import about, measured, only, order, read, read_with

PRESSURE = {"code": {"text": "Systolic"}, "valueString": None, "valueQuantity": {"value": 120, "unit": "mmHg"}}


@pytest.mark.parametrize(
    ("resource", "column", "value"),
    [
        ({**measured(valueString=None, valueInteger=None)}, "unit", "mmol/L"),
        ({**measured(valueQuantity=None), "valueString": "Positive"}, "value_text", "Positive"),
        ({**measured(valueQuantity=None, valueString=None), "component": [PRESSURE]}, "unit", "mm[Hg]"),
        (order(doNotPerform=None, reportedBoolean=None, statusReason=None), "status", "active"),
        (about("Immunization", status="completed", vaccineCode={"text": "MMR"}, isSubpotent=None), "text", "MMR"),
        (about("Condition", code={"text": "Asthma"}, abatementDateTime=None, verificationStatus=None), "status",
         "active"),
    ],
)  # fmt: skip
def test_null_is_nothing(tmp_path: Path, resource: dict[str, Any], column: str, value: str) -> None:
    population, summary = read_with(tmp_path, resource)
    assert summary.refused == 0
    (record,) = (record for kind in population.records if kind != "patient" for record in population.of(kind))
    assert record.values[column] == value


def test_a_reference_that_is_null_reports_nothing(tmp_path: Path) -> None:
    population, _ = read_with(tmp_path, order(reportedReference=None))
    assert "reported" not in (only(population, "prescription").values["said"] or "")


def test_a_resource_that_is_null_is_refused(tmp_path: Path) -> None:
    path = files.bundle(tmp_path, files.fhir_patient(), measured())
    whole = json.loads(path.read_text(encoding="utf-8"))
    whole["entry"].append({"resource": None})
    path.write_text(json.dumps(whole), encoding="utf-8")
    population, summary = read(path)
    assert (len(population.of("observation")), summary.refused) == (1, 1)
