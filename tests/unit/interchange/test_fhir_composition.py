"""Documents: what sections say in words of their own is a note; what only repeats entries is counted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.interchange.fhir import markup_words
from core.models import Sensitivity, said
from tests import interchange_files as files
from tests.fhir_cases import LOINC, about, measured, only, order, read, read_with

XHTML = "http://www.w3.org/1999/xhtml"
MEDICINE = {"reference": "MedicationRequest/m1"}


def _section(words: str, status: str = "additional", **fields: Any) -> dict[str, Any]:
    return {"title": "Course", "text": {"status": status, "div": f'<div xmlns="{XHTML}">{words}</div>'}} | fields


def _document(*sections: Any, **fields: Any) -> dict[str, Any]:
    whole = {
        "status": "final",
        "type": {"coding": [{"system": LOINC, "code": "18842-5", "display": "Discharge summary"}]},
        "title": "Discharge from ward 3",
        "date": "2026-10-05",
        "author": [{"display": "Dr. Ng"}],
        "section": list(sections),
    }
    return about("Composition", id="c1") | whole | fields


def test_sections_in_words_are_a_note(tmp_path: Path) -> None:
    inside = {"title": "Plan", "section": [_section("Review in 2 weeks", title="Clinic")]}
    population, summary = read_with(tmp_path, _document(_section("<p>Treated for pneumonia.</p>"), inside))
    note = only(population, "note").values
    assert note["text"] == "Discharge from ward 3\n\nCourse\nTreated for pneumonia.\n\nPlan\nClinic\nReview in 2 weeks"
    assert (note["kind"], note["author"], said.read(note["said"])["dates"]) == (
        "Discharge summary", "Dr. Ng", {"written_at": "day"},
    )  # fmt: skip
    assert not summary.left_out


@pytest.mark.parametrize(
    ("section", "is_note"),
    [
        (_section("Metformin", "generated", entry=[MEDICINE]), False),
        (_section("Metformin", "generated"), True),
        (_section("Metformin", "additional", entry=[MEDICINE]), True),
        (_section("Diet", "generated", entry=[MEDICINE, {"reference": "CarePlan/c"}]), True),
        (_section("", "empty"), False),
        ({"title": "Medicines", "entry": [MEDICINE]}, False),
        ({"title": "Allergies", "emptyReason": {"coding": [{"code": "nilknown", "display": "Nil Known"}]}}, True),
    ],
)
def test_what_only_repeats_entries_is_counted(tmp_path: Path, section: Any, is_note: bool) -> None:
    population, summary = read_with(tmp_path, order(id="m1"), _document(section))
    assert len(population.of("note")) == is_note
    counted = {"Composition without words of its own (its entries are read)": 1}
    assert dict(summary.left_out) == ({} if is_note else counted)


def test_a_document_that_says_nothing_any_more_ends_its_note(tmp_path: Path) -> None:
    population, _ = read_with(tmp_path, _document(), about("DiagnosticReport", id="r", status="final", result=[]))
    ended = {retraction.id_key.split("/")[0]: retraction.ends for retraction in population.retractions}
    assert ended == {"id|Composition": True, "id|DiagnosticReport": True}


def test_a_document_may_replace_another(tmp_path: Path) -> None:
    old = {"code": "replaces", "targetReference": {"reference": "Composition/c0"}}
    population, _ = read_with(tmp_path, _document(_section("New"), relatesTo=[old]))
    (ended,) = population.retractions
    assert (ended.kind, ended.source_id.split("@")[0], ended.is_read) == ("note", "c0", False)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"status": "draft"}, "none that we know"),
        ({"status": None}, "no status"),
        ({"date": None}, "nobody knows when it was written"),
        ({"subject": {"reference": "Group/g"}}, "about a Group"),
        ({"modifierExtension": [{"url": "http://a.example/not", "valueBoolean": True}]}, "modifierExtension"),
        ({"section": _section("x")}, "its section is not a list"),
    ],
)
def test_a_document_is_refused_in_these_words(tmp_path: Path, fields: dict[str, Any], reason: str) -> None:
    population, summary = read_with(tmp_path, _document(_section("x")) | fields)
    assert not population.of("note")
    assert [reason in refusal.reason for refusal in summary.refusals] == [True]


def test_one_in_error_is_taken_back_and_one_in_preparation_says_so(tmp_path: Path) -> None:
    rows = [
        _document(_section("x"), status="entered-in-error", id="a"),
        _document(_section("y"), status="preliminary", id="b"),
    ]
    population, _ = read_with(tmp_path, *rows)
    assert [retraction.reason for retraction in population.retractions] == ["its status is entered-in-error"]
    assert said.read(only(population, "note").values["said"])["status"] == "preliminary"


@pytest.mark.parametrize(("level", "label"), [("R", Sensitivity.OTHER), ("V", Sensitivity.OTHER), ("N", None)])
def test_how_confidential_a_document_is_counts(tmp_path: Path, level: str, label: Sensitivity | None) -> None:
    visit = {"reference": f"urn:uuid:{files.OTHER_VISIT}"}
    document = _document(_section("x"), confidentiality=level, encounter=visit)
    population, _ = read_with(tmp_path, files.fhir_encounter(), document)
    assert only(population, "note").label == (label and label.value)


def test_one_that_nothing_can_keep_apart_is_refused(tmp_path: Path) -> None:
    population, summary = read_with(tmp_path, _document(_section("x"), confidentiality="R"))
    assert not population.of("note")
    assert len(summary.refusals) == 1


def test_an_older_document_is_no_r4(tmp_path: Path) -> None:
    older = _document(_section("x")) | {"class": {"text": "Letter"}}
    _, summary = read(files.bundle(tmp_path, files.fhir_patient(), older, measured()))
    assert "not R4" in summary.refusals[0].reason


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        ("<table><tr><td>Potassium</td><td>6.4</td><td></td></tr></table>", "Potassium | 6.4"),
        ("<del>Warfarin 5 mg</del> Warfarin 3 mg", "[struck out: Warfarin 5 mg] Warfarin 3 mg"),
        ("<S>none</S><strong>one</strong>", "[struck out: none] one"),
        ("one<ul><li>two</li></ul>three<dl><dt>A</dt><dd>B</dd></dl>", "one\ntwo\nthree\nA\nB"),
        ("5 &lt; 6<br/>a<script>b</script><style>c</style><!-- d -->", "5 < 6\na"),
        ("<p>a   b\n c</p>", "a b\nc"),
    ],
)
def test_markup_is_read_as_it_is_shown(markup: str, words: str) -> None:
    assert markup_words.words(markup) == words
