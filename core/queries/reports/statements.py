"""What was read in a claim, by whom, with the rows that bear each statement out, and the words nobody read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core import verification
from core.queries.reports.views import CitedRow, ClaimView
from core.services.reports import checking
from core.verification import Grammar, Proved, Reader, Refuted
from core.verification.statements import Statement

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
    """A claim as it was read: by code, and by the fact-checker where code did not read it whole.

    `unread` are words that nobody read. `was_asked` is whether the fact-checker's reading was kept, `is_usable` whether
    its words are those of the claim.
    """

    statements: tuple[StatementView, ...]
    unread: tuple[str, ...]
    by_model: tuple[StatementView, ...] = ()
    was_asked: bool = False
    is_usable: bool = False
    is_whole: bool = False


def read(claim: ClaimView, patient_id: int, evidence: Mapping[str, CitedRow]) -> ReadingView:
    """Read a claim again by its words and the rows of its report, as they were drafted from."""
    rows = [verification.Row(row.ref, row.kind, patient_id, row.fields) for row in evidence.values()]
    asked = verification.Claim(claim.text, tuple(row.ref for row in claim.citations), patient_id)
    reading = verification.read(asked, rows)
    kept = claim.by(checking.READER)
    second = verification.read_again(asked, rows, checking.load_said(kept.said if kept else None))
    is_usable = second.reader is not Reader.NONE
    left = [span for span in reading.uncovered if not is_usable or any(_overlap(span, o) for o in second.uncovered)]
    return ReadingView(
        _views(claim.text, reading.statements),
        tuple(claim.text[slice(*span)] for span in left),
        _views(claim.text, second.statements),
        was_asked=kept is not None,
        is_usable=is_usable,
        is_whole=reading.grammar is Grammar.WHOLE,
    )


def _views(text: str, pairs: Sequence[tuple[Statement, verification.Judged]]) -> tuple[StatementView, ...]:
    """Statements as they are shown; what is said twice stands once."""
    found = (_statement(text[slice(*statement.span)], judged) for statement, judged in pairs)
    return tuple(dict.fromkeys(found))


def _overlap(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _statement(words: str, judged: verification.Judged) -> StatementView:
    if isinstance(judged, Proved):
        return StatementView(words, PROVED, judged.row or None, judged.field, judged.value)
    if isinstance(judged, Refuted):
        return StatementView(words, REFUTED, judged.row, judged.field, judged.value, judged.reason)
    return StatementView(words, SILENT, reason=judged.reason)
