"""Recording a visit: all of it or nothing, once, and what was typed is never lost."""

from __future__ import annotations

import re
import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select

from core.models import (
    AccessEvent,
    Assay,
    Note,
    Observation,
    Patient,
    Prescription,
    ReferenceRange,
    Visit,
    VisitStatus,
)
from core.services.input import InvalidInput
from core.services.observation_rows import NewObservation
from core.services.sent_forms import SavedBefore
from core.services.visit_rows import NewVisit
from core.services.visits import record_visit
from core.stores import databases
from core.stores.databases import Store
from tests.factories import make_assay, make_patient, make_visit
from tests.integration.staff.conftest import StaffBrowser

TOKEN = re.compile(r'name="token" type="hidden" value="([^"]+)"')
TYPED = {
    "description": "Diabetes review",
    "class_code": "AMB",
    "clinic_id": "",
    "started_at": "2026-11-12T10:00",
    "note": "Feels well.\r\nContinue.",
    "observations-0-value": "8.9",
    "prescriptions-0-medication": "Metformin 850 mg",
    "prescriptions-0-dose": "1 tablet",
    "prescriptions-0-frequency": "twice a day",
    "close": "y",
}


@pytest.fixture
def assay(database: Any) -> Assay:
    """HbA1c, usual 4 to 6 for adults."""
    with databases.write() as session:
        made = make_assay(session)
        session.add(ReferenceRange(assay_id=made.id, age_from=18, low=Decimal(4), high=Decimal(6)))
        return made


def form(browser: StaffBrowser, patient: Patient, assay: Assay, **changes: str) -> dict[str, str]:
    found = TOKEN.search(browser.get(f"/patients/{patient.id}/visits/new").text)
    assert found
    return {**TYPED, "token": found[1], "observations-0-assay": str(assay.id), **changes}


def send(browser: StaffBrowser, patient: Patient, data: dict[str, str], **options: Any) -> Any:
    path = f"/patients/{patient.id}/visits/new"
    return browser.post(path, data, page=path, **options)


def count(model: Any) -> int:
    with databases.read(Store.HOT) as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def test_a_visit_is_saved_with_everything_that_belongs_to_it(
    clinician: StaffBrowser, patient: Patient, assay: Assay
) -> None:
    reply = send(clinician, patient, form(clinician, patient, assay))
    assert reply.status_code == 303, reply.text
    page = clinician.get(reply.headers["Location"]).text
    for words in ("Diabetes review", "Feels well.\nContinue.", "8.9", "Metformin 850 mg"):
        assert words in page, words
    with databases.read(Store.HOT) as session:
        visit = session.scalars(select(Visit)).one()
        observation = session.scalars(select(Observation)).one()
        event = session.scalars(select(AccessEvent).where(AccessEvent.action == "visit.recorded")).one()
    assert (visit.status, visit.started_at.hour, visit.recorded_by) == (VisitStatus.CLOSED, 2, clinician.account.id)
    assert visit.ended_at is not None
    assert (observation.interpretation, observation.unit, observation.ref_high) == ("H", "%", 6)
    assert event.target == f"visit:{visit.id}"


def test_sending_the_same_form_twice_makes_one_visit(clinician: StaffBrowser, patient: Patient, assay: Assay) -> None:
    data = form(clinician, patient, assay)
    first, second = send(clinician, patient, data), send(clinician, patient, data)
    assert first.headers["Location"] == second.headers["Location"]
    assert (count(Visit), count(Note), count(Observation), count(Prescription)) == (1, 1, 1, 1)


def test_a_changed_form_sent_again_is_not_taken_for_the_first(
    clinician: StaffBrowser, patient: Patient, assay: Assay
) -> None:
    data = form(clinician, patient, assay)
    send(clinician, patient, data)
    reply = send(clinician, patient, {**data, "note": "Something else."})
    assert "was saved before" in clinician.get(reply.headers["Location"]).text
    assert count(Visit) == 1


def test_two_sendings_at_once_make_one_visit(clinician: StaffBrowser, patient: Patient) -> None:
    new = NewVisit(description="Check", class_code="AMB", started_at=datetime(2026, 11, 12, 2, tzinfo=UTC))
    gate, ids = threading.Barrier(4), []

    def record() -> None:
        gate.wait()
        with databases.write() as session:
            ids.append(record_visit(session, patient_id=patient.id, new=new, token="t" * 16, by=clinician.account))

    threads = [threading.Thread(target=record) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids) == 4
    assert len(set(ids)) == 1
    assert count(Visit) == 1


def test_another_persons_token_is_not_mine(clinician: StaffBrowser, patient: Patient, admin: StaffBrowser) -> None:
    new = NewVisit(description="Check", class_code="AMB", started_at=datetime(2026, 11, 12, 2, tzinfo=UTC))
    with databases.write() as session:
        first = record_visit(session, patient_id=patient.id, new=new, token="t" * 16, by=clinician.account)
        with pytest.raises(SavedBefore):
            record_visit(
                session, patient_id=patient.id, new=NewVisit("Other", "AMB", None), token="t" * 16, by=clinician.account
            )
        other = make_patient(session, name="Lim")
        second = record_visit(session, patient_id=other.id, new=new, token="t" * 16, by=clinician.account)
    assert first != second


FAULTS = [
    ("description", "", "Enter what the visit was for"),
    ("started_at", "2999-01-01T10:00", "not in the future"),
    ("started_at", "0001-01-01T00:00", "after the patient&#39;s birth"),
    ("started_at", "9999-12-31T23:59", "not in the future"),
    ("started_at", "1950-01-01T10:00", "after the patient&#39;s birth"),
    ("started_at", "yesterday", "a day of the calendar and a time, such as"),
    ("class_code", "??", "Choose where"),
    ("clinic_id", "4711", "Choose a clinic from the list"),
    ("observations-0-value", "high", "Enter the value as a number"),
    ("observations-0-value", "NaN", "Enter the value as a number"),
    ("observations-0-value", "1e400", "Enter the value as a number"),
    ("observations-0-assay", "4711", "Choose what was measured"),
    ("prescriptions-0-medication", "", "Enter the medicine"),
    ("note", "Not \u202e allowed", "U+202E"),
]


def test_a_fault_saves_nothing_and_keeps_what_was_typed(
    clinician: StaffBrowser, patient: Patient, assay: Assay
) -> None:
    for field, value, message in FAULTS:
        reply = send(clinician, patient, form(clinician, patient, assay, **{field: value}))
        assert reply.status_code == 422, (field, value, reply.text)
        assert message in reply.text, (field, value)
        assert f'href="#{field}"' in reply.text, (field, value)
        assert "twice a day" in reply.text, (field, value)
    assert count(Visit) == count(Note) == count(Observation) == count(Prescription) == 0


def test_a_row_is_added_without_javascript_and_nothing_is_lost(
    clinician: StaffBrowser, patient: Patient, assay: Assay
) -> None:
    page = send(clinician, patient, {**form(clinician, patient, assay), "add": "observation"})
    assert page.status_code == 200
    assert 'name="observations-1-value"' in page.text
    assert "Feels well." in page.text
    assert count(Visit) == 0
    fragment = send(
        clinician, patient, {**form(clinician, patient, assay), "add": "prescription"}, headers={"HX-Request": "true"}
    )
    assert "<html" not in fragment.text
    assert 'name="prescriptions-1-medication"' in fragment.text


def test_rows_left_empty_are_no_fault(clinician: StaffBrowser, patient: Patient, assay: Assay) -> None:
    data = form(clinician, patient, assay)
    data |= {"observations-0-assay": "", "observations-0-value": "", "observations-1-assay": str(assay.id)}
    data |= {"observations-1-value": "5,1", "prescriptions-0-medication": "", "prescriptions-0-dose": ""}
    assert send(clinician, patient, data | {"prescriptions-0-frequency": ""}).status_code == 303
    with databases.read(Store.HOT) as session:
        assert session.scalars(select(Observation.value_number)).one() == Decimal("5.1")
    assert count(Prescription) == 0


def test_a_visit_can_stay_open_and_be_closed_once(clinician: StaffBrowser, patient: Patient, assay: Assay) -> None:
    data = form(clinician, patient, assay)
    del data["close"]
    place = send(clinician, patient, data).headers["Location"]
    assert "Close the visit" in clinician.get(place).text
    assert clinician.post(place + "/close", page=place).status_code == 303
    with databases.read(Store.HOT) as session:
        visit = session.scalars(select(Visit)).one()
    assert visit.status == VisitStatus.CLOSED
    assert visit.ended_at is not None
    assert clinician.post(place + "/close", page="/patients/new").status_code == 404


def test_a_visit_written_up_later_ends_when_it_began(clinician: StaffBrowser, patient: Patient) -> None:
    began = datetime.now(UTC) - timedelta(days=40)
    with databases.write() as session:
        record_visit(
            session, patient_id=patient.id, new=NewVisit("Check", "AMB", began), token="t" * 16, by=clinician.account
        )
    with databases.read(Store.HOT) as session:
        assert session.scalars(select(Visit.ended_at)).one() == began


def test_another_patients_visit_is_404(clinician: StaffBrowser, patient: Patient) -> None:
    with databases.write() as session:
        visit = make_visit(session, make_patient(session, name="Lim"))
    assert clinician.get(f"/patients/{patient.id}/visits/{visit.id}").status_code == 404
    assert clinician.get(f"/patients/4711/visits/{visit.id}").status_code == 404
    assert (
        clinician.post("/patients/4711/visits/new", {**TYPED, "token": "t" * 16}, page="/patients/new").status_code
        == 404
    )


def test_a_fault_in_any_row_undoes_the_whole(clinician: StaffBrowser, patient: Patient, assay: Assay) -> None:
    rows = (NewObservation(assay.id, "5"), NewObservation(assay.id, "x"))
    new = NewVisit("Check", "AMB", datetime.now(UTC), observations=rows)
    with pytest.raises(InvalidInput) as refused, databases.write() as session:
        record_visit(session, patient_id=patient.id, new=new, token="t" * 16, by=clinician.account)
    assert list(refused.value.errors) == ["observations-1-value"]
    assert count(Visit) == count(Observation) == 0
