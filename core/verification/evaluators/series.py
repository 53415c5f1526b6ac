"""All results of a test at once: each time high, never above a value, the same throughout, without a range."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from core.verification.cited import Cited
from core.verification.evaluators import readings
from core.verification.evaluators.points import has_value, is_point, otherwise, rows_of
from core.verification.grammar.times import within
from core.verification.judged import Judged, NotInRows, Proved
from core.verification.statements import Always


def always(statement: Always, rows: Sequence[Cited], others: Sequence[Cited]) -> Judged:
    """All results read so or have this value: those of the statement's points, or all cited ones."""
    mine = rows_of(statement, rows)
    chosen = [row for row in mine if any(is_point(p, row) for p in statement.points)] or mine
    if not chosen:
        return NotInRows(f"No cited row holds {statement.subject.words}.")
    if statement.when:
        if not _since(statement, chosen):
            return NotInRows("The cited results are not of the time that the claim counts from.")
        chosen = _from_day(min(days.first for days in statement.when), chosen)
    if statement.last:
        return _last_few(statement, statement.last, mine)
    return _all(statement, chosen)


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


def _answer(statement: Always, row: Cited) -> bool | None:
    if statement.value:
        return has_value(row, statement.value)
    return readings.reads(row, statement.reading or "", statement.degree)
