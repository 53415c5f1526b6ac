"""Whether what a row speaks against may have been said of another row: such a statement is not refuted."""

from __future__ import annotations

from collections.abc import Sequence

from core.verification.cited import Cited
from core.verification.evaluators.points import has_value
from core.verification.grammar.chunks import Quantity
from core.verification.grammar.times import within
from core.verification.statements import Course, Measured, Point, Statement, Took, When


def may_be_of_another(statement: Statement, rows: Sequence[Cited]) -> bool:
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
    days = [day for row in rows for day in (row.start, row.stop) if day]
    return all(not when or any(within(when, day) for day in days) for when in whens)
