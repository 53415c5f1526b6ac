"""Visits, and counts of rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from core.verification.cited import Cited
from core.verification.evaluators import quantities, wording
from core.verification.evaluators.details import ENDED
from core.verification.grammar.times import within
from core.verification.judged import Judged, NotInRows, Proved, Refuted
from core.verification.statements import Counted, Took


def took(statement: Took, rows: Sequence[Cited], others: Sequence[Cited]) -> Judged:
    """A visit of that kind, on that day, for that reason."""
    mine = [rows[n] for n, _ in statement.subject.bearers]
    if not mine:
        return NotInRows(f"No cited row holds “{statement.subject.words}”.")
    dated = [
        row
        for row in mine
        if within(statement.when, row.start) and (not statement.stop or within(statement.stop, row.stop))
    ]
    if statement.which in ("latest", "first"):
        dated = [row for row in dated if _is_edge(statement.which, row, rows, others)]
    if statement.which == "later":
        starts = [r.start for r in (*rows, *others) if r.type == "visit" and r.start]
        dated = [row for row in dated if row.start and len(set(starts)) > 1 and row.start > min(starts)]
    if not dated:
        row = mine[0]
        return Refuted(
            row.ref, "started_at", wording.day(row.start), f"The cited visit was on {wording.day(row.start)}."
        )
    if statement.reason:
        because = {n for n, _ in statement.reason.bearers}
        dated = [row for row in dated if any(rows[n] is row for n in because)]
        if not dated:
            return NotInRows(f"The cited visit does not say “{statement.reason.words}”.")
    if statement.length:
        return _lasted(statement, dated[0])
    return Proved(dated[0].ref, "started_at", wording.day(dated[0].start))


def _is_edge(which: str, row: Cited, rows: Sequence[Cited], others: Sequence[Cited]) -> bool:
    starts = [r.start for r in (*rows, *others) if r.type == "visit" and r.start]
    if which == "first" and len(starts) < 2:
        return False
    return row.start == (max(starts) if which == "latest" else min(starts))


def _lasted(statement: Took, row: Cited) -> Judged:
    length = statement.length
    assert length
    assert length.unit
    if row.start is None or row.stop is None:
        return NotInRows("The row does not say how long the visit lasted.")
    days: float = (row.stop - row.start).days
    if length.unit.size < 1:
        begun, ended = (datetime.fromisoformat(str(row.fields[f])) for f in ("started_at", "ended_at"))
        days = (ended - begun).total_seconds() / 86400
        near = quantities.lasts(length, days)
        minutes = f"{round(days * 1440)} minutes"
        return (
            Proved(row.ref, "ended_at", minutes)
            if near
            else Refuted(row.ref, "ended_at", minutes, f"The visit lasted {minutes}.")
        )
    if quantities.lasts(length, days):
        return Proved(row.ref, "ended_at", wording.day(row.stop))
    return Refuted(row.ref, "ended_at", wording.day(row.stop), f"The visit lasted {days} days.")


def counted(statement: Counted, rows: Sequence[Cited], others: Sequence[Cited]) -> Judged:
    """How many cited rows there are of that name."""
    mine = [rows[n] for n in dict.fromkeys(n for n, _ in statement.subject.bearers)]
    if statement.subject.kind == "observation":
        mine = [row for row in mine if row.type == "observation"]
    mine = [row for row in mine if within(statement.when, row.start) or not statement.when]
    if statement.status:
        wanted = statement.status in ENDED
        mine = [row for row in mine if (row.standing in ENDED) == wanted]
    if not mine:
        return NotInRows(f"No cited row holds “{statement.subject.words}”.")
    if len(mine) == statement.number:
        return Proved(mine[0].ref, "ref", f"{len(mine)} rows")
    return Refuted(mine[0].ref, "ref", f"{len(mine)} rows", f"The cited rows hold {len(mine)}, not {statement.number}.")
