"""What a clinician takes along leaves out what is kept apart, in each form, and says so."""

from __future__ import annotations

from typing import Any

import pytest

from core.models import AccessEvent, Account, Observation, Patient, SensitiveVisit
from core.stores import databases
from core.stores.databases import Store
from tests.factories import NOW, make_account, make_assay, make_note, make_observation, make_prescription, make_visit
from tests.integration.staff.conftest import StaffBrowser
from tests.ready_report import CLAIMS, ReadyReport, make_ready_report, sign_ready_report
from tests.taken_files import pages_of, tables_of

SECRET = ("Kept visit", "Kept note", "Kept medicine", "Kept test", CLAIMS[0].text)


@pytest.fixture
def ready(patient: Patient) -> ReadyReport:
    """A signed report whose claims cite a visit that is kept apart, a second such visit, and one for all to see."""
    with databases.write() as session:
        doctor = make_account(session)
        ready = make_ready_report(session, patient, doctor)
    sign_ready_report(ready, doctor)
    with databases.write() as session:
        kept = make_visit(session, patient, description="Kept visit")
        make_note(session, kept, "Kept note")
        make_prescription(session, patient, visit_id=kept.id, medication="Kept medicine")
        make_observation(session, kept, make_assay(session, code="K", short_name="Kept test"), "5")
        make_visit(session, patient, description="Seen by all", started_at=NOW)
        cited = session.get_one(Observation, ready.observation_id).visit_id
        for visit_id in (kept.id, cited):
            session.add(SensitiveVisit(visit_id=visit_id, patient_id=patient.id, category="MH", set_by=0))
    return ready


def text_of(reply: Any, form: str) -> str:
    assert reply.status_code == 200, reply.text
    if form == "pdf":
        return " ".join(pages_of(reply.data))
    return str(tables_of(reply.data)) if form == "csv" else str(reply.text)


@pytest.mark.parametrize("form", ["pdf", "csv", "fhir"])
def test_what_is_kept_apart_is_in_no_file(
    clinician: StaffBrowser, patient: Patient, ready: ReadyReport, form: str
) -> None:
    text = text_of(clinician.get(f"/patients/{patient.id}/download/{form}"), form)
    assert "Seen by all" in text
    assert [words for words in SECRET if words in text] == []
    if form == "pdf":
        assert "kept apart" in text
    with databases.read(Store.HOT) as session:
        event = session.query(AccessEvent).filter_by(action="record.downloaded").one()
        assert (event.patient_id, event.purpose) == (patient.id, "duty cover")


def test_a_report_leaves_out_what_cites_it_and_a_test_its_values(
    clinician: StaffBrowser, patient: Patient, ready: ReadyReport
) -> None:
    text = text_of(clinician.get(f"/reports/{ready.id}/download/pdf"), "pdf")
    assert CLAIMS[0].text not in text
    assert "1 sentence left out" in text
    with databases.read(Store.HOT) as session:
        assay_id = session.get_one(Observation, ready.observation_id).assay_id
    assert clinician.get(f"/patients/{patient.id}/results/{assay_id}/download/csv").status_code == 404


def test_without_a_tie_nothing_is_taken(clinician: StaffBrowser, patient: Patient, ready: ReadyReport) -> None:
    with databases.write() as session:
        session.get_one(Account, clinician.account.id).covers_all = False
    for path in (f"/patients/{patient.id}/download/fhir", f"/reports/{ready.id}/download/pdf"):
        reply = clinician.get(path)
        assert (reply.status_code, "is not in your care" in reply.text) == (403, True)
