"""Values that stand inside a report are read as rows of their own, or refused one by one."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from core.interchange.source_rows import Population
from core.interchange.summary import Summary
from tests import interchange_files as files
from tests.fhir_cases import AT, about, read_with


def value(source_id: str, **fields: Any) -> dict[str, Any]:
    """An Observation as it stands inside a report: nothing but its test and its value."""
    whole = {"status": "final", "code": {"text": source_id}, "valueQuantity": {"value": 9, "unit": "g/dL"}}
    return {"resourceType": "Observation", "id": source_id} | whole | fields


def report(*inside: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A report that holds these and names all of them as results."""
    named = {"contained": list(inside), "result": [{"reference": f"#{part['id']}"} for part in inside]}
    whole = {"status": "final", "code": {"text": "Blood"}, "effectiveDateTime": AT} | named
    return about("DiagnosticReport", **whole | fields)


def values(folder: Path, whole: dict[str, Any]) -> tuple[list[Any], Population, Summary]:
    population, summary = read_with(folder, whole)
    told = [(r.assay.name, r.values["value_number"], r.values["value_text"]) for r in population.of("observation")]
    return told, population, summary


def test_values_inside_a_report_are_rows(tmp_path: Path) -> None:
    told, population, summary = values(tmp_path, report(value("hb"), value("wbc", valueQuantity={"value": 5})))
    assert told == [("hb", 9, None), ("wbc", 5, None)]
    assert (summary.refusals, population.of("note")) == ([], [])
    records = population.of("observation")
    assert {record.values["observed_at"] for record in records} == {datetime(2026, 10, 5, 1, tzinfo=UTC)}
    assert len({record.key for record in records}) == 2


def test_components_and_members_inside_are_rows_too(tmp_path: Path) -> None:
    parts = [{"code": {"text": "high"}, "valueInteger": 120}, {"code": {"text": "low"}, "valueInteger": 80}]
    pressure = {"resourceType": "Observation", "id": "bp", "status": "final", "code": {"text": "BP"}}
    head = pressure | {"id": "head", "hasMember": [{"reference": "#bp"}]}
    whole = report(head, contained=[head, pressure | {"component": parts}])
    told, _, summary = values(tmp_path, whole)
    assert told == [("high", 120, None), ("low", 80, None)]
    assert (summary.refusals, [words for words in summary.left_out if "inside" in words]) == ([], [])


def test_what_a_value_says_itself_comes_before_its_report(tmp_path: Path) -> None:
    _, population, _ = values(tmp_path, report(value("hb", issued="2026-10-01T00:00:00Z", status="preliminary")))
    (record,) = population.of("observation")
    assert record.values["observed_at"] == datetime(2026, 10, 1, tzinfo=UTC)
    assert "preliminary" in record.values["said"]


@pytest.mark.parametrize(
    ("part", "why"),
    [
        (value("hb", subject={"reference": f"Patient/{files.OTHER}"}), "another patient"),
        (value("hb", status="entered-in-error"), "entered-in-error"),
        (value("hb", valueQuantity=None), "no value"),
        (value("hb", modifierExtension=[{"url": "urn:not"}]), "modifierExtension"),
    ],
)
def test_a_value_that_cannot_be_taken_is_refused_alone(tmp_path: Path, part: dict[str, Any], why: str) -> None:
    part = {name: told for name, told in part.items() if told is not None}
    told, population, summary = values(tmp_path, report(part, value("wbc"), conclusion="Anaemia"))
    assert (told, len(population.of("note"))) == ([("wbc", 9, None)], 1)
    (refusal,) = summary.refusals
    assert why in refusal.reason
    assert "result #hb inside its report" in refusal.reason


def test_too_many_values_inside_are_refused_by_number(tmp_path: Path) -> None:
    told, _, summary = values(tmp_path, report(*(value(f"t{number}") for number in range(41))))
    assert (told, ["41" in refusal.reason for refusal in summary.refusals]) == ([], [True])


def test_what_no_result_names_is_counted(tmp_path: Path) -> None:
    told, _, summary = values(tmp_path, report(value("hb"), contained=[value("hb"), value("other")]))
    assert told == [("hb", 9, None)]
    assert summary.left_out["Observation inside another resource (send it as an entry of its own)"] == 1


def test_a_refused_report_counts_what_is_inside(tmp_path: Path) -> None:
    told, _, summary = values(tmp_path, report(value("hb"), conclusion="Anaemia", effectiveDateTime="soon"))
    assert (told, summary.refused) == ([], 1)
    assert summary.left_out["Observation inside another resource (send it as an entry of its own)"] == 1
