"""A typed value that can't be is refused; one that surprises is asked about once, and the answer is on record."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select

from core.models import AccessEvent, Assay, Observation, Patient, ReferenceRange, SensitiveVisit
from core.stores import databases
from core.stores.databases import Store
from tests.factories import NOW, make_account, make_assay, make_observation, make_visit
from tests.integration.staff.conftest import StaffBrowser
from tests.integration.staff.test_staff_visits import form, send


@pytest.fixture
def creatinine(database: Any) -> Assay:
    """Serum creatinine in mg/dL, usual 0.5 to 0.9."""
    with databases.write() as session:
        made = make_assay(session, code="2160-0", name="Creatinine", short_name="Creatinine", unit="mg/dL")
        session.add(ReferenceRange(assay_id=made.id, low=Decimal("0.5"), high=Decimal("0.9")))
        return made


@pytest.fixture
def last_value(patient: Patient, creatinine: Assay) -> int:
    """A creatinine of 0.8 ten days before; returns its visit."""
    with databases.write() as session:
        visit = make_visit(session, patient, started_at=NOW - timedelta(days=10))
        make_observation(session, visit, creatinine, "0.8")
        return visit.id


def results() -> int:
    with databases.read(Store.HOT) as session:
        return session.scalar(select(func.count()).select_from(Observation)) or 0


def box(page: str) -> re.Match[str] | None:
    return re.search(r'<input type="checkbox" id="observations-0-confirmed"[^>]*>', page)


@pytest.mark.usefixtures("last_value")
def test_a_value_that_can_not_be_is_refused_with_the_bound_even_if_confirmed(
    clinician: StaffBrowser, patient: Patient, creatinine: Assay
) -> None:
    value = {"observations-0-value": "27000", "observations-0-confirmed": "27000"}
    reply = send(clinician, patient, form(clinician, patient, creatinine, **value))
    assert reply.status_code == 422
    assert "27000 mg/dL can&#39;t be: enter a value from 0.05 to 50." in reply.text
    assert results() == 1


@pytest.mark.usefixtures("last_value")
def test_a_surprising_value_is_asked_about_once_and_its_confirmation_is_on_record(
    clinician: StaffBrowser, patient: Patient, creatinine: Assay
) -> None:
    data = form(clinician, patient, creatinine, **{"observations-0-value": "27"})
    reply = send(clinician, patient, data)
    assert reply.status_code == 422
    assert "27 mg/dL? The last was 0.8. Usual 0.5 to 0.9." in reply.text
    found = box(reply.text)
    assert found
    assert 'value="27"' in found[0]
    assert "checked" not in found[0]
    assert results() == 1
    reply = send(clinician, patient, {**data, "observations-0-confirmed": "27"})
    assert reply.status_code == 303, reply.text
    with databases.read(Store.HOT) as session:
        kept = session.scalars(select(Observation).order_by(Observation.id.desc())).first()
        event = session.scalars(select(AccessEvent).where(AccessEvent.action == "observation.confirmed")).one()
    assert kept is not None
    assert (event.target, event.patient_id) == (f"observation:{kept.id}", patient.id)
    assert "27" not in (event.purpose or "")


@pytest.mark.usefixtures("last_value")
def test_another_value_than_the_confirmed_one_is_asked_about_again(
    clinician: StaffBrowser, patient: Patient, creatinine: Assay
) -> None:
    value = {"observations-0-value": "28", "observations-0-confirmed": "27"}
    reply = send(clinician, patient, form(clinician, patient, creatinine, **value))
    assert reply.status_code == 422
    found = box(reply.text)
    assert found
    assert "checked" not in found[0]


@pytest.mark.usefixtures("last_value")
def test_a_value_near_the_last_one_is_kept_without_a_question(
    clinician: StaffBrowser, patient: Patient, creatinine: Assay
) -> None:
    data = form(clinician, patient, creatinine, **{"observations-0-value": "1.0"})
    assert send(clinician, patient, data).status_code == 303
    with databases.read(Store.HOT) as session:
        asked = select(AccessEvent).where(AccessEvent.action == "observation.confirmed")
        assert session.scalars(asked).all() == []


def test_the_question_tells_no_value_of_a_hidden_visit(
    clinician: StaffBrowser, patient: Patient, creatinine: Assay, last_value: int
) -> None:
    with databases.write() as session:
        other = make_account(session)
        session.add(SensitiveVisit(visit_id=last_value, patient_id=patient.id, category="other", set_by=other.id))
    reply = send(clinician, patient, form(clinician, patient, creatinine, **{"observations-0-value": "27"}))
    assert "27 mg/dL? Usual 0.5 to 0.9." in reply.text
    assert "0.8" not in reply.text
