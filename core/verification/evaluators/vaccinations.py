"""Vaccines that cited notes say were given."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import pairwise

from core.verification.cited import Cited
from core.verification.evaluators import quantities, wording
from core.verification.grammar import vaccinations
from core.verification.grammar.times import within
from core.verification.judged import Judged, NotInRows, Proved
from core.verification.statements import Vaccinated

NOT_TOLD = NotInRows("No cited note says that those vaccines were given then.")


def vaccinated(statement: Vaccinated, rows: Sequence[Cited], others: Sequence[Cited]) -> Judged:
    """Each vaccine was given on each day, as often and as far apart as is said; a note never refutes."""
    days = [_days(one, statement, rows) for one in statement.vaccines]
    told = sorted(set().union(*days))
    meant = [[day for day in told if within(when, day)] for when in statement.whens] or [told]
    used = sorted(set().union(*meant))
    fits = _are_given(meant, days) and _are_counted(statement, days, used, meant) and _are_apart(statement, used)
    return _proved(rows, used[-1]) if fits else NOT_TOLD


def _proved(rows: Sequence[Cited], last: date) -> Proved:
    row = next(row for row in rows if row.type == "note" and row.start == last)
    return Proved(row.ref, "text", wording.day(last))


def _days(vaccine: str, statement: Vaccinated, rows: Sequence[Cited]) -> set[date]:
    """The days on which a vaccine was given; at a visit that is named, those of that visit."""
    given = {row.start for row in rows if row.type == "note" and row.start and _tells(vaccine, row)}
    return given if statement.visits is None else given & {rows[n].start for n, _ in statement.visits}


def _tells(vaccine: str, note: Cited) -> bool:
    return any(vaccine in vaccinations.given(text) for text in note.texts)


def _are_given(meant: list[list[date]], days: list[set[date]]) -> bool:
    """Whether each vaccine was given on one of the days that each time may mean."""
    return all(not own.isdisjoint(when) for when in meant for own in days)


def _are_counted(statement: Vaccinated, days: list[set[date]], used: list[date], meant: list[list[date]]) -> bool:
    """Whether there are as many as is said; else as many days as times are."""
    if statement.number is None:
        return len(used) >= len(meant)
    return all(len(own & set(used)) == statement.number for own in days)


def _are_apart(statement: Vaccinated, used: list[date]) -> bool:
    said = statement.apart
    if said is None:
        return True
    return len(used) > 1 and all(quantities.lasts(said, (b - a).days) for a, b in pairwise(used))
