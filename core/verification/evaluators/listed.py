"""Several values of one test in a row: each of a result of its own, in the order of their days."""

from __future__ import annotations

from datetime import date, timedelta

from core.verification.cited import Cited
from core.verification.evaluators.points import is_point, moment
from core.verification.grammar.times import within
from core.verification.judged import Judged, NotInRows, Proved
from core.verification.statements import Trend, is_of_list

WAYS = frozenset({"listed", "in turn"})
A_DAY = timedelta(1)


def listed(statement: Trend, mine: list[Cited]) -> Judged:
    """Each value is of a result of its own; three and more without a day stand in the order of their days, or, where
    no change is told, the other way round."""
    told = list(filter(is_of_list, statement.points))
    when = told[-1].when if len(told) > 2 and all(d.last - d.first > A_DAY for d in told[-1].when) else ()
    of_time = [row for row in mine if within(when, row.start)]  # "15, 14 and 13 in 2025"
    fitting = [[row for row in of_time if is_point(point, row)] for point in told]
    ordered = len(told) > 2 and not any(point.when or point.which for point in told[:-1])
    chains = [fitting, fitting[::-1]] if statement.direction == "listed" else [fitting]
    if all(fitting) and (any(map(_is_chain, chains)) if ordered else _are_apart(fitting)):
        return Proved(fitting[0][0].ref, "value", fitting[0][0].shown())
    return NotInRows("The cited results do not hold those values in that order, each once.")


def _is_chain(fitting: list[list[Cited]]) -> bool:
    """Whether a row can be taken of each, each later than the one before."""
    last: tuple[date, str] | None = None
    for rows in fitting:
        later = [moment(row) for row in rows if last is None or moment(row) > last]
        if not later:
            return False
        last = min(later)
    return True


def _are_apart(fitting: list[list[Cited]], taken: frozenset[str] = frozenset()) -> bool:
    """Whether a row of its own can be taken of each."""
    if not fitting:
        return True
    free = [row for row in fitting[0] if row.ref not in taken]
    return any(_are_apart(fitting[1:], taken | {row.ref}) for row in free)
