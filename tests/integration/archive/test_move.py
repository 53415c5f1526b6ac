"""The move, step by step, on real servers: nothing is lost, doubled or changed."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import Select, func, select, text, update

from core.models import Batch, Holding, Note, Patient, Prescription, RunState, Step, Visit
from core.queries import archive as queries
from core.services import archive
from core.sources.references import content_hash
from core.stores import archived, databases
from core.stores.databases import Store
from core.stores.tables import linked_table
from tests.integration.archive.conftest import NOW, PATIENTS, db_table, run_to_end, seen, start
from tests.tiers import Tiers
from workers.archive import driver

TABLES = ("visit", "note", "observation", "prescription", "condition")


def count(model: Any, *conditions: Any) -> int:
    with databases.read(Store.HOT) as session:
        return session.scalar(select(func.count()).select_from(model).where(*conditions)) or 0


def everything() -> dict[str, Counter[int]]:
    return {table: seen(table) for table in TABLES}


@pytest.mark.usefixtures("population")
def test_every_row_is_seen_once_before_during_and_after() -> None:
    before = everything()
    run_id = start()
    while driver.advance(run_id):
        assert everything() == before
    assert everything() == before
    with databases.read(Store.HOT) as session:
        summary = queries.run(session, run_id)
    assert summary is not None
    assert summary.state == RunState.DONE
    assert summary.selected == summary.done["stage"] == summary.done["release"] == PATIENTS * 4
    assert count(Visit) == PATIENTS * 4
    assert set(before["visit"].values()) == {1}


def test_content_is_the_same_in_the_archive(population: list[int]) -> None:
    def contents() -> dict[str, str]:
        found = {}
        with databases.read(Store.HOT) as session:
            window = archived.window(session, "visit")
            for table in TABLES:
                hot = db_table(table)
                rows = list(session.execute(select(hot)).mappings())
                linked = linked_table(table)
                rows += archived.fetch("visit", select(linked).where(archived.visible(linked, window)))
                found.update({f"{table}:{row['id']}": content_hash(table, row) for row in rows})
        return found

    before = contents()
    run_to_end()
    assert contents() == before


def test_current_medicines_stay_hot(population: list[int]) -> None:
    active = count(Prescription, Prescription.status == "active")
    run_to_end()
    assert count(Prescription, Prescription.status == "active") == active
    assert count(Prescription, Prescription.status == "completed") == PATIENTS * 4


def test_holdings_say_what_is_cold(population: list[int]) -> None:
    run_to_end()
    with databases.read(Store.HOT) as session:
        holdings = {row.patient_id: row for row in session.scalars(select(Holding))}
    assert set(holdings) == set(population)
    assert {row.roots for row in holdings.values()} == {4}
    assert {row.rows for row in holdings.values()} == {4 + 4 * 4}


def test_rows_that_moved_are_told(population: list[int]) -> None:
    def rows(step: str) -> float:
        return REGISTRY.get_sample_value("strata_archive_rows_total", {"record_type": "visit", "step": step}) or 0.0

    steps = ("stage", "load", "verify", "release")
    before = {step: rows(step) for step in steps}
    run_to_end()
    moved = len(population) * (4 + 4 * 4)
    assert {step: rows(step) - before[step] for step in steps} == dict.fromkeys(steps, moved)


@pytest.mark.usefixtures("by_time")
def test_an_edit_during_the_move_stays_hot(population: list[int]) -> None:
    before = everything()
    run_id = start(batch_rows=100)
    for _step in ("plan", "stage", "load", "verify"):
        assert driver.advance(run_id)
    with databases.write() as session:
        oldest = session.scalars(select(Visit).order_by(Visit.ended_at)).first()
        assert oldest is not None
        oldest.reason = "edited while it moved"
        note = session.scalars(select(Note).where(Note.visit_id != oldest.id).order_by(Note.written_at)).first()
        assert note is not None
        note.text = "edited too"
    while driver.advance(run_id):
        pass
    assert everything() == before
    with databases.read(Store.HOT) as session:
        assert session.get_one(Visit, oldest.id).reason == "edited while it moved"
        assert session.get_one(Note, note.id).text == "edited too"
        assert session.scalars(select(Note).where(Note.visit_id == oldest.id)).all()
        assert session.scalars(select(Batch)).one().superseded_rows == 1 + 4 + 1


@pytest.mark.usefixtures("by_time")
def test_an_edit_behind_the_version_is_seen_by_its_hash(population: list[int]) -> None:
    run_id = start(batch_rows=100)
    for _step in ("plan", "stage", "load", "verify"):
        driver.advance(run_id)
    with databases.write() as session:
        oldest = session.scalars(select(Visit.id).order_by(Visit.ended_at)).first()
        session.execute(text("UPDATE visit SET reason = 'by hand' WHERE id = :id"), {"id": oldest})
    while driver.advance(run_id):
        pass
    assert count(Visit, Visit.id == oldest) == 1


def test_a_legal_hold_keeps_rows(population: list[int]) -> None:
    with databases.write() as session:
        session.execute(update(Patient).where(Patient.id == population[0]).values(legal_hold=True))
    run_to_end()
    assert count(Visit, Visit.patient_id == population[0]) == 8
    assert count(Visit, Visit.patient_id == population[1]) == 4


def test_a_hold_that_comes_during_the_move_keeps_rows(population: list[int]) -> None:
    before = everything()
    run_id = start(batch_rows=100)
    for _step in ("plan", "stage", "load", "verify"):
        driver.advance(run_id)
    with databases.write() as session:
        session.execute(update(Patient).where(Patient.id == population[0]).values(legal_hold=True))
    while driver.advance(run_id):
        pass
    assert count(Visit, Visit.patient_id == population[0]) == 8
    assert everything() == before


def test_each_step_can_be_repeated(population: list[int]) -> None:
    before = everything()
    run_id = start(batch_rows=100)
    driver.advance(run_id)
    for state in ("planned", "staged", "loaded"):
        driver.advance(run_id)
        with databases.write() as session:
            session.execute(update(Batch).values(state=state))
        driver.advance(run_id)
        assert everything() == before
    while driver.advance(run_id):
        pass
    assert everything() == before
    assert count(Step, Step.state == "failed") == 0
    assert count(Visit) == PATIENTS * 4


def test_a_copy_that_differs_stops_the_run(population: list[int]) -> None:
    run_id = start(batch_rows=100)
    for _step in ("plan", "stage", "load"):
        driver.advance(run_id)
    with databases.current().engine(Store.VISITS, read_only=False).begin() as archive_server:
        archive_server.execute(text("UPDATE note SET text = 'damaged' WHERE id = (SELECT min(id) FROM note)"))
    hot = count(Visit)
    while driver.advance(run_id):
        pass
    with databases.read(Store.HOT) as session:
        summary = queries.run(session, run_id)
    assert summary is not None
    assert (summary.state, summary.failed_step) == (RunState.FAILED, "verify")
    assert "differs" in (summary.reason or "")
    assert "damaged" not in (summary.reason or "")
    assert count(Visit) == hot


def test_a_copy_lost_after_verify_is_loaded_again(population: list[int]) -> None:
    before = everything()
    run_id = start(batch_rows=100)
    for _step in ("plan", "stage", "load", "verify"):
        driver.advance(run_id)
    with databases.current().engine(Store.VISITS, read_only=False).begin() as archive_server:
        archive_server.execute(text("DELETE FROM note WHERE id = (SELECT min(id) FROM note)"))
    while driver.advance(run_id):
        pass
    assert everything() == before
    with databases.read(Store.HOT) as session:
        names = session.scalars(select(Step.name).order_by(Step.id)).all()
    assert names == ["plan", "stage", "load", "verify", "release", "load", "verify", "release"]


def test_redrive_goes_on_where_it_failed(population: list[int], tiers: Tiers) -> None:
    before = everything()
    run_id = start(batch_rows=100)
    driver.advance(run_id)
    tiers.of["visits"].stop("immediate")
    for _attempt in range(20):
        driver.advance(run_id)
    with databases.read(Store.HOT) as session:
        summary = queries.run(session, run_id)
    assert summary is not None
    assert (summary.state, summary.failed_step) == (RunState.FAILED, "load")
    tiers.of["visits"].start()
    with databases.write() as session:
        archive.redrive(session, run_id=run_id, by=None)
    driver.drive(run_id)
    assert everything() == before
    assert count(Visit) == PATIENTS * 4


def test_pause_and_resume(population: list[int]) -> None:
    run_id = start()
    driver.advance(run_id)
    with databases.write() as session:
        archive.pause(session, run_id=run_id, by=None)
    assert not driver.advance(run_id)
    with databases.write() as session:
        archive.resume(session, run_id=run_id, by=None)
    driver.drive(run_id)
    assert count(Visit) == PATIENTS * 4


def test_a_dry_run_moves_nothing(population: list[int]) -> None:
    run = run_to_end(dry_run=True)
    assert (run.state, run.selected) == (RunState.DONE, PATIENTS * 4)
    assert count(Visit) == PATIENTS * 8


def test_one_run_of_a_type_at_a_time(population: list[int]) -> None:
    start()
    with pytest.raises(archive.RunUnderWay, match="wait for it"):
        start()


def test_a_second_run_finds_nothing_more(population: list[int]) -> None:
    run_to_end()
    assert run_to_end().selected == 0


def of_one_patient() -> Select[Any]:
    linked = linked_table("visit")
    return select(linked.c.id).where(
        linked.c.patient_id == 7, linked.c.started_at < NOW, archived.visible(linked, archived.Window(9, (8,)))
    )


@pytest.mark.only_on_postgresql("what EXPLAIN says of a foreign scan")
def test_remote_predicates(population: list[int]) -> None:
    compiled = of_one_patient().compile(
        compile_kwargs={"literal_binds": True},
        dialect=databases.current().engine(Store.REPLICA, read_only=True).dialect,
    )
    with databases.read(Store.REPLICA) as session:
        lines = session.scalars(text(f"EXPLAIN VERBOSE {compiled}")).all()
    remote = next(line for line in lines if "Remote SQL" in line)
    assert "patient_id = 7" in remote
    assert "batch_id <= 9" in remote
    assert "started_at <" in remote
    assert not [line for line in lines if line.strip().startswith("Filter")]


def test_conditions_go_over_the_link(population: list[int], sends_conditions_on: None) -> None:
    query = of_one_patient()
    with databases.read(Store.REPLICA) as session:
        [asked] = databases.current().adapter.links.remote_queries(session.connection(), query)
    judged_there = asked.partition(" WHERE ")[2]
    assert all(name in judged_there for name in ("patient_id", "batch_id", "started_at"))
