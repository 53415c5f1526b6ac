"""Rows that come late to an archived visit join it in the archive, and are seen once all the way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text, update

from core.archiving import late_roots
from core.models import (
    ArchiveRun,
    Assay,
    Batch,
    Holding,
    LateRoot,
    Note,
    Observation,
    Patient,
    Prescription,
    RunState,
    Visit,
)
from core.models.record_types import VISIT
from core.queries import visits
from core.services import archive_restore as restores
from core.stores import databases
from core.stores.databases import Store
from tests.integration.archive.conftest import NOW, PATIENTS, run_to_end, seen, start
from tests.integration.archive.test_restore import everything
from workers.archive import driver, stragglers


def oldest_visit(patient_id: int) -> int:
    with databases.read(Store.HOT) as session:
        query = select(Visit.id).where(Visit.patient_id == patient_id).order_by(Visit.ended_at)
        return session.scalars(query).first() or 0


def late_result(patient_id: int, visit_id: int) -> int:
    with databases.write() as session:
        assay_id = session.scalars(select(Assay.id)).first()
        result = Observation(patient_id=patient_id, visit_id=visit_id, assay_id=assay_id, value_number=5.5,
                             unit="%", observed_at=NOW - timedelta(days=400))  # fmt: skip
        session.add(result)
        session.flush()
        late_roots.mark_if_gone(session, VISIT, [visit_id])
        return result.id


def is_hot(observation_id: int) -> bool:
    with databases.read(Store.HOT) as session:
        return session.get(Observation, observation_id) is not None


def held_rows(patient_id: int) -> tuple[int, int]:
    with databases.read(Store.HOT) as session:
        held = session.get_one(Holding, (patient_id, "visit"))
        return held.roots, held.rows


def test_a_result_that_comes_seven_months_later(population: list[int]) -> None:
    patient = population[0]
    visit_id = oldest_visit(patient)
    run_to_end()
    held = held_rows(patient)
    late = late_result(patient, visit_id)
    before = everything()
    assert before["observation"][late] == 1
    run_id = start()
    while driver.advance(run_id):
        assert everything() == before
    assert everything() == before
    assert not is_hot(late)
    assert held_rows(patient) == (held[0], held[1] + 1)
    with databases.read(Store.HOT) as session:
        batch = session.scalars(select(Batch).where(Batch.run_id == run_id)).one()
        detail = visits.detail(session, patient, visit_id)
    assert (batch.kind, batch.roots, batch.released_rows) == ("stragglers", 0, 1)
    assert detail is not None
    assert late in {result.id for result in detail.results}


def test_a_medicine_that_ended_since_joins_its_visit(population: list[int]) -> None:
    run_to_end()
    before = everything()
    with databases.write() as session:
        session.execute(update(Prescription).values(status="stopped", stopped_on=NOW.date()))
        late_roots.mark_if_gone(session, VISIT, session.scalars(select(Prescription.visit_id)).all())
    run_to_end()
    assert everything() == before
    with databases.read(Store.HOT) as session:
        visits_left = set(session.scalars(select(Visit.id)))
        assert set(session.scalars(select(Prescription.visit_id))) == visits_left


def test_an_edit_of_the_late_row_keeps_it_hot(population: list[int]) -> None:
    patient = population[0]
    visit_id = oldest_visit(patient)
    run_to_end()
    late = late_result(patient, visit_id)
    before = everything()
    run_id = start()
    for _step in ("plan", "stage", "load", "verify"):
        assert driver.advance(run_id)
    with databases.write() as session:
        session.get_one(Observation, late).value_number = 6
    while driver.advance(run_id):
        pass
    assert is_hot(late)
    assert everything() == before


def test_a_legal_hold_keeps_late_rows(population: list[int]) -> None:
    patient = population[0]
    visit_id = oldest_visit(patient)
    run_to_end()
    late = late_result(patient, visit_id)
    with databases.write() as session:
        session.execute(update(Patient).where(Patient.id == patient).values(legal_hold=True))
    run_to_end()
    assert is_hot(late)


@pytest.mark.usefixtures("population")
def test_a_row_of_no_visit_at_all_stays(population: list[int]) -> None:
    run_to_end()
    dangling = late_result(population[0], 999_999)
    assert run_to_end().state == RunState.DONE
    assert is_hot(dangling)


def test_a_restored_visit_brings_its_late_rows_back(population: list[int]) -> None:
    patient = population[0]
    visit_id = oldest_visit(patient)
    first = run_to_end()
    late = late_result(patient, visit_id)
    before = everything()
    run_to_end()
    with databases.write() as session:
        restore = restores.start_run_restore(session, run_id=first.id, by=None)
    while driver.advance(restore.id):
        assert everything() == before
    assert everything() == before
    assert is_hot(late)
    with databases.read(Store.HOT) as session:
        assert session.scalar(select(func.count()).select_from(Visit)) == PATIENTS * 8
        assert set(session.scalars(select(Batch.state))) == {"restored"}


def test_a_batch_of_late_rows_is_restored_with_its_visits(population: list[int]) -> None:
    patient = population[0]
    visit_id = oldest_visit(patient)
    run_to_end()
    late = late_result(patient, visit_id)
    before = everything()
    run = run_to_end()
    with databases.write() as session:
        batch_id = session.scalars(select(Batch.id).where(Batch.run_id == run.id)).one()
        restore = restores.start_batch_restore(session, batch_id=batch_id, by=None)
    driver.drive(restore.id)
    assert everything() == before
    assert is_hot(late)
    assert oldest_visit(patient) == visit_id
    assert seen("visit")[visit_id] == 1


def test_a_copy_lost_before_release_is_loaded_again(population: list[int]) -> None:
    patient: Any = population[0]
    visit_id = oldest_visit(patient)
    run_to_end()
    late = late_result(patient, visit_id)
    before = everything()
    run_id = start()
    for _step in ("plan", "stage", "load", "verify"):
        driver.advance(run_id)
    with databases.current().engine(Store.VISITS, read_only=False).begin() as archive:
        archive.execute(text("DELETE FROM observation WHERE id = :id"), {"id": late})
    while driver.advance(run_id):
        pass
    assert everything() == before
    assert not is_hot(late)


def marks() -> list[int]:
    with databases.read(Store.HOT) as session:
        return sorted(session.scalars(select(LateRoot.root_id)))


def plan_of(run: ArchiveRun) -> tuple[bool, int]:
    with databases.read(Store.HOT) as session:
        stragglers = select(Batch.released_rows).where(Batch.run_id == run.id, Batch.kind == "stragglers")
        return run.looked_at_all, sum(session.scalars(stragglers))


def test_a_run_finds_late_rows_by_their_marks_and_forgets_old_marks(population: list[int]) -> None:
    visit_id = oldest_visit(population[0])
    run_to_end()
    unmarked = late_result(population[1], oldest_visit(population[1]) + 1)
    with databases.write() as session:
        session.execute(text("DELETE FROM late_root"))
    marked = [late_result(population[0], visit_id) for _ in range(2)]
    assert marks() == [visit_id, visit_id]
    assert plan_of(run_to_end()) == (False, 2)
    assert [is_hot(row_id) for row_id in (*marked, unmarked)] == [False, False, True]
    assert plan_of(run_to_end()) == (False, 0)
    assert marks() == []


def test_a_late_row_without_a_mark_is_found_when_all_are_looked_at(
    population: list[int], with_settings: Callable[..., None]
) -> None:
    visit_id = oldest_visit(population[0])
    run_to_end()
    late = late_result(population[0], visit_id)
    with databases.write() as session:
        session.execute(text("DELETE FROM late_root"))
    with_settings(archive_late_look_days=0)
    assert plan_of(run_to_end()) == (True, 1)
    assert not is_hot(late)


def test_a_mark_that_is_written_while_a_run_plans_is_kept(
    population: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    visit_id = oldest_visit(population[0])
    run_to_end()
    with databases.write() as session:
        session.add(LateRoot(record_type="visit", root_id=visit_id))
    found = stragglers.outdated_marks

    def find_then_write(*arguments: Any) -> list[int]:
        outdated = found(*arguments)
        late_result(population[0], visit_id)
        return outdated

    monkeypatch.setattr(stragglers, "outdated_marks", find_then_write)
    assert plan_of(run_to_end()) == (False, 0)
    assert marks() == [visit_id]
    monkeypatch.undo()
    assert plan_of(run_to_end()) == (False, 1)


# By place, it depends on where rows found room which visits are moved first.
@pytest.mark.usefixtures("by_time")
def test_a_row_that_is_left_behind_when_its_visit_goes_is_marked(population: list[int]) -> None:
    visit_id = oldest_visit(population[0])
    run_id = start()
    for _step in ("plan", "stage", "load", "verify"):
        assert driver.advance(run_id)
    with databases.write() as session:
        note = session.scalars(select(Note).where(Note.visit_id == visit_id)).one()
        note.text = "Changed on the way."
    while driver.advance(run_id):
        pass
    assert marks() == [visit_id]
    before = everything()
    assert plan_of(run_to_end()) == (False, 1)
    assert everything() == before
