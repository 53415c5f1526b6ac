"""A row that was entered in error counts no longer, in whatever tier, until that is undone."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select

from core.models import (
    AccessEvent,
    Assay,
    Observation,
    Patient,
)
from core.queries import evidence
from core.queries.results import trend
from core.stores import databases
from core.stores.databases import Store
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
