"""All results of a test at once: each time high, never above a value, the same throughout, without a range."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import compress

from core.verification.cited import Cited
from core.verification.evaluators import readings
from core.verification.evaluators.points import chosen as placed
from core.verification.evaluators.points import has_value, is_point, otherwise, rows_of
from core.verification.grammar.times import within
from core.verification.judged import Judged, NotInRows, Proved
from core.verification.statements import Always, Only, Point


def always(statement: Always, rows: Sequence[Cited], others: Sequence[Cited]) -> Judged:
    """All results read so or have this value: those of the statement's points, or all cited ones."""
    mine = rows_of(statement, rows)
    chosen = [row for row in mine if any(is_point(p, row) for p in statement.points)] or mine
    if not chosen:
        return NotInRows(f"No cited row holds {statement.subject.words}.")
    if statement.ever and any(_speaks_against(statement, row, mine) for row in others):
        return NotInRows("A result that is not cited reads otherwise.")
    if statement.when:
        if not _since(statement, chosen):
            return NotInRows("The cited results are not of the time that the claim counts from.")
        chosen = _from_day(min(days.first for days in statement.when), chosen)
    if statement.last:
        return _last_few(statement, statement.last, mine)
    return _all(statement, chosen)


def _speaks_against(statement: Always, row: Cited, mine: list[Cited]) -> bool:
    """Whether a result that is not cited is of a cited test and reads otherwise; of their time, where one is told."""
    dated = bool(statement.when or any(point.when for point in statement.points))
    alike = [one for one in mine if one.assay == row.assay]
    of_time = bool(alike) and (not dated or _is_of_the_time(row, alike))
    return row.assay is not None and of_time and _answer(statement, row) is False


def _last_few(statement: Always, number: int, mine: Sequence[Cited]) -> Judged:
    """Those of the last so many days; both parts of a blood pressure are of one."""
    days = sorted({_day(row) for row in mine})[-number:]
    if len(days) < number:
        return NotInRows("Fewer results are cited than the claim counts.")
    return _all(statement, [row for row in mine if _day(row) in days])


def _day(row: Cited) -> date:
    return row.start or date.min


def _from_day(first: date, rows: Sequence[Cited]) -> list[Cited]:
    return [row for row in rows if _day(row) >= first]


def _since(statement: Always, chosen: Sequence[Cited]) -> bool:
    """Whether a result is of the day that is counted from, and no value that the claim gives is older."""
    older = any(row.start and all(row.start < days.first for days in statement.when) for row in chosen)
    return any(within(statement.when, row.start) for row in chosen) and not (statement.points and older)


def _all(statement: Always, chosen: Sequence[Cited]) -> Judged:
    answers = [_answer(statement, row) for row in chosen]
    if answers and all(answers):
        return Proved(chosen[0].ref, "value", chosen[0].shown())
    wrong = [row for row, answer in zip(chosen, answers, strict=True) if answer is False]
    if not wrong:
        return NotInRows("A cited row has no range, so nothing says how it reads.")
    return otherwise(wrong[0], "value" if statement.value else "interpretation")


def only(statement: Only, rows: Sequence[Cited], others: Sequence[Cited]) -> Judged:
    """Those results read so, and no other of the same time: rows that are not cited may speak against it."""
    mine = rows_of(statement, rows)
    answers = [_answer(statement, row) for row in mine]
    so = list(compress(mine, map(bool, answers)))
    against = [row for row in others if mine and _is_of_the_time(row, mine) and _answer(statement, row)]
    if {*answers} == {True, False} and not against and _are_told(statement, so, mine, others):
        return Proved(so[-1].ref, "value", so[-1].shown())
    return NotInRows(f"The cited rows do not hold that of {statement.subject.words} alone.")


def _are_told(statement: Only, so: list[Cited], mine: list[Cited], others: Sequence[Cited]) -> bool:
    """Whether so many read so, and the points, where there are any, are those results and no others."""
    if statement.number not in (None, len({row.start for row in so})):
        return False
    found = [_of_point(point, mine, others) for point in statement.points]
    named = {row.ref for of_point in found for row in of_point}
    return not found or (all(found) and named.issuperset(row.ref for row in so))


def _of_point(point: Point, mine: list[Cited], others: Sequence[Cited]) -> list[Cited]:
    """The results that a point may be: by value and day, or by its place in their order."""
    found = [row for row in mine if is_point(point, row)] if point.value or point.pair or point.when else mine
    return placed(point.which, found, mine, others) if point.which else found


def _is_of_the_time(row: Cited, mine: list[Cited]) -> bool:
    """Whether a result is of the same test, between the first and the last of those that are cited."""
    days = [_day(one) for one in mine]
    return row.assay is not None and row.assay == mine[0].assay and min(days) <= _day(row) <= max(days)


def _answer(statement: Always | Only, row: Cited) -> bool | None:
    if statement.value:
        return has_value(row, statement.value)
    return readings.reads(row, statement.reading or "", statement.degree)
