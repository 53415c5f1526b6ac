"""A generated population, without a database."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest

from core.interchange.generate import identities
from core.interchange.generate.chunk import Chunk, write
from core.interchange.generate.copy_columns import COLUMNS
from core.interchange.generate.identities import Numbers, NumbersExhausted
from core.interchange.generate.laid import Folder, Slice, slices
from core.interchange.generate.looks import Looks
from core.interchange.generate.places import Setting, Staff
from core.interchange.generate.time_slices import place
from core.sealing import national_id

AS_OF = date(2026, 11, 23)
SETTING = Setting(
    (Staff(1, ((1, "Dr Lim"), (2, "Dr Rao"))), Staff(2, ((3, "Dr Noor"),))), tuple(range(101, 121)), AS_OF
)


FOLDER = Folder(Path("/nowhere"), AS_OF)


def _people(count: int, seed: int = 1, numbers: Numbers | None = None) -> tuple[identities.Identity, ...]:
    rng, numbers = Random(seed), numbers or Numbers()
    return tuple(identities.draw(rng, numbers, AS_OF) for _ in range(count))


Rows = dict[str, list[str]]


def _rows(seed: int = 1, patients: int = 150, visits: int = 1500) -> Rows:
    """The lines of one chunk by table, its visits placed in one slice."""
    written = write(Chunk(1, seed, 0, _people(patients, seed), 1000, visits), SETTING, FOLDER)
    laid = [visit for day in written.by_day.values() for visit in day]
    placed = place(laid, 50_000, Looks("nobody", {}, 0))
    return {"patient": written.patients, "allergy": written.allergies, **placed.lines}


def _cells(rows: Rows, table: str) -> list[dict[str, str]]:
    names = COLUMNS[table].split()
    return [dict(zip(names, line.rstrip("\n").split("\t"), strict=True)) for line in rows[table]]


def test_numbers_are_valid_and_given_once() -> None:
    people = _people(3000)
    assert len({who.national_id for who in people}) == 3000
    assert all(national_id.parse(who.national_id) == who.national_id for who in people)
    assert {who.national_id[0] for who in people} == set("STFGM")


def test_the_first_digits_of_a_resident_are_the_year_of_birth() -> None:
    for who in _people(500):
        if who.national_id[0] in "ST" and who.birth_on.year >= 1968:
            assert who.national_id[1:3] == f"{who.birth_on.year % 100:02}"
            assert (who.national_id[0] == "T") == (who.birth_on.year >= 2000)


def test_numbers_that_were_drawn_are_left_alone() -> None:
    numbers = Numbers()
    before = {who.national_id for who in _people(500, numbers=numbers)}
    again = {who.national_id for who in _people(500, numbers=numbers)}
    assert not before & again


def test_a_full_series_gives_way_and_the_end_is_said() -> None:
    numbers = Numbers()
    assert [numbers.take("S", 5, 2, 1) is not None for _ in range(3)] == [True, True, False]
    full = Numbers()
    full.used = {letter: bytearray(b"\xff" * len(bits)) for letter, bits in full.used.items()}
    with pytest.raises(NumbersExhausted):
        identities.draw(Random(1), full, AS_OF)


def test_the_same_seed_tells_the_same_story() -> None:
    assert _rows(1) == _rows(1)
    assert _rows(1)["note"] != _rows(2)["note"]


def test_counts_are_exact_and_every_row_has_its_columns() -> None:
    rows = _rows()
    visits = _cells(rows, "visit")
    assert [int(visit["id"]) for visit in visits] == list(range(50_000, 51_500))
    assert len(_cells(rows, "patient")) == 150
    assert len(_cells(rows, "note")) == 1500
    for table in COLUMNS:
        assert _cells(rows, table)


def test_days_make_sense() -> None:
    rows = _rows()
    born = {cells["id"]: cells["birth_on"] for cells in _cells(rows, "patient")}
    for visit in _cells(rows, "visit"):
        day = visit["started_at"][:10]
        assert born[visit["patient_id"]] <= day < AS_OF.isoformat()
        assert visit["started_at"] < visit["ended_at"]
        at_birth = day == born[visit["patient_id"]]
        assert date.fromisoformat(day).weekday() != 6 or at_birth
    for order in _cells(rows, "prescription"):
        assert order["stopped_on"] == "\\N" or order["started_on"] < order["stopped_on"] < AS_OF.isoformat()
        assert (order["stopped_on"] == "\\N") == (order["status"] == "active")


def test_the_chronically_ill_come_about_quarterly() -> None:
    rows = _rows(patients=300, visits=3000)
    ill = {cells["patient_id"] for cells in _cells(rows, "condition") if cells["status"] == "active"}
    counts = Counter(cells["patient_id"] for cells in _cells(rows, "visit"))
    well = set(counts) - ill
    assert sum(counts[p] for p in ill) / len(ill) > 2 * sum(counts[p] for p in well) / len(well)


def test_notes_say_what_was_measured_and_given() -> None:
    rows = _rows()
    values: dict[str, set[tuple[str, str]]] = {}
    for cells in _cells(rows, "observation"):
        values.setdefault(cells["visit_id"], set()).add((cells["assay_id"], cells["value_number"]))
    given: dict[str, set[str]] = {}
    for cells in _cells(rows, "prescription"):
        given.setdefault(cells["patient_id"], set()).add(f"{cells['medication'].lower()} {cells['frequency']}")
    checked = 0
    for note in _cells(rows, "note"):
        for value in re.findall(r"HbA1c (\d+\.\d) %", note["text"]):
            assert ("108", value) in values[note["visit_id"]]
        for upper, lower in re.findall(r"BP (\d+)/(\d+)", note["text"]):
            assert {("101", upper), ("102", lower)} <= values[note["visit_id"]]
        for medicines in re.findall(r"To continue (.*)\.$", note["text"]):
            assert set(medicines.split(", ")) <= given[note["patient_id"]]
            checked += 1
    assert checked > 100


def _courses(assay_id: str) -> dict[str, list[float]]:
    """Each patient's values of an assay."""
    courses: dict[str, list[float]] = {}
    for cells in _cells(_rows(), "observation"):
        if cells["assay_id"] == assay_id:
            courses.setdefault(cells["patient_id"], []).append(float(cells["value_number"]))
    return courses


def test_values_are_spread_and_vary_from_visit_to_visit() -> None:
    courses = _courses("108")
    every = [value for course in courses.values() for value in course]
    assert 4 < min(every) <= max(every) < 14
    long = [course for course in courses.values() if len(course) > 5]
    assert long
    assert all(len(set(course)) > 2 for course in long)


def test_nobody_asks_for_more_visits_than_fit() -> None:
    rows = _rows(patients=3, visits=0)
    assert len(rows["patient"]) == 3
    assert not rows["visit"]


def test_visits_get_their_ids_in_the_order_of_time() -> None:
    visits = _cells(_rows(), "visit")
    assert [visit["started_at"] for visit in visits] == sorted(visit["started_at"] for visit in visits)
    assert len({visit["patient_id"] for visit in visits[-50:]}) > 25


def test_what_is_laid_by_day_is_read_again_by_spans_of_days(tmp_path: Path) -> None:
    folder = Folder(tmp_path, AS_OF)
    by_day = {3: ["a\nob", "c"], 5: ["d"], 2900: ["later"]}
    folder.write(0, by_day)
    folder.write(1, {3: ["of another"]})
    assert list(folder.read(2, 0, 6)) == ["a\nob", "c", "d", "of another"]
    assert list(folder.read(2, 6, 2901)) == ["later"]
    assert list(folder.read(2, 4, 5)) == []
    assert {number: count for number, count in enumerate(folder.visits(0)) if count} == {3: 2, 5: 1, 2900: 1}
    assert folder.has(1)
    assert not folder.has(2)


def test_every_day_of_a_story_has_a_place_of_its_own(tmp_path: Path) -> None:
    folder = Folder(tmp_path, AS_OF)
    days = [AS_OF - timedelta(days=back) for back in (1, 2, 365, 8 * 365 + 2)]
    assert [folder.day(folder.day_number(day)) for day in days] == days


def test_slices_hold_neighbouring_days_and_all_visits() -> None:
    assert slices([0, 4, 4, 4, 0, 9, 1, 0], 8) == [Slice(0, 0, 3, 8), Slice(1, 3, 6, 13), Slice(2, 6, 8, 1)]
    assert slices([0, 0], 8) == []
