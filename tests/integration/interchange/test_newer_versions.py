"""What a newer version lacks, withdraws or can't be read as, in rows that an earlier import brought."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from core.interchange import fhir
from core.interchange.retract import STILL_SHOWN
from core.interchange.summary import Summary
from core.models import Base
from core.stores import databases
from tests import interchange_files as files
from tests.fhir_cases import LOINC, about, measured, order

Later = Callable[..., Summary]


@pytest.fixture
def later(database: Any, tmp_path: Path) -> Later:
    """Imports one version of a resource after the other; gives what the last import said."""

    def imported(*versions: dict[str, Any]) -> Summary:
        summary = Summary()
        for version in versions:
            summary = fhir.import_path(files.bundle(tmp_path, files.fhir_patient(), version))
        return summary

    return imported


def _count(table: str) -> int:
    with databases.write() as session:
        return session.scalar(select(func.count()).select_from(Base.metadata.tables[table])) or 0


def _values() -> list[float]:
    table = Base.metadata.tables["observation"]
    with databases.write() as session:
        return sorted(float(value) for value in session.scalars(select(table.c.value_number)))


def _pressure(*values: tuple[str, int], **own: Any) -> dict[str, Any]:
    whole = measured(component=[_part(code, value) for code, value in values])
    if not own:
        del whole["valueQuantity"]
    return whole | own


def _part(code: str, value: int) -> dict[str, Any]:
    return {"code": {"coding": [{"system": LOINC, "code": code}]}, "valueQuantity": {"value": value, "unit": "mmHg"}}


SYSTOLIC, DIASTOLIC, MEAN = ("8480-6", 120), ("8462-4", 80), ("8478-0", 93)
OWN = {"valueQuantity": {"value": 1, "unit": "mmHg"}}


@pytest.mark.parametrize(
    ("first", "second", "left"),
    [
        (_pressure(SYSTOLIC, DIASTOLIC, MEAN), _pressure(SYSTOLIC), [120]),
        (_pressure(SYSTOLIC, DIASTOLIC), _pressure(("8480-6", 125), DIASTOLIC), [80, 125]),
        (_pressure(SYSTOLIC, **OWN), _pressure(SYSTOLIC), [120]),
        (_pressure(SYSTOLIC, DIASTOLIC), _pressure(**OWN), [1]),
    ],
)
def test_a_value_that_the_newer_version_lacks_ends(later: Later, first: Any, second: Any, left: list[float]) -> None:
    later(first, second)
    assert _values() == left
    assert later(second).ended == 0
    assert _values() == left


def test_a_value_that_is_withdrawn_ends(later: Later) -> None:
    empty = measured(dataAbsentReason={"text": "sample haemolysed"})
    del empty["valueQuantity"]
    assert later(measured(), empty).ended == 1
    assert _values() == []
    assert later(empty).refused == 0


def _report(*inside: dict[str, Any], **fields: Any) -> dict[str, Any]:
    named = {"contained": list(inside), "result": [{"reference": f"#{part['id']}"} for part in inside]}
    whole = {"status": "final", "code": {"text": "Blood"}, "issued": "2026-10-05", "conclusion": "As told"} | named
    return about("DiagnosticReport", **whole | fields)


def _inside(name: str, value: int, **fields: Any) -> dict[str, Any]:
    told = {"code": {"text": name}, "status": "final", "valueQuantity": {"value": value, "unit": "g/L"}}
    return {"resourceType": "Observation", "id": name} | told | fields


@pytest.mark.parametrize(
    ("second", "left"),
    [
        (_report(_inside("hb", 91), _inside("wbc", 5)), [5, 91]),
        (_report(_inside("a", 1), _inside("hb", 90), _inside("wbc", 5)), [1, 5, 90]),
        (_report(_inside("wbc", 5)), [5]),
        (_report(meta={"versionId": "2"}), []),
        (_report(_inside("hb", 90, status="cancelled"), _inside("wbc", 5, status="cancelled")), []),
        (_report(_inside("hb", 90), status="entered-in-error"), []),
        # What can't be read stays as it was, and the import says so.
        (_report(_inside("hb", 90, modifierExtension=[{"url": "urn:x"}])), [5, 90]),
    ],
)
def test_values_inside_a_report_follow_its_newer_version(later: Later, second: Any, left: list[float]) -> None:
    later(_report(_inside("hb", 90), _inside("wbc", 5)))
    with databases.write() as session:
        table = Base.metadata.tables["observation"]
        kept = dict(session.execute(select(table.c.value_number, table.c.id)).all())
    later(second)
    assert _values() == left
    with databases.write() as session:
        now = dict(session.execute(select(table.c.value_number, table.c.id)).all())
    assert {value: row_id for value, row_id in now.items() if value in kept}.items() <= kept.items()


@pytest.mark.parametrize(
    ("first", "second", "table"),
    [
        (order(), order(status="draft"), "prescription"),
        (files.fhir_encounter("e1"), files.fhir_encounter("e1", status="planned"), "visit"),
        (order(), order(doNotPerform=True), "prescription"),
        (order(), order(intent="plan"), "prescription"),
        (order(), order(medicationCodeableConcept={"text": "No current medications"}), "prescription"),
        (
            about("Condition", code={"text": "HIV"}),
            about("Condition", code={"text": "HIV"}, verificationStatus={"text": "Refuted"}),
            "condition",
        ),
        (
            about("AllergyIntolerance", code={"text": "Latex"}),
            about("AllergyIntolerance", code={"text": "No known allergy"}),
            "allergy",
        ),
    ],
)
def test_what_is_none_any_more_ends(later: Later, first: Any, second: Any, table: str) -> None:
    later(first)
    assert _count(table) == 1
    later(first, second)
    assert _count(table) == 0


def test_a_newer_version_that_is_refused_says_what_is_still_shown(later: Later) -> None:
    unread = measured(modifierExtension=[{"url": "http://x.example/not"}])
    assert STILL_SHOWN not in later(unread).refusals[0].reason
    summary = later(measured(), unread)
    assert [refusal.reason.endswith(STILL_SHOWN) for refusal in summary.refusals] == [True]
    assert _values() == [4.1]


def _rows() -> dict[str, tuple[int, int, float]]:
    """Id, version and value of each value that is shown, by its code."""
    values, assays = Base.metadata.tables["observation"], Base.metadata.tables["assay"]
    query = select(assays.c.code, values.c.id, values.c.version, values.c.value_number)
    with databases.write() as session:
        found = session.execute(query.join(values, values.c.assay_id == assays.c.id)).all()
    return {code: (row_id, version, float(value)) for code, row_id, version, value in found}


def test_a_component_that_is_added_or_gone_renames_no_other(later: Later) -> None:
    first, with_pulse = _pressure(SYSTOLIC, DIASTOLIC), _pressure(("8400-0", 61), SYSTOLIC, DIASTOLIC)
    later(first)
    before = _rows()
    summary = later(with_pulse)
    now = _rows()
    assert {code: now[code] for code in before} == before
    assert (summary.new, now["8400-0"][2]) == (1, 61)
    later(_pressure(DIASTOLIC))
    assert _rows() == {"8462-4": before["8462-4"]}
    later(_pressure(("8462-4", 85)))
    (row_id, version, value) = _rows()["8462-4"]
    assert (row_id, version, value) == (before["8462-4"][0], before["8462-4"][1] + 1, 85)
    later(with_pulse)
    assert {code: row[2] for code, row in _rows().items()} == {"8400-0": 61, "8480-6": 120, "8462-4": 80}
    assert later(with_pulse).unchanged >= 4
