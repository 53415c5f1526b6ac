"""A report that waits for its reviewer, made of rows, without a model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import (
    Assay,
    Check,
    Citation,
    Claim,
    Evidence,
    Observation,
    Omission,
    Patient,
    Report,
    ReportEvent,
    ReportState,
)
from core.models.hashed_columns import newest_version
from core.queries import evidence
from core.services import reports
from core.sources import references
from core.stores import databases
from tests.factories import NOW, PASSWORD, make_assay, make_observation, make_visit


class Said(NamedTuple):
    """A claim and what its check said."""

    ordinal: int
    text: str
    verdict: str
    reason: str | None = None


CLAIMS = (
    Said(1, "HbA1c was 8.9 % on 12 November 2026.", "supported"),
    Said(2, "HbA1c has fallen to 8.9 %.", "contradicted", "The cited values do not fall."),
    Said(3, "She tolerates the dose well.", "cannot_verify", "No cited row says so."),
)

VERSION = newest_version("observation")


@dataclass(frozen=True)
class ReadyReport:
    """The report's id, its claims' ids (one borne out, two flagged), and the row that they cite."""

    id: int
    supported_id: int
    contradicted_id: int
    unverified_id: int
    observation_id: int


def make_ready_report(session: Session, patient: Patient, by: Any) -> ReadyReport:
    """HbA1c of 8.9 % and three claims about it."""
    visit = make_visit(session, patient)
    code = f"4548-{patient.id}"
    assay = session.scalar(select(Assay).where(Assay.code == code)) or make_assay(session, code=code)
    observation = make_observation(session, visit, assay, "8.9")
    report = Report(
        patient_id=patient.id,
        state=ReportState.READY,
        requested_by=by.id,
        requested_at=NOW,
        ready_at=NOW,
        round=1,
        model="strata-offline-rules",
        prompt_version="v1",
    )
    session.add(report)
    session.flush()
    ref, content_hash = f"observation:{observation.id}", _hash(session, observation.id)
    fields = {
        "name": "Hemoglobin A1c", "code": "4548-4", "value": 8.9, "unit": "%", "ref_low": 4, "ref_high": 6,
        "interpretation": "H", "observed_at": "2026-11-12T02:00:00Z",
    }  # fmt: skip
    about = {"report_id": report.id, "patient_id": patient.id}
    session.add_all(
        [
            Evidence(**about, ref=ref, store="replica", content_hash=content_hash, hash_version=VERSION, fields=fields),
            *(
                Evidence(
                    **about,
                    ref=row.ref,
                    store="replica",
                    content_hash=row.content_hash,
                    hash_version=row.hash_version,
                    fields=row.fields,
                )
                for row in evidence.gather(session, patient.id)
                if row.ref != ref
            ),
            Omission(report_id=report.id, ref=ref, reason="Potassium 5.4 mmol/L, high, is not mentioned."),
            ReportEvent(report_id=report.id, from_state=None, to_state=ReportState.REQUESTED, at=NOW),
        ]
    )
    claims = [_claim(session, report, said, ref, content_hash) for said in CLAIMS]
    return ReadyReport(report.id, *claims, observation.id)


def _hash(session: Session, observation_id: int) -> str:
    table = Observation.__table__
    row = session.execute(select(table).where(table.c.id == observation_id)).mappings().one()
    return references.content_hash("observation", row)


def _claim(session: Session, report: Report, said: Said, ref: str, content_hash: str) -> int:
    claim = Claim(
        report_id=report.id, patient_id=report.patient_id, ordinal=said.ordinal, section="diabetes", text=said.text,
        round=1, verdict=said.verdict, flagged=said.verdict != "supported",
    )  # fmt: skip
    session.add(claim)
    session.flush()
    about = {"report_id": report.id, "claim_id": claim.id}
    session.add(Citation(**about, ref=ref, content_hash=content_hash, hash_version=VERSION))
    session.add(Check(**about, checker="code", verdict=said.verdict, reasons=[said.reason] if said.reason else []))
    session.flush()
    return claim.id


def sign_ready_report(ready: ReadyReport, by: Any) -> None:
    """Reject the two claims that are flagged, and sign what is left."""
    with databases.write() as session:
        for claim_id in (ready.contradicted_id, ready.unverified_id):
            reports.decide_claim(
                session, report_id=ready.id, claim_id=claim_id, decision="rejected", reason="No.", by=by
            )
        reports.sign(session, report_id=ready.id, by=by, password=PASSWORD)
