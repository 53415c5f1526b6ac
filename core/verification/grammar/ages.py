"""Ages at an event: "was 17 when she was seen on 10 November 2024", "diagnosed at 18 (Oct 2022)"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.verification.dates import Days, When
from core.verification.grammar.chunk import MARK, NAME, VALUE, WHEN, WORD, Chunk
from core.verification.grammar.names import BY_NAME
from core.verification.statements import Person, Subject

if TYPE_CHECKING:
    from core.verification.grammar.reader import Context

OLDEST_YEARS = 120
# What may stand between the person and "was 17".
OF_PERSON = frozenset({"sex", "pronoun", "born", "aux", "prep", "free"})
BEGUN = frozenset({"have", "start"})


def is_age(chunk: Chunk) -> bool:
    """Whether a number may be an age in years: whole digits, without a unit."""
    said = chunk.quantity
    return said is not None and said.unit is None and not said.sign and 0 < said.value <= OLDEST_YEARS


def read(segment: list[Chunk], context: Context) -> None:
    """State the ages that the words around a number tell of; their day is the one that stands behind."""
    for place, chunk in enumerate(segment):
        if chunk.kind == VALUE and not chunk.used and is_age(chunk) and _is_told(segment, place, context):
            chunk.used = segment[place - 1].used = True
            when = _day_behind(segment[place + 1 :]) or days_of_names(segment[:place], context)
            age = Person(context.span([chunk]), patient(chunk, context), age=chunk.quantity, when=when, past=True)
            context.statements.append(age)


def _day_behind(behind: list[Chunk]) -> When:
    return next((c.days for c in behind if c.kind == WHEN and not c.used), ())


def days_of_names(before: list[Chunk], context: Context) -> When:
    """The days on which what is named before an age began."""
    rows = [context.rows[n] for c in before for n, how in c.bearers if how == BY_NAME]
    return tuple(Days(row.start, row.start) for row in rows if row.start and row.type != "patient")


def patient(chunk: Chunk, context: Context) -> Subject:
    """The cited rows of the patient, by a word that speaks of the person."""
    bearers = tuple((n, 0) for n, row in enumerate(context.rows) if row.type == "patient")
    return Subject(context.written(chunk), "patient", bearers)


def _is_told(segment: list[Chunk], place: int, context: Context) -> bool:
    before, behind = segment[:place], segment[place + 1 : place + 2]
    return _was(before, behind, context) or _begun_at(before, behind, context) or _when_was(before, behind, context)


def _when_was(before: list[Chunk], behind: list[Chunk], context: Context) -> bool:
    """ "First prescribed in 1967 when he was 4"."""
    if len(before) < 4 or (behind and behind[0].kind != MARK) or before[-1].get("aux") != "past":
        return False
    return _is_person(before[-2], context) and context.written(before[-3]).lower() in ("when", "while")


def _was(before: list[Chunk], behind: list[Chunk], context: Context) -> bool:
    """ "She was 17 when", "Norma Pagan, born in 2007, was 52 at": of the person, and of some day."""
    if not before or before[-1].get("aux") != "past" or not behind:
        return False
    dated = "free" in behind[0].means or behind[0].get("prep") in ("at", "on", "in")
    return dated and any(_is_person(c, context) for c in before) and all(_may_stand(c, context) for c in before)


def _is_person(chunk: Chunk, context: Context) -> bool:
    named = bool(chunk.bearers) and all(context.rows[n].type == "patient" for n, _ in chunk.bearers)
    return named or not {"sex", "pronoun"}.isdisjoint(chunk.means)


def _may_stand(chunk: Chunk, context: Context) -> bool:
    if chunk.kind in (MARK, WHEN) or _is_person(chunk, context):
        return True
    return chunk.kind == WORD and not OF_PERSON.isdisjoint(chunk.means)


def _begun_at(before: list[Chunk], behind: list[Chunk], context: Context) -> bool:
    """ "Hypertension diagnosed at 18": of what began, where no test is named."""
    ends = not behind or behind[0].kind in (MARK, WHEN) or "conj" in behind[0].means
    if len(before) < 2 or not ends or before[-1].get("prep") != "at" or BEGUN.isdisjoint(before[-2].means):
        return False
    return any(c.kind == NAME for c in before) and not any(_is_test(c, context) for c in before)


def _is_test(chunk: Chunk, context: Context) -> bool:
    of_row = any(context.rows[n].type == "observation" for n, _ in chunk.bearers)
    return of_row or not {"assay", "read of", "of test"}.isdisjoint(chunk.means)
