"""Conditions, medicines and allergies: one row must bear out all that is said of one name."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from datetime import date

from core.verification.cited import Cited
from core.verification.evaluators import details, wording
from core.verification.evaluators.details import Fault
from core.verification.judged import Judged, NotInRows, Proved, Refuted
from core.verification.statements import Absent, Course, Follows

_IN_ORDER = {"before": operator.lt, "after": operator.gt, "same": operator.eq}
_KINDS = {"prescription": "medicine", "detail": "word"}


def course(statement: Course, rows: Sequence[Cited], others: Sequence[Cited]) -> Judged:
    mine = [rows[n] for n, _ in statement.subject.bearers]
    if statement.which == "unread":
        return NotInRows(f"What is said of {statement.subject.words} could not be read.")
    if not mine:
        kind = _KINDS.get(statement.subject.kind, statement.subject.kind)
        return NotInRows(f"No cited row holds “{statement.subject.words}” as a {kind}.")
    found = [(row, details.faults(statement, row, rows)) for row in (*mine, *_renewed(statement, mine))]
    whole = _whole(statement, [row for row, faults in found if not faults], mine, (*rows, *others))
    if not whole:
        return _against(statement, found)
    other = _goes_on(statement, mine, rows)
    if other is not None:
        return NotInRows(wording.sentence(f"{wording.name(other)} is also recorded as active."))
    return Proved(whole[0].ref, "status", f"{wording.name(whole[0])}, {whole[0].standing}")


def _renewed(statement: Course, mine: list[Cited]) -> list[Cited]:
    """Rows of one name that follow on each other as one course: "since 2023", where it is renewed each year."""
    if not statement.start:
        return []
    chains: list[Cited] = []
    for row in sorted((row for row in mine if row.start), key=lambda row: row.start or date.min):
        before = next((c for c in reversed((*mine, *chains)) if _goes_over(c, row)), None)
        if before is not None:
            chain = copy(row)
            chain.start = before.start
            chains.append(chain)
    return chains


def _goes_over(before: Cited, row: Cited) -> bool:
    """Whether a row begins where another one of the same name ends."""
    if before.names != row.names or before.stop is None or row.start is None or before.start == row.start:
        return False
    return abs((row.start - before.stop).days) <= 1


def _whole(statement: Course, whole: list[Cited], mine: list[Cited], known: Sequence[Cited]) -> list[Cited]:
    """The rows that bear out all that is said; none where it is said of all, and some do not."""
    dated = statement.start or statement.stop or statement.at
    if statement.every and not dated and len(whole) < len(mine):
        return []
    if statement.sole and not _is_sole(whole, mine, known):
        return []
    if statement.which == "earlier":
        return [row for row in whole if len(mine) == 1 or any(_is_before(row, other) for other in mine)]
    if statement.which in ("latest", "first", "later"):
        return [row for row in whole if _is_edge(statement.which, row, known)]
    return whole


def _is_before(row: Cited, other: Cited) -> bool:
    return bool(row.start and other.start and row.start < other.start)


def _is_sole(whole: list[Cited], mine: list[Cited], known: Sequence[Cited]) -> bool:
    """Whether one row bears it out, and no other of a cited name stands as that one does."""
    names = {row.names for row in mine}
    alike = [row for row in known if row.names in names and whole and row.standing == whole[0].standing]
    return len(whole) == 1 == len(alike) and len(mine) > 1


def _goes_on(statement: Course, mine: list[Cited], rows: Sequence[Cited]) -> Cited | None:
    """An active row of the same name and amount, where the claim says that all of that name has ended."""
    if statement.status not in details.ENDED or not statement.subject.terms or statement.at:
        return None
    if statement.which == "earlier":  # "the previous spell ended", where another goes on
        return None
    bare = replace(statement, status=None, tense="past", stop=(), length=None)
    return next((row for row in mine if row.standing == "active" and not details.faults(bare, row, rows)), None)


def _against(statement: Course, found: list[tuple[Cited, list[Fault]]]) -> Judged:
    """The fault of the row that has fewest: what it says otherwise, else what it does not say.

    Of several rows of one name, the one that is meant may be read wrongly: none of them speaks against the claim.
    """
    with_faults = [(row, faults) for row, faults in found if faults]
    if not with_faults:
        return NotInRows(f"The cited rows do not bear out “{statement.subject.words}”.")
    row, faults = min(with_faults, key=lambda pair: len(pair[1]))
    wrong = next((fault for fault in faults if fault.wrong), None)
    if wrong and len(found) == 1:
        return Refuted(row.ref, wrong.field, wrong.value, wording.sentence(wrong.reason))
    return NotInRows(wording.sentence((wrong or faults[0]).reason))


def _is_edge(which: str, row: Cited, known: Sequence[Cited]) -> bool:
    starts = [r.start for r in known if r.type == row.type and r.start]
    if which in ("first", "later") and len(set(starts)) < 2:
        return False
    return not starts or row.start == (min(starts) if which == "first" else max(starts))


def absent(statement: Absent, rows: Sequence[Cited], others: Sequence[Cited]) -> Judged:
    """That there is no such thing: a row that holds it refutes; rows that are cited never prove it."""
    mine = [rows[n] for n, _ in statement.subject.bearers]
    held = next((row for row in mine if row.standing == "active" or row.type == "condition"), None)
    if held is not None:
        reason = wording.sentence(f"the record holds {wording.name(held)} from {wording.day(held.start)}.")
        return Refuted(held.ref, "name", wording.name(held), reason)
    return NotInRows("No row can say that something is absent from the record.")


def _is_during(row: Cited, other: Cited) -> bool:
    """Whether one thing began before another, which has an end, was over."""
    return bool(row.start and other.start and other.stop and other.start < row.start < other.stop)


def follows(statement: Follows, rows: Sequence[Cited], others: Sequence[Cited]) -> Judged:
    """The order of two beginnings, by all rows that the names may mean."""
    pairs = [
        (first, second)
        for n, _ in statement.subject.bearers
        for m, _ in statement.other.bearers
        if (first := rows[n].start) and (second := rows[m].start)
    ]
    if statement.order == "after" and any(
        _is_during(rows[n], rows[m]) for n, _ in statement.subject.bearers for m, _ in statement.other.bearers
    ):
        return NotInRows("One of the two lasted when the other began.")
    if not pairs:
        return NotInRows("The cited rows do not hold both days.")
    ref = rows[statement.subject.bearers[0][0]].ref
    first, second = pairs[0]
    if any(_IN_ORDER[statement.order](a, b) for a, b in pairs):
        return Proved(ref, "start", wording.day(first))
    reason = (
        f"“{statement.subject.words}” is of {wording.day(first)}, “{statement.other.words}” of {wording.day(second)}."
    )
    return Refuted(ref, "start", wording.day(first), reason)
