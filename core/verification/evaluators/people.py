"""Sex, day of birth, age and death, by the row of the patient."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

from core.verification import dates
from core.verification.cited import Cited
from core.verification.evaluators import wording
from core.verification.grammar.times import within
from core.verification.judged import Judged, NotInRows, Proved, Refuted
from core.verification.statements import Died, Person

# A record's newest day is that of somebody who was there: a condition may have been recorded long ago.
SEEN = frozenset({"observation", "visit", "note"})


def person(statement: Person, rows: Sequence[Cited], others: Sequence[Cited]) -> Judged:
    known = [rows[n] for n, _ in statement.subject.bearers]
    if not known:
        free = statement.open and not statement.age and not statement.born
        return _address(statement, (*rows, *others)) if free else NotInRows("No cited row speaks of the person.")
    row = known[0]
    if statement.sex:
        return _sex(statement.sex, row)
    if statement.age:
        return _age(statement, row, rows, others)
    if not statement.born:
        return Proved(row.ref, "name", wording.name(row))
    if within(statement.born, row.start):
        return Proved(row.ref, "birth_date", wording.day(row.start))
    return Refuted(row.ref, "birth_date", wording.day(row.start), f"The date of birth is {wording.day(row.start)}.")


def _sex(said: str, row: Cited) -> Judged:
    have = str(row.fields.get("sex") or "").lower()
    if not have:
        return NotInRows("The row does not say the person's sex.")
    return Proved(row.ref, "sex", have) if have == said else Refuted(row.ref, "sex", have, f"The person is {have}.")


def _address(statement: Person, known: Sequence[Cited]) -> Judged:
    """He, she, or a name: free, unless a row of the patient says otherwise."""
    other = next((row for row in known if row.type == "patient"), None)
    if other is None:
        return Proved("", "sex", "")
    if statement.sex is None:
        called = set(wording.name(other).lower().split())
        own = called.issuperset(statement.subject.words.lower().split())
        return Proved("", "name", "") if own else NotInRows(f"The patient is {wording.name(other)}.")
    sex = str(other.fields.get("sex") or "unknown").lower()
    if sex not in (statement.sex, "unknown", "other"):
        return Refuted(other.ref, "sex", sex, f"The person is {sex}.")
    return Proved("", "sex", "")


def _age(statement: Person, row: Cited, rows: Sequence[Cited], others: Sequence[Cited]) -> Judged:
    """An age on the day that is said; else of now, which is no earlier than the newest day of the record."""
    if row.start is None:
        return NotInRows("The row does not say when the person was born.")
    of_now = not (statement.when or statement.past)
    days = _days_of(rows, row)
    dated = [day for day in days if within(statement.when, day)] or _said_days(statement)
    ages = {dates.years_between(row.start, day) for day in dated}
    seen = [other for other in (*rows, *others) if other.type in SEEN]
    known = _ages_now(row.start, _days_of(seen, row)) if of_now else set[int]()
    return _by_ages(statement.age.value if statement.age else 0.0, ages, known, row)


def _said_days(statement: Person) -> list[date]:
    """The first and the last day of the time that is said, if it is one."""
    said = statement.when[0] if len(statement.when) == 1 and not statement.when[0].yearless else None
    return [said.first, said.last] if said and said.last < date.max else []


def _by_ages(said: float, ages: set[int], now: set[int], row: Cited) -> Judged:
    """By the ages on the cited days, and those that the person may have now; an age of now grows."""
    born = wording.day(row.start)
    if said in now or (not now and ages == {round(said)}):
        return Proved(row.ref, "birth_date", born)
    if len(ages) == 1 and (not now or said < min(ages)):
        return Refuted(row.ref, "birth_date", born, f"By the date of birth the age was {ages.pop()}.")
    return NotInRows("The cited rows do not tell which day that age is of.")


def _ages_now(born: date, dated: Sequence[date]) -> set[int]:
    """The age on the newest day of the record, and on this day."""
    today = datetime.now(UTC).date()
    return {dates.years_between(born, day) for day in (max(dated, default=today), today)}


def _days_of(rows: Sequence[Cited], person: Cited) -> list[date]:
    dated = [row.start for row in rows if row.start and row is not person]
    return [*dated, person.stop] if person.stop else dated


def died(statement: Died, rows: Sequence[Cited], others: Sequence[Cited]) -> Judged:
    """A death: its day by the row of the patient, else by the rows that record it; what of, by any of these."""
    mine = [rows[n] for n, _ in statement.subject.bearers]
    own = [row for row in mine if row.type == "patient"]
    answer = _died_on(statement, own[0], own[0].stop) if own else _recorded(statement, mine, others)
    if not isinstance(answer, Proved) or not statement.reason:
        return answer
    because = [rows[n] for n, _ in statement.reason.bearers if rows[n] in mine]
    if because:
        return Proved(because[0].ref, "value", because[0].shown())
    return NotInRows(f"No cited row says that the death was of “{statement.reason.words}”.")


def _recorded(statement: Died, mine: Sequence[Cited], others: Sequence[Cited]) -> Judged:
    """By a certificate, which may be of a later day than the row of the patient, where that is not cited, says."""
    known = next((row.stop for row in others if row.type == "patient" and row.stop), None)
    row = next((row for row in mine if within(statement.when, row.start)), mine[0])
    if known and statement.when and not within(statement.when, known):
        return NotInRows(f"The day of death is {wording.day(known)}.")
    answer = _died_on(statement, row, row.start)
    return NotInRows(answer.reason) if known and isinstance(answer, Refuted) else answer


def _died_on(statement: Died, row: Cited, day: date | None) -> Judged:
    field = "died_on" if row.type == "patient" else "started_at"
    if not statement.when:
        return Proved(row.ref, field, wording.day(day) if day else "")
    if day is None:
        return NotInRows("The row does not say on which day the person died.")
    if within(statement.when, day):
        return Proved(row.ref, field, wording.day(day))
    return Refuted(row.ref, field, wording.day(day), f"The day of death is {wording.day(day)}.")
