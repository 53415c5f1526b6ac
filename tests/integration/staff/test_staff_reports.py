"""Asking for a report, following it, signing it, and being refused."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from sqlalchemy import select, text, update

from core.models import (
    AccessEvent,
    Observation,
    OutboxMessage,
    Patient,
    Report,
    ReportState,
    Role,
    Signature,
)
from core.services import reports
from core.stores import databases
from core.stores.databases import Store
from tests.factories import PASSWORD, make_patient, make_prescription
from tests.integration.staff.conftest import StaffBrowser
from tests.integration.staff.reviewing import claim, decide, decide_all, page_of, sign, state
from tests.ready_report import ReadyReport, make_ready_report


def test_a_report_is_asked_for_from_the_chart(clinician: StaffBrowser, patient: Patient) -> None:
    chart = f"/patients/{patient.id}"
    reply = clinician.post(f"{chart}/reports", page=chart)
    assert reply.status_code == 303
    assert "waiting" in clinician.get(reply.headers["Location"]).text
    with databases.read(Store.HOT) as session:
        assert len(session.scalars(select(OutboxMessage)).all()) == 1
    again = clinician.post(f"{chart}/reports", page="/patients/new")
    assert again.headers["Location"] == reply.headers["Location"]
    assert clinician.post("/patients/4711/reports", page="/patients/new").status_code == 404


def test_the_state_polls_while_it_moves_and_stops_when_it_is_finished(
    clinician: StaffBrowser, patient: Patient
) -> None:
    with databases.write() as session:
        report = reports.request(session, patient_id=patient.id, by=clinician.account)
    fragment = clinician.get(f"/reports/{report.id}", headers={"HX-Request": "true"})
    assert 'hx-trigger="every' in fragment.text
    with databases.write() as session:
        session.execute(update(Report).values(state=ReportState.READY))
    fragment = clinician.get(f"/reports/{report.id}", headers={"HX-Request": "true"})
    assert fragment.status_code == 200
    assert "hx-trigger" not in fragment.text
    assert f"/reports/{report.id}/review" in fragment.text


def test_a_failed_report_shows_its_cause_and_can_be_tried_again(clinician: StaffBrowser, patient: Patient) -> None:
    with databases.write() as session:
        report = reports.request(session, patient_id=patient.id, by=clinician.account)
        session.execute(update(Report).values(state=ReportState.FAILED, reason="The model did not answer."))
    page = f"/reports/{report.id}"
    assert "The model did not answer." in clinician.get(page).text
    assert clinician.post(f"{page}/retry", page=page).status_code == 303
    assert state(report.id) == ReportState.REQUESTED


def test_the_worklist_tells_how_far_each_is(clinician: StaffBrowser, ready: ReadyReport) -> None:
    page = clinician.get("/reports").text
    assert "Tan Mei Ling" in page
    assert "0 of 2" in page
    assert "Tan Mei Ling" not in clinician.get("/reports?list=failed").text
    assert clinician.get("/reports?list=nothing").status_code == 404


def test_signing_with_open_flags_is_refused_also_by_a_direct_post(clinician: StaffBrowser, ready: ReadyReport) -> None:
    assert "disabled" in clinician.get(page_of(ready)).text
    reply = sign(clinician, ready)
    assert reply.status_code == 409
    assert "Not signed. 2 flagged claims still to be decided." in reply.text
    assert state(ready.id) == ReportState.READY


def test_a_wrong_password_does_not_sign(clinician: StaffBrowser, ready: ReadyReport) -> None:
    decide_all(clinician, ready)
    reply = sign(clinician, ready, "wrong")
    assert reply.status_code == 422
    assert "That is not your password." in reply.text
    assert state(ready.id) == ReportState.READY


def test_a_row_that_changed_since_drafting_blocks_until_it_is_read_again(
    clinician: StaffBrowser, ready: ReadyReport
) -> None:
    decide_all(clinician, ready)
    with databases.write() as session:
        session.execute(update(Observation).values(value_number=9, version=2))
    reply = sign(clinician, ready)
    assert reply.status_code == 409
    assert f"observation:{ready.observation_id}" in reply.text
    assert clinician.post(f"/reports/{ready.id}/refresh", page=page_of(ready)).status_code == 303
    assert claim(ready.supported_id).flagged


def test_a_signed_report_shows_who_signed_what(clinician: StaffBrowser, ready: ReadyReport) -> None:
    decide_all(clinician, ready)
    assert sign(clinician, ready).status_code == 303
    page = clinician.get(page_of(ready)).text
    with databases.read(Store.HOT) as session:
        signature = session.scalars(select(Signature)).one()
    for words in (f"Signed by {clinician.account.name}", signature.content_hash, "the content is what was signed"):
        assert words in page, words
    assert "Draft, not signed" not in page
    assert 'name="decision"' not in page
    assert decide(clinician, ready, ready.supported_id, "rejected", reason="Late.").status_code == 409


@pytest.mark.only_on_postgresql("turns guards off for a transaction")
def test_a_signature_whose_proof_is_gone_assures_nobody(clinician: StaffBrowser, ready: ReadyReport) -> None:
    """Whoever may write every row, and has no key, takes the proof away beside what was signed."""
    decide_all(clinician, ready)
    assert sign(clinician, ready).status_code == 303
    with databases.write() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        session.execute(update(Signature).values(proof=None))
    page = clinician.get(page_of(ready)).text
    assert "the content is what was signed" not in page
    assert "nothing proves the signature" in page
    assert "note care signature" in page


def test_a_draft_is_rejected_with_a_reason(clinician: StaffBrowser, ready: ReadyReport) -> None:
    path = f"/reports/{ready.id}/reject"
    assert clinician.post(path, {"reason": " "}, page=page_of(ready)).status_code == 422
    assert clinician.post(path, {"reason": "Of no use."}, page=page_of(ready)).status_code == 303
    assert state(ready.id) == ReportState.REJECTED
    assert "Of no use." in clinician.get(page_of(ready)).text


def test_a_report_that_is_not_there_is_404_and_the_try_is_recorded(clinician: StaffBrowser) -> None:
    assert clinician.get("/reports/4711/review").status_code == 404
    reply = clinician.post("/reports/4711/sign", {"password": PASSWORD}, page="/patients/new")
    assert reply.status_code == 404
    with databases.read(Store.HOT) as session:
        denied = session.scalars(select(AccessEvent.target).where(AccessEvent.outcome == "deny")).all()
    assert denied == ["report:4711", "report:4711"]


def test_a_claim_of_another_report_can_not_be_decided_through_this_one(
    clinician: StaffBrowser, ready: ReadyReport
) -> None:
    with databases.write() as session:
        other = make_ready_report(session, make_patient(session, name="Lim"), clinician.account)
    assert decide(clinician, ready, other.contradicted_id, "rejected", reason="No.").status_code == 422
    assert claim(other.contradicted_id).decision is None


def test_a_signer_is_asked_to_look_again_and_answers(signed_in: Callable[[Role], StaffBrowser]) -> None:
    signer, other = signed_in(Role.CLINICIAN), signed_in(Role.CLINICIAN)
    with databases.write() as session:
        report = make_ready_report(session, make_patient(session), signer.account)
        about = (report.id, 1, signer.account.id)
        (notice,) = reports.notify_signers(session, [about], reason="Incident 7: please read it again", by=None)
    page = signer.get("/reports").text
    assert f"Look again at report {report.id}, which you signed" in page
    assert "Incident 7: please read it again" in page
    assert "Look again at report" not in other.get("/reports").text
    assert other.post(f"/reports/notices/{notice.id}/answer", page="/reports").status_code == 404
    assert signer.post(f"/reports/notices/{notice.id}/answer", page="/reports").status_code == 303
    assert "Look again at report" not in signer.get("/reports").text


def test_what_was_written_since_the_draft_is_ticked_before_it_is_signed(
    clinician: StaffBrowser, ready: ReadyReport, patient: Patient
) -> None:
    decide_all(clinician, ready)
    with databases.write() as session:
        make_prescription(session, patient, medication="Warfarin 5 mg tablet")
    page = clinician.get(page_of(ready)).text
    assert "1 row of the record is not as the drafter had it" in page
    assert "Warfarin 5 mg tablet" in page
    refused = sign(clinician, ready)
    assert refused.status_code == 409
    assert "Written since drafting" in refused.text
    found = re.search(r'name="seen" value="([^"]+)"', page)
    assert found
    assert sign(clinician, ready, seen=found[1]).status_code == 303
    assert "I have seen 1 row written since the draft" in clinician.get(page_of(ready)).text
