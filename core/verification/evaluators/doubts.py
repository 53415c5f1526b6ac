"""Whether what a row speaks against may have been said of another row: such a statement is not refuted."""

from __future__ import annotations

from collections.abc import Sequence

from core.verification.cited import Cited
from core.verification.evaluators.points import has_value
from core.verification.grammar.times import within
from core.verification.statements import Course, Measured, Statement, Took, When


def may_be_of_another(statement: Statement, rows: Sequence[Cited]) -> bool:
    """All its values are values of its own test, all its days days of cited rows, and another row is cited."""
    mine = [rows[n] for n, _ in statement.subject.bearers]
    if len(rows) < 2:
        return False
    if isinstance(statement, Measured):
        point = statement.point
        values = [*((point.value,) if point.value else ()), *(point.pair or ())]
        tests = ("systolic", "diastolic") if point.pair else (None,) * len(values)
        borne = all(
            any(has_value(row, value._replace(unit=None)) for row in mine if test in (None, row.assay))
            for value, test in zip(values, tests, strict=True)
        )
        return len(mine) > 1 and borne and (not point.when or _is_day(point.when, rows))
    if isinstance(statement, Course):
        said = [when for when in (statement.start, statement.stop, statement.at) if when]
        others = [row for row in rows if row not in mine]
        return bool(said) and all(_is_day(when, others) for when in said)
    return isinstance(statement, Took) and bool(statement.when) and _is_day(statement.when, rows)


def _is_day(when: When, rows: Sequence[Cited]) -> bool:
    return any(day and within(when, day) for row in rows for day in (row.start, row.stop))
