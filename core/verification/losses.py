"""What code has settled in a sentence, and what a revision of it would lose."""

from __future__ import annotations

import re

from core.verification.claims import Reading
from core.verification.judged import Proved
from core.verification.verdict_table import Grammar

Fact = tuple[str, str]


def facts(reading: Reading) -> set[Fact]:
    """Each kind of statement that a row bears out, with the row; none of what stands among words that nobody read."""
    return {
        (type(statement).__name__, judged.row)
        for statement, judged in reading.statements
        if isinstance(judged, Proved) and judged.row and not statement.open
    }


def lost(before: Reading, after: Reading | None) -> set[Fact]:
    """The facts of a sentence that its revision lacks; all of them where it is dropped."""
    return facts(before) - (facts(after) if after is not None else set())


def settled(reading: Reading) -> tuple[str, ...]:
    """Words that rest on the whole record ("latest", "first", "only") and that code finds borne out.

    Only of a sentence that is proved whole: in "bee venom is his only allergy" the allergy alone may be proved.
    """
    if reading.grammar is not Grammar.WHOLE:
        return ()
    words = (reading.text[slice(*statement.span)] for statement, _ in reading.statements)
    return tuple(dict.fromkeys(part for part in words if _WHOLE_RECORD.search(part)))


_WHOLE_RECORD = re.compile(r"\b(?:latest|last|newest|most recent|first|earliest|only|previous)\b", re.I)
