"""Refutations that are more likely a fault of reading than of the sentence: nothing is called contradicted by them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from core.verification.cited import Cited
from core.verification.dates import When
from core.verification.evaluators.points import agrees, has_value
from core.verification.grammar.chunk import Quantity
from core.verification.grammar.times import within
from core.verification.judged import Judged, NotInRows, Proved, Refuted
from core.verification.statements import Counted, Course, Measured, Point, Statement, Took, Trend

STARTS = frozenset({"start", "started_at", "observed_at"})
STOPS = frozenset({"stop", "ended_at"})
# Two points of a change can hardly be told wrongly; of more, one may be of another change.
POINTS_MAX = 2
Pair = tuple[Statement, Judged]


def is_doubtful(statement: Statement, judged: Refuted, rows: Sequence[Cited], said: Sequence[When]) -> bool:
    """Whether the words leave open what the statement is of, or the days that are `said` hold the row's own."""
    if statement.open or _may_be_of_another(statement, rows) or _is_long(statement, judged):
        return True
    if isinstance(statement, Counted):
        return statement.number == len(rows) or _counts_some(statement, rows, said)
    return _names_the_day(statement, judged, rows, said)


def _counts_some(statement: Counted, rows: Sequence[Cited], said: Sequence[When]) -> bool:
    """Whether so many of its rows are of a day that the sentence names, stand alike, or are different medicines."""
    mine = [rows[n] for n in dict.fromkeys(n for n, _ in statement.subject.bearers)]
    parts = [[row for row in mine if within(when, row.start) or within(when, row.stop)] for when in said if when]
    parts += [[row for row in mine if row.standing == standing] for standing in {row.standing for row in mine}]
    names = {row.names for row in mine if row.type == "prescription"}
    return any(len({row.ref for row in part}) == statement.number for part in parts) or len(names) == statement.number


def of_told_results(pairs: Sequence[Pair], rows: Sequence[Cited]) -> tuple[Pair, ...]:
    """The statements of a sentence: a bare number is hardly a wrong result where each cited one is told rightly."""
    told = {judged.row for statement, judged in pairs if isinstance(judged, Proved)}
    return tuple((s, _unsure(s, judged, told, rows) if isinstance(judged, Refuted) else judged) for s, judged in pairs)


def _unsure(statement: Statement, judged: Refuted, told: set[str], rows: Sequence[Cited]) -> Judged:
    if not isinstance(statement, Measured) or not told >= {rows[n].ref for n, _ in statement.subject.bearers}:
        return judged
    value = statement.point.value
    bare = value is not None and value.unit is None and statement.point.reading is None
    return NotInRows(judged.reason) if bare else judged


def _has_what_is_said(point: Point, row: Cited) -> bool:
    return agrees(replace(point, when=(), which=None), row) is True


def _is_long(statement: Statement, judged: Refuted) -> bool:
    """A length of time may be of something else; a change of many points, too."""
    if not isinstance(statement, Trend):
        return False
    of_all = len(statement.subject.bearers) > POINTS_MAX and statement.direction in ("flat", "same")
    return of_all or judged.field == "observed_at" or len(statement.points) > POINTS_MAX


def _names_the_day(statement: Statement, judged: Refuted, rows: Sequence[Cited], said: Sequence[When]) -> bool:
    """Whether the sentence names the day that the row gives, perhaps of something that stands elsewhere in it; of a
    result, the day of any of its test that has what is said of it."""
    if judged.field not in STARTS | STOPS:
        return False
    days = [row.stop if judged.field in STOPS else row.start for row in rows if row.ref == judged.row]
    if isinstance(statement, Measured):
        mine = [rows[n] for n, _ in statement.subject.bearers]
        days += [row.start for row in mine if _has_what_is_said(statement.point, row)]
    return any(when and within(when, day) for when in said for day in days)


def _may_be_of_another(statement: Statement, rows: Sequence[Cited]) -> bool:
    """All its values are values of its own test, all its days days of cited rows, and another row is cited."""
    mine = [rows[n] for n, _ in statement.subject.bearers]
    if len(rows) < 2:
        return False
    if isinstance(statement, Measured):
        return len(mine) > 1 and _is_result(statement.point, mine) and _are_days([statement.point.when], rows)
    if isinstance(statement, Course):
        others = [row for row in rows if row not in mine]
        return _are_some_days([statement.start, statement.stop, statement.at], others)
    return isinstance(statement, Took) and _are_some_days([statement.when], rows)


def _are_some_days(whens: Sequence[When], rows: Sequence[Cited]) -> bool:
    return any(whens) and _are_days(whens, rows)


def _is_result(point: Point, mine: Sequence[Cited]) -> bool:
    """Whether each value of a point is that of some result of its test."""
    said = zip(point.pair or (), ("systolic", "diastolic"), strict=False)
    pairs = [(point.value, None)] if point.value else list(said)
    return all(_has(value, [row for row in mine if test in (None, row.assay)]) for value, test in pairs)


def _has(value: Quantity, rows: Sequence[Cited]) -> bool:
    return any(has_value(row, value._replace(unit=None)) for row in rows)


def _are_days(whens: Sequence[When], rows: Sequence[Cited]) -> bool:
    days: list[date] = [day for row in rows for day in (row.start, row.stop) if day]
    return all(not when or any(within(when, day) for day in days) for when in whens)
