"""What the rules draft from real and made-up records passes every check of code: no false flag."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from core import verification
from core.interchange import generate, synthea
from core.models import Evidence, Patient
from core.queries import evidence
from core.queries.evidence import EvidenceRow
from core.stores import databases
from core.stores.databases import Store
from evals.offline_model import rule_checker, rule_drafter
from workers.reports import drafter, schemas
from workers.reports.letter_codes import References
from workers.reports.verdicts import with_quote_found

TODAY = date(2026, 11, 20)
Row = dict[str, Any]


def flags(rows: tuple[EvidenceRow, ...]) -> tuple[int, list[str]]:
    """How many claims were drafted, and each that code or the rules of the fact-checker object to."""
    known = References(row.ref for row in rows)
    stored = [Evidence(ref=row.ref, fields=row.fields) for row in rows]
    said = {row["ref"]: row for row in json.loads(drafter.prompt_data(stored, known, TODAY))["evidence"]}
    claims = schemas.read_draft(json.dumps(rule_drafter.draft(list(said.values()))), known.codes)
    given = {row.ref: verification.Row(row.ref, row.type, row.patient_id, row.fields) for row in rows}
    objections = []
    for claim in claims:
        refs = tuple(known.ref(code) for code in claim.citations)
        checked = verification.check_claim(
            verification.Claim(claim.text, refs, rows[0].patient_id), list(map(given.__getitem__, refs))
        )
        verdict, why = judged(claim.text, list(map(said.__getitem__, claim.citations)))
        if checked.flagged or verdict != "supported":
            objections.append(f"{claim.text} {checked.reasons} {verdict} {why}")
    return len(claims), objections


def judged(text: str, cited: list[Row]) -> tuple[str, str]:
    """What the rules of the fact-checker say of a claim, and why."""
    (found,) = rule_checker.judge([{"label": "BBB", "text": text, "rows": cited}])["judgements"]
    verdict, why = with_quote_found(found["verdict"], found["quote"], cited)
    return verdict, f"{why} {found['reason']}"


def drafted_from(patients: int) -> None:
    with databases.read(Store.HOT) as session:
        ids = session.scalars(select(Patient.id)).all()
    assert len(ids) == patients
    outcomes = [flags(evidence.collect(patient_id)) for patient_id in ids]
    assert [objection for _, objections in outcomes for objection in objections] == []
    assert sum(count for count, _ in outcomes) > 8 * patients


def test_made_up_patients(configured: Callable[..., object]) -> None:
    generate.generate(25, 8.0, 7, TODAY, lambda *_: None)
    drafted_from(25)


@pytest.mark.long
def test_synthea_59(configured: Callable[..., object], shared_data: Path) -> None:
    synthea.import_directory(shared_data / "synthea-59" / "csv", shift_to=TODAY)
    drafted_from(59)
