"""Synthea directories read and linked, without a database."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.interchange import resolve, synthea
from core.interchange.source_rows import Population
from core.interchange.source_values import NOTE_CHARS_MAX
from core.interchange.summary import Summary
from tests import interchange_files as files


def _linked(folder: Path) -> tuple[Population, Summary]:
    population, summary = synthea.read_directory(folder)
    resolve.resolve(population, summary, {})
    return population, summary


def _reasons(summary: Summary) -> list[tuple[str, int, str]]:
    return [(refusal.file, refusal.line, refusal.reason) for refusal in summary.refusals]


def test_a_sound_directory(tmp_path: Path) -> None:
    population, summary = _linked(files.write(tmp_path / "csv", notes=[files.note()]))
    assert not summary.refusals
    patient, visit, note = (population.of(kind)[0] for kind in ("patient", "visit", "note"))
    assert (patient.values["name"], patient.values["address"]) == ("Maude Wunsch", "1 Road, Here, CA, 90001")
    assert visit.key == f"{files.PATIENT}|visit|20200301T080000|185345009"
    assert note.visit_key == visit.key
    assert population.of("practitioner")[0].values == {"name": "Víctor Noriega", "speciality": "General practice"}


def test_quirks(tmp_path: Path) -> None:
    observations = [
        files.observation(UNITS="null", TYPE="text", VALUE="None of the above", CODE="69453-9"),
        files.observation(UNITS="{score}", VALUE="1.0", CODE="72514-3"),
        files.observation(ENCOUNTER="", CATEGORY="", CODE="QALY", UNITS="a", VALUE="37.5"),
    ]
    visits = [files.visit(STOP="", START="2020-03-01T00:00:00-08:00")]
    population, summary = _linked(files.write(tmp_path, files.tables(observations=observations, encounters=visits)))
    assert not summary.refusals
    text, score, years = population.of("observation")
    assert (text.values["unit"], text.values["value_text"]) == (None, "None of the above")
    assert score.values["unit"] == "{score}"
    assert years.assay is not None
    assert (years.visit_key, years.assay.category) == (None, "other")
    visit = population.of("visit")[0]
    assert (visit.values["status"], visit.values["ended_at"]) == ("in-progress", None)
    assert population.of("prescription")[0].values["status"] == "active"


def test_only_some_files_are_there(tmp_path: Path) -> None:
    _, summary = _linked(files.write(tmp_path, {"patients": [files.patient()]}))
    assert (summary.read, summary.refused) == (1, 0)


def test_notes_in_the_parent_are_found(tmp_path: Path) -> None:
    files.write(tmp_path, {}, notes=[files.note()])
    _, summary = _linked(files.write(tmp_path / "csv"))
    assert summary.of("note").read == 1


@pytest.mark.parametrize(
    ("table", "row", "reason"),
    [
        ("patients", files.patient(BIRTHDATE="1960-02-30"), "BIRTHDATE '1960-02-30' is not a date"),
        ("patients", files.patient(GENDER="X"), "GENDER 'X' is not one of"),
        ("patients", files.patient(DEATHDATE="1950-01-01"), "DEATHDATE is before BIRTHDATE"),
        ("patients", files.patient(FIRST="", LAST=""), "FIRST and LAST is empty"),
        ("encounters", files.visit(START="soon"), "START 'soon' is not a date and time"),
        ("encounters", files.visit(STOP="2019-01-01T00:00:00Z"), "STOP is before START"),
        ("encounters", files.visit(DESCRIPTION="x" * 401), "DESCRIPTION has 401 characters: at most 400 fit"),
        ("encounters", files.visit(DESCRIPTION="a\x00b"), "null byte"),
        ("observations", files.observation(VALUE="NaN"), "VALUE 'NaN' is not a finite number"),
        ("observations", files.observation(VALUE="high"), "VALUE 'high' is not a number"),
        ("observations", files.observation(TYPE="image"), "TYPE 'image' is neither numeric nor text"),
        ("observations", files.observation(PATIENT="nobody"), "there is no patient nobody"),
        ("observations", files.observation(ENCOUNTER="never"), "there is no visit never"),
        ("conditions", files.condition(STOP="2019-01-01"), "STOP is before START"),
        ("medications", files.medication(DESCRIPTION=""), "DESCRIPTION is empty"),
    ],
)
def test_a_bad_row_is_named_and_the_rest_goes_on(tmp_path: Path, table: str, row: dict[str, str], reason: str) -> None:
    sound = files.tables()
    _, summary = _linked(files.write(tmp_path, sound | {table: [row, *sound[table]]}))
    mine = [(file, line, said) for file, line, said in _reasons(summary) if file == f"{table}.csv"]
    assert [(file, line) for file, line, _ in mine] == [(f"{table}.csv", 2)]
    assert reason in mine[0][2]
    assert summary.refused == 1


def test_a_refusal_takes_its_rows_along_and_says_so(tmp_path: Path) -> None:
    bad = files.tables(encounters=[files.visit(START="soon")])
    _, summary = _linked(files.write(tmp_path, bad))
    reasons = {file: reason for file, _, reason in _reasons(summary)}
    assert reasons["observations.csv"] == f"its visit {files.VISIT} was refused (encounters.csv:2)"
    bad = files.tables(patients=[files.patient(GENDER="X")])
    _, summary = _linked(files.write(tmp_path, bad))
    reasons = {file: reason for file, _, reason in _reasons(summary)}
    assert reasons["encounters.csv"] == f"its patient {files.PATIENT} was refused (patients.csv:2)"


def test_an_id_given_twice(tmp_path: Path) -> None:
    visits = [files.visit(), files.visit(), files.visit(DESCRIPTION="Another")]
    population, summary = _linked(files.write(tmp_path, files.tables(encounters=visits)))
    assert (summary.of("visit").unchanged, summary.of("visit").refused) == (1, 1)
    file, line, reason = _reasons(summary)[0]
    assert (file, line) == ("encounters.csv", 4)
    assert "already at encounters.csv:2 with other content" in reason
    assert len(population.of("visit")) == 1


def test_another_patient_s_visit_is_refused(tmp_path: Path) -> None:
    patients = [files.patient(), files.patient(files.OTHER)]
    observations = [files.observation(PATIENT=files.OTHER)]
    _, summary = _linked(files.write(tmp_path, files.tables(patients=patients, observations=observations)))
    assert "belongs to another patient" in summary.refusals[0].reason


def test_equal_rows_are_told_apart_whatever_their_order(tmp_path: Path) -> None:
    two = [files.observation(VALUE="98"), files.observation(VALUE="95")]
    keys = []
    for rows in (two, two[::-1]):
        population, _ = _linked(files.write(tmp_path, files.tables(observations=rows)))
        keys.append({record.key: record.values["value_number"] for record in population.of("observation")})
    assert keys[0] == keys[1]
    assert len(keys[0]) == 2


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"text": ', "is not JSON"),
        ("[1, 2]", "not a JSON object"),
        (json.dumps(files.note(text="")), "text is empty"),
        (json.dumps(files.note(text="a\x00b")), "null byte"),
        (json.dumps(files.note(text="\ud800")), "lone surrogate"),
        (json.dumps(files.note(date="never")), "date 'never'"),
        (json.dumps(files.note(csv_encounter_id="gone")), "there is no visit gone"),
        ("[" * 100_000, "nested too deeply"),
        ('{"document_id": NaN}', "NaN is not a number"),
    ],
)
def test_a_bad_note_is_named(tmp_path: Path, line: str, reason: str) -> None:
    _, summary = _linked(files.write(tmp_path, notes=[line, files.note(document_id="sound")]))
    assert (summary.of("note").read, summary.refused) == (2, 1)
    assert (summary.refusals[0].file, summary.refusals[0].line) == ("notes.ndjson", 1)
    assert reason in summary.refusals[0].reason


def test_a_megabyte_of_note_is_kept_and_the_limit_is_named(tmp_path: Path) -> None:
    notes: list[Any] = [
        files.note(text="é" * 1024 * 1024),
        files.note(document_id="2", text="x" * (NOTE_CHARS_MAX + 1)),
    ]
    population, summary = _linked(files.write(tmp_path, notes=notes))
    assert [len(record.values["text"]) for record in population.of("note")] == [1024 * 1024]
    assert "NOTE_CHARS_MAX" in summary.refusals[0].reason


def test_a_note_without_an_encounter_id_finds_the_visit_of_its_second(tmp_path: Path) -> None:
    visits = [files.visit(), files.visit(files.OTHER_VISIT, CODE="2", DESCRIPTION="Emergency")]
    notes = [files.note(document_id=str(n), csv_encounter_id=None) for n in range(2)]
    population, _ = _linked(files.write(tmp_path, files.tables(encounters=visits), notes=notes))
    assert {note.visit_key for note in population.of("note")} == {visit.key for visit in population.of("visit")}


def test_nothing_to_read(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="none of Synthea's files"):
        synthea.read_directory(tmp_path)
    with pytest.raises(FileNotFoundError):
        synthea.read_directory(tmp_path / "nowhere")
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError):
        synthea.read_directory(tmp_path / "file")


def test_whole_files_that_are_no_tables(tmp_path: Path) -> None:
    folder = files.write(tmp_path)
    (folder / "observations.csv").write_bytes("DATE,PATIENT\n".encode("utf-16"))
    (folder / "conditions.csv").write_text("START,STOP\n")
    (folder / "notes.ndjson.gz").write_bytes(b"\x1f\x8b not gzip")
    _, summary = _linked(folder)
    assert {(r.file, r.line, r.kind) for r in summary.refusals} == {
        ("observations.csv", 0, "file"),
        ("conditions.csv", 0, "file"),
        ("notes.ndjson.gz", 0, "file"),
    }
    assert summary.read == 6
