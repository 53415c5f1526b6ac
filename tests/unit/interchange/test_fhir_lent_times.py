"""An Observation without a time takes that of its report, its panel or its visit of one day, and says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.interchange.source_rows import Population
from core.interchange.summary import Summary
from core.models import said
from tests import interchange_files as files
from tests.fhir_cases import AT, SINGAPORE, about, measured, only, read, read_with

OTHERS = {"subject": {"reference": f"urn:uuid:{files.OTHER}"}}


def timeless(**fields: Any) -> dict[str, Any]:
    whole = measured(**fields)
    return {name: value for name, value in whole.items() if name != "effectiveDateTime"}


def reported(*names: str, **fields: Any) -> dict[str, Any]:
    results = [{"reference": f"Observation/{name}"} for name in names]
    whole = {"id": "r1", "status": "final", "code": {"text": "Blood"}, "result": results, "effectiveDateTime": AT}
    return about("DiagnosticReport", **(whole | fields))


def panel(*names: str, **fields: Any) -> dict[str, Any]:
    members = [{"reference": f"Observation/{name}"} for name in names]
    whole = measured(id="head", hasMember=members, **fields)
    del whole["valueQuantity"]
    return whole


def stay(start: str, end: str | None, **fields: Any) -> dict[str, Any]:
    return files.fhir_encounter(period={"start": start, "end": end}, **fields)


AT_VISIT = {"encounter": {"reference": f"urn:uuid:{files.OTHER_VISIT}"}}
LATER = "2026-10-07T10:00:00+08:00"


@pytest.mark.parametrize(
    ("resources", "expected", "lender"),
    [
        ([timeless(), reported("o1")], "2026-10-05 09:00", "its report"),
        ([reported("o1"), timeless()], "2026-10-05 09:00", "its report"),
        ([timeless(), reported("o1", effectiveDateTime="2026-10")], "2026-10-01 20:00", "its report"),
        ([timeless(), reported("o1", effectivePeriod={"start": AT, "end": LATER}, effectiveDateTime=None)
          ], "2026-10-05 09:00", "its report"),
        ([timeless(), reported("o1", effectiveDateTime=None, issued=LATER)], "2026-10-07 10:00", "its report"),
        # When it was taken comes before when it was told; two reports that agree are one.
        ([timeless(), reported("o1"), reported("o1", id="r2", effectiveDateTime=None, issued=LATER)],
         "2026-10-05 09:00", "its report"),
        ([timeless(), reported("o1"), reported("o1", id="r2")], "2026-10-05 09:00", "its report"),
        # A report that its source took back lends nothing, nor does an older version of one.
        ([timeless(), reported("o1"), reported("o1", id="r2", status="cancelled", effectiveDateTime=LATER)],
         "2026-10-05 09:00", "its report"),
        ([timeless(), reported("o1", meta={"versionId": "2"}),
          reported("o1", meta={"versionId": "1"}, effectiveDateTime=LATER)], "2026-10-05 09:00", "its report"),
        ([timeless(), panel("o1")], "2026-10-05 09:00", "its panel"),
        ([timeless(), panel("o1", effectiveDateTime=None), reported("head")], "2026-10-05 09:00", "its report"),
        ([timeless(**AT_VISIT), stay("2026-10-05T08:00:00+08:00", "2026-10-05T19:00:00+08:00")],
         "2026-10-05 20:00", "its visit"),
    ],
)  # fmt: skip
def test_a_time_is_lent_and_told(tmp_path: Path, resources: list[Any], expected: str, lender: str) -> None:
    population, summary = read_with(tmp_path, *map(_told, resources))
    assert not summary.refusals
    values = next(one for one in population.of("observation")).values
    assert f"{values['observed_at'].astimezone(SINGAPORE):%Y-%m-%d %H:%M}" == expected
    assert f"time as {lender} has it" in said.read(values["said"])["note"]


def _told(resource: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in resource.items() if value is not None}


@pytest.mark.parametrize(
    "resources",
    [
        [timeless()],
        [timeless(), reported("another")],
        [timeless(), reported("o1"), reported("o1", id="r2", effectiveDateTime=LATER)],
        [timeless(), files.fhir_patient(files.OTHER, name=[{"text": "Ben"}]), reported("o1", **OTHERS)],
        [timeless(), reported("o1", status="entered-in-error")],
        [timeless(), reported("o1", effectiveDateTime=None)],
        [timeless(**AT_VISIT), stay("2026-10-05T08:00:00+08:00", "2026-10-06T19:00:00+08:00")],
        [timeless(**AT_VISIT), stay("2026-10-05T08:00:00+08:00", None)],
        [timeless(**AT_VISIT), stay("2026-10", "2026-10")],
    ],
)
def test_what_is_not_told_clearly_is_refused(tmp_path: Path, resources: list[Any]) -> None:
    population, summary = read_with(tmp_path, *(_told(resource) for resource in resources))
    assert not population.of("observation")
    assert ["it has no time" in refusal.reason for refusal in summary.refusals] == [True]


def test_a_day_is_one_where_the_clinic_is(tmp_path: Path) -> None:
    night = stay("2026-10-05T23:00:00Z", "2026-10-06T09:00:00Z")
    population, _ = read_with(tmp_path, timeless(**AT_VISIT), night)
    row = only(population, "observation").values
    assert (row["observed_at"].date().isoformat(), said.read(row["said"])["dates"]) == (
        "2026-10-06", {"observed_at": "day"}
    )  # fmt: skip


def test_an_observation_with_a_time_keeps_it(tmp_path: Path) -> None:
    population, _ = read_with(tmp_path, measured(), reported("o1", effectiveDateTime=LATER))
    values = only(population, "observation").values
    assert values["observed_at"].astimezone(SINGAPORE).day == 5
    assert "note" not in said.read(values["said"])


def test_one_in_error_is_taken_back_whoever_it_is_about(tmp_path: Path) -> None:
    wrong = timeless(status="entered-in-error")
    del wrong["subject"]
    population, _ = read_with(tmp_path, wrong)
    assert len(population.retractions) == 1


def _of_bulk(folder: Path) -> tuple[Population, Summary]:
    return read(folder, source="S")


def test_reports_may_stand_in_another_file_and_another_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "bulk"
    files.bundle(folder, files.fhir_patient(), name="a.json")
    for number in range(8):
        files.bundle(folder, timeless(id=f"o{number}"), name=f"b{number}.json")
    files.bundle(folder, reported(*(f"o{number}" for number in range(8))), name="c.json")
    alone, _ = _of_bulk(folder)
    monkeypatch.setattr("core.interchange.fhir.reading.BYTES_MIN", 0)
    monkeypatch.setattr("core.interchange.fhir.reading.processors", lambda: 2)
    several, summary = _of_bulk(folder)
    assert not summary.refusals
    assert len(several.of("observation")) == 8
    told = [sorted((one.key, str(one.values)) for one in found.of("observation")) for found in (alone, several)]
    assert told[0] == told[1]
