"""A value that its source row marks as implausible is no finding: no statement is proved by it."""

from __future__ import annotations

from collections.abc import Sequence

from core.verification.cited import Cited
from core.verification.evaluators import wording
from core.verification.judged import Judged, NotInRows, Proved
from core.verification.statements import Always, Statement, Trend

# As the status of a result has it, in core/models/said.py.
MARK = "marked implausible"
# They rest on all rows of their test, not on one.
OF_A_SERIES = (Trend, Always)


def left_out(statement: Statement, judged: Judged, rows: Sequence[Cited]) -> Judged:
    """What was judged, unless it rests on a value that is marked."""
    if not isinstance(judged, Proved):
        return judged
    used = [row for row in rows if row.ref == judged.row]
    if isinstance(statement, OF_A_SERIES):
        used += [rows[place] for place, _ in statement.subject.bearers]
    marked = next((row for row in used if row.type == "observation" and MARK in str(row.fields.get("status"))), None)
    if marked is None:
        return judged
    return NotInRows(wording.sentence(f"the value of {wording.name(marked)} is marked implausible: it is no finding."))
