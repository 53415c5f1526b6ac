"""What a patient sees: hot and archived rows in one story, and never another's."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import request_finished

from core import audit
from core.access import care
from core.models import Claim, Note, Patient, Report, ReportState, Role, Signature, Visit
from core.stores import databases
from tests.factories import (
    NOW,
    make_account,
    make_allergy,
    make_condition,
    make_patient,
    make_prescription,
    make_visit,
)
from tests.integration.web.conftest import Browser, events, move_to_archive
from tests.integration.web.visits_of_a_patient import archived, main_of, visits
from tests.tiers import Tiers

__all__ = ["archived", "visits"]


def test_every_visit_is_listed_before_and_after_archiving(
    signed_in: Browser, visits: list[Visit], sync_replica: Any
) -> None:
    def told() -> list[str]:
        pages = [signed_in.get(f"/history?kind=visits&year={year}").text for year in (2026, 2025, 2024)]
        assert all("4 visits since 2024" in page for page in pages)
        return [name for page in pages for name in re.findall(r">(Visit \d)<", page)]

    before = told()
    assert before == ["Visit 0", "Visit 1", "Visit 2", "Visit 3"]
    move_to_archive()
    sync_replica()
    assert told() == before


def test_a_silent_archive_is_a_named_gap(signed_in: Browser, archived: list[Visit], tiers: Tiers) -> None:
    tiers.of["visits"].stop("immediate")
    assert "Visit 0" in signed_in.get("/history").text
    reply = signed_in.get("/history?year=2025")
    assert reply.status_code == 200
    assert "2 older visits from September 2024 to October 2025" in reply.text
    assert "Try again" in reply.text
    single = signed_in.get(f"/visits/{archived[3].id}")
    assert single.status_code == 503
    assert "kept in our archive" in single.text
    assert signed_in.get(f"/visits/{archived[0].id}").status_code == 200


@pytest.mark.parametrize("kind", ["visits", "reports"])
def test_the_address_of_an_old_list_leads_to_its_kind_in_the_history(signed_in: Browser, kind: str) -> None:
    reply = signed_in.get(f"/{kind}?older=1")
    assert (reply.status_code, reply.headers["Location"]) == (301, f"/history?kind={kind}")


@pytest.mark.parametrize("number", [0, 3])
def test_a_visit_shows_what_was_done_hot_or_archived(signed_in: Browser, archived: list[Visit], number: int) -> None:
    page = signed_in.get(f"/visits/{archived[number].id}").text
    assert f"Note of visit {number} &lt;b&gt;not bold&lt;/b&gt;" in page
    assert f"Medicine {number}" in page
    assert "HbA1c" in page
    assert "Dr Nair" in page
    assert "archive" not in page


def test_what_belongs_to_no_visit_has_its_place_in_the_history(
    signed_in: Browser, patient: Patient, sync_replica: Any
) -> None:
    with databases.write() as session:
        session.add(Note(patient_id=patient.id, kind="Letter", text="Seen in <i>Penang</i>.", written_at=NOW))
        make_condition(session, patient, name="Myocardial infarction", status="resolved")
        make_prescription(session, patient, medication="Warfarin 3 mg", status="stopped")
    sync_replica()
    page = "".join(signed_in.get(f"/history?year={year}").text for year in (2026, 2024, 2019))
    for words in ("Seen in &lt;i&gt;Penang&lt;/i&gt;.", "Myocardial infarction", "Warfarin 3 mg"):
        assert words in page


def test_the_record_shows_what_holds_now(signed_in: Browser, patient: Patient, sync_replica: Any) -> None:
    empty = signed_in.get("/record").text
    assert "We know of no allergies" in empty
    with databases.write() as session:
        make_allergy(session, patient, criticality="high")
        make_condition(session, patient)
        make_prescription(session, patient)
        make_prescription(session, patient, medication="Old medicine", status="stopped")
    sync_replica()
    page = signed_in.get("/record").text
    assert "Penicillin" in page
    assert "Type 2 diabetes" in page
    assert "Metformin 850 mg tablet" in page
    assert "Old medicine" not in page


def test_who_looked_names_others_and_not_oneself(signed_in: Browser, patient: Patient, sync_replica: Any) -> None:
    with databases.write() as session:
        doctor = make_account(session, role=Role.CLINICIAN, name="Dr Nair")
        audit.record(session, "chart.viewed", by=doctor, patient_id=patient.id)
        audit.record(session, "chart.viewed", by=doctor, patient_id=patient.id, outcome="deny")
    signed_in.get("/history")
    sync_replica()
    page = signed_in.get("/privacy").text
    assert page.count("Dr Nair") == 1
    assert "History" not in main_of(page)
    assert "History" in signed_in.get("/privacy?own=1").text


def test_a_look_on_duty_is_told_with_the_reason(signed_in: Browser, patient: Patient, sync_replica: Any) -> None:
    with databases.write() as session:
        doctor, another = make_account(session, name="Dr Nair"), make_account(session, name="Dr Lim")
        for account, reason in ((doctor, "Nights of the ward <b>this week</b>"), (another, None)):
            account.covers_all, account.duty_reason = True, reason
            session.flush()
            why = care.standing(session, account.id, patient.id).why
            audit.record(session, "chart.viewed", by=account, patient_id=patient.id, purpose=why)
    sync_replica()
    page = signed_in.get("/privacy").text
    assert page.count("on duty") == 2
    assert page.count("The reason given: “Nights of the ward &lt;b&gt;this week&lt;/b&gt;”") == 1
    assert "duty cover" not in page


def signed_report(patient: Patient, state: ReportState = ReportState.SIGNED) -> int:
    with databases.write() as session:
        report = Report(patient_id=patient.id, state=state, requested_by=1, closed_at=NOW, model="m")
        session.add(report)
        session.flush()
        session.add_all(
            [
                Claim(
                    report_id=report.id, patient_id=patient.id, ordinal=1, section="Diabetes",
                    text="HbA1c was 8.9 %.", round=0, flagged=False,
                ),
                Signature(
                    report_id=report.id, account_id=1, name="Dr Nair", meaning="Reviewed and approved",
                    content_hash="0" * 64,
                ),
            ]
        )  # fmt: skip
        return report.id


def test_only_signed_reports_are_shown(signed_in: Browser, patient: Patient, sync_replica: Any) -> None:
    assert "Nothing is written down" in signed_in.get("/history?kind=reports").text
    signed, draft = signed_report(patient), signed_report(patient, ReportState.READY)
    sync_replica()
    assert f"/reports/{signed}" in signed_in.get("/history?kind=reports").text
    assert f"/reports/{draft}" not in signed_in.get("/history?kind=reports").text
    page = signed_in.get(f"/reports/{signed}").text
    assert "HbA1c was 8.9 %." in page
    assert "has changed since it was signed" in page
    assert signed_in.get(f"/reports/{draft}").status_code == 404


@pytest.mark.parametrize("kind", ["visits", "reports"])
def test_another_patients_row_is_404_and_the_attempt_is_audited(
    signed_in: Browser, account: Any, kind: str, sync_replica: Any
) -> None:
    with databases.write() as session:
        other = make_patient(session, name="Lim Wei")
        visit = make_visit(session, other)
    row_id = visit.id if kind == "visits" else signed_report(other)
    sync_replica()
    assert signed_in.get(f"/{kind}/{row_id}").status_code == 404
    refused = [item for item in events("visit.read", "report.read") if item.outcome == "deny"]
    assert [(item.account_id, item.target) for item in refused] == [(account.id, f"{kind[:-1]}:{row_id}")]
    assert signed_in.get(f"/{kind}/99999999999999999999").status_code == 404
    assert signed_in.get(f"/{kind}/9999999").status_code == 404


def test_each_look_is_recorded_before_the_answer(signed_in: Browser, account: Any, app: Any) -> None:
    recorded: list[int] = []

    def count(_app: Any, **_reply: Any) -> None:
        recorded.append(len(events("history.read", "results.read", "record.read", "privacy.read")))

    request_finished.connect(count, app)
    for place, path in enumerate(("/history", "/results", "/record", "/privacy"), 1):
        assert signed_in.get(path).status_code == 200
        assert recorded[-1] == place, path
    assert {item.patient_id for item in events("history.read", "record.read")} == {account.patient_id}
