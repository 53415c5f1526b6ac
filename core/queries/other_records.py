"""What is stated in a record beside findings and medicines taken, and medicines on hold. Hot rows only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from core.models import (
    PENDING,
    STATEMENT_WORDS,
    PrescriptionStatus,
    StatementKind,
    known_words,
    said,
)
from core.queries.hidden_visits import NO_VISITS, VisitIds, is_seen, told
from core.queries.known_patient import medicine_rows
from core.staging.attachments import titles_in
from core.stores.counted import counts
from core.stores.prepared import PATIENT, rows
from core.stores.tables import hot_table

ORDER = [str(kind) for kind in STATEMENT_WORDS]
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
        return self.kind in (STATEMENT_WORDS[StatementKind.DO_NOT_GIVE], known_words.NOT_KNOWN)


def other_records(session: Session, patient_id: int, *, hidden_visits: VisitIds = NO_VISITS) -> tuple[OtherLine, ...]:
    """Statements, then medicines that are neither taken now nor ended, without those of hidden visits."""
    return (*_statements(session, patient_id, hidden_visits), *_medicines(session, patient_id, hidden_visits))


def _statements(session: Session, patient_id: int, hidden_visits: VisitIds) -> Sequence[OtherLine]:
    found = sorted(
        rows(session, _stated(any_hidden=bool(hidden_visits)), patient=patient_id, **told(hidden_visits)),
        key=lambda row: (_place(row.kind), row.text, row.id),
    )
    return [
        OtherLine(
            "statement",
            row.id,
            known_words.statement_words(row.kind),
            row.text,
            _details(row),
            said.dated(row.stated_on, row.said, "stated_on"),
            None,
        )
        for row in found
    ]


def _place(kind: str) -> int:
    """Of what nobody may miss first, and of what is of no kind of ours before all: it may be that."""
    return ORDER.index(kind) if kind in ORDER else -1


@cache
def _stated(*, any_hidden: bool) -> Select[Any]:
    table = hot_table("statement")
    return select(table).where(table.c.patient_id == PATIENT, is_seen(table, any_hidden=any_hidden), counts(table))


def _details(row: Row[Any]) -> str | None:
    """What is told beside a statement; that nobody has confirmed a "no known allergies", too."""
    parts = said.read(row.said)
    is_open = row.kind == StatementKind.NEGATION and parts.get("verification") not in (None, "confirmed")
    return ", ".join(filter(None, (row.detail, "not confirmed" if is_open else None, said.beside(parts)))) or None


def _medicines(session: Session, patient_id: int, hidden_visits: VisitIds) -> Sequence[OtherLine]:
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
        for row in medicine_rows(session, patient_id, hidden_visits)
        if row.status in PENDING
    ]


def remark(kept: str | None) -> str:
    """What a reader of a note must know beside its text."""
    parts = said.read(kept)
    left = [f"not kept here: {title}" for title in titles_in(parts.get("attachments"))]
    return "; ".join((*([str(parts["status"])] if "status" in parts else []), *left))
