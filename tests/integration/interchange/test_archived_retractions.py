"""A row that its source takes back when it is archived counts no longer, and stays in the archive as it was."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from core.interchange import fhir
from core.models import AccessEvent, Correction, Patient
from core.picture import rebuild
from core.queries.latest_results import latest_results
from core.stores import archived, databases
from core.stores.databases import Store
from core.stores.tables import linked_table
from tests import interchange_files as files
from tests.integration.web.conftest import move_to_archive

HBA1C = {"coding": [{"system": "http://loinc.org", "code": "4548-4"}], "text": "Hemoglobin A1c"}
ID = "eeeeeeee-eeee-eeee-eeee-eeeeeeeeeeee"


def import_as(folder: Path, status: str, *, visit: str = "finished") -> Any:
    result = files.fhir_child(
        "Observation", ID, status=status, code=HBA1C, effectiveDateTime="2020-03-01T08:00:00Z",
        valueQuantity={"value": 8.4, "unit": "%", "code": "%"},
    )  # fmt: skip
    return fhir.import_path(files.bundle(folder, files.fhir_patient(), files.fhir_encounter(status=visit), result))


def shown() -> list[str]:
    with databases.read(Store.HOT) as session:
        patient_id = session.scalars(select(Patient.id)).one()
        found = latest_results(session, patient_id).shown
        assert rebuild.stale() == []
        assert rebuild.differences([patient_id]) == []
    return [str(item.result.value_number.normalize()) for item in found]  # type: ignore[union-attr]


@pytest.fixture
def archived_result(database: Any, tmp_path: Path, sync_replica: Callable[[], None]) -> None:
    assert import_as(tmp_path, "final").refused == 0
    move_to_archive()
    sync_replica()
    assert shown() == ["8.4"]


@pytest.mark.usefixtures("archived_result")
def test_a_result_counts_no_longer(tmp_path: Path) -> None:
    summary = import_as(tmp_path, "entered-in-error")
    assert (summary.ended, summary.refused) == (1, 0)
    assert shown() == []
    with databases.read(Store.HOT) as session:
        kept = session.scalars(select(Correction)).one()
        assert (kept.row_type, kept.in_force, kept.by_id) == ("observation", True, None)
        event = session.scalars(select(AccessEvent).where(AccessEvent.action == "import.retracted")).one()
        assert event.target == f"observation:{kept.row_id}"
    table = linked_table("observation")
    assert [row["id"] for row in archived.fetch("visit", select(table.c.id))] == [kept.row_id]
    assert import_as(tmp_path, "entered-in-error").ended == 0


@pytest.mark.usefixtures("archived_result")
def test_a_result_that_is_there_again_is_a_new_row(tmp_path: Path) -> None:
    import_as(tmp_path, "entered-in-error")
    assert import_as(tmp_path, "final").refused == 0
    assert shown() == ["8.4"]


@pytest.mark.usefixtures("archived_result")
def test_an_archived_visit_is_not_taken_away_and_the_import_says_so(tmp_path: Path) -> None:
    summary = import_as(tmp_path, "final", visit="entered-in-error")
    assert summary.ended == 0
    assert any("it is an archived visit" in refusal.reason for refusal in summary.refusals)
