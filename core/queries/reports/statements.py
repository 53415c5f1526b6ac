"""What code reads in a claim, statement by statement, with the rows that bear each out, and the words nobody read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core import verification
from core.queries.reports.views import CitedRow, ClaimView
from core.verification import Proved, Refuted

PROVED, REFUTED, SILENT = "proved", "refuted", "not in these rows"


@dataclass(frozen=True)
class StatementView:
    """Words of the claim, and what became of them; `row`, `field` and `value` are what proves or refutes them."""

    words: str
    outcome: str
    row: str | None = None
    field: str | None = None
    value: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class ReadingView:
    """A claim as code reads it; `unread` are its words that no statement covers."""

    statements: tuple[StatementView, ...]
    unread: tuple[str, ...]


def read(claim: ClaimView, patient_id: int, evidence: Mapping[str, CitedRow]) -> ReadingView:
    """Read a claim again by its words and the rows of its report, as they were drafted from."""
    rows = [verification.Row(row.ref, row.kind, patient_id, row.fields) for row in evidence.values()]
    cited = tuple(row.ref for row in claim.citations)
    reading = verification.read(verification.Claim(claim.text, cited, patient_id), rows)
    said = tuple(_statement(claim.text[slice(*statement.span)], judged) for statement, judged in reading.statements)
    return ReadingView(said, tuple(claim.text[slice(*span)] for span in reading.uncovered))


def _statement(words: str, judged: verification.Judged) -> StatementView:
    if isinstance(judged, Proved):
        return StatementView(words, PROVED, judged.row or None, judged.field, judged.value)
    if isinstance(judged, Refuted):
        return StatementView(words, REFUTED, judged.row, judged.field, judged.value, judged.reason)
    return StatementView(words, SILENT, reason=judged.reason)
