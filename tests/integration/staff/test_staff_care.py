"""A clinician sees the patients in their care, and others only by a broken glass that everybody concerned can see."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

import public_app
from core.access import care
from core.access.sign_in_copies import AccountCopy
from core.models import (
    AccessEvent,
    Account,
    CareTeamMember,
    Claim,
    GlassBreak,
    Patient,
    Practitioner,
    Report,
    ReportState,
    Role,
    utc_now,
)
from core.services import reports
from core.stores import databases
from core.stores.databases import Store
from core.web import confirm
from tests.factories import PASSWORD, make_account, make_patient, make_visit
from tests.integration.staff.conftest import StaffBrowser
from tests.ready_report import make_ready_report, sign_ready_report
from workers.reports import jobs

WHY = "shares the care of this patient"
REASON = "found unconscious at the bus stop"


@pytest.fixture
def stranger(clinician: StaffBrowser) -> StaffBrowser:
    """A clinician with no tie to anybody."""
    with databases.write() as session:
        account = session.get_one(Account, clinician.account.id)
        account.covers_all = False
        practitioner = Practitioner(name="Dr Lim")
        session.add(practitioner)
        session.flush()
        account.practitioner_id = practitioner.id
    return clinician


def events(action: str) -> list[AccessEvent]:
    with databases.read(Store.HOT) as session:
        return list(session.scalars(select(AccessEvent).where(AccessEvent.action == action).order_by(AccessEvent.id)))


def practitioner_of(browser: StaffBrowser) -> int | None:
    with databases.read(Store.HOT) as session:
        return session.get_one(Account, browser.account.id).practitioner_id


def seen(browser: StaffBrowser, patient: Patient) -> bool:
    reply = browser.get(f"/patients/{patient.id}")
    assert reply.status_code in (200, 403)
    return bool(reply.status_code == 200)


def break_glass(browser: StaffBrowser, patient: Patient, **typed: str) -> Any:
    return browser.post(f"/patients/{patient.id}/break-glass", {"reason": REASON, **typed}, page="/patients/new")


def test_without_a_tie_the_record_is_closed_and_the_attempt_on_record(stranger: StaffBrowser, patient: Patient) -> None:
    reply = stranger.get(f"/patients/{patient.id}")
    assert reply.status_code == 403
    assert "is not in your care" in reply.text
    assert "Latest results" not in reply.text
    [event] = events("chart.viewed")
    assert (event.outcome, event.patient_id, event.account_id) == ("deny", patient.id, stranger.account.id)


@pytest.mark.parametrize("place", ["", "/history", "/visits/1", "/results/1", "/visits/new"])
def test_no_page_of_the_record_opens(stranger: StaffBrowser, patient: Patient, place: str) -> None:
    assert stranger.get(f"/patients/{patient.id}{place}").status_code == 403


def test_nobody_learns_which_numbers_are_patients(stranger: StaffBrowser) -> None:
    assert stranger.get("/patients/987654321").status_code == 404


def test_no_report_of_theirs_is_read_decided_or_signed(stranger: StaffBrowser, patient: Patient) -> None:
    with databases.write() as session:
        report = make_ready_report(session, patient, make_account(session))
        session.execute(update(Claim).where(Claim.report_id == report.id).values(decision="accepted"))
    assert stranger.get(f"/reports/{report.id}/review").status_code == 403
    for verb, typed in {
        "sign": {"password": PASSWORD}, "refresh": {}, "reject": {"reason": "No."}, "withdraw": {"reason": "No."},
        f"claims/{report.unverified_id}": {"decision": "accepted", "reason": "It is so."},
    }.items():  # fmt: skip
        reply = stranger.post(f"/reports/{report.id}/{verb}", typed, page="/patients/new")
        assert reply.status_code == 403, verb
    assert stranger.post(f"/patients/{patient.id}/reports", page="/patients/new").status_code == 403
    assert not events("report.signed")


def test_no_visit_is_written(stranger: StaffBrowser, patient: Patient) -> None:
    form = {"token": "a" * 20, "description": "Review", "class_code": "AMB", "started_at": "2026-11-12T09:00"}
    assert stranger.post(f"/patients/{patient.id}/visits/new", form, page="/patients/new").status_code == 403
    assert not events("visit.recorded")


@pytest.mark.parametrize(("days", "opens"), [(-10, True), (-300, False), (3, True)])
def test_a_recent_or_booked_visit_opens_it(stranger: StaffBrowser, patient: Patient, days: int, opens: bool) -> None:
    with databases.write() as session:
        make_visit(
            session, patient, practitioner_id=practitioner_of(stranger), started_at=utc_now() + timedelta(days=days)
        )
    assert seen(stranger, patient) is opens


def test_another_clinicians_visit_opens_nothing(stranger: StaffBrowser, patient: Patient) -> None:
    with databases.write() as session:
        make_visit(session, patient, started_at=utc_now())
    assert not seen(stranger, patient)


def test_the_team_opens_it_until_taken_off(
    stranger: StaffBrowser, signed_in: Callable[[Role], StaffBrowser], patient: Patient
) -> None:
    colleague = signed_in(Role.CLINICIAN)
    added = colleague.post(
        f"/patients/{patient.id}/team",
        {"username": stranger.account.username, "reason": WHY},
        page=f"/patients/{patient.id}",
    )
    assert added.status_code == 303
    assert seen(stranger, patient)
    assert [event.purpose for event in events("chart.viewed") if event.account_id == stranger.account.id] == [
        "treatment team"
    ]
    colleague.post(
        f"/patients/{patient.id}/team/{stranger.account.id}/leave", {"reason": WHY}, page=f"/patients/{patient.id}"
    )
    assert not seen(stranger, patient)
    assert len(events("care_team.joined")) == len(events("care_team.left")) == 1


def test_who_registers_a_patient_is_on_the_team(stranger: StaffBrowser) -> None:
    form = {"name": "Ong Siew Bee", "sex": "female", "birth_on": "1970-01-02"}
    reply = stranger.post("/patients/new", form, page="/patients/new")
    assert stranger.get(reply.headers["Location"]).status_code == 200


def test_a_broken_glass_opens_it_for_a_time_and_everybody_concerned_sees_it(
    stranger: StaffBrowser, signed_in: Callable[[Role], StaffBrowser], patient: Patient, database: Any
) -> None:
    assert break_glass(stranger, patient, reason="urgent").status_code == 422
    assert not seen(stranger, patient)
    assert break_glass(stranger, patient).status_code == 303
    page = stranger.get(f"/patients/{patient.id}")
    assert page.status_code == 200
    assert "You broke the glass" in page.text
    assert [event.purpose for event in events("chart.viewed") if event.outcome == "allow"] == ["break-glass"]
    assert REASON in signed_in(Role.AUDITOR).get("/audit?action=record.glass_broken").text
    with databases.write() as session:
        account = AccountCopy.of(make_account(session, role=Role.PATIENT, patient_id=patient.id))
    told = privacy_page(database, account)
    assert REASON in told
    assert stranger.account.name in told
    with databases.write() as session:
        session.execute(update(GlassBreak).values(expires_at=utc_now()))
    assert not seen(stranger, patient)


def privacy_page(database: Any, account: AccountCopy) -> str:
    app = public_app.create_app(database)
    client = app.test_client()
    app.config["WTF_CSRF_ENABLED"] = False
    typed = {"username": account.username, "password": PASSWORD}
    client.post("/sign-in", data=typed, base_url="https://portal.localhost")
    return client.get("/privacy", base_url="https://portal.localhost").text


def test_a_broken_glass_opens_no_other_record_and_not_the_team(stranger: StaffBrowser, patient: Patient) -> None:
    with databases.write() as session:
        other = make_patient(session, name="Lim Ah Kow")
        colleague = AccountCopy.of(make_account(session, covers_all=False))
    break_glass(stranger, patient)
    assert not seen(stranger, other)
    typed = {"username": colleague.username, "reason": WHY}
    reply = stranger.post(f"/patients/{patient.id}/team", typed, page="/patients/new")
    assert reply.status_code == 403
    assert not events("care_team.joined")


def test_breaking_it_needs_the_password_again(
    stranger: StaffBrowser, patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confirm, "CONFIRMED_MINUTES", 0)
    assert "Your password again" in break_glass(stranger, patient).text
    assert not seen(stranger, patient)
    assert break_glass(stranger, patient, confirm_password=PASSWORD).status_code == 303
    assert seen(stranger, patient)


def test_the_page_to_go_on_to_is_ours(stranger: StaffBrowser, patient: Patient) -> None:
    reply = break_glass(stranger, patient, next="https://elsewhere.example/")
    assert reply.headers["Location"] == f"/patients/{patient.id}"


def test_a_report_stops_when_its_requester_is_taken_off(patient: Patient) -> None:
    with databases.write() as session:
        doctor = make_account(session)
        report_id = reports.request(session, patient_id=patient.id, by=doctor).id
        doctor.covers_all = False
    jobs.draft_report(report_id=report_id)
    with databases.read(Store.HOT) as session:
        report = session.get_one(Report, report_id)
    assert report.state == "failed"
    assert "no part in this patient's care" in (report.reason or "")


def test_ties_are_named_closest_first(patient: Patient) -> None:
    with databases.write() as session:
        doctor = make_account(session)
        assert care.tie(session, doctor.id, patient.id) is care.Tie.DUTY
        make_visit(session, patient, recorded_by=doctor.id, started_at=utc_now())
        assert care.tie(session, doctor.id, patient.id) is care.Tie.VISIT
        session.add(CareTeamMember(patient_id=patient.id, account_id=doctor.id))
        session.flush()
        assert care.tie(session, doctor.id, patient.id) is care.Tie.TEAM


def test_the_worklist_names_nobody_else(stranger: StaffBrowser, patient: Patient) -> None:
    with databases.write() as session:
        make_ready_report(session, patient, make_account(session))
    assert patient.name not in stranger.get("/reports").text
    break_glass(stranger, patient)
    assert patient.name in stranger.get("/reports").text


def test_an_admin_ends_and_begins_duty(
    clinician: StaffBrowser, signed_in: Callable[[Role], StaffBrowser], patient: Patient
) -> None:
    admin = signed_in(Role.ADMIN)
    assert seen(clinician, patient)
    duty = f"/accounts/{clinician.account.id}/duty"
    assert admin.post(f"{duty}/end", page="/accounts").status_code == 303
    assert not seen(clinician, patient)
    for words in ({}, {"reason": "short"}, {"reason": "x" * 401}):
        admin.post(f"{duty}/begin", words, page="/accounts")
        assert "Say why, in 10 to 400 characters" in admin.get("/accounts").text
        assert not seen(clinician, patient)
    why = {"reason": "Nights of the ward, this week"}
    assert admin.post(f"{duty}/begin", why, page="/accounts").status_code == 303
    assert seen(clinician, patient)
    assert events("chart.viewed")[-1].purpose == "duty cover: Nights of the ward, this week"
    assert "(“Nights of the ward, this week”)" in admin.get("/accounts").text
    assert [event.purpose for event in events("account.duty_begun")] == ["Nights of the ward, this week"]
    assert len(events("account.duty_ended")) == 1
    assert admin.post(f"/accounts/{admin.account.id}/duty/begin", why, page="/accounts").status_code == 404
    assert admin.post(f"{duty}/end", page="/accounts").status_code == 303
    assert "Nights of the ward" not in admin.get("/accounts").text


def test_neither_progress_nor_amendment_tells_of_a_report(stranger: StaffBrowser, patient: Patient) -> None:
    with databases.write() as session:
        report = reports.request(session, patient_id=patient.id, by=make_account(session))
    progress = stranger.get(f"/reports/{report.id}", headers={"HX-Request": "true"})
    assert progress.status_code == 403
    assert "drafting" not in progress.text.lower()
    known = stranger.post(f"/reports/{report.id}/amend", page="/patients/new")
    unknown = stranger.post("/reports/987654321/amend", page="/patients/new")
    assert known.status_code == unknown.status_code == 404


def test_a_broken_glass_takes_back_what_its_breaker_signed_and_nobody_elses(
    stranger: StaffBrowser, patient: Patient
) -> None:
    with databases.write() as session:
        theirs = make_ready_report(session, patient, author := make_account(session))
    sign_ready_report(theirs, author)
    assert break_glass(stranger, patient).status_code == 303
    path, page = f"/reports/{theirs.id}/withdraw", f"/reports/{theirs.id}/review"
    assert stranger.post(path, {"reason": "Of no use."}, page=page).status_code == 403
    with databases.write() as session:
        assert session.get_one(Report, theirs.id).state == ReportState.SIGNED
        session.execute(update(Account).where(Account.id == stranger.account.id).values(covers_all=True))
    assert stranger.post(path, {"reason": "Of no use."}, page=page).status_code == 303


def test_a_broken_glass_takes_back_an_own_signature(stranger: StaffBrowser, patient: Patient) -> None:
    assert break_glass(stranger, patient).status_code == 303
    with databases.write() as session:
        own = make_ready_report(session, patient, stranger.account)
    sign_ready_report(own, stranger.account)
    path, page = f"/reports/{own.id}/withdraw", f"/reports/{own.id}/review"
    assert stranger.post(path, {"reason": "Of no use."}, page=page).status_code == 303
