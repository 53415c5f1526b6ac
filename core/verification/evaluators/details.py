"""What a row says otherwise, or does not say, of what is said of its course."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from functools import partial
from typing import Any, NamedTuple

from core.verification.cited import Cited
from core.verification.dates import When
from core.verification.evaluators import doses, quantities, wording
from core.verification.grammar import tokens
from core.verification.grammar.chunk import Quantity
from core.verification.grammar.phrases import longest_at
from core.verification.grammar.times import within
from core.verification.statements import Course, Subject
from core.verification.vocabulary.spelling import spelled_hours

_NUMBERS = {"one": "1", "two": "2", "three": "3", "four": "4"}
_FORMS_TAKEN = re.compile(
    r"(?:take )?(\d+(?:\.\d+)?|one|two|three|four)(?: (?:tablet|tab|capsule|cap|puff|patch|dose|unit dose)e?s?)?$"
)
ENDED = frozenset({"ended", "stopped", "completed"})
_WORDED = {"active": "active", "ended": "no longer active", "stopped": "stopped", "completed": "completed"}


class Fault(NamedTuple):
    """One thing that a row does not bear out: `wrong` if it says otherwise, else it does not say."""

    wrong: bool
    field: str
    value: str
    reason: str


def faults(statement: Course, row: Cited, rows: Sequence[Cited]) -> list[Fault]:
    """All that is said of a course and that the row does not bear out."""
    return [fault for fault in _asked(statement, row, rows) if fault is not None]


def _asked(statement: Course, row: Cited, rows: Sequence[Cited]) -> Iterator[Fault | None]:
    yield _standing(statement, row)
    yield from _days(statement, row)
    yield from (_amount(said, statement.subject, row) for said in statement.amounts)
    yield from (_strength(said, row) for said in statement.strengths)
    yield _strength_for_dose(statement, row)
    for slot, ask in SLOTS:
        if said := getattr(statement, slot):
            yield ask(said, row)
    yield _often(statement, row)
    yield from map(partial(_left_empty, row), statement.unsaid)
    yield from map(partial(_filled, row), statement.filled)
    yield from (_detail(detail, row, rows) for detail in statement.details)
    if statement.reason:
        yield _reason(statement.reason, row, rows)


def _days(statement: Course, row: Cited) -> Iterator[Fault | None]:
    if not within(statement.start, row.start):
        yield _day("start", "began", row, row.start)
    if not within(statement.stop, row.stop):
        yield _day("stop", "ended", row, row.stop)
    if statement.at:
        yield _at(statement, row)


def _left_empty(row: Cited, field: str) -> Fault | None:
    """ "No reaction is recorded": what the row gives is told."""
    have = str(row.fields.get(field) or "")
    return Fault(True, field, have, f"the row gives {have} as the {field}.") if have else None


def _filled(row: Cited, field: str) -> Fault | None:
    """ "With a reaction": the row must give one."""
    return None if row.fields.get(field) else Fault(False, field, "", f"the row does not give the {field}.")


def _standing(statement: Course, row: Cited) -> Fault | None:
    """What is said outright; else what the tense or the days imply: a bare name stands for what is so now."""
    said = statement.status
    if said is None or (said == "active" and statement.tense == "past" and statement.stop):
        return _implied(statement, row)
    if row.standing == "":
        return Fault(False, "status", "", f"the row does not say whether {wording.name(row)} is active.")
    if said.startswith("not "):
        said = "ended" if said == "not active" else "active"
    dated = statement.stop or statement.at
    wanted = ENDED if said == "ended" or (said in ("stopped", "completed") and dated) else frozenset({said})
    true = row.standing in wanted
    return None if true else _is_otherwise(row, wrong=True)


def _implied(statement: Course, row: Cited) -> Fault | None:
    if statement.former and row.standing == "active":
        return _is_otherwise(row, wrong=False)
    if statement.begun and row.type == "prescription" and row.standing in ENDED:
        return _is_otherwise(row, wrong=False)
    dated = statement.at or statement.stop or statement.length
    if row.standing == "active" or statement.tense == "past" or dated:
        return None
    return _is_otherwise(row, wrong=statement.tense == "present" and row.standing != "completed")


def _is_otherwise(row: Cited, *, wrong: bool) -> Fault:
    since = f" (since {wording.day(row.stop)})" if row.stop else ""
    worded = _WORDED.get(row.standing, "not said to be active")
    return Fault(wrong, "status", row.standing, f"{wording.name(row)} is {worded}{since}.")


def _day(field: str, verb: str, row: Cited, have: date | None) -> Fault:
    if have is None:
        return Fault(False, field, "", f"the row does not say when {wording.name(row)} {verb}.")
    return Fault(True, field, wording.day(have), f"{wording.name(row)} {verb} on {wording.day(have)}.")


def _at(statement: Course, row: Cited) -> Fault | None:
    """A day without a word of beginning or end: the beginning, or the end of what is said to have ended."""
    if within(statement.at, row.start):
        return None
    ended = statement.status in ENDED and statement.tense != "past" and not statement.stop
    if ended and row.stop is not None and within(statement.at, row.stop):
        return None
    until = f" to {wording.day(row.stop)}" if row.stop else ""
    reason = f"{wording.name(row)} is recorded from {wording.day(row.start)}{until}."
    return Fault(_is_outside(statement.at, row), "start", wording.day(row.start), reason)


def _is_outside(when: When, row: Cited) -> bool:
    """Whether a row neither began nor lasted on those days."""
    start, stop = row.start, row.stop or date.max
    return start is not None and not any(start <= days.last and stop >= days.first for days in when)


def _amount(said: Quantity, subject: Subject, row: Cited) -> Fault | None:
    if said.sign in doses.BOUNDS:
        return None if doses.is_bound(said, row) else Fault(False, "dose", "", "the row gives no such limit.")
    if doses.has_amount(said, subject, row):
        return None
    if said.unit and said.unit.kind == "dose form":
        return _number_of_forms(said, row)
    mine = doses.of_row(subject, row)
    shown = str(row.fields.get("dose") or row.fields.get("medication") or "")
    comparable = any(doses.compares(said, amount) for amount in mine)
    known = any(amount.value == said.value for amount in mine)
    return Fault(comparable and not known, "dose", shown, f"the row says {shown}.")


def _strength(said: Quantity, row: Cited) -> Fault | None:
    """What one tablet holds, where the row's own name says it: two of 500 mg are no 1 g tablet."""
    held = [amount for amount in row.name.amounts if doses.compares(said, amount)]
    if not held or any(doses.is_same(said, amount) for amount in held) or doses.is_total(said, held):
        return None
    return Fault(False, "medication", "", f"the row says {row.fields.get('medication')}.")


def _number_of_forms(said: Quantity, row: Cited) -> Fault | None:
    """How many tablets or puffs are taken at a time: a dose without a unit, or with the form for one."""
    taken = str(row.fields.get("dose") or "")
    if (found := _FORMS_TAKEN.match(taken.lower())) is None:
        return Fault(False, "dose", taken, f"the row does not say how many of {wording.name(row)} are taken.")
    have = float(_NUMBERS.get(found[1], found[1]))
    return None if have == said.value else Fault(True, "dose", taken, f"the row says {taken}.")


def _strength_for_dose(statement: Course, row: Cited) -> Fault | None:
    """Whoever says only the strength of the tablet, where another dose is taken, may mean the dose."""
    own = list(doses.taken(row))
    said = [amount for amount in statement.amounts if any(doses.compares(amount, dose) for dose in own)]
    if not said or any(doses.is_same(amount, dose) for amount in said for dose in own):
        return None
    taken = str(row.fields.get("dose") or row.fields.get("instructions"))
    return Fault(False, "dose", taken, f"{wording.name(row)} is taken as {taken}.")


def _frequency(said: tuple[str, ...], row: Cited) -> Fault | None:
    """How often: "daily" is borne out by "every night", "every night" not by "daily"."""
    have = frequencies(row)
    if "regular" in said and (not have or "as needed" in have):
        return Fault(False, "frequency", "", f"the row does not say that {wording.name(row)} is taken regularly.")
    said = tuple(one for one in said if one != "regular")
    if all(one in have or (" " not in one and any(other.split()[0] == one for other in have)) for one in said):
        return None
    shown = str(row.fields.get("frequency") or "")
    if not have:
        return Fault(False, "frequency", "", f"the row does not say how often {wording.name(row)} is taken.")
    bases = {one.split()[0] for one in have}
    otherwise = any(one.split()[0] not in bases for one in said)
    return Fault(otherwise, "frequency", shown, f"{wording.name(row)} is taken {shown}.")


def _often(statement: Course, row: Cited) -> Fault | None:
    """How often; the time of a limit is no frequency: "at most 8 tablets a day"."""
    limited = {doses.limited_over(said, row) for said in statement.amounts if said.sign in doses.BOUNDS}
    said = tuple(one for one in statement.frequency if one not in limited)
    if not limited <= {None, *statement.frequency}:
        return Fault(False, "dose", "", f"the row gives another limit of {wording.name(row)}.")
    return _frequency(said, row) if said else None


def frequencies(row: Cited) -> set[str]:
    """How often the row says, in every way that it says it."""
    text = doses.without_limits(
        " ".join(str(row.fields[f]) for f in ("frequency", "instructions") if row.fields.get(f))
    )
    words = tokens.tokens(tokens.plain(spelled_hours(text)))
    found: set[str] = set()
    i = 0
    negated = False
    while i < len(words):
        mark = words[i].norm in ".;,"
        i, kinds = longest_at(words, i)
        negated = (negated or "neg" in kinds) and not mark
        found |= {kinds["frequency"]} if "frequency" in kinds and not negated else set()
    return found


def _length(said: Quantity, row: Cited) -> Fault | None:
    if row.start and row.standing == "active" and said.unit and _lasts_until_now(said, row.start):
        return None
    if not (row.start and row.stop) or said.unit is None:
        return Fault(False, "stop", "", f"the row does not say how long {wording.name(row)} lasted.")
    days = (row.stop - row.start).days
    if quantities.lasts(said, days):
        return None
    # "one day after" is a length too, of something else.
    return Fault(False, "stop", f"{days} days", f"{wording.name(row)} lasted {days} days.")


def _lasts_until_now(said: Quantity, start: date) -> bool:
    """ "For over thirteen years": to this day, and by no more than one such unit, or a fifth, over."""
    days, unit = (datetime.now(UTC).date() - start).days, said.unit.size if said.unit else 1.0
    total = said.value * unit
    if said.sign == ">":
        return total - 1 <= days <= total + max(unit, 0.2 * total)
    return quantities.lasts(said, days)


def _field(field: str, said: str, row: Cited) -> Fault | None:
    have = str(row.fields.get(field) or "").lower()
    if have == said:
        return None
    return Fault(bool(have), field, have, f"the {field} of {wording.name(row)} is recorded as {have or 'nothing'}.")


def _overlap(one: Cited, other: Cited) -> bool:
    """Whether two rows have a day in common; a day that a row does not hold lies in the past, or to come."""
    starts = [row.start or date.min for row in (one, other)]
    stops = [row.stop or date.max for row in (one, other)]
    return max(starts) <= min(stops)


SLOTS: tuple[tuple[str, Callable[[Any, Cited], Fault | None]], ...] = (
    ("length", _length),
    ("severity", partial(_field, "severity")),
    ("criticality", partial(_field, "criticality")),
)


def _detail(detail: Subject, row: Cited, rows: Sequence[Cited]) -> Fault | None:
    """A word of form, route, reaction or kind: the row itself must say it."""
    if any(rows[n].ref == row.ref for n, _ in detail.bearers):
        return None
    return Fault(False, "name", wording.name(row), f"the row does not say “{detail.words}”.")


def _treated(row: Cited, rows: Sequence[Cited]) -> list[Cited]:
    """The cited conditions that a medicine's own reason names."""
    given = str(row.fields.get("reason") or "").lower()
    return [other for other in rows if other.type == "condition" and wording.name(other).lower() in given]


def _reason(reason: Subject, row: Cited, rows: Sequence[Cited]) -> Fault | None:
    """What a medicine is for: its own reason, never another row of the record, and at the time of what it was for."""
    if any(rows[n].ref == row.ref for n, _ in reason.bearers):
        treated = _treated(row, rows)
        if not treated or any(_overlap(row, condition) for condition in treated):
            return None
        return Fault(False, "start", wording.day(row.start), f"{wording.name(row)} was not taken at that time.")
    have = str(row.fields.get("reason") or row.fields.get("reaction") or "")
    if not have:
        return Fault(False, "reason", "", f"the row does not say what {wording.name(row)} is for.")
    return Fault(bool(reason.bearers), "reason", have, f"the row gives “{wording.bare(have)}” for {wording.name(row)}.")
