"""What can't be edited in its place is written anew beside it; rows of no visit are corrected too."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.interchange.fhir.exported_bundle import export_patient
from core.models import Correction, Note, Observation, Patient, Prescription, Role, Visit, utc_now
from core.queries import evidence
from core.queries.corrections import told
from core.queries.current_health import current_health
from core.services.corrected_values import local_minute
from core.stores import databases
from core.stores.databases import Store
from tests.factories import make_allergy, make_assay, make_condition
from tests.integration.staff.conftest import StaffBrowser
from tests.integration.staff.correcting import (
    WHY,
    act,
    assay,
    newest,
    old,
    picture_is_right,
    row_of,
    saved,
    take_out,
    visit_page,
)

__all__ = ["assay", "old", "saved"]


def test_an_archived_result_is_written_anew_and_both_name_each_other(
    clinician: StaffBrowser, patient: Patient, old: list[Observation], sync_replica: Callable[[], None]
) -> None:
    ref, visit_id = f"observation:{old[0].id}", old[0].visit_id or 0
    form = clinician.get(f"/patients/{patient.id}/rows/{ref.replace(':', '/')}/correct").text
    assert "Write it anew" in form
    assert "Edit it" not in form
    refused = act(clinician, patient, ref, "edit", value="7.4", edit_why=WHY, version="1")
    assert "write it anew" in refused.text
    assert act(clinician, patient, ref, "anew", value="8.4", edit_why=WHY, version="1").status_code == 422
    assert act(clinician, patient, ref, "anew", value="7.4", edit_why=WHY, version="9").status_code == 409
    assert newest(patient) == ["8.4"]
    assert act(clinician, patient, ref, "anew", value="7.4", edit_why=WHY, version="1").status_code == 303
    assert newest(patient) == ["7.4"]
    assert picture_is_right(patient)
    new = row_of(visit_id)
    assert (new.observed_at, new.unit, new.patient_id) == (old[0].observed_at, old[0].unit, patient.id)
    page = visit_page(clinician, patient, visit_id)
    assert "<del>8.4 %</del>" in page
    assert f'<a href="#observation-{new.id}">written anew</a>' in page
    assert f'It stands in place of<a href="#observation-{old[0].id}">' in page
    sync_replica()
    with databases.read(Store.REPLICA) as session:
        supplied = {row.ref for row in evidence.gather(session, patient.id) if row.type == "observation"}
    assert f"observation:{new.id}" in supplied
    assert ref not in supplied
    statuses = {
        str(one["valueQuantity"]["value"]): one["status"]
        for one in (entry["resource"] for entry in export_patient(patient.id)["entry"])
        if one["resourceType"] == "Observation"
    }
    assert (statuses["8.4"], statuses["7.4"]) == ("entered-in-error", "final")


def test_what_stands_in_its_place_must_go_before_it_counts_again(
    clinician: StaffBrowser, patient: Patient, old: list[Observation]
) -> None:
    ref = f"observation:{old[0].id}"
    act(clinician, patient, ref, "anew", value="7.4", edit_why=WHY, version="1")
    new = row_of(old[0].visit_id or 0)
    refused = act(clinician, patient, ref, "undo", undo_why="It was right after all.")
    assert "stands in its place" in refused.text
    assert newest(patient) == ["7.4"]
    assert take_out(clinician, patient, f"observation:{new.id}").status_code == 303
    assert act(clinician, patient, ref, "undo", undo_why="It was right after all.").status_code == 303
    assert newest(patient) == ["8.4"]
    assert picture_is_right(patient)


def test_another_test_is_chosen_for_a_result(clinician: StaffBrowser, patient: Patient, saved: int) -> None:
    with databases.write() as session:
        other = make_assay(session, code="2345-7", short_name="Glucose", unit="mmol/L")
    first = row_of(saved)
    data = {"value": "8.9", "assay": str(other.id), "edit_why": WHY, "version": "1"}
    assert act(clinician, patient, f"observation:{first.id}", "edit", **{**data, "assay": "99999"}).status_code == 422
    assert act(clinician, patient, f"observation:{first.id}", "edit", **data).status_code == 303
    with databases.read(Store.HOT) as session:
        rows = session.scalars(select(Observation).where(Observation.visit_id == saved).order_by(Observation.id)).all()
    assert [(row.assay_id, row.unit) for row in rows] == [(first.assay_id, "%"), (other.id, "mmol/L")]
    assert newest(patient) == ["8.9"]
    assert picture_is_right(patient)


def test_others_write_anew_in_their_own_name(
    signed_in: Callable[[Role], StaffBrowser], patient: Patient, saved: int
) -> None:
    other, first = signed_in(Role.CLINICIAN), row_of(saved, Note)
    reply = act(other, patient, f"note:{first.id}", "anew", text="Feels well.", edit_why=WHY, version="1")
    assert reply.status_code == 303, reply.text
    with databases.read(Store.HOT) as session:
        notes = session.scalars(select(Note).where(Note.visit_id == saved).order_by(Note.id)).all()
    assert [(note.text, note.author) for note in notes] == [
        ("Feels unwell.", first.author),
        ("Feels well.", other.account.name),
    ]
    # Its author is who wrote it, not who wrote the visit.
    form = other.get(f"/patients/{patient.id}/rows/note/{notes[1].id}/correct").text
    assert "You wrote it, and can edit it until" in form
    page = visit_page(other, patient, saved)
    assert "<del>Feels unwell.</del>" in page


def test_the_patient_is_told_of_a_correction_not_of_a_loss(
    clinician: StaffBrowser, patient: Patient, saved: int
) -> None:
    act(clinician, patient, f"observation:{row_of(saved).id}", "anew", value="8.9", edit_why=WHY, version="1")
    with databases.read(Store.HOT) as session:
        assert [(one.kind, one.is_out) for one in told(session, patient.id)] == [("observation", False)]


def test_a_visits_times_are_edited_and_what_was_written_with_it_moves_along(
    clinician: StaffBrowser, patient: Patient, saved: int
) -> None:
    with databases.write() as session:
        was = session.get_one(Visit, saved)
        local_day = local_minute(was.started_at)[:10]
        session.scalars(select(Prescription)).one().started_on = date.fromisoformat(local_day)
    began, ended = was.started_at - timedelta(days=3), was.started_at - timedelta(days=3, minutes=-20)
    data = {"description": was.description, "edit_why": WHY, "version": "1"}
    ref, future = f"visit:{saved}", local_minute(utc_now() + timedelta(days=2))
    for began_as, ended_as in (
        (future, future),
        (local_minute(began), "x"),
        (local_minute(began), local_minute(began - timedelta(hours=1))),
    ):
        wrong = {"started_at": began_as, "ended_at": ended_as}
        assert act(clinician, patient, ref, "edit", **data, **wrong).status_code == 422
    right = {"started_at": local_minute(began), "ended_at": local_minute(ended)}
    assert act(clinician, patient, ref, "edit", **data, **right).status_code == 303
    began = began.replace(second=0, microsecond=0)
    with databases.read(Store.HOT) as session:
        visit = session.get_one(Visit, saved)
        assert (visit.started_at, visit.ended_at) == (began, ended.replace(second=0, microsecond=0))
        assert session.scalars(select(Observation.observed_at)).one() == began
        assert session.scalars(select(Note.written_at)).one() == began
        days = session.scalars(select(Prescription.started_on)).one()
        kinds = set(session.scalars(select(Correction.row_type)))
    assert local_minute(began).startswith(str(days))
    assert kinds == {"visit", "observation", "note", "prescription"}
    assert picture_is_right(patient)
    assert "began<del>" in visit_page(clinician, patient, saved)


def add_note(session: Session, patient: Patient) -> Note:
    note = Note(patient_id=patient.id, kind="Latex", text="Itches.", written_at=utc_now())
    session.add(note)
    session.flush()
    return note


@pytest.mark.parametrize("table", ["allergy", "condition", "note"])
def test_a_row_of_no_visit_is_taken_out_and_put_back(
    clinician: StaffBrowser, patient: Patient, table: str, sync_replica: Callable[[], None]
) -> None:
    makers = {
        "allergy": lambda session: make_allergy(session, patient, substance="Latex"),
        "condition": lambda session: make_condition(session, patient, name="Latex", visit_id=None),
        "note": lambda session: add_note(session, patient),
    }
    with databases.write() as session:
        row_id = makers[table](session).id
    chart, ref = f"/patients/{patient.id}", f"{table}:{row_id}"
    links = f'href="/patients/{patient.id}/rows/{table}/{row_id}/correct"'
    assert links in clinician.get(chart).text
    assert act(clinician, patient, ref, "add", addendum="Told by the daughter.").status_code == 303
    assert take_out(clinician, patient, ref).status_code == 303
    assert "Latex" not in clinician.get(chart).text
    with databases.read(Store.HOT) as session:
        assert all(row.ref != ref for row in evidence.gather(session, patient.id))
    page = clinician.get(f"/patients/{patient.id}/rows/{table}/{row_id}/correct").text
    assert re.search(r"<del>.*Latex", page, re.DOTALL)
    assert act(clinician, patient, ref, "undo", undo_why="It was right after all.").status_code == 303
    assert "Latex" in clinician.get(chart).text


def test_an_allergy_that_was_entered_in_error_is_asked_about_no_more_and_exported_as_such(
    clinician: StaffBrowser, patient: Patient, sync_replica: Callable[[], None]
) -> None:
    with databases.write() as session:
        allergy = make_allergy(session, patient, substance="Latex")
    assert take_out(clinician, patient, f"allergy:{allergy.id}").status_code == 303
    sync_replica()
    with databases.read(Store.HOT) as session:
        health = current_health(session, patient.id)
    assert health is not None
    assert health.allergies == ()
    found = [entry["resource"] for entry in export_patient(patient.id)["entry"]]
    (told,) = [one for one in found if one["resourceType"] == "AllergyIntolerance" and one["code"]["text"] == "Latex"]
    assert told["verificationStatus"]["coding"][0]["code"] == "entered-in-error"
    assert "clinicalStatus" not in told
