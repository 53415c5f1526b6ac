"""A generated population on real servers."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import psutil
import pytest
from sqlalchemy import func, select, text

from core.interchange.generate import chunk, generate, population, side_by_side, time_slices
from core.models import (
    AccessEvent,
    Clinic,
    Generation,
    GenerationPart,
    Note,
    Observation,
    Patient,
    PatientPicture,
    Visit,
)
from core.picture import rebuild
from core.queries import audit_chains
from core.sealing import national_id, sealed, stored_national_id
from core.stores import databases
from tests.table_contents import fingerprint

AS_OF = date(2026, 11, 23)
VISITS = 2
# More than are made before a test ends it; with few visits each, the first of them soon come.
VERY_MANY = [
    *(sys.executable, "-m", "cli", "generate"),
    *("--patients", "200000", "--visits-per-patient", str(VISITS)),
]


def _count(model: Any) -> int:
    with databases.write() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def _fingerprints() -> list[str]:
    columns = {
        "patient": "national_id_hash, name, birth_on",
        "visit": "id, started_at, practitioner_id",
        "note": "text",
        "observation": "visit_id, assay_id, value_number, interpretation",
        "prescription": "visit_id, medication, status, stopped_on",
    }
    with databases.write(60) as session:
        return [fingerprint(session, table, *names.split(", ")) for table, names in columns.items()]


def test_twice_with_other_seeds(database: Any) -> None:
    first = generate(200, 10, 1, AS_OF)
    assert (first.of("patient").new, first.of("visit").new, first.of("note").new) == (200, 2000, 2000)
    second = generate(200, 7.5, 2, AS_OF)
    assert (second.of("patient").new, second.of("visit").new, second.of("clinic").new) == (200, 1500, 0)
    assert (_count(Patient), _count(Visit), _count(Clinic)) == (400, 3500, 12)
    with databases.write() as session:
        numbers = [stored_national_id.number_of(kept) for kept in session.scalars(select(Patient.national_id_sealed))]
        assert len(set(numbers)) == 400
        assert all(national_id.parse(number or "") for number in numbers)
        latest = session.scalar(select(func.max(Visit.ended_at)))
        assert latest.date() < AS_OF
        actions = session.scalars(select(AccessEvent.action)).all()
    assert list(actions) == ["generate.population"] * 2


def test_the_same_seed_on_a_full_database_takes_no_number_twice(database: Any) -> None:
    generate(150, 1, 1, AS_OF)
    generate(150, 1, 1, AS_OF)
    with databases.write() as session:
        assert session.scalar(select(func.count(func.distinct(Patient.national_id_hash)))) == 300


def test_beside_many_patients_it_opens_no_number_and_reserves_a_chunk_at_a_time(
    database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    generate(60, 1, 1, AS_OF)
    monkeypatch.setattr(population, "PATIENTS_A_CHUNK", 20)
    monkeypatch.setattr(side_by_side, "PROCESSES_MAX", 1)
    monkeypatch.setattr(sealed, "open_sealed", lambda _: pytest.fail("a number was opened"))
    reserved = []
    loading = databases.current().adapter.loading
    reserve = loading.reserve_ids

    def counted(connection: Any, table: str, count: int) -> int:
        reserved.append((table, count))
        return reserve(connection, table, count)

    monkeypatch.setattr(loading, "reserve_ids", counted)
    generate(60, 2, 1, AS_OF)
    assert reserved == [*[("patient", 20)] * 3, ("visit", 120)]
    assert _count(Patient) == 120


def test_ended_from_outside_it_leaves_whole_parts_and_no_process(
    database: Any, environment: dict[str, str], reachable_folder: Path
) -> None:
    out = reachable_folder / "out"
    with out.open("w") as written:
        process = subprocess.Popen(VERY_MANY, env={**os.environ, **environment}, stdout=written, stderr=written)
        while _count(Patient) == 0:
            assert process.poll() is None, out.read_text()
            time.sleep(0.1)
        children = psutil.Process(process.pid).children(recursive=True)
        process.terminate()
        assert process.wait(60) == 1
    assert "the same command goes on from there" in out.read_text()
    assert psutil.wait_procs(children, 10)[1] == []
    assert _count(Patient) == 1000 * _count(GenerationPart)


def test_its_processes_end_with_it_though_it_was_killed(database: Any, environment: dict[str, str]) -> None:
    process = subprocess.Popen(VERY_MANY, env={**os.environ, **environment})
    while _count(Patient) == 0:
        assert process.poll() is None
        time.sleep(0.1)
    children = psutil.Process(process.pid).children(recursive=True)
    assert children
    process.kill()
    process.wait(60)
    assert psutil.wait_procs(children, 60)[1] == []


def test_worker_processes_and_one_process_make_the_same(
    database: Any, monkeypatch: pytest.MonkeyPatch, empty_tables: Callable[[], None]
) -> None:
    monkeypatch.setattr(population, "PATIENTS_A_CHUNK", 30)
    generate(90, 3, 5, AS_OF)
    by_workers = _fingerprints()
    empty_tables()
    monkeypatch.setattr(side_by_side, "PROCESSES_MAX", 1)
    generate(90, 3, 5, AS_OF)
    assert _fingerprints() == by_workers


def test_rows_belong_together(database: Any) -> None:
    generate(100, 8, 3, AS_OF)
    with databases.write() as session:
        for table in ("note", "observation", "condition", "prescription"):
            stray = (
                f"SELECT count(*) FROM {table} c LEFT JOIN visit v ON v.id = c.visit_id AND v.patient_id = c.patient_id"
            )
            assert session.scalar(text(f"{stray} WHERE v.id IS NULL")) == 0
        judged = select(func.count()).where(Observation.ref_high < Observation.value_number)
        assert session.scalar(judged.where(Observation.interpretation.not_in(("H", "HH")))) == 0
    with databases.write() as session:
        session.add(Visit(**_visit_values(session.scalar(select(func.min(Patient.id))) or 0)))


def _visit_values(patient_id: int) -> dict[str, Any]:
    at = "2026-11-23T00:00:00+00:00"
    from datetime import datetime

    return {
        "patient_id": patient_id,
        "class_code": "AMB",
        "status": "in-progress",
        "description": "After the generator",
        "started_at": datetime.fromisoformat(at),
    }


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything here, in parts of a few rows."""
    monkeypatch.setattr(population, "PATIENTS_A_CHUNK", 20)
    monkeypatch.setattr(population, "VISITS_A_SLICE", 30)
    monkeypatch.setattr(side_by_side, "PROCESSES_MAX", 1)


def _fails_at(function: Callable[..., Any], call: int, fault: BaseException) -> Callable[..., Any]:
    calls = []

    def wrapped(*arguments: Any) -> Any:
        calls.append(arguments)
        if len(calls) == call:
            raise fault
        return function(*arguments)

    return wrapped


def _whole() -> list[str]:
    """All that a generation of 100 patients makes, if nothing ends it."""
    assert generate(100, 2, 1, AS_OF, looks=150).remarks == []
    return _fingerprints()


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize(
    ("part", "call"),
    [((chunk, "load"), 3), ((time_slices, "load"), 3), ((chunk, "draw_pictures"), 2)],
)
def test_however_it_ends_the_same_words_go_on_to_the_same_end(
    database: Any, monkeypatch: pytest.MonkeyPatch, empty_tables: Callable[[], None], part: tuple[Any, str], call: int
) -> None:
    wanted = _whole()
    empty_tables()
    with monkeypatch.context() as patched:
        patched.setattr(*part, _fails_at(getattr(*part), call, KeyboardInterrupt()))
        (remark,) = generate(100, 2, 1, looks=150, as_of=AS_OF).remarks
    assert remark.endswith("the same command goes on from there")
    assert _count(GenerationPart) >= call - 1
    loaded = _count(Patient)
    assert generate(100, 2, 1, looks=150).of("patient").new == 100 - loaded
    assert _fingerprints() == wanted
    assert (_count(Generation), _count(GenerationPart), _count(PatientPicture)) == (0, 0, 100)


@pytest.mark.usefixtures("small_parts")
def test_a_part_that_fails_is_undone_and_said(database: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    fails = _fails_at(time_slices.made_up.load, 2, RuntimeError("the disk is full\nand more"))
    with monkeypatch.context() as patched:
        patched.setattr(time_slices.made_up, "load", fails)
        with pytest.raises(
            population.Stopped, match=r"visits \d+ of 200; the same .* then RuntimeError: the disk is full$"
        ):
            generate(100, 2, 1, AS_OF)
    assert 30 <= _count(Visit) < 60
    assert _count(Note) == _count(Visit)
    generate(100, 2, 1, AS_OF)
    assert _count(Visit) == 200


@pytest.mark.usefixtures("small_parts")
def test_what_waits_on_disk_may_be_lost(
    database: Any, monkeypatch: pytest.MonkeyPatch, empty_tables: Callable[[], None], tmp_path: Path
) -> None:
    wanted = _whole()
    with databases.write() as session:
        session.execute(
            text("TRUNCATE patient, visit, note, observation, prescription, access_event RESTART IDENTITY CASCADE")
        )
    for folder in ("first", "second"):
        (tmp_path / folder).mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "first"))
    with monkeypatch.context() as patched:
        patched.setattr(time_slices, "load", _fails_at(time_slices.load, 3, KeyboardInterrupt()))
        generate(100, 2, 1, AS_OF, looks=150)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "second"))
    generate(100, 2, 1, AS_OF, looks=150)
    assert _fingerprints() == wanted
    assert list((tmp_path / "second").iterdir()) == []


@pytest.mark.usefixtures("small_parts")
def test_rows_lie_in_the_order_of_time_and_pictures_are_those_of_a_rebuild(database: Any) -> None:
    generate(100, 5, 1, AS_OF)
    with databases.write() as session:
        for table, at in (("visit", "started_at"), ("note", "written_at"), ("observation", "observed_at")):
            laid = session.scalars(text(f"SELECT {at} FROM {table} ORDER BY id")).all()
            assert laid == sorted(laid)
        patients = list(session.scalars(select(Patient.id)))
    assert _count(PatientPicture) == 100
    assert rebuild.differences(patients) == []


@pytest.mark.usefixtures("small_parts")
def test_made_up_looks_stand_in_a_chain_that_holds(database: Any) -> None:
    generate(100, 2, 1, AS_OF, looks=331)
    assert _count(AccessEvent) == 332
    verdict = audit_chains.verify()
    assert [fault for fault in verdict.faults if not fault.writer.startswith("audit-heads/")] == []
    with databases.write() as session:
        of_visits = select(func.count()).join_from(
            AccessEvent, Visit, (AccessEvent.patient_id == Visit.patient_id) & (AccessEvent.at == Visit.started_at)
        )
        assert (session.scalar(of_visits) or 0) >= 331
        session.execute(text("UPDATE access_event SET patient_id = 1 WHERE sequence = 200"))
        session.commit()
    assert any("generate" in fault.writer for fault in audit_chains.verify().faults)


def test_it_refuses_before_it_begins_where_visits_do_not_fit(database: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(population, "BYTES_A_VISIT", 10**15)
    with pytest.raises(ValueError, match="name another folder by TMPDIR"):
        generate(20, 1, 1, AS_OF)
    assert _count(Patient) == 0


@pytest.mark.parametrize(("patients", "visits"), [(0, 1), (-1, 1), (1, -1), (1, 1_001), (1, float("nan"))])
def test_senseless_numbers(patients: int, visits: float) -> None:
    with pytest.raises(ValueError, match="at least 1 patient"):
        generate(patients, visits)
