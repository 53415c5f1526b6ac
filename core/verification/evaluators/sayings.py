"""What a text says: its words in one sentence of the text, under the same negation, its numbers in the same order."""

from __future__ import annotations

from collections.abc import Sequence

from core.verification.cited import Cited
from core.verification.judged import Judged, NotInRows
from core.verification.statements import Saying


def sayings_none(statement: Saying) -> Judged:
    return NotInRows("No cited text says that.")


def saying(statement: Saying, rows: Sequence[Cited], others: Sequence[Cited]) -> Judged:
    return sayings_none(statement)
