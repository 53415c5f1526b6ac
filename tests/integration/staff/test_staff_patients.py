"""Finding, registering and reading a patient."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from core.models import AccessEvent, Holding, Patient
from core.queries import patients
from core.queries.patient_search import Wanted
from core.stores import databases
from core.stores.databases import Store
from tests.factories import (
    NOW,
    make_allergy,
    make_assay,
    make_condition,
    make_observation,
    make_patient,
    make_prescription,
    make_visit,
)
from tests.integration.staff.conftest import StaffBrowser
from tests.tiers import Tiers

NEW = {"name": "Lim Wei", "national_id": "S1234567D", "sex": "male", "birth_on": "1980-02-03"}


def events(action: str) -> list[AccessEvent]:
    with databases.read(Store.HOT) as session:
        return list(session.scalars(select(AccessEvent).where(AccessEvent.action == action)))


def test_a_patient_is_found(clinician: StaffBrowser, patient: Patient) -> None:
    with databases.write() as session:
        make_patient(session, name="Lim Boon Keng", birth_on=date(1970, 1, 1))
    for text in ["tan", "mei l", "ling tan", "S1234567D", "s1234567d", "14/3/1961", "tan 14 Mar 1961"]:
        page = clinician.get("/patients", query_string={"q": text})
        assert "Tan Mei Ling" in page.text, text
        assert "Lim Boon Keng" not in page.text, text


def test_hits_show_a_masked_number_and_the_search_is_recorded_without_its_text(
    clinician: StaffBrowser, patient: Patient
) -> None:
    page = clinician.get("/patients", query_string={"q": "tan"})
    assert "S••••567D" in page.text
    assert "S1234567D" not in page.text
    assert [event.target for event in events("patient.searched")] == ["search:name"]


def test_what_fits_nobody_finds_nobody(clinician: StaffBrowser, patient: Patient) -> None:
    for text in ["nobody", "S7654321A", "%", "_", "' OR 1=1 --", "\x00", "1" * 300]:
        page = clinician.get("/patients", query_string={"q": text})
        assert page.status_code == 200, text
        assert "Tan Mei Ling" not in page.text, text


def test_pages_of_hits_show_everyone_once(database: Any) -> None:
    with databases.write() as session:
        for number in range(30):
            make_patient(session, name="Tan Ah" if number % 3 else f"Wong Tan {number % 2}")
    seen, after = [], None
    with databases.read(Store.HOT) as session:
        while True:
            page = patients.search(session, Wanted(words=("tan",)), reader=0, after=after, limit=7)
            seen += [hit.id for hit in page.hits]
            after = page.next
            if after is None:
                break
    assert len(seen) == len(set(seen)) == 30


def test_a_made_up_cursor_is_refused(clinician: StaffBrowser) -> None:
    for cursor in ["x", "0.x.tan", "0.99999999999999999999.tan"]:
        assert clinician.get("/patients", query_string={"q": "tan", "after": cursor}).status_code == 400, cursor


def test_a_patient_is_registered(clinician: StaffBrowser) -> None:
    reply = clinician.post("/patients/new", NEW, page="/patients/new")
    assert reply.status_code == 303, reply.text
    assert "Lim Wei" in clinician.get(reply.headers["Location"]).text
    (event,) = events("patient.registered")
    assert event.account_id == clinician.account.id


FAULTS = [
    ("national_id", "S1234567E", "The last letter does not fit the digits"),
    ("national_id", "12", "seven digits and a letter"),
    ("name", " ", "Enter the patient&#39;s name"),
    ("name", "Lim\u202eieW", "U+202E"),
    ("name", "x" * 201, "Shorten this to 200 characters"),
    ("sex", "?", "Choose a sex"),
    ("birth_on", "2999-01-01", "not in the future"),
    ("birth_on", "1980-02-31", "Enter a day of the calendar, such as"),
    ("birth_on", "", "Enter the birth date"),
]


def test_a_fault_is_named_at_its_field_and_the_rest_is_kept(clinician: StaffBrowser) -> None:
    for field, value, message in FAULTS:
        reply = clinician.post("/patients/new", {**NEW, "phone": "6123 4567", field: value}, page="/patients/new")
        assert reply.status_code == 422, (field, value)
        assert message in reply.text, (field, value)
        assert f'href="#{field}"' in reply.text, (field, value)
        assert "6123 4567" in reply.text, (field, value)
    with databases.read(Store.HOT) as session:
        assert session.scalars(select(Patient)).all() == []


def test_the_same_person_is_not_registered_twice(clinician: StaffBrowser, patient: Patient) -> None:
    reply = clinician.post("/patients/new", NEW, page="/patients/new")
    assert reply.status_code == 422
    assert "registered already" in reply.text
    with databases.read(Store.HOT) as session:
        told = session.scalars(select(AccessEvent).where(AccessEvent.action == "patient.searched")).one()
    # Whoever is told so knows of a patient, as by a search; this clinician is on duty.
    assert (told.target, told.purpose) == ("search:registration", f"in care {patient.id}")


def test_the_chart_shows_what_matters_and_the_look_is_recorded(clinician: StaffBrowser, patient: Patient) -> None:
    with databases.write() as session:
        visit = make_visit(session, patient)
        earlier = make_visit(session, patient, started_at=NOW - timedelta(days=90), description="Check")
        assay = make_assay(session)
        make_observation(session, earlier, assay, "8.1")
        make_observation(session, visit, assay, "8.9")
        make_allergy(session, patient)
        make_condition(session, patient)
        make_prescription(session, patient)
    page = clinician.get(f"/patients/{patient.id}")
    for words in (
        "Tan Mei Ling",
        "Allergy: Penicillin",
        "Metformin",
        "Type 2 diabetes",
        "8.9",
        "high",
        "rising",
        "2 visits",
    ):
        assert words in page.text, words
    (event,) = events("chart.viewed")
    assert (event.patient_id, event.outcome) == (patient.id, "allow")


def test_a_patient_who_is_not_there_is_404(clinician: StaffBrowser) -> None:
    assert clinician.get("/patients/4711").status_code == 404
    assert clinician.get("/patients/99999999999999999999").status_code == 404


def test_hostile_text_is_shown_as_text(clinician: StaffBrowser) -> None:
    with databases.write() as session:
        hostile = make_patient(session, name="<script>alert(1)</script>")
        make_allergy(session, hostile, substance="<img src=x onerror=alert(1)>")
    page = clinician.get(f"/patients/{hostile.id}").text
    assert "<script>alert" not in page
    assert "<img src=x" not in page


def test_a_silent_archive_is_a_named_gap(clinician: StaffBrowser, patient: Patient, tiers: Tiers) -> None:
    with databases.write() as session:
        make_visit(session, patient)
        times = {"first_at": datetime(2023, 1, 5, tzinfo=UTC), "last_at": datetime(2025, 2, 5, tzinfo=UTC)}
        session.add(Holding(patient_id=patient.id, record_type="visit", server="visits", roots=12, rows=40, **times))
    chart = clinician.get(f"/patients/{patient.id}").text
    assert "12 visits of 2023 to 2025 are archived" in chart
    assert f'href="/patients/{patient.id}/history?kind=visits"' in chart
    tiers.of["visits"].stop()
    page = clinician.get(f"/patients/{patient.id}/history?kind=visits&year=2025").text
    assert "12 older visits from January 2023 to February 2025" in page
    assert "Diabetes review" in clinician.get(f"/patients/{patient.id}/history?kind=visits").text


def test_the_address_of_the_old_list_leads_to_the_visits_of_the_history(
    clinician: StaffBrowser, patient: Patient
) -> None:
    reply = clinician.get(f"/patients/{patient.id}/visits?archived=1")
    assert (reply.status_code, reply.headers["Location"]) == (301, f"/patients/{patient.id}/history?kind=visits")
