"""A saved row is edited by its author and added to; others take out and edit nobody's words; all is kept."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from core.interchange.fhir.exported_bundle import export_patient
from core.models import (
    AccessEvent,
    Account,
    GlassBreak,
    Observation,
    Patient,
    Role,
    SensitiveVisit,
    Visit,
    VisitTie,
    utc_now,
)
from core.stores import databases
from core.stores.databases import Store
from tests.factories import make_account
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
BEGAN, ENDED = "2024-03-01T09:00", "2024-03-01T09:30"


def test_its_author_edits_a_value_and_the_old_one_is_kept_struck_through(
    clinician: StaffBrowser, patient: Patient, saved: int
) -> None:
    row = row_of(saved)
    ref = f"observation:{row.id}"
    assert newest(patient) == ["18.9"]
    reply = act(clinician, patient, ref, "edit", value="8.9", edit_why=WHY, version="1")
    assert reply.status_code == 303, reply.text
    assert newest(patient) == ["8.9"]
    assert picture_is_right(patient)
    page = visit_page(clinician, patient, saved)
    assert "<b>8.9 %</b>" in page
    assert "value<del>18.9</del>" in page
    assert f"Edited by {clinician.account.name}" in page
    assert WHY in page
    with databases.read(Store.HOT) as session:
        event = session.scalars(select(AccessEvent).where(AccessEvent.action == "record.edited")).one()
    assert (event.target, event.purpose, event.account_id) == (ref, WHY, clinician.account.id)


@pytest.mark.parametrize(
    ("typed", "was"),
    [
        ({"text": "Feels well."}, "<del>Feels unwell.</del>"),
        ({"medication": "Warfarin 5 mg", "dose": "half", "frequency": "daily"}, "<del>1 tablet</del>"),
        ({"description": "Foot review", "started_at": BEGAN, "ended_at": ENDED}, "<del>Diabetes review</del>"),
    ],
    ids=["note", "prescription", "visit"],
)
def test_a_note_a_medicine_and_a_visit_are_edited_alike(
    clinician: StaffBrowser, patient: Patient, saved: int, typed: dict[str, str], was: str
) -> None:
    page = visit_page(clinician, patient, saved)
    model = {"text": "note", "medication": "prescription", "description": "visit"}[next(iter(typed))]
    (row_id,) = set(re.findall(rf"/{model}/(\d+)/correct", page))
    reply = act(clinician, patient, f"{model}:{row_id}", "edit", edit_why=WHY, version="1", **typed)
    assert reply.status_code == 303, reply.text
    page = visit_page(clinician, patient, saved)
    assert was in page
    assert all(value in page for name, value in typed.items() if not name.endswith("_at"))


def test_an_edit_is_refused_if_the_row_changed_meanwhile_or_the_value_can_not_be(
    clinician: StaffBrowser, patient: Patient, saved: int
) -> None:
    ref = f"observation:{row_of(saved).id}"
    assert "was changed since" in act(clinician, patient, ref, "edit", value="8", edit_why=WHY, version="7").text
    assert "as a number" in act(clinician, patient, ref, "edit", value="x", edit_why=WHY, version="1").text
    assert "Say why" in act(clinician, patient, ref, "edit", value="8", edit_why="typo", version="1").text
    assert "it says already" in act(clinician, patient, ref, "edit", value="18.9", edit_why=WHY, version="1").text
    assert newest(patient) == ["18.9"]


def test_after_the_window_its_author_adds_and_edits_no_more(
    clinician: StaffBrowser, patient: Patient, saved: int
) -> None:
    with databases.write() as session:
        session.execute(update(VisitTie).values(recorded_at=utc_now() - timedelta(hours=25)))
    ref = f"observation:{row_of(saved).id}"
    assert "Edit it" not in clinician.get(f"/patients/{patient.id}/rows/{ref.replace(':', '/')}/correct").text
    assert act(clinician, patient, ref, "edit", value="8.9", edit_why=WHY, version="1").status_code == 409
    assert newest(patient) == ["18.9"]
    assert act(clinician, patient, ref, "add", addendum="").status_code == 422
    assert act(clinician, patient, ref, "add", addendum="The sample was haemolysed.").status_code == 303
    page = visit_page(clinician, patient, saved)
    assert "The sample was haemolysed." in page
    assert f"Addendum by {clinician.account.name}" in page
    assert f'href="#{ref.replace(":", "-")}">to what it adds' in page


def test_others_add_and_take_out_but_edit_nobodys_words(
    clinician: StaffBrowser, signed_in: Callable[[Role], StaffBrowser], patient: Patient, saved: int
) -> None:
    other, ref = signed_in(Role.CLINICIAN), f"observation:{row_of(saved).id}"
    assert act(other, patient, ref, "edit", value="8.9", edit_why=WHY, version="1").status_code == 409
    with databases.write() as session:
        session.get_one(Account, other.account.id).covers_all = False
        session.add(
            GlassBreak(
                account_id=other.account.id, patient_id=patient.id, reason="An emergency.",
                expires_at=utc_now() + timedelta(hours=1),
            )
        )  # fmt: skip
    reply = take_out(other, patient, ref)
    assert reply.status_code == 409
    assert "You are not allowed to correct what others wrote" in reply.text
    assert newest(patient) == ["18.9"]
    with databases.write() as session:
        session.get_one(Account, other.account.id).covers_all = True
    assert take_out(other, patient, ref).status_code == 303
    assert newest(patient) == []


def test_a_row_of_a_visit_that_is_kept_apart_and_of_another_patient_is_out_of_reach(
    clinician: StaffBrowser, patient: Patient, old: list[Observation]
) -> None:
    with databases.write() as session:
        other = make_account(session)
        session.add(SensitiveVisit(visit_id=old[0].visit_id, patient_id=patient.id, category="S", set_by=other.id))
    path = f"/patients/{patient.id}/rows/observation/{old[0].id}"
    assert clinician.get(f"{path}/correct").status_code == 403
    assert clinician.post(f"{path}/error", {"error_why": WHY, "sure": "1"}).status_code == 403
    assert clinician.get(f"/patients/{patient.id}/rows/observation/{old[0].id + 10_000}/correct").status_code == 404


def test_fhir_says_that_a_row_was_corrected_or_entered_in_error(
    clinician: StaffBrowser, patient: Patient, saved: int, old: list[Observation], sync_replica: Callable[[], None]
) -> None:
    row = row_of(saved)
    act(clinician, patient, f"observation:{row.id}", "edit", value="8.9", edit_why=WHY, version="1")
    take_out(clinician, patient, f"observation:{old[0].id}")
    take_out(clinician, patient, f"visit:{old[1].visit_id}")
    sync_replica()
    resources = [entry["resource"] for entry in export_patient(patient.id)["entry"]]
    values = {one["valueQuantity"]["value"]: one["status"] for one in resources if one["resourceType"] == "Observation"}
    shown = {str(value): status for value, status in values.items()}
    assert shown == {
        "8.9": "corrected", "8.4": "entered-in-error", "8.3": "entered-in-error", "8.2": "final", "8.1": "final",
        "8": "final",
    }  # fmt: skip
    statuses = [one["status"] for one in resources if one["resourceType"] == "Encounter"]
    assert statuses.count("entered-in-error") == 1
    with databases.read(Store.HOT) as session:
        assert session.scalars(select(Visit).where(Visit.id == old[1].visit_id)).all() == []
