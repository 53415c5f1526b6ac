"""How a row is corrected through the staff's pages, with rows of a saved visit and of old ones in the archive."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from core.models import (
    Account,
    Assay,
    Observation,
    Patient,
    utc_now,
)
from core.picture import rebuild
from core.queries.latest_results import latest_results
from core.services.observation_rows import NewObservation
from core.services.prescription_rows import NewPrescription
from core.services.visit_rows import NewVisit
from core.services.visits import record_visit
from core.stores import databases
from core.stores.databases import Store
from tests.factories import make_assay, make_observation, make_visit
from tests.integration.staff.conftest import StaffBrowser
from tests.integration.web.conftest import move_to_archive

WHY = "The decimal point was left out."


@pytest.fixture
def assay(database: Any) -> Assay:
    with databases.write() as session:
        return make_assay(session)


@pytest.fixture
def saved(clinician: StaffBrowser, patient: Patient, assay: Assay) -> int:
    """A visit that the clinician wrote: HbA1c 18.9, a note and a medicine; the picture is right."""
    new = NewVisit(
        "Diabetes review", "AMB", utc_now() - timedelta(hours=1), note="Feels unwell.",
        observations=(NewObservation(assay.id, "18.9"),),
        prescriptions=(NewPrescription("Warfarin 5 mg", "1 tablet", "daily"),),
    )  # fmt: skip
    with databases.write() as session:
        by = session.get_one(Account, clinician.account.id)
        visit_id = record_visit(session, patient_id=patient.id, new=new, token="t" * 16, by=by)
    rebuild.rebuild_all()
    return visit_id


@pytest.fixture
def old(patient: Patient, assay: Assay, sync_replica: Callable[[], None]) -> list[Observation]:
    """HbA1c 8.4, 8.3, 8.2, 8.1 and 8.0 of old visits, the newest first, in the archive."""
    with databases.write() as session:
        made = []
        for number in range(5):
            visit = make_visit(session, patient, started_at=utc_now() - timedelta(days=300 + number * 10))
            made.append(make_observation(session, visit, assay, f"8.{4 - number}"))
    rebuild.rebuild_all()
    move_to_archive()
    sync_replica()
    return made


def act(browser: StaffBrowser, patient: Patient, ref: str, verb: str, **data: str) -> Any:
    path = f"/patients/{patient.id}/rows/{ref.replace(':', '/')}"
    return browser.post(f"{path}/{verb}", data, page=f"{path}/correct")


def take_out(browser: StaffBrowser, patient: Patient, ref: str) -> Any:
    return act(browser, patient, ref, "error", error_why=WHY, sure="1")


def row_of(visit_id: int, model: type[Any] = Observation) -> Any:
    with databases.read(Store.HOT) as session:
        return session.scalars(select(model).where(model.visit_id == visit_id).order_by(model.id)).first()


def newest(patient: Patient) -> list[str]:
    with databases.read(Store.HOT) as session:
        return [str(item.result.value_number.normalize()) for item in latest_results(session, patient.id).shown]  # type: ignore[union-attr]


def picture_is_right(patient: Patient) -> bool:
    return rebuild.stale() == [] and rebuild.differences([patient.id]) == []


def visit_page(browser: StaffBrowser, patient: Patient, visit_id: int) -> str:
    reply = browser.get(f"/patients/{patient.id}/visits/{visit_id}")
    assert reply.status_code == 200
    return re.sub(r"\s*(<[^>]+>)\s*", r"\1", " ".join(reply.text.split()))
