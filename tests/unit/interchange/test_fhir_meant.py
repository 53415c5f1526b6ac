"""What files of others mean by a beginning, a midnight, a label, a focus, a conclusion or what stands inside them."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from core.interchange.fhir import exported_resources, labels
from core.models import said
from tests import interchange_files as files
from tests.fhir_cases import about, measured, only, order, read, read_with

ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"


def begins(*days: str | None) -> list[dict[str, Any]]:
    """Steps of a dosage that begin on these days."""
    return [{"text": "1 a day", "timing": {"repeat": {"boundsPeriod": {"start": day}}}} if day else {} for day in days]


@pytest.mark.parametrize(
    ("steps", "day"),
    [
        (begins("2026-11-01"), date(2026, 11, 1)),
        (begins("2026-12-01", "2026-11-15"), date(2026, 11, 15)),
        (begins("2026-12-01", None), date(2026, 10, 5)),
        ([{"text": "1 a day"}], date(2026, 10, 5)),
    ],
)
def test_a_medicine_begins_when_its_dosage_says(tmp_path: Path, steps: list[Any], day: date) -> None:
    population, _ = read_with(tmp_path, order(dosageInstruction=steps))
    assert only(population, "prescription").values["started_on"] == day


def test_a_statement_begins_when_its_dosage_says(tmp_path: Path) -> None:
    whole = about("MedicationStatement", status="active", medicationCodeableConcept={"text": "Ramipril"})
    population, _ = read_with(tmp_path, whole | {"dosage": begins("2011-11")})
    row = only(population, "prescription").values
    assert (row["started_on"], said.read(row["said"])["dates"]) == (date(2011, 11, 1), {"started_on": "month"})


def test_an_order_goes_out_with_its_day_and_its_beginning(tmp_path: Path) -> None:
    population, _ = read_with(tmp_path, order(dosageInstruction=begins("2026-11-01")))
    first = only(population, "prescription").values
    out = exported_resources.medication_request(first)
    assert out["authoredOn"] == order()["authoredOn"]
    again = files.bundle(tmp_path, files.fhir_patient(), about("MedicationRequest") | out)
    assert only(read(again)[0], "prescription").values["started_on"] == date(2026, 11, 1)


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("1998-06-04T00:00:00+12:00", date(1998, 6, 4)),
        ("1998-06-04T00:00:00.000-10:00", date(1998, 6, 4)),
        ("1998-06-04T00:00:01+12:00", date(1998, 6, 3)),
        ("1998-06-04T20:00:00Z", date(1998, 6, 5)),
    ],
)
def test_a_midnight_is_the_day_that_is_written(tmp_path: Path, written: str, day: date) -> None:
    whole = about("Immunization", status="completed", vaccineCode={"text": "Polio"}, occurrenceDateTime=written)
    population, _ = read_with(tmp_path, whole)
    assert only(population, "statement").values["stated_on"] == day


@pytest.mark.parametrize("code", ["PHY", "PRS", "ADOL", "SSP"])
def test_more_of_hl7s_policies_keep_apart(code: str) -> None:
    label = labels.label_of({"meta": {"security": [{"system": ACT_CODE, "code": code}]}})
    assert label is not None
    assert label.words == code


def test_a_policy_that_nobody_knows_is_told(tmp_path: Path) -> None:
    marked = {"security": [{"system": ACT_CODE, "code": "NOVEL"}]}
    _, summary = read_with(tmp_path, about("Condition", code={"text": "Gout"}, meta=marked))
    assert summary.doubts[labels.UNKNOWN] == 1


@pytest.mark.parametrize("kind", ["Condition", "Procedure", "MedicationRequest"])
def test_what_is_about_a_problem_of_the_patient_is_about_the_patient(tmp_path: Path, kind: str) -> None:
    population, summary = read_with(tmp_path, measured(focus=[{"reference": f"{kind}/t1"}]))
    assert not summary.refusals
    assert len(population.of("observation")) == 1


@pytest.mark.parametrize("reference", ["RelatedPerson/r1", "Patient/other", "Specimen/s1", "urn:uuid:" + files.OTHER])
def test_what_is_about_somebody_else_is_refused(tmp_path: Path, reference: str) -> None:
    population, summary = read_with(tmp_path, measured(focus=[{"reference": "Condition/t1"}, {"reference": reference}]))
    assert population.of("observation") == []
    assert "focus" in summary.refusals[0].reason


def test_a_coded_conclusion_stands_beside_the_words(tmp_path: Path) -> None:
    codes = [{"text": "Malignant tumour"}, {"text": "Large mass"}]
    fields = {"status": "final", "code": {"text": "CT"}, "issued": "2026-10-05", "conclusion": "A large mass."}
    population, _ = read_with(tmp_path, about("DiagnosticReport", conclusionCode=codes, **fields))
    assert only(population, "note").values["text"] == "Conclusion: A large mass.\nConclusion, coded: Malignant tumour"


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ({"asNeededCodeableConcept": {"text": "as needed for pain"}}, "as needed for pain"),
        ({"asNeededCodeableConcept": {"text": "pain"}}, "as needed for pain"),
        ({"timing": {"repeat": {"when": ["MORN", "EVE"]}}}, "in the morning and in the evening"),
    ],
)
def test_a_dosage_reads_as_it_is_spoken(tmp_path: Path, step: dict[str, Any], words: str) -> None:
    population, _ = read_with(tmp_path, order(dosageInstruction=[step]))
    assert only(population, "prescription").values["frequency"] == words


@pytest.mark.parametrize("written", ["entered-in-error ", "Entered-In-Error"])
def test_what_is_taken_back_is_so_in_any_spelling(tmp_path: Path, written: str) -> None:
    population, _ = read_with(tmp_path, measured(status=written))
    assert population.of("observation") == []
    assert [(one.ends, one.reason) for one in population.retractions] == [(True, "its status is entered-in-error")]


def test_who_told_of_a_vaccination(tmp_path: Path) -> None:
    whole = about("Immunization", status="completed", vaccineCode={"text": "Tetanus"}, occurrenceDateTime="1982")
    population, _ = read_with(tmp_path, whole | {"primarySource": False, "reportOrigin": {"text": "Parent"}})
    assert only(population, "statement").values["detail"] == "reported by: Parent"


def test_the_side_of_an_operation_is_told(tmp_path: Path) -> None:
    left = {"url": "http://a.example/laterality", "valueCodeableConcept": {"text": "left"}}
    whole = about("Procedure", status="completed", code={"text": "Knee replacement"}, performedDateTime="2012")
    population, _ = read_with(tmp_path, whole | {"bodySite": [{"text": "Knee", "extension": [left]}]})
    assert only(population, "statement").values["detail"] == "Knee, left"


def test_a_text_that_is_only_linked_to_is_told_beside_what_is_there(tmp_path: Path) -> None:
    forms = [{"contentType": "text/html", "url": "http://a.example/1", "title": "Full report"}]
    forms.append({"contentType": "application/pdf", "url": "http://a.example/2", "title": "Scan"})
    fields = {"status": "final", "code": {"text": "CT"}, "issued": "2026-10-05", "presentedForm": forms}
    population, _ = read_with(tmp_path, about("DiagnosticReport", **fields))
    assert only(population, "note").values["text"] == ("[Not kept here: Scan, application/pdf; Full report, text/html]")
