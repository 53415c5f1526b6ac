"""What a draft took from a visit is hidden when the visit is kept apart: wherever the report is read, and whenever."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import select, update

from core.models import (
    Citation,
    Claim,
    Evidence,
    Observation,
    Patient,
    Report,
    ReportState,
    SensitiveVisit,
    Visit,
    utc_now,
)
from core.queries import reports as queries
from core.services import reports, sensitive_visits
from core.stores import databases
from core.stores.databases import Store
from tests.factories import make_account, make_patient, make_visit
from tests.integration.staff.conftest import StaffBrowser
from tests.integration.staff.test_staff_archive import drive, start
from tests.ready_report import CLAIMS, ReadyReport, make_ready_report, sign_ready_report
from workers.reports import jobs, loop

SAID = [said.text for said in CLAIMS]
OMITTED = "Potassium 5.4"
UNCITED = "She is known to the diabetes clinic."


@pytest.fixture
def ready(patient: Patient) -> ReadyReport:
    with databases.write() as session:
        return make_ready_report(session, patient, make_account(session))


def hide(ready: ReadyReport) -> int:
    """Keep the visit apart by rows alone, as if the draft had been made in the same moment. Returns its id."""
    with databases.write() as session:
        observation = session.get_one(Observation, ready.observation_id)
        visit_id, patient_id = observation.visit_id, observation.patient_id
        assert visit_id is not None
        session.add(SensitiveVisit(visit_id=visit_id, patient_id=patient_id, category="MH", set_by=0))
    return visit_id


def tell_without_citing(ready: ReadyReport) -> int:
    """A claim that tells of the visit and cites the patient's own row alone. Returns its id."""
    with databases.write() as session:
        row = session.scalars(
            select(Evidence).where(Evidence.report_id == ready.id, Evidence.ref.like("patient:%"))
        ).one()
        claim = Claim(
            report_id=ready.id, patient_id=row.patient_id, ordinal=4, section="person", text=UNCITED, round=1,
            verdict="supported", flagged=False,
        )  # fmt: skip
        session.add(claim)
        session.flush()
        session.add(
            Citation(report_id=ready.id, claim_id=claim.id, ref=row.ref, content_hash=row.content_hash,
                     hash_version=row.hash_version)
        )  # fmt: skip
        return claim.id


def shown(browser: StaffBrowser, ready: ReadyReport) -> str:
    reply = browser.get(f"/reports/{ready.id}/review")
    assert reply.status_code == 200
    return str(reply.text)


@pytest.mark.parametrize("state", [ReportState.READY, ReportState.REJECTED, ReportState.WITHDRAWN])
def test_a_draft_tells_nothing_of_it(clinician: StaffBrowser, ready: ReadyReport, state: ReportState) -> None:
    tell_without_citing(ready)
    assert [text in shown(clinician, ready) for text in (SAID[0], UNCITED)] == [True, True]
    hide(ready)
    with databases.write() as session:
        session.execute(update(Report).where(Report.id == ready.id).values(state=state, closed_at=utc_now()))
    page = shown(clinician, ready)
    hidden = (*SAID, UNCITED, OMITTED, f"observation:{ready.observation_id}")
    assert [text for text in hidden if text in page] == []
    assert "4 claims not shown" in page


def test_a_signed_report_leaves_out_what_cites_it_and_still_holds(clinician: StaffBrowser, ready: ReadyReport) -> None:
    with databases.write() as session:
        doctor = make_account(session)
    rejected = tell_without_citing(ready)
    with databases.write() as session:
        reports.decide_claim(
            session, report_id=ready.id, claim_id=rejected, decision="rejected", reason="No.", by=doctor
        )
    sign_ready_report(ready, doctor)
    hide(ready)
    page = shown(clinician, ready)
    assert [text for text in (*SAID, UNCITED, OMITTED) if text in page] == []
    assert "the content is what was signed" in page


def test_neither_the_command_nor_the_trace_tells_it(ready: ReadyReport) -> None:
    hide(ready)
    with databases.read(Store.HOT) as session:
        report = queries.review(session, ready.id)
        trace = queries.trace(session, ready.id)
    assert report is not None
    assert trace is not None
    printed = json.dumps([queries.summary_json(report), trace], default=str)
    assert [text for text in (*SAID, OMITTED) if text in printed] == []
    assert trace["claims_left_out"] == 3
    assert [row["ref"].partition(":")[0] for row in trace["evidence"]] == ["patient"]
    assert queries.verify(trace) == 3  # The report, its event, the patient's own row.


def test_it_is_not_signed(ready: ReadyReport) -> None:
    with databases.write() as session:
        doctor = make_account(session)
    hide(ready)
    with pytest.raises(reports.MadeFromHidden):
        sign_ready_report(ready, doctor)


def test_the_moment_between_collecting_and_keeping(
    patient: Patient, ready: ReadyReport, monkeypatch: pytest.MonkeyPatch, sync_replica: Any
) -> None:
    """The visit is hidden after the worker has read the replica, and before it keeps what it read."""
    with databases.write() as session:
        doctor = make_account(session)
        reports.withdraw(session, report_id=ready.id, reason="Again.", by=doctor)
        report_id = reports.request(session, patient_id=patient.id, by=doctor).id
    sync_replica()
    collect = loop.evidence_query.collect

    def collect_then_hide(patient_id: int) -> Any:
        rows = collect(patient_id)
        assert f"observation:{ready.observation_id}" in {row.ref for row in rows}
        hide(ready)
        return rows

    monkeypatch.setattr(loop.evidence_query, "collect", collect_then_hide)
    with pytest.raises(Exception, match="kept apart a moment ago"):
        jobs.draft_report(report_id=report_id)
    with databases.read(Store.HOT) as session:
        assert session.scalars(select(Evidence).where(Evidence.report_id == report_id)).all() == []


def test_an_archived_visit_is_kept_apart(clinician: StaffBrowser, admin: StaffBrowser, patient: Patient) -> None:
    with databases.write() as session:
        ended = utc_now().replace(year=utc_now().year - 2, day=1)
        visit_id = make_visit(session, patient, description="Zirconquest", started_at=ended, ended_at=ended).id
    drive(start(admin))
    with databases.read(Store.HOT) as session:
        assert session.get(Visit, visit_id) is None
    page = f"/patients/{patient.id}/visits/{visit_id}"
    assert clinician.post(f"{page}/sensitivity", {"category": "MH"}, page=page).status_code == 303
    with databases.write() as session:
        stranger = make_account(session)
        with pytest.raises(Exception, match="no part"):
            sensitive_visits.keep_apart(session, patient_id=patient.id, visit_id=visit_id, category=None, by=stranger)


def test_no_other_patients_visit_is_shared(ready: ReadyReport) -> None:
    """A patient's number of one's own with a visit's number of another's."""
    visit_id = hide(ready)
    with databases.write() as session:
        mine, doctor = make_patient(session, name="Lim Ah Kow"), make_account(session)
        with pytest.raises(sensitive_visits.NoSuchVisit):
            sensitive_visits.keep_apart(session, patient_id=mine.id, visit_id=visit_id, category=None, by=doctor)
    with databases.read(Store.HOT) as session:
        assert session.get(SensitiveVisit, visit_id) is not None
