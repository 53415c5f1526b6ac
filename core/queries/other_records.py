"""What is stated in a record beside findings and medicines taken, and medicines on hold. Hot rows only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import (
    PENDING,
    STATEMENT_WORDS,
    Prescription,
    PrescriptionStatus,
    Statement,
    StatementKind,
    said,
)
from core.queries.hidden_visits import NO_VISITS, VisitIds, is_visible
from core.staging.attachments import titles_in
from core.stores.counted import counts
from core.stores.tables import hot_table

STATUS_WORDS = {
    PrescriptionStatus.ON_HOLD: "On hold",
    PrescriptionStatus.UNKNOWN: "Not known whether it is taken",
}


@dataclass(frozen=True)
class OtherLine:
    """One line: its row, what it is, its words, details, and when."""

    table: str
    id: int
    kind: str
    text: str
    detail: str | None
    from_on: date | None
    until_on: date | None

    @property
    def is_warning(self) -> bool:
        return self.kind == STATEMENT_WORDS[StatementKind.DO_NOT_GIVE]


def other_records(session: Session, patient_id: int, *, hidden_visits: VisitIds = NO_VISITS) -> tuple[OtherLine, ...]:
    """Statements, then medicines that are neither taken now nor ended, without those of hidden visits."""
    return (*_statements(session, patient_id, hidden_visits), *_medicines(session, patient_id, hidden_visits))


def _statements(session: Session, patient_id: int, hidden_visits: VisitIds) -> Sequence[OtherLine]:
    visible = is_visible(hot_table("statement"), hidden_visits)
    counting = counts(hot_table("statement"))
    rows = list(session.scalars(select(Statement).where(Statement.patient_id == patient_id, visible, counting)))
    order = list(STATEMENT_WORDS)
    rows.sort(key=lambda row: (order.index(StatementKind(row.kind)), row.text, row.id))
    return [
        OtherLine(
            "statement",
            row.id,
            STATEMENT_WORDS[StatementKind(row.kind)],
            row.text,
            _details(row),
            said.dated(row.stated_on, row.said, "stated_on"),
            None,
        )
        for row in rows
    ]


def _details(row: Statement) -> str | None:
    """What is told beside a statement; that nobody has confirmed a "no known allergies", too."""
    parts = said.read(row.said)
    is_open = row.kind == StatementKind.NEGATION and parts.get("verification") not in (None, "confirmed")
    return ", ".join(filter(None, (row.detail, "not confirmed" if is_open else None, said.beside(parts)))) or None


def _medicines(session: Session, patient_id: int, hidden_visits: VisitIds) -> Sequence[OtherLine]:
    query = select(Prescription).where(
        Prescription.patient_id == patient_id,
        Prescription.status.in_(PENDING),
        is_visible(hot_table("prescription"), hidden_visits),
        counts(hot_table("prescription")),
    )
    rows = session.scalars(query.order_by(Prescription.medication, Prescription.id))
    return [
        OtherLine(
            "prescription",
            row.id,
            STATUS_WORDS[PrescriptionStatus(row.status)],
            row.medication,
            ", ".join(filter(None, (row.dose, row.frequency, row.instructions, said.beside(said.read(row.said)))))
            or None,
            said.dated(row.started_on, row.said, "started_on"),
            said.dated(row.stopped_on, row.said, "stopped_on"),
        )
        for row in rows
    ]


def remark(kept: str | None) -> str:
    """What a reader of a note must know beside its text."""
    parts = said.read(kept)
    left = [f"not kept here: {title}" for title in titles_in(parts.get("attachments"))]
    return "; ".join((*([str(parts["status"])] if "status" in parts else []), *left))
