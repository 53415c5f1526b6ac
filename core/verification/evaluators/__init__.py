"""Statements against cited rows: one pure function a type, in no order, sharing nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from core.verification import statements as said
from core.verification.cited import Cited
from core.verification.evaluators import changes, courses, doubts, people, results, sayings, series, trends, visits
from core.verification.judged import Judged, NotInRows, Refuted

EVALUATORS: Mapping[type[said.Statement], Callable[[Any, Sequence[Cited], Sequence[Cited]], Judged]] = {
    said.Measured: results.measured,
    said.Always: series.always,
    said.Trend: trends.trend,
    said.Ranged: results.ranged,
    said.Course: courses.course,
    said.Absent: courses.absent,
    said.Follows: courses.follows,
    said.Changed: changes.changed,
    said.Counted: visits.counted,
    said.Took: visits.took,
    said.Spaced: visits.spaced,
    said.Person: people.person,
    said.Saying: sayings.saying,
}


def evaluate(statement: said.Statement, rows: Sequence[Cited], others: Sequence[Cited] = ()) -> Judged:
    """Judge one statement against the cited rows; `others` of the patient may speak against it, never for it."""
    judged = EVALUATORS[type(statement)](statement, rows, others)
    if isinstance(judged, Refuted) and (statement.open or doubts.may_be_of_another(statement, rows)):
        return NotInRows(judged.reason)
    return judged
