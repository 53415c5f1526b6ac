"""A saved row is edited by its author, added to, or marked as entered in error, in whatever tier; all is kept."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from core.interchange.fhir.exported_bundle import export_patient
from core.models import (
    AccessEvent,
    Account,
    Assay,
    GlassBreak,
    Observation,
    Patient,
    Role,
    SensitiveVisit,
    Visit,
    VisitTie,
    utc_now,
)
from core.picture import rebuild
from core.queries import evidence
from core.queries.latest_results import latest_results
from core.queries.results import trend
from core.services.observation_rows import NewObservation
from core.services.prescription_rows import NewPrescription
from core.services.visit_rows import NewVisit
from core.services.visits import record_visit
from core.stores import databases
from core.stores.databases import Store
from tests.factories import make_account, make_assay, make_observation, make_visit
from tests.integration.staff.conftest import StaffBrowser
from tests.integration.web.conftest import move_to_archive

WHY = "The decimal point was left out."
BEGAN, ENDED = "2024-03-01T09:00", "2024-03-01T09:30"


@pytest.fixture
def assay(database: Any) -> Assay:
    with databases.write() as session:
        return make_assay(session)


@pytest.fixture
def saved(clinician: StaffBrowser, patient: Patient, assay: Assay) -> int:
    """A visit that the clinician wrote: HbA1c 18.9, a note and a medicine; the picture is right."""
    new = NewVisit(
        "Diabetes review", "AMB", utc_now() - timedelta(hours=1), note="Feels unwell.",
        observations=(NewObservation(assay.id, "18.9"),),
        prescriptions=(NewPrescription("Warfarin 5 mg", "1 tablet", "daily"),),
    )  # fmt: skip
    with databases.write() as session:
        by = session.get_one(Account, clinician.account.id)
        visit_id = record_visit(session, patient_id=patient.id, new=new, token="t" * 16, by=by)
    rebuild.rebuild_all()
    return visit_id


@pytest.fixture
def old(patient: Patient, assay: Assay, sync_replica: Callable[[], None]) -> list[Observation]:
    """HbA1c 8.4, 8.3, 8.2, 8.1 and 8.0 of old visits, the newest first, in the archive."""
    with databases.write() as session:
        made = []
        for number in range(5):
            visit = make_visit(session, patient, started_at=utc_now() - timedelta(days=300 + number * 10))
            made.append(make_observation(session, visit, assay, f"8.{4 - number}"))
    rebuild.rebuild_all()
    move_to_archive()
    sync_replica()
    return made


def act(browser: StaffBrowser, patient: Patient, ref: str, verb: str, **data: str) -> Any:
    path = f"/patients/{patient.id}/rows/{ref.replace(':', '/')}"
    return browser.post(f"{path}/{verb}", data, page=f"{path}/correct")


def take_out(browser: StaffBrowser, patient: Patient, ref: str) -> Any:
    return act(browser, patient, ref, "error", error_why=WHY, sure="1")


def row_of(visit_id: int, model: type[Any] = Observation) -> Any:
    with databases.read(Store.HOT) as session:
        return session.scalars(select(model).where(model.visit_id == visit_id).order_by(model.id)).first()


def newest(patient: Patient) -> list[str]:
    with databases.read(Store.HOT) as session:
        return [str(item.result.value_number.normalize()) for item in latest_results(session, patient.id).shown]  # type: ignore[union-attr]


def picture_is_right(patient: Patient) -> bool:
    return rebuild.stale() == [] and rebuild.differences([patient.id]) == []


def visit_page(browser: StaffBrowser, patient: Patient, visit_id: int) -> str:
    reply = browser.get(f"/patients/{patient.id}/visits/{visit_id}")
    assert reply.status_code == 200
    return re.sub(r"\s*(<[^>]+>)\s*", r"\1", " ".join(reply.text.split()))


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


def test_a_result_entered_in_error_counts_no_longer_until_that_is_undone(
    clinician: StaffBrowser, patient: Patient, saved: int, assay: Assay
) -> None:
    ref = f"observation:{row_of(saved).id}"
    assert "Tick that this" in act(clinician, patient, ref, "error", error_why=WHY).text
    assert take_out(clinician, patient, ref).status_code == 303
    assert newest(patient) == []
    assert picture_is_right(patient)
    page = visit_page(clinician, patient, saved)
    assert "<del>18.9 %</del>" in page
    assert "entered in error" in page
    assert WHY in page
    assert clinician.get(f"/patients/{patient.id}/results/{assay.id}").status_code == 404
    assert "before" in take_out(clinician, patient, ref).text
    assert act(clinician, patient, ref, "undo", undo_why="It was right after all.").status_code == 303
    assert newest(patient) == ["18.9"]
    assert picture_is_right(patient)
    assert "undone since" in visit_page(clinician, patient, saved)
    with databases.read(Store.HOT) as session:
        kinds = set(session.scalars(select(AccessEvent.action).where(AccessEvent.target == ref)))
    assert {"record.entered_in_error", "record.reinstated"} <= kinds


def test_an_archived_result_is_taken_out_without_a_write_to_any_archive(
    clinician: StaffBrowser, patient: Patient, assay: Assay, old: list[Observation], sync_replica: Callable[[], None]
) -> None:
    assert newest(patient) == ["8.4"]
    for row, left in ((old[0], "8.3"), (old[2], "8.3")):
        assert take_out(clinician, patient, f"observation:{row.id}").status_code == 303
        assert newest(patient) == [left]
        assert picture_is_right(patient)
    sync_replica()
    with databases.read(Store.REPLICA) as session:
        found = trend(session, patient.id, assay.id, with_archived=True)
        assert found is not None
        assert [str(one.value_number.normalize()) for one in found.results] == ["8", "8.1", "8.3"]  # type: ignore[union-attr]
        supplied = {row.ref for row in evidence.gather(session, patient.id) if row.type == "observation"}
    assert supplied == {f"observation:{old[number].id}" for number in (1, 3, 4)}
    page = visit_page(clinician, patient, old[0].visit_id or 0)
    assert "<del>8.4 %</del>" in page
    assert act(clinician, patient, f"observation:{old[0].id}", "undo", undo_why="It was right.").status_code == 303
    assert newest(patient) == ["8.4"]
    assert picture_is_right(patient)


def test_with_a_visit_goes_what_was_written_at_it_and_comes_back_with_it(
    clinician: StaffBrowser, patient: Patient, saved: int
) -> None:
    ref = f"visit:{saved}"
    assert take_out(clinician, patient, ref).status_code == 303
    assert newest(patient) == []
    assert picture_is_right(patient)
    chart = clinician.get(f"/patients/{patient.id}").text
    assert "Warfarin" not in chart
    assert "Diabetes review" not in chart
    with databases.read(Store.HOT) as session:
        assert {row.type for row in evidence.gather(session, patient.id)} == {"patient"}
    page = visit_page(clinician, patient, saved)
    assert "<del>Diabetes review</del>" in page
    child = act(clinician, patient, f"observation:{row_of(saved).id}", "undo", undo_why="It was right after all.")
    assert "undo that at the visit" in child.text
    assert act(clinician, patient, ref, "undo", undo_why="It was right after all.").status_code == 303
    assert newest(patient) == ["18.9"]
    assert picture_is_right(patient)
    assert "Warfarin" in clinician.get(f"/patients/{patient.id}").text


def test_an_archived_visit_is_taken_out_and_its_count_with_it(
    clinician: StaffBrowser, patient: Patient, old: list[Observation]
) -> None:
    assert take_out(clinician, patient, f"visit:{old[0].visit_id}").status_code == 303
    assert newest(patient) == ["8.3"]
    assert picture_is_right(patient)
    assert "4 visits" in clinician.get(f"/patients/{patient.id}/history?kind=visits").text
    assert act(clinician, patient, f"visit:{old[0].visit_id}", "undo", undo_why="It was right.").status_code == 303
    assert newest(patient) == ["8.4"]
    assert picture_is_right(patient)


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
