"""A value of another system that no living person has is kept and marked; it has no scale and no place in a draft."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from core.interchange import fhir
from core.models import Observation, Patient, said
from core.queries import evidence
from core.queries.latest_results import latest_results
from core.queries.results import trend
from core.stores import databases
from core.stores.databases import Store
from core.web.drawings import trends
from evals.offline_model.rule_drafter import draft
from tests import interchange_files as files
from workers.reports.wording import word

CREATININE = {"coding": [{"system": "http://loinc.org", "code": "2160-0"}], "text": "Creatinine"}
VALUES = ("0.9", "27000", "1.1")


def result(number: int, value: str) -> dict[str, Any]:
    return files.fhir_child(
        "Observation", f"eeeeeeee-eeee-eeee-eeee-00000000000{number}", status="final", code=CREATININE,
        effectiveDateTime=f"2020-03-0{number + 1}T08:00:00Z",
        valueQuantity={"value": float(value), "unit": "mg/dL", "system": "http://unitsofmeasure.org", "code": "mg/dL"},
    )  # fmt: skip


@pytest.fixture
def patient_id(database: Any, tmp_path: Path) -> int:
    resources = [result(number, value) for number, value in enumerate(VALUES)]
    summary = fhir.import_path(files.bundle(tmp_path, files.fhir_patient(), files.fhir_encounter(), *resources))
    assert summary.refused == 0
    with databases.read(Store.HOT) as session:
        return session.scalars(select(Patient.id)).one()


def test_it_is_kept_marked_and_neither_high_nor_low(patient_id: int) -> None:
    with databases.read(Store.HOT) as session:
        rows = {float(row.value_number or 0): row for row in session.scalars(select(Observation))}
        (shown,) = latest_results(session, patient_id).shown
    assert said.marks(said.read(rows[27000].said)) == "marked implausible"
    assert rows[27000].interpretation is None
    assert said.marks(said.read(rows[0.9].said)) is None
    assert (float(shown.result.value_number or 0), shown.outside) == (1.1, None)


def test_its_picture_says_so_too_and_no_scale_is_drawn_for_it(patient_id: int) -> None:
    with databases.read(Store.HOT) as session:
        assay_id = session.scalars(select(Observation.assay_id)).first() or 0
        found = trend(session, patient_id, assay_id)
    assert found is not None
    marked = [one for one in found.results if one.is_implausible]
    assert [float(one.value_number or 0) for one in marked] == [27000]
    assert not marked[0].has_range
    drawn = trends.of_results(found, day=lambda at: f"{at:%d}")
    assert drawn.count("<circle") == 2
    assert "27000" not in drawn


def test_no_draft_states_it_as_a_finding(patient_id: int) -> None:
    with databases.read(Store.HOT) as session:
        rows = [row for row in evidence.gather(session, patient_id) if row.type == "observation"]
    worded = [{"ref": row.ref, **word("observation", row.fields)} for row in rows]
    cautions = {row["value"]: row.get("caution") for row in worded}
    assert cautions["27000 mg/dL"] == "marked implausible: it is no finding"
    assert set(cautions.values()) == {None, "marked implausible: it is no finding"}
    said_by_draft = " ".join(claim["text"] for claim in draft(worded)["claims"])
    assert "1.1 mg/dL" in said_by_draft
    assert "27000" not in said_by_draft
