"""What code has settled in a sentence, and what a revision of it would lose."""

from __future__ import annotations

from core.verification.claims import Reading
from core.verification.judged import Proved
from core.verification.statements import Only, Statement
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
    """Statements that rest on the whole record ("latest", "first", "only") and that code finds borne out.

    Only of a sentence that is proved whole: in "bee venom is his only allergy" the allergy alone may be proved.
    """
    if reading.grammar is not Grammar.WHOLE:
        return ()
    ranked = (statement.span for statement, _ in reading.statements if _rests_on_all(statement))
    return tuple(dict.fromkeys(reading.text[slice(*span)] for span in ranked))


_RANKS = frozenset({"latest", "first", "earlier", "highest ever", "lowest ever"})


def _rests_on_all(statement: Statement) -> bool:
    """Whether a statement ranks its row among all others; "first" in a name ("first trimester") ranks nothing."""
    if isinstance(statement, Only) or getattr(statement, "sole", False) or getattr(statement, "latest", False):
        return True
    points = (*getattr(statement, "points", ()), getattr(statement, "point", None))
    return any(getattr(part, "which", None) in _RANKS for part in (statement, *points))
