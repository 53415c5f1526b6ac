"""Records with next to nothing in them, or far too much: a report, or a clear cause."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from core.models import Patient, ReportState, Visit, utc_now
from core.services import reports
from core.settings.config import Settings
from core.stores import databases
from tests.factories import make_account, make_assay, make_note, make_patient, make_prescription, make_visit
from tests.report_records import view
from workers.reports import jobs

RESULTS = """
INSERT INTO observation (patient_id, visit_id, assay_id, value_number, unit, observed_at, version)
SELECT patient_id, id, :assay, 4 + id % 50 / 10.0, '%', started_at, 1 FROM visit WHERE patient_id = :patient
"""
NOTES = """
INSERT INTO note (patient_id, visit_id, kind, author, text, written_at, version)
SELECT patient_id, id, 'Progress note', 'Dr Nair', :words, started_at, 1 FROM visit WHERE patient_id = :patient
"""
EVIDENCE_ROWS_MAX = 60


def _visit(patient_id: int, days_ago: int, now: datetime) -> dict[str, Any]:
    at = now - timedelta(days=days_ago)
    return {
        "patient_id": patient_id, "class_code": "AMB", "status": "finished", "description": f"Review {days_ago}",
        "started_at": at, "ended_at": at, "version": 1,
    }  # fmt: skip


@pytest.fixture
def asked(configured: Callable[..., Settings]) -> Callable[..., int]:
    """Call it with what makes a patient's rows; a report is asked for, and its id given."""

    def ask(fill: Callable[..., None]) -> int:
        with databases.write() as session:
            patient = make_patient(session)
            fill(session, patient)
            return reports.request(session, patient_id=patient.id, by=make_account(session)).id

    return ask


def test_a_patient_without_any_record_gets_a_report_that_says_who_it_is(asked: Callable[..., int]) -> None:
    report_id = asked(lambda _session, _patient: None)
    assert jobs.draft_report(report_id) == f"report {report_id} is ready"
    (claim,) = view(report_id).claims
    assert claim.citations[0].kind == "patient"


def test_one_visit_without_results(asked: Callable[..., int]) -> None:
    report_id = asked(lambda session, patient: make_note(session, make_visit(session, patient), "Came for a form."))
    assert jobs.draft_report(report_id) == f"report {report_id} is ready"
    assert not any(claim.flagged for claim in view(report_id).claims)


def test_five_thousand_visits_make_evidence_of_the_newest(asked: Callable[..., int]) -> None:
    def fill(session: Session, patient: Patient) -> None:
        assay, now = make_assay(session), utc_now()
        session.execute(insert(Visit), [_visit(patient.id, number, now) for number in range(1, 5_001)])
        session.execute(text(RESULTS), {"patient": patient.id, "assay": assay.id})
        session.execute(text(NOTES), {"patient": patient.id, "words": "Feels well. " * 200})

    report_id = asked(fill)
    assert jobs.draft_report(report_id) == f"report {report_id} is ready"
    report = view(report_id)
    cited = {row.ref for claim in report.claims for row in claim.citations}
    assert 5 < len(cited) <= EVIDENCE_ROWS_MAX
    assert any("Review 1" in claim.text for claim in report.claims)
    assert report.figures.input_tokens < databases.current().settings.report_budget_tokens / 4


def test_more_current_medicines_than_a_summary_carries_fail_with_their_number(asked: Callable[..., int]) -> None:
    def fill(session: object, patient: object) -> None:
        for number in range(101):
            make_prescription(session, patient, medication=f"Medicine {number} 5 mg tablet")  # type: ignore[arg-type]

    report_id = asked(fill)
    jobs.draft_report(report_id)
    report = view(report_id)
    assert report.state == ReportState.FAILED
    assert "101 current rows of kind prescription" in (report.reason or "")
