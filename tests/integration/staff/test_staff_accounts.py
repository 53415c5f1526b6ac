"""Accounts made, closed and opened by an admin, and the audit trail as its auditor searches it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from core import audit
from core.models import AccessEvent, Account, Patient, utc_now
from core.queries import audit_trail
from core.queries.audit_trail import Wanted
from core.services import archive, set_up_codes
from core.services.made_up import made_up
from core.stores import databases
from core.stores.databases import Store
from tests.integration.staff.conftest import StaffBrowser
from tests.tiers import Tiers
from workers.archive import driver

NEW = {"role": "clinician", "username": "nair", "name": "Dr Nair"}


def accounts(username: str) -> list[Account]:
    with databases.read(Store.HOT) as session:
        return list(session.scalars(select(Account).where(Account.username == username)))


FAULTS = [
    ({"role": ""}, "Choose a role"),
    ({"username": ""}, "Enter a user name"),
    ({"name": ""}, "Enter the person"),
    ({"role": "patient", "patient_id": "4711"}, "There is no patient 4711"),
    ({"patient_id": "1"}, "Only a patient&#39;s account belongs to a patient"),
    ({"practitioner_id": "4711"}, "Choose a practitioner from the list"),
]


def test_a_fault_makes_no_account(admin: StaffBrowser) -> None:
    for changes, message in FAULTS:
        reply = admin.post("/accounts/new", {**NEW, **changes}, page="/accounts/new")
        assert reply.status_code == 422, changes
        assert message in reply.text, changes
    assert accounts("nair") == []


def of(patient: Patient) -> dict[str, str]:
    """The number, year of birth and confirmation of who is meant."""
    return {"patient_id": str(patient.id), "born": "1961", "sure": str(patient.id)}


def test_whose_account_it_is_is_shown_before_it_is_made(admin: StaffBrowser, patient: Patient) -> None:
    form = {"role": "patient", "username": "tan", "name": "", **of(patient)}
    for changes, status, words in (
        ({"sure": ""}, 200, "Patient 1 is <b>Tan Mei Ling</b>, born 1961. Nothing is done yet."),
        ({"sure": "", "born": "1962"}, 422, "The year of birth is not that of patient 1"),
        ({"born": ""}, 422, "The year of birth is not that of patient 1"),
    ):
        reply = admin.post("/accounts/new", {**form, **changes}, page="/accounts/new")
        assert (reply.status_code, words in reply.text) == (status, True), changes
    assert accounts("tan") == []


def test_a_patients_account_takes_the_patients_name(admin: StaffBrowser, patient: Patient) -> None:
    admin.post(
        "/accounts/new",
        {"role": "patient", "username": "tan", "name": "", **of(patient)},
        page="/accounts/new",
    )
    assert [(account.name, account.patient_id) for account in accounts("tan")] == [("Tan Mei Ling", patient.id)]


def test_a_patient_has_one_account(admin: StaffBrowser, patient: Patient) -> None:
    form = {"role": "patient", "name": "", **of(patient)}
    assert admin.post("/accounts/new", {**form, "username": "tan"}, page="/accounts/new").status_code == 200
    again = admin.post("/accounts/new", {**form, "username": "tan2"}, page="/accounts/new")
    assert again.status_code == 422
    assert "has an account already" in again.text
    assert accounts("tan2") == []


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_the_ends_of_the_calendar_are_no_days_of_the_trail(auditor: StaffBrowser, day: str) -> None:
    for name in ("since", "until"):
        reply = auditor.get(f"/audit?{name}={day}")
        assert reply.status_code == 422
        assert "Enter a day such as" in reply.text


def test_a_taken_name_is_refused(admin: StaffBrowser) -> None:
    admin.post("/accounts/new", NEW, page="/accounts/new")
    reply = admin.post("/accounts/new", NEW, page="/accounts/new")
    assert reply.status_code == 422
    assert "is taken" in reply.text


def test_closing_an_account_ends_its_sign_ins_at_once(admin: StaffBrowser, clinician: StaffBrowser) -> None:
    assert clinician.get("/patients").status_code == 200
    admin.post(f"/accounts/{clinician.account.id}/close", page="/accounts/new")
    assert clinician.get("/patients").status_code == 303
    admin.post(f"/accounts/{clinician.account.id}/open", page="/accounts/new")
    assert accounts(clinician.account.username)[0].active


def test_nobody_closes_their_own_account(admin: StaffBrowser) -> None:
    admin.post(f"/accounts/{admin.account.id}/close", page="/accounts/new")
    assert accounts(admin.account.username)[0].active
    assert admin.post("/accounts/4711/close", page="/accounts/new").status_code == 404


def test_codes_are_long_and_never_alike() -> None:
    made = {made_up(set_up_codes.GROUPS, set_up_codes.GROUP_LENGTH) for _ in range(200)}
    assert len(made) == 200
    assert all(re.fullmatch(r"([a-hjkmnp-z2-9]{5}-){4}[a-hjkmnp-z2-9]{5}", code) for code in made)


def make_events(patient: Patient, by: Any) -> None:
    now = utc_now()
    with databases.write() as session:
        audit.record(session, "chart.viewed", by=by, patient_id=patient.id, at=now - timedelta(days=3))
        audit.record(session, "report.signed", by=by, patient_id=patient.id, at=now - timedelta(days=2))
        audit.record(session, "report.viewed", by=None, outcome="deny", at=now - timedelta(days=1))


def test_the_auditor_filters_the_trail(auditor: StaffBrowser, clinician: StaffBrowser, patient: Patient) -> None:
    make_events(patient, clinician.account)
    day = (utc_now() - timedelta(days=2)).date()
    for filters, shown, hidden in (
        ({"patient": patient.id}, {"chart.viewed", "report.signed"}, {"report.viewed"}),
        ({"action": "report"}, {"report.signed", "report.viewed"}, {"chart.viewed"}),
        ({"action": "report.signed"}, {"report.signed"}, {"report.viewed"}),
        ({"outcome": "deny"}, {"report.viewed"}, {"report.signed"}),
        ({"person": clinician.account.name.lower(), "action": "chart"}, {"chart.viewed"}, {"report.signed"}),
        ({"until": day - timedelta(days=3), "action": "report"}, set(), {"report.signed", "report.viewed"}),
    ):
        page = auditor.get("/audit", query_string=filters)
        assert page.status_code == 200
        body = page.text.split("<tbody>")[-1] if "<tbody>" in page.text else ""
        for action in shown:
            assert action in body, (filters, action)
        for action in hidden:
            assert action not in body, (filters, action)


def test_searching_the_trail_is_itself_in_it(auditor: StaffBrowser) -> None:
    auditor.get("/audit")
    with databases.read(Store.HOT) as session:
        query = select(AccessEvent).where(AccessEvent.action == "audit.searched")
        assert session.scalars(query).one().account_id == auditor.account.id


def test_what_can_not_be_a_filter_is_named(auditor: StaffBrowser) -> None:
    for filters in ({"patient": "x"}, {"since": "yesterday"}, {"until": "2026-13-01"}):
        assert auditor.get("/audit", query_string=filters).status_code == 422
    assert auditor.get("/audit", query_string={"after": "x"}).status_code == 400


def test_pages_of_the_trail_show_every_event_once(database: Any, patient: Patient) -> None:
    moment = utc_now()
    with databases.write() as session:
        for number in range(23):
            audit.record(
                session, "chart.viewed", by=None, patient_id=patient.id, at=moment - timedelta(seconds=number // 5)
            )
    seen, after = [], None
    with databases.read(Store.HOT) as session:
        while True:
            page = audit_trail.search(session, Wanted(action="chart"), after=after, limit=4)
            seen += [event.id for event in page.events]
            after = page.next
            if after is None:
                break
    assert len(seen) == len(set(seen)) == 23


def test_operations_show_real_figures_to_admins_and_auditors(admin: StaffBrowser, auditor: StaffBrowser) -> None:
    for browser in (admin, auditor):
        page = browser.get("/operations").text
        assert "Replica" in page
        assert "No model has been called yet." in page


def test_a_heavy_page_waits_for_the_replica_and_then_says_so(
    auditor: StaffBrowser, database: Any, tiers: Tiers
) -> None:
    databases.configure(database.model_copy(update={"replica_wait_seconds": 0.1}))
    tiers.replica.stop()
    auditor.sync = lambda: None
    reply = auditor.get("/audit")
    assert reply.status_code == 503
    assert "We are catching up" in reply.text


def test_archived_events_are_found_and_a_silent_archive_is_a_named_gap(
    auditor: StaffBrowser, patient: Patient, tiers: Tiers
) -> None:
    with databases.write() as session:
        audit.record(session, "chart.viewed", by=None, patient_id=patient.id, at=utc_now() - timedelta(days=30))
        run = archive.start_run(session, record_type="log", by=None)
    driver.drive(run.id)
    page = auditor.get("/audit", query_string={"action": "chart"}).text
    assert page.count("chart.viewed") == 1
    assert '<span class="tag">archive</span>' in page
    tiers.of["logs"].stop()
    page = auditor.get("/audit", query_string={"action": "chart"}).text
    assert "Older events can&#39;t be shown right now" in page
