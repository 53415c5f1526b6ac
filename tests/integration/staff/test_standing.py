"""Records of the dead, and records that are not in use: shown as such on each page, and no new visit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, select

import public_app
from core.models import Patient, Role, Visit, said
from core.stores import databases
from core.stores.databases import Store
from tests.factories import make_account, make_assay, make_observation, make_patient, make_visit
from tests.integration.staff.conftest import StaffBrowser
from tests.integration.web.conftest import Browser

KINDS = {
    "dead": ({"deceased_on": date(2025, 2, 3)}, "died 3 Feb 2025", "has died (3 Feb 2025)"),
    "dead on an unknown day": ({"said": said.write({"deceased": True})}, "(died)", "has died."),
    "merged": ({"said": said.write({"inactive": True, "replaced_by": "Patient/77"})},
               "Merged into another record (Patient/77): not in use", "Merged into another record (Patient/77)"),
}  # fmt: skip
FORM = {"description": "Review", "class_code": "AMB", "started_at": "2026-11-12T10:00", "token": "t" * 22, "close": "y"}


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def patient(database: Any, kind: str) -> Patient:
    with databases.write() as session:
        made = make_patient(session, **KINDS[kind][0])
        make_observation(session, make_visit(session, made), make_assay(session))
        return made


def test_staff_see_it_and_are_offered_no_visit(clinician: StaffBrowser, patient: Patient, kind: str) -> None:
    place = f"/patients/{patient.id}"
    for path in (place, f"{place}/history", f"{place}/visits/1", f"{place}/results/1", f"{place}/visits/new"):
        assert KINDS[kind][1] in clinician.get(path).text, path
    assert "New visit" not in clinician.get(place).text
    reply = clinician.post(f"{place}/visits/new", FORM, page=f"{place}/visits/new")
    assert reply.status_code == 422
    with databases.read(Store.HOT) as session:
        assert session.scalar(select(func.count()).select_from(Visit)) == 1


def test_whoever_reads_it_for_the_patient_is_told(
    database: Any, patient: Patient, kind: str, sync_replica: Callable[[], None]
) -> None:
    with databases.write() as session:
        account = make_account(session, role=Role.PATIENT, patient_id=patient.id)
    browser = Browser(public_app.create_app(database).test_client())
    browser.sign_in(account)
    sync_replica()
    for path in ("/history", "/visits/1", "/results", "/results/1", "/history?kind=reports", "/record"):
        assert KINDS[kind][2] in browser.get(path).text, path


def test_a_visit_before_the_death_may_still_be_written(clinician: StaffBrowser, database: Any) -> None:
    with databases.write() as session:
        made = make_patient(session, deceased_on=date(2026, 11, 12))
    place = f"/patients/{made.id}/visits/new"
    assert clinician.post(place, FORM, page=place).status_code == 303
