"""A document or report without a date takes the day of its visit, if that is one, and says so; else it is refused."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest

from core.models import said
from tests import interchange_files as files
from tests.fhir_cases import SINGAPORE, about, only, read_with

TEXT = {"contentType": "text/plain", "data": base64.b64encode(b"Slept well.").decode()}
VISIT = {"reference": f"urn:uuid:{files.OTHER_VISIT}"}
LENT = "[The source tells no date of this: the day is that of its visit.]"
DAY, MORNING, EVENING = "2026-10-05", "2026-10-05T09:00:00+08:00", "2026-10-05T17:30:00+08:00"


def document(attachment: dict[str, Any] = TEXT, **context: Any) -> dict[str, Any]:
    return about("DocumentReference", status="current", content=[{"attachment": attachment}], context=context)


def report(**fields: Any) -> dict[str, Any]:
    return about("DiagnosticReport", status="final", code={"text": "X-ray"}, conclusion="No fracture", **fields)


def stay(start: str = MORNING, end: str | None = EVENING, **fields: Any) -> dict[str, Any]:
    return files.fhir_encounter(period={"start": start, "end": end}, **fields)


@pytest.mark.parametrize("undated", [document(encounter=[VISIT]), report(encounter=VISIT)])
@pytest.mark.parametrize("is_first", [True, False])
def test_the_day_of_its_visit_is_lent_and_told(tmp_path: Path, undated: dict[str, Any], is_first: bool) -> None:
    population, summary = read_with(tmp_path, *([undated, stay()] if is_first else [stay(), undated]))
    note = only(population, "note")
    assert note.values["written_at"].astimezone(SINGAPORE).date().isoformat() == DAY
    assert said.read(note.values["said"])["dates"] == {"written_at": "day"}
    assert note.values["text"].startswith(f"{LENT}\n\n")
    assert summary.refused == 0


@pytest.mark.parametrize(
    "visit",
    [stay(end="2026-10-06T08:00:00+08:00"), stay(end=None), stay(start="2026-10", end="2026-10"),
     stay(status="entered-in-error")],
)  # fmt: skip
@pytest.mark.parametrize("undated", [document(encounter=[VISIT]), report(encounter=VISIT)])
def test_no_day_is_made_up(tmp_path: Path, visit: dict[str, Any], undated: dict[str, Any]) -> None:
    # When a server wrote a resource last says nothing of when somebody wrote the text.
    late = {**undated, "meta": {"lastUpdated": "2026-10-05T12:00:00Z"}}
    population, summary = read_with(tmp_path, visit, late)
    assert population.of("note") == []
    assert "date is empty" in str(summary.refusals)


@pytest.mark.parametrize(
    "dated",
    [
        document(encounter=[VISIT], period={"end": "2019-03-04"}),
        document({**TEXT, "creation": "2019-03-04"}, encounter=[VISIT]),
        {**document(encounter=[VISIT]), "date": "2019-03-04"},
        report(encounter=VISIT, effectivePeriod={"end": "2019-03-04"}),
        report(encounter=VISIT, issued="2019-03-04"),
    ],
)
def test_a_date_of_its_own_counts(tmp_path: Path, dated: dict[str, Any]) -> None:
    population, _ = read_with(tmp_path, stay(), dated)
    note = only(population, "note")
    assert note.values["written_at"].date().isoformat() == "2019-03-04"
    assert LENT not in note.values["text"]


def test_the_visit_of_somebody_else_lends_nothing(tmp_path: Path) -> None:
    theirs = stay(subject={"reference": f"urn:uuid:{files.OTHER}"})
    somebody = files.fhir_patient(id=files.OTHER, name=[{"family": "Lim"}])
    population, summary = read_with(tmp_path, somebody, theirs, document(encounter=[VISIT]))
    assert population.of("note") == []
    assert [refusal.kind for refusal in summary.refusals] == ["note"]
