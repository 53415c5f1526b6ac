"""What a model reads in a sentence: typed, judged by the same evaluators, and never more than the sentence says."""

from __future__ import annotations

import pytest

from core.verification import Claim, Proved, Reader, Row, SaidPart, SaidStatement, SecondReading, from_json, read_again
from tests.unit.verification.made_rows import PATIENT, condition, hba1c, medicine, note, result, row

WEIGHT = [
    result("Body weight", value, "kg", day, code="29463-7")
    for value, day in ((66.0, "2018-08-09"), (70.5, "2021-08-12"))
]
SINUSITIS = condition("Chronic sinusitis (disorder)", "2025-12-25")
OTITIS = condition("Otitis media", "1978-04-02", "1978-08-01")
METFORMIN = medicine("Metformin 500 MG Oral Tablet", "2016-05-01", frequency="twice daily")
OFTEN = medicine("Metformin 500 MG Oral Tablet", "2016-05-01", frequency="every 6 hours if needed")
WARFARIN = medicine("Warfarin 5 MG Oral Tablet", "2015-01-01", "2019-02-01", "stopped")
IBUPROFEN = medicine("Ibuprofen 200 MG Oral Tablet", "1978-04-02", "1978-04-09", "stopped")
CLOPIDOGREL = medicine("Clopidogrel 75 MG Oral Tablet", "2015-01-01", dose="75 mg")
CLONIDINE = medicine("Clonidine 75 MCG Oral Tablet", "2015-01-01", dose="75 mcg")
DEAD = row("patient", sex="female", birth_date="1950-01-01", died_on="2026-11-21")
VISITS = [row("visit", description="Review", started_at=day) for day in ("2026-10-29", "2026-11-19")]
A1C = hba1c(8.9, "2026-05-03")


def said(kind: str, about: str, span: str, known_as: str = "", **parts: str | tuple[str, str]) -> SaidStatement:
    """A statement; a part is its words, or its words and what they mean."""
    made = [SaidPart(role, *((part,) if isinstance(part, str) else part)) for role, part in parts.items()]
    return SaidStatement(kind, about, span, tuple(made), known_as)


def reading(text: str, rows: list[Row], *statements: SaidStatement) -> SecondReading:
    return read_again(Claim(text, tuple(row.ref for row in rows), PATIENT), rows, statements)


RIGHT = [
    (
        "Chronic sinusitis diagnosed on Christmas Day 2025, still ongoing.", [SINUSITIS],
        [said("condition", "Chronic sinusitis", "Chronic sinusitis diagnosed on Christmas Day 2025, still ongoing",
              start=("Christmas Day 2025", "2025-12-25"), status=("still ongoing", "active"))],
    ),
    (
        "Ear infection Apr–Aug 1978, settled.", [OTITIS],
        [said("condition", "Ear infection", "Ear infection Apr–Aug 1978, settled", "otitis media",
              start=("Apr", "1978-04"), end=("Aug 1978", "1978-08"), status=("settled", "resolved"))],
    ),
    (
        "Putting on weight: 66.0 kg in 2018, 70.5 in 2021.", WEIGHT,
        [said("trend", "weight", "Putting on weight", direction=("Putting on", "up")),
         said("result", "weight", "66.0 kg in 2018", value="66.0 kg", when=("2018", "2018")),
         said("result", "weight", "70.5 in 2021", value="70.5", when=("2021", "2021"))],
    ),
    (
        "Metformin 500 mg bd continues.", [METFORMIN],
        [said("medicine", "Metformin", "Metformin 500 mg bd continues", dose="500 mg", frequency="bd",
              status=("continues", "active"))],
    ),
    (
        "Ibuprofen began the same day as otitis media.", [OTITIS, IBUPROFEN],
        [said("order", "Ibuprofen", "Ibuprofen began the same day as otitis media", order=("the same day as", "same"),
              other="otitis media")],
    ),
    (
        "Metformin q6h PRN continues.", [OFTEN],
        [said("medicine", "Metformin", "Metformin q6h PRN continues", frequency="q6h PRN",
              status=("continues", "active"))],
    ),
    (
        "Metformin every 6 hours if needed continues.", [OFTEN],
        [said("medicine", "Metformin", "Metformin every 6 hours if needed continues",
              frequency="every 6 hours if needed", status=("continues", "active"))],
    ),
    (
        "clopi 75 since 2015.", [CLOPIDOGREL],
        [said("medicine", "clopi", "clopi 75 since 2015", "clopidogrel", dose="75", start=("2015", "2015"))],
    ),
    (
        "No FB.", [note("NV intact, no FB seen.")], [said("absence", "FB", "No FB", negation="No")],
    ),
    (
        "No snoring, picky eater.", [note("No snoring. Picky eater.")],
        [said("note", "", "No snoring"), said("note", "", "picky eater")],
    ),
    (
        "No foreign body, misses two or three days a week.", [note("No FB seen. Misses 2-3 d/wk.")],
        [said("note", "", "No foreign body"), said("note", "", "misses two or three days a week")],
    ),
    (
        "76F.", [DEAD], [said("person", "76F", "76F", age=("76", "76"), sex=("F", "female"))],
    ),
    (
        "RIP 21/11/26.", [DEAD], [said("death", "RIP", "RIP 21/11/26", when=("21/11/26", "2026-11-21"))],
    ),
    (
        "Reviews three weeks apart.", VISITS,
        [said("apart", "Reviews", "Reviews three weeks apart", length="three weeks")],
    ),
    (
        "Safety-netted: come back if not better.", [note("Safety-netted: come back if not better.")],
        [said("note", "", "Safety-netted: come back if not better")],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "rows", "statements"), RIGHT, ids=[text for text, _, _ in RIGHT])
def test_what_is_read_right_is_proved_by_the_rows(text: str, rows: list[Row], statements: list[SaidStatement]) -> None:
    found = reading(text, rows, *statements)
    assert found.reader is Reader.PROVED, found
    assert all(isinstance(judged, Proved) for _, judged in found.statements)


REFUTED = [
    ("HbA1c was 7.9 % on 3 May 2026.", [A1C], said("result", "HbA1c", "HbA1c was 7.9 % on 3 May 2026", value="7.9 %",
                                                   when=("3 May 2026", "2026-05-03"))),
    ("Warfarin remains active.", [WARFARIN], said("medicine", "Warfarin", "Warfarin remains active",
                                                  status=("remains active", "active"))),
]  # fmt: skip


@pytest.mark.parametrize(("text", "rows", "statement"), REFUTED, ids=[text for text, _, _ in REFUTED])
def test_what_a_row_says_otherwise_is_refuted(text: str, rows: list[Row], statement: SaidStatement) -> None:
    assert reading(text, rows, statement).reader is Reader.REFUTED


# A reader that leaves something out, or says that words mean what they do not: none of it may be proved.
LIES = [
    (
        "a number that no part holds", "Metformin 850 mg is taken.", [METFORMIN],
        [said("medicine", "Metformin", "Metformin 850 mg is taken", status=("is taken", "active"))],
    ),
    (
        "a name that no statement is about", "Metformin and warfarin are taken.", [METFORMIN, WARFARIN],
        [said("medicine", "Metformin", "Metformin and warfarin are taken", status=("are taken", "active"))],
    ),
    (
        "a negation left out", "Metformin is not taken.", [METFORMIN],
        [said("medicine", "Metformin", "Metformin is not taken", status=("taken", "active"))],
    ),
    (
        "a negation taken for its opposite", "Metformin is not taken.", [METFORMIN],
        [said("medicine", "Metformin", "Metformin is not taken", status=("not taken", "active"))],
    ),
    (
        "stopped taken for active", "Metformin was stopped.", [METFORMIN],
        [said("medicine", "Metformin", "Metformin was stopped", status=("stopped", "active"))],
    ),
    (
        "praise taken for a standing", "Chronic sinusitis is well managed.", [SINUSITIS],
        [said("condition", "Chronic sinusitis", "Chronic sinusitis is well managed",
              status=("is well managed", "active"))],
    ),
    (
        "a long piece taken for a standing", "Chronic sinusitis is kept brilliantly in check nowadays.", [SINUSITIS],
        [said("condition", "Chronic sinusitis", "Chronic sinusitis is kept brilliantly in check nowadays",
              status=("is kept brilliantly in check nowadays", "active"))],
    ),
    (
        "a plan taken for nothing", "Metformin should be taken.", [METFORMIN],
        [said("medicine", "Metformin", "Metformin should be taken", status=("taken", "active"))],
    ),
    (
        "a number hidden among verbs", "HbA1c was noted at 7.1 % on 3 May 2026.", [A1C],
        [said("result", "HbA1c", "HbA1c was noted at 7.1 % on 3 May 2026", when=("3 May 2026", "2026-05-03"),
              said="was noted at 7.1 %")],
    ),
    (
        "a date that is said to be another", "Chronic sinusitis since Easter 2024.", [SINUSITIS],
        [said("condition", "Chronic sinusitis", "Chronic sinusitis since Easter 2024",
              start=("Easter 2024", "2025-12-25"))],
    ),
    (
        "a direction turned round", "Weight fell.", WEIGHT,
        [said("trend", "Weight", "Weight fell", direction=("fell", "up"))],
    ),
    (
        "a reading turned round", "HbA1c was low on 3 May 2026.", [A1C],
        [said("result", "HbA1c", "HbA1c was low on 3 May 2026", reading=("low", "high"),
              when=("3 May 2026", "2026-05-03"))],
    ),
    (
        "a day that is another", "Metformin began the same day as otitis media.", [OTITIS, METFORMIN],
        [said("order", "Metformin", "Metformin began the same day as otitis media", order=("the same day as", "same"),
              other="otitis media")],
    ),
    (
        "an order turned into a day", "Ibuprofen began before otitis media.", [OTITIS, IBUPROFEN],
        [said("order", "Ibuprofen", "Ibuprofen began before otitis media", order=("before", "same"),
              other="otitis media")],
    ),
    (
        "another name for a medicine", "Aspirin is taken.", [METFORMIN],
        [said("medicine", "Aspirin", "Aspirin is taken", "metformin", status=("is taken", "active"))],
    ),
    (
        "letters that are not those of the medicine", "Clonazepam 75 since 2015.", [CLOPIDOGREL],
        [said("medicine", "Clonazepam", "Clonazepam 75 since 2015", "clopidogrel", dose="75", start=("2015", "2015"))],
    ),
    (
        "letters of two cited medicines", "cl 75 since 2015.", [CLOPIDOGREL, CLONIDINE],
        [said("medicine", "cl", "cl 75 since 2015", "clopidogrel", dose="75", start=("2015", "2015"))],
    ),
    (
        "a negation that the note has not", "No FB.", [note("FB seen.")],
        [said("absence", "FB", "No FB", negation="No")],
    ),
    (
        "a negation that reaches on", "No fever or cough.", [note("No fever. Cough.")],
        [said("note", "", "No fever"), said("note", "", "cough")],
    ),
    (
        "other words for the letters of a note", "No heart attack.", [note("No HA.")],
        [said("note", "", "No heart attack")],
    ),
    (
        "a death that no row records", "RIP 21/11/26.", [A1C],
        [said("death", "RIP", "RIP 21/11/26", when=("21/11/26", "2026-11-21"))],
    ),
    (
        "visits that lie otherwise apart", "Reviews less than three weeks apart.", VISITS,
        [said("apart", "Reviews", "Reviews less than three weeks apart", length="less than three weeks")],
    ),
    (
        "a stopped medicine since a day", "Warfarin since 1 January 2015.", [WARFARIN],
        [said("medicine", "Warfarin", "Warfarin since 1 January 2015", start=("1 January 2015", "2015-01-01"))],
    ),
    (
        "an order taken for a note", "Give penicillin.", [note("Allergic to penicillin.")],
        [said("note", "", "Give penicillin")],
    ),
    (
        "nothing", "Metformin is taken.", [METFORMIN], [],
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "rows", "statements"), [case[1:] for case in LIES], ids=[what for what, _, _, _ in LIES]
)
def test_a_reader_that_lies_proves_nothing(text: str, rows: list[Row], statements: list[SaidStatement]) -> None:
    assert reading(text, rows, *statements).reader not in (Reader.PROVED, Reader.PART)


def test_words_that_are_not_in_the_sentence_throw_the_reading_away() -> None:
    right = said("medicine", "Metformin", "Metformin is taken", status=("is taken", "active"))
    assert reading("Metformin is taken.", [METFORMIN], right).reader is Reader.PROVED
    for wrong in (right._replace(about="Metformine"), right._replace(span="Metformin was taken")):
        assert reading("Metformin is taken.", [METFORMIN], right, wrong).reader is Reader.NONE
    cut = said("medicine", "Metformin", "Metformin is taken", status=("taken", "active"), dose="5")
    assert reading("Metformin 50 mg is taken.", [METFORMIN], cut).reader is Reader.NONE


def test_a_plain_word_that_is_left_is_told() -> None:
    found = reading(
        "Metformin happily continues.", [METFORMIN],
        said("medicine", "Metformin", "Metformin happily continues", status=("continues", "active")),
    )  # fmt: skip
    assert found.reader is Reader.PART
    assert [slice(*span) for span in found.uncovered] == [slice(10, 17)]


XRAY = note("X-ray shows union. Lives with her son.")


@pytest.mark.parametrize(
    ("piece", "column"),
    [
        ("bone united", Reader.RETOLD),
        ("no union", Reader.SILENT),
        ("lives with her son-in-law", Reader.SILENT),
        ("united in 6 weeks", Reader.SILENT),
        ("left side united", Reader.SILENT),
        ("warfarin reviewed", Reader.SILENT),
        ("probably united", Reader.SILENT),
    ],
)
def test_what_a_note_says_in_other_words_is_left_to_the_judge_unless_it_is_guarded(piece: str, column: Reader) -> None:
    text = f"HbA1c 8.9 %, {piece}."
    told = said("result", "HbA1c", "HbA1c 8.9 %", value="8.9 %")
    found = reading(text, [A1C, XRAY], told, said("note", "", piece))
    assert found.reader is column


def test_a_note_in_other_words_alone_proves_nothing() -> None:
    assert reading("Bone united.", [XRAY], said("note", "", "Bone united")).reader is Reader.SILENT


def test_a_row_of_another_patient_proves_nothing() -> None:
    other = row("condition", patient_id=8, name="Asthma", status="active", onset_on="2020-01-01")
    statement = said("condition", "Asthma", "Asthma is active", status=("active", "active"))
    assert reading("Asthma is active.", [other], statement).reader is Reader.NONE


def test_a_reading_is_kept_as_plain_data() -> None:
    statements = RIGHT[1][2]
    assert from_json([statement.as_json() for statement in statements]) == tuple(statements)
