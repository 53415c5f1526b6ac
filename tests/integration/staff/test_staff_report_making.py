"""What a report cost, how long it took and how it was checked, on a page of its own; a signed one is amended."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from core.models import AccessEvent, ModelCall, Patient, Report, ReportEvent, ReportState
from core.services import reports
from core.stores import databases
from core.stores.databases import Store
from tests.factories import NOW
from tests.integration.staff.conftest import StaffBrowser
from tests.integration.staff.reviewing import decide_all, page_of, sign
from tests.ready_report import ReadyReport, make_ready_report


@pytest.fixture
def ready(clinician: StaffBrowser, patient: Patient) -> ReadyReport:
    """A draft with two flags, that took three seconds and two calls, the second of which failed."""
    with databases.write() as session:
        made = make_ready_report(session, patient, clinician.account)
        call = {"report_id": made.id, "round": 1, "provider": "test", "requested_model": "gpt-test", "attempt": 1,
                "prompt_version": "v1", "started_at": NOW, "ended_at": NOW}  # fmt: skip
        session.add_all(
            [
                ReportEvent(report_id=made.id, to_state=ReportState.DRAFTING, at=NOW + timedelta(seconds=1)),
                ReportEvent(report_id=made.id, to_state=ReportState.READY, at=NOW + timedelta(seconds=3)),
                ModelCall(**call, role="drafter", input_tokens=1200, cached_tokens=1000, output_tokens=300,
                          reasoning_tokens=40, cost_usd=Decimal("0.0123"), price_version="prices 7",
                          latency_seconds=Decimal("1.5"), finish_reason="stop"),
                ModelCall(**call, role="checker", reserved_usd=Decimal("0.02"), error="timed out"),
            ]
        )  # fmt: skip
        return made


def test_cost_time_and_checks_are_shown(clinician: StaffBrowser, ready: ReadyReport, patient: Patient) -> None:
    assert f'href="/reports/{ready.id}/making"' in clinician.get(page_of(ready)).text
    page = clinician.get(f"/reports/{ready.id}/making").text
    for shown in (
        "US$0.0323", "prices 7", "1,200 (1,000 of them from cache)", "300 (40 of them reasoning)", "3.0 s",
        "0.0200 set aside", "timed out", "stop", "contradicted 1", "cannot verify 1", "supported 1",
    ):  # fmt: skip
        assert shown in page, shown
    assert "HbA1c" not in page
    with databases.read(Store.HOT) as session:
        event = session.scalars(select(AccessEvent).where(AccessEvent.action == "report.making_viewed")).one()
    assert (event.patient_id, event.target) == (patient.id, f"report:{ready.id}")


def test_decisions_and_overrides_are_counted(clinician: StaffBrowser, ready: ReadyReport) -> None:
    accept = {"decision": "accepted", "reason": "I saw the result."}
    clinician.post(f"/reports/{ready.id}/claims/{ready.contradicted_id}", accept, page=page_of(ready))
    page = clinician.get(f"/reports/{ready.id}/making").text
    assert "<dt>Decisions</dt><dd>accepted 1</dd>" in page
    assert "<dt>Flags let stand by the clinician</dt><dd>1</dd>" in page


def test_a_report_nobody_worked_on_yet_has_its_page(clinician: StaffBrowser, patient: Patient) -> None:
    with databases.write() as session:
        report = reports.request(session, patient_id=patient.id, by=clinician.account)
    page = clinician.get(f"/reports/{report.id}/making").text
    assert "No model has been called for this report." in page
    assert "Nothing has been checked yet." in page
    assert clinician.get("/reports/4711/making").status_code == 404


def test_a_signed_report_is_amended_by_a_new_one(clinician: StaffBrowser, ready: ReadyReport) -> None:
    path = f"/reports/{ready.id}/amend"
    early = clinician.post(path, page=page_of(ready))
    assert early.headers["Location"] == f"/reports/{ready.id}"
    decide_all(clinician, ready)
    assert sign(clinician, ready).status_code == 303
    assert "Amend: ask for a new report" in clinician.get(page_of(ready)).text
    reply = clinician.post(path, page=page_of(ready))
    with databases.read(Store.HOT) as session:
        newest = session.scalars(select(Report).order_by(Report.id.desc()).limit(1)).one()
    assert reply.headers["Location"] == f"/reports/{newest.id}"
    assert (newest.replaces_id, newest.state) == (ready.id, ReportState.REQUESTED)
    again = clinician.post(path, page=page_of(ready))
    assert again.headers["Location"] == f"/reports/{newest.id}"
    assert clinician.post("/reports/4711/amend", page=page_of(ready)).status_code == 404


def test_what_was_withdrawn_can_not_be_amended(clinician: StaffBrowser, ready: ReadyReport) -> None:
    with databases.write() as session:
        reports.withdraw(session, report_id=ready.id, reason="Of no use.", by=clinician.account)
    reply = clinician.post(f"/reports/{ready.id}/amend", page=page_of(ready))
    assert reply.headers["Location"] == f"/reports/{ready.id}"
    assert "is not a signed report of this patient" in clinician.get(page_of(ready)).text
