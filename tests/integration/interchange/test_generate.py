"""A generated population on real servers."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import psutil
import pytest
from sqlalchemy import func, select, text

from core.interchange.generate import chunk, generate, population
from core.models import AccessEvent, Clinic, Note, Observation, Patient, Visit
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
        "patient": "id, national_id_hash, name, birth_on",
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
    monkeypatch.setattr(population, "PROCESSES_MAX", 1)
    monkeypatch.setattr(sealed, "open_sealed", lambda _: pytest.fail("a number was opened"))
    reserved = []
    loading = databases.current().adapter.loading
    reserve = loading.reserve_ids

    def counted(connection: Any, table: str, count: int) -> int:
        reserved.append((table, count))
        return reserve(connection, table, count)

    monkeypatch.setattr(loading, "reserve_ids", counted)
    generate(60, 2, 1, AS_OF)
    assert reserved == [("patient", 20), ("visit", 40)] * 3
    assert _count(Patient) == 120


def test_ended_from_outside_it_leaves_whole_patients_and_no_process(
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
    assert "none is half-written" in out.read_text()
    assert psutil.wait_procs(children, 10)[1] == []
    assert _count(Visit) == VISITS * _count(Patient)


def test_its_processes_end_with_it_though_it_was_killed(database: Any, environment: dict[str, str]) -> None:
    process = subprocess.Popen(VERY_MANY, env={**os.environ, **environment})
    while _count(Patient) == 0:
        assert process.poll() is None
        time.sleep(0.1)
    children = psutil.Process(process.pid).children(recursive=True)
    assert children
    process.kill()
    process.wait(10)
    assert psutil.wait_procs(children, 20)[1] == []


def test_worker_processes_and_one_process_make_the_same(
    database: Any, monkeypatch: pytest.MonkeyPatch, empty_tables: Callable[[], None]
) -> None:
    monkeypatch.setattr(population, "PATIENTS_A_CHUNK", 30)
    generate(90, 3, 5, AS_OF)
    by_workers = _fingerprints()
    empty_tables()
    monkeypatch.setattr(population, "PROCESSES_MAX", 1)
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


def test_interrupted_it_says_how_many_and_leaves_whole_chunks(database: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(population, "PATIENTS_A_CHUNK", 20)
    monkeypatch.setattr(population, "PROCESSES_MAX", 1)
    monkeypatch.setattr(chunk, "write", _interrupted_the_third_time(chunk.write))
    summary = generate(100, 2, 1, AS_OF)
    assert summary.remarks == ["stopped: 40 of 100 patients are complete, none is half-written"]
    assert (_count(Patient), _count(Visit), _count(Note)) == (40, 80, 80)


def _interrupted_the_third_time(function: Callable[..., Any]) -> Callable[..., Any]:
    calls = []

    def wrapped(*arguments: Any) -> Any:
        calls.append(arguments)
        rows = function(*arguments)
        if len(calls) == 3:
            rows.lines["note"].append("1\tnot a row\n")
            raise KeyboardInterrupt
        return rows

    return wrapped


def test_a_failing_chunk_says_how_many_are_complete(database: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(population, "PATIENTS_A_CHUNK", 20)
    monkeypatch.setattr(population, "PROCESSES_MAX", 1)
    written = chunk.write

    def spoiled(one: chunk.Chunk, setting: Any) -> Any:
        rows = written(one, setting)
        if one.number == 1:
            rows.lines["note"].append("1\tnot a row\n")
        return rows

    monkeypatch.setattr(chunk, "write", spoiled)
    with pytest.raises(population.Stopped, match="20 of 60 patients are complete"):
        generate(60, 2, 1, AS_OF)
    assert (_count(Patient), _count(Visit)) == (20, 40)


@pytest.mark.parametrize(("patients", "visits"), [(0, 1), (-1, 1), (1, -1), (1, 1_001), (1, float("nan"))])
def test_senseless_numbers(patients: int, visits: float) -> None:
    with pytest.raises(ValueError, match="at least 1 patient"):
        generate(patients, visits)
