"""Statements against cited rows: one pure function a type, in no order, sharing nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from core.verification import statements as said
from core.verification.cited import Cited
from core.verification.evaluators import (
    changes,
    courses,
    doubts,
    implausible,
    people,
    results,
    sayings,
    series,
    trends,
    vaccinations,
    visits,
)
from core.verification.judged import Judged, NotInRows, Refuted

EVALUATORS: Mapping[type[said.Statement], Callable[[Any, Sequence[Cited], Sequence[Cited]], Judged]] = {
    said.Measured: results.measured,
    said.Always: series.always,
    said.Only: series.only,
    said.Trend: trends.trend,
    said.Ranged: results.ranged,
    said.Course: courses.course,
    said.Absent: courses.absent,
    said.Follows: courses.follows,
    said.Changed: changes.changed,
    said.Counted: visits.counted,
    said.Took: visits.took,
    said.Spaced: visits.spaced,
    said.Vaccinated: vaccinations.vaccinated,
    said.Person: people.person,
    said.Died: people.died,
    said.Saying: sayings.saying,
}


def evaluate(
    statement: said.Statement, rows: Sequence[Cited], others: Sequence[Cited] = (), days: Sequence[said.When] = ()
) -> Judged:
    """Judge one statement against the cited rows; `others` of the patient may speak against it, never for it.

    `days` are all days that the sentence names: what it names of a row it does not speak against.
    """
    judged = implausible.left_out(statement, EVALUATORS[type(statement)](statement, rows, others), rows)
    if isinstance(judged, Refuted) and doubts.is_doubtful(statement, judged, rows, days):
        return NotInRows(judged.reason)
    return judged
