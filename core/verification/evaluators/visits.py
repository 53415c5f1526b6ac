"""Visits, and counts of rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from itertools import pairwise

from core.verification.cited import Cited
from core.verification.evaluators import quantities, wording
from core.verification.evaluators.details import ENDED
from core.verification.grammar.chunk import Quantity
from core.verification.grammar.times import within
from core.verification.judged import Judged, NotInRows, Proved, Refuted
from core.verification.statements import Counted, Spaced, Took
from core.verification.vocabulary.spelling import stem


def took(statement: Took, rows: Sequence[Cited], others: Sequence[Cited]) -> Judged:
    """A visit (or a result in words) of that kind, on that day, for that reason."""
    mine = [rows[n] for n, _ in statement.subject.bearers]
    if not mine:
        return NotInRows(f"No cited row holds “{statement.subject.words}”.")
    dated = [row for row in mine if _is_dated(statement, row) and _is_which(statement.which, row, (*rows, *others))]
    if not dated:
        return _of_another_day(mine[0])
    if statement.reason:
        because = [rows[n] for n, _ in statement.reason.bearers]
        dated = [row for row in dated if row in because]
    return _found(statement, dated)


def _of_another_day(row: Cited) -> Refuted:
    day = wording.day(row.start)
    return Refuted(row.ref, "started_at", day, f"The cited {_KINDS.get(row.type, 'row')} is of {day}.")


def _found(statement: Took, dated: Sequence[Cited]) -> Judged:
    if not dated:
        return NotInRows(f"No cited row of that day says “{statement.reason.words if statement.reason else ''}”.")
    if statement.length:
        return _lasted(statement.length, dated[0])
    return Proved(dated[0].ref, "started_at", wording.day(dated[0].start))


INITIAL = stem("initial")
_KINDS = {"visit": "visit", "observation": "result"}


def _is_dated(statement: Took, row: Cited) -> bool:
    return within(statement.when, row.start) and (not statement.stop or within(statement.stop, row.stop))


def _is_which(which: str | None, row: Cited, known: Sequence[Cited]) -> bool:
    """Latest, first or later among all rows of its kind; one row alone is the latest, and neither first nor later."""
    if which is None or which == "earlier":
        return True
    if which not in ("latest", "first", "later"):
        return False
    days = {other.start for other in known if other.type == row.type and other.start}
    if row.start is None:
        return False
    if which == "first" and INITIAL in row.name.terms:
        return True  # "Prenatal initial visit" says so itself
    if which == "latest":
        return row.start == max(days)
    return len(days) > 1 and (row.start == min(days)) == (which == "first")


def _lasted(said: Quantity, row: Cited) -> Judged:
    length = _days(row)
    if said.sign == "overnight" and row.start == row.stop:
        return NotInRows("The visit ended on the day that it began.")
    said = said._replace(sign="" if said.sign == "overnight" else said.sign)
    if length is None or said.unit is None or (said.unit.size < 1 and length == int(length)):
        return NotInRows("The row does not say how long the visit lasted.")
    days = length if said.unit.size < 1 else float(round(length))
    shown = f"{round(length * 1440)} minutes" if length < 1 else f"{round(length)} days"
    if quantities.lasts(said, days):
        return Proved(row.ref, "ended_at", shown)
    return Refuted(row.ref, "ended_at", shown, f"The visit lasted {shown}.")


def _days(row: Cited) -> float | None:
    """How many days a visit lasted, with their parts where both ends have a time."""
    if row.start is None or row.stop is None:
        return None
    try:
        begun, ended = (datetime.fromisoformat(str(row.fields[field])) for field in ("started_at", "ended_at"))
        return (ended - begun).total_seconds() / 86400
    except (ValueError, KeyError, TypeError):
        return float((row.stop - row.start).days)


# Visits that are said to lie so far apart may do so by this share of it less or more.
SPACED = 0.35


def spaced(statement: Spaced, rows: Sequence[Cited], others: Sequence[Cited]) -> Judged:
    """How far apart visits are: each from the one before it."""
    mine = sorted((row for row in (rows[n] for n, _ in statement.subject.bearers) if row.start), key=_start)
    gaps = [(_start(b) - _start(a)).days for a, b in pairwise(mine)]
    if gaps and all(_is_so_long(statement.length, gap) for gap in gaps):
        return Proved(mine[-1].ref, "started_at", f"{gaps[-1]} days")
    return NotInRows("The cited visits are not so far apart.")


def _is_so_long(said: Quantity, gap: int) -> bool:
    """Whether so many days are a length of time: less than it, more than it, or about as long."""
    size = said.unit.size if said.unit else 1.0
    length = said.value * size
    if said.sign in ("<", ">"):
        return gap < length if said.sign == "<" else gap > length
    # "Every three months" is loose; "three months apart" is rounded to a month, and "a year apart" to a part of it.
    slack = SPACED * length if said.sign == "~" or said.value < 2 else min(0.5 * size, SPACED * length)
    return abs(gap - length) <= max(1.0, slack)


def _start(row: Cited) -> date:
    return row.start or date.min


def counted(statement: Counted, rows: Sequence[Cited], others: Sequence[Cited]) -> Judged:
    """How many cited rows there are of that name."""
    mine = [rows[n] for n in dict.fromkeys(n for n, _ in statement.subject.bearers)]
    mine = [row for row in mine if _is_counted(statement, row)]
    if not mine:
        return NotInRows(f"No cited row holds “{statement.subject.words}”.")
    of_day = [row for row in mine if statement.begun and within(statement.begun, row.start)]
    if len(of_day) == statement.number:
        return Proved(of_day[0].ref, "ref", f"{len(of_day)} rows")
    # Both parts of a blood pressure are one reading.
    several = len({row.assay for row in mine}) > 1
    if not statement.latest and any(_is_one_more(statement, row, mine) for row in others):
        return NotInRows("The record holds more of them than are cited.")
    if len(mine) == statement.number or (several and len({_moment(row) for row in mine}) == statement.number):
        return Proved(mine[0].ref, "ref", f"{len(mine)} rows")
    if statement.latest and len(mine) > statement.number:
        return NotInRows("More are cited than the last few that the claim counts.")
    return Refuted(mine[0].ref, "ref", f"{len(mine)} rows", f"The cited rows hold {len(mine)}, not {statement.number}.")


def _is_one_more(statement: Counted, row: Cited, mine: Sequence[Cited]) -> bool:
    """Whether a row that is not cited is one of those that are counted: of the same name, for the same reason."""
    alike = row.type != "observation" and any((row.names, row.reason.terms) == (m.names, m.reason.terms) for m in mine)
    return alike and _is_counted(statement, row)


def _moment(row: Cited) -> str:
    return str(row.fields.get("observed_at") or row.start)


def _is_counted(statement: Counted, row: Cited) -> bool:
    if statement.subject.kind == "observation" and row.type != "observation":
        return False
    ended = statement.status in ENDED or statement.status == "not active"
    return within(statement.when, row.start) and (not statement.status or (row.standing in ENDED) == ended)
