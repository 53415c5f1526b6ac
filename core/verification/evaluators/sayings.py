"""What a text says: each clause in one sentence of it, under the same negation, its numbers beside the same words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise

from core.verification.cited import Cited
from core.verification.dates import Days, When
from core.verification.grammar.chunk import Quantity
from core.verification.grammar.scope import PLANNED
from core.verification.grammar.texts import OF_VISIT, Said, Term, sentences
from core.verification.grammar.times import within
from core.verification.judged import Judged, NotInRows, Proved
from core.verification.statements import Saying
from core.verification.vocabulary import INGREDIENTS

NEAR = 3
YEAR = timedelta(366)


def saying(statement: Saying, rows: Sequence[Cited], others: Sequence[Cited]) -> Judged:
    """Proved if each clause stands in a sentence of one cited text; a text never refutes."""
    late = any(clause.latest for clause in statement.clauses)
    newest = _newest((*rows, *others)) if late else None
    for row in rows:
        if row.texts and not (late and row.start != newest):
            text = Text(row, rows)
            if all(text.says(clause) for clause in statement.clauses):
                return Proved(row.ref, "text", "")
    return NotInRows("No cited text says that.")


def _newest(rows: Sequence[Cited]) -> date | None:
    return max((row.start for row in rows if row.type == "note" and row.start), default=None)


class Text:
    """A row's text, sentence by sentence, with what names the cited visits of its day."""

    def __init__(self, row: Cited, rows: Sequence[Cited]) -> None:
        self.row = row
        self.held = [part for text in row.texts for part in sentences(text)]
        of_day = [v for v in rows if v.type == "visit" and row.type == "note" and v.start == row.start]
        self.visits = frozenset().union(*[visit.name.terms | visit.reason.terms for visit in of_day])

    def says(self, clause: Said) -> bool:
        if not self.held or () in clause.dates or not all(map(self._is_dated, clause.dates)):
            return False
        own = self._own(clause)
        if not own:  # "at the cholesterol review": the visit of the note
            return not clause.numbers
        if self.row.type == "prescription" and all(_is_told(term) for _, term in own):
            return False  # "rising" is no "rise slowly if giddy"
        return any(
            _in(clause._replace(terms=own), part) and self._ends_so(clause, part)
            for part in self.held
            if not self._is_of_another(part, clause)
        )

    def _ends_so(self, clause: Said, part: Said) -> bool:
        """Whether each date behind "until" or "since" stands in the same sentence: the day of a text is none."""
        return all(any(self._is_same(days, other) for other in part.dates) for days in clause.bound)

    def _is_same(self, days: When, other: When) -> bool:
        """A date without a year is the one within a year of the text."""
        return any(
            one == two or (two.yearless and one.of_a_year() == two.of_a_year() and self._is_near(one))
            for one in days
            for two in other
        )

    def _is_near(self, days: Days) -> bool:
        return self.row.start is not None and abs(days.first - self.row.start) < YEAR

    def _is_of_another(self, part: Said, clause: Said) -> bool:
        """ "Folic acid on Thursdays", in the instructions for methotrexate."""
        if self.row.type != "prescription":
            return False
        keys = frozenset().union(*(term.keys for _, term in part.terms)) - self.row.name.terms
        others = {key for key in keys if key.startswith(("medicine:", "brand:"))}
        return bool(others) and all(others.isdisjoint(term.keys) for _, term in clause.terms)

    def _own(self, clause: Said) -> tuple[tuple[int, Term], ...]:
        """The terms that the text itself must have. What is advised is what a medicine's instructions say."""
        mask = ~PLANNED if self.row.type == "prescription" else ~0
        terms = [(at, term._replace(flags=term.flags & mask)) for at, term in clause.terms]
        own = [(at, term) for at, term in terms if term.flags or self.visits.isdisjoint(term.keys)]
        named = [(at, term) for at, term in own if OF_VISIT not in term.keys]
        return tuple(named or (own if clause.numbers else ()))

    def _is_dated(self, days: When) -> bool:
        """Whether a date is that of the text, or stands in it."""
        return within(days, self.row.start) or any(set(days) & set(other) for part in self.held for other in part.dates)


def _is_told(term: Term) -> bool:
    return any(key.startswith(("trend:", "read:", "status:")) for key in term.keys)


def _in(clause: Said, part: Said) -> bool:
    if clause.terms and part.under and not any(_is_in(term, part) for _, term in clause.terms):
        return False  # a heading says what is told of, and nothing of it
    return any(_between(clause, part, *ends) for ends in pairwise((-1, *part.breaks, math.inf)))


def _between(clause: Said, part: Said, first: float, end: float) -> bool:
    """Whether a clause stands between two commas of a sentence: "full finger movement, wrist stiff" is two things."""
    places: list[int] = []
    for _, term in clause.terms:
        found = [at for at, other in part.terms if first < at < end and _same(term, other)]
        found += [at for at, other in part.under if _same(term, other)]
        found = found or [at for at in _mixed(term, part) if first < at < end]
        if not found:
            return False
        places.append(found[0])
    narrowed = all(
        abs(here - there) <= NEAR
        for (_, term), here, there in zip(clause.terms, places, places[1:], strict=False)
        if term.narrows
    )
    return narrowed and _numbers(clause, part)


def _is_in(term: Term, part: Said) -> bool:
    return any(_same(term, other) for _, other in part.terms) or bool(_mixed(term, part))


def _mixed(term: Term, part: Said) -> list[int]:
    """Where a text names each medicine of a mixture: "amoxicillin 250 mg / clavulanate 125 mg"."""
    brand = next((key.partition(":")[2] for key in term.keys if key.startswith("brand:")), "")
    named = [Term(frozenset({f"medicine:{one}"}), term.flags, False) for one in INGREDIENTS.get(brand, ())]
    found = [next((at for at, other in part.terms if _same(one, other)), None) for one in named]
    return [at for at in found[:1] if at is not None and None not in found]


def _same(term: Term, other: Term) -> bool:
    return term.flags == other.flags and not term.keys.isdisjoint(other.keys)


def _numbers(clause: Said, part: Said) -> bool:
    """Each number of the clause, in order, behind the same word as in the text."""
    left = iter(part.numbers)
    for place, number, flags in clause.numbers:
        found = next((n for n in left if flags == n[2] and equal(number, n[1])), None)
        if found is None or (_rivals(found, part) and not _beside(clause, place, part, found[0])):
            return False
    return True


def _beside(clause: Said, place: int, part: Said, there: int) -> bool:
    """Whether a number stands behind, or before, the same word in both."""
    mine, theirs = _before(clause, place), _before(part, there)
    return mine is None or theirs is None or not mine.keys.isdisjoint(theirs.keys) or _later(clause, place, part, there)


def _rivals(number: tuple[int, Quantity, int], part: Said) -> bool:
    """Whether the text's sentence holds another number that this one could be confused with."""
    kind = number[1].unit.kind if number[1].unit else None
    if kind in (None, "time"):
        return True
    return any(
        other is not number and (other[1].unit.kind if other[1].unit else None) == kind for other in part.numbers
    )


def _before(said: Said, place: int) -> Term | None:
    return next((term for at, term in reversed(said.terms) if at < place), None)


def _later(clause: Said, place: int, part: Said, there: int) -> bool:
    """Whether the same word follows both numbers: "3 days' cough"."""
    mine = next((term for at, term in clause.terms if at > place), None)
    theirs = next((term for at, term in part.terms if at > there), None)
    return bool(mine and theirs and not mine.keys.isdisjoint(theirs.keys))


def equal(number: Quantity, other: Quantity) -> bool:
    """Whether two numbers of texts are the same, in whatever unit of one kind."""
    if number.unit and other.unit and number.unit.kind == other.unit.kind:
        return abs(number.value * number.unit.size - other.value * other.unit.size) < 1e-9
    bare = number.unit is None and not (other.unit and other.unit.kind == "time")
    return number.value == other.value and (bare or (number.unit is None) == (other.unit is None))
