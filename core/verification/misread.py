"""Refutations that are more likely a fault of reading than of the sentence: nothing is called contradicted by them."""

from __future__ import annotations

from collections.abc import Sequence

from core.verification.cited import Cited
from core.verification.grammar import times
from core.verification.grammar.tokens import Words
from core.verification.judged import Judged, NotInRows, Refuted
from core.verification.statements import Counted, Statement

DAYS = frozenset({"start", "stop", "started_at", "ended_at", "observed_at"})


def weighed(statement: Statement, judged: Judged, words: Words, cited: Sequence[Cited]) -> Judged:
    """What was judged; a refutation only where the sentence does not itself say what the row says.

    A sentence that names the row's own day has said it, perhaps of something that stands elsewhere in it. A number
    that is as many as all cited rows is true of them.
    """
    if not isinstance(judged, Refuted):
        return judged
    as_many = isinstance(statement, Counted) and statement.number == len(cited)
    if as_many or (judged.field in DAYS and _names_the_day(words, judged, cited)):
        return NotInRows(judged.reason)
    return judged


def _names_the_day(words: Words, judged: Refuted, cited: Sequence[Cited]) -> bool:
    ended = judged.field in ("stop", "ended_at")
    days = [row.stop if ended else row.start for row in cited if row.ref == judged.row]
    said = [when for token in words if token.kind == "when" and (when := times.read(token.norm))]
    return any(times.within(when, day) for when in said for day in days)
