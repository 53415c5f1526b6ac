"""A result that an import brings to an archived visit is marked as it is written: the next run finds it at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from core.interchange import fhir
from core.models import ArchiveRun, LateRoot, Observation, Visit
from core.stores import archived, databases
from core.stores.databases import Store
from core.stores.tables import linked_table
from tests import interchange_files as files
from tests.integration.web.conftest import move_to_archive

HBA1C = {"coding": [{"system": "http://loinc.org", "code": "4548-4"}], "text": "Hemoglobin A1c"}


def import_result(folder: Path, source_id: str, value: float) -> Any:
    result = files.fhir_child(
        "Observation", source_id, status="final", code=HBA1C, effectiveDateTime=f"2020-03-01T08:0{round(value)}:00Z",
        valueQuantity={"value": value, "unit": "%", "code": "%"},
    )  # fmt: skip
    return fhir.import_path(files.bundle(folder, files.fhir_patient(), files.fhir_encounter(status="finished"), result))


def marks() -> int:
    with databases.read(Store.HOT) as session:
        return session.scalar(select(func.count()).select_from(LateRoot)) or 0


@pytest.mark.usefixtures("database")
def test_a_late_result_is_marked_and_moved(tmp_path: Path, sync_replica: Callable[[], None]) -> None:
    assert import_result(tmp_path, "eeeeeeee-0000-0000-0000-000000000001", 8.4).refused == 0
    assert marks() == 0
    move_to_archive()
    with databases.read(Store.HOT) as session:
        assert session.scalars(select(Visit.id)).all() == []
    assert import_result(tmp_path, "eeeeeeee-0000-0000-0000-000000000002", 7.1).refused == 0
    assert marks() == 1
    move_to_archive()
    sync_replica()
    with databases.read(Store.HOT) as session:
        assert session.scalars(select(Observation.id)).all() == []
        runs = session.scalars(select(ArchiveRun).order_by(ArchiveRun.id)).all()
    assert [run.looked_at_all for run in runs] == [True, False]
    table = linked_table("observation")
    assert len(archived.fetch("visit", select(table.c.id))) == 2
