"""What a segment says of the person: sex, day of birth, age."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.verification.cited import NONE_KNOWN
from core.verification.dates import Days
from core.verification.grammar.chunks import MARK, VALUE, WHEN, Chunk
from core.verification.grammar.frames import Frame
from core.verification.grammar.names import NO_NAME
from core.verification.statements import Course, Person, Subject, Took

if TYPE_CHECKING:
    from core.verification.grammar.reader import Context


def read(segment: list[Chunk], context: Context) -> None:
    """State what the words man, she, born and aged say; the dates and numbers beside them are theirs."""
    for place, chunk in enumerate(segment):
        if (
            "sex" in chunk.means
            and len(context.text[context.words[chunk.start].start : context.words[chunk.end - 1].end]) == 1
        ):
            _shorthand(segment, place, context)
        elif "sex" in chunk.means or ("pronoun" in chunk.means and not chunk.used):
            chunk.used = True
            sex = chunk.get("sex") or chunk.get("pronoun")
            context.statements.append(
                Person(context.span([chunk]), _patient(chunk, context), sex, open="pronoun" in chunk.means)
            )
            _plain_age(segment, place, context)
        elif "born" in chunk.means:
            _born(segment, place, context)
        elif "aged" in chunk.means:
            _aged(segment, place, context)
        elif "died" in chunk.means and not chunk.used:
            _died(segment, place, context)
        elif "no allergies" in chunk.means and not chunk.used:
            _no_allergies(chunk, context)


def _no_allergies(chunk: Chunk, context: Context) -> None:
    """That there are none: only a row that says just that bears it out."""
    bearers = tuple((n, 0) for n, row in enumerate(context.rows) if NONE_KNOWN in row.name.terms)
    if bearers:
        chunk.used = True
        subject = Subject(context.written(chunk), "allergy", bearers)
        context.statements.append(Course(context.span([chunk]), subject, status="active"))


def _shorthand(segment: list[Chunk], place: int, context: Context) -> None:
    """ "68F", "43 M": age and sex, where a sentence or a bracket begins or ends."""
    number, chunk = segment[place - 1] if place else segment[place], segment[place]
    said = number.quantity
    if said is None or said.unit is not None or said.sign or not 0 < said.value <= 120:
        return
    if place > 1 and segment[place - 2].kind != MARK and not segment[place - 2].get("free"):
        return
    number.used = chunk.used = True
    span = context.span([number, chunk])
    context.statements.append(Person(span, _patient(chunk, context), chunk.get("sex")))
    context.statements.append(Person(span, _patient(chunk, context), age=said))


def _patient(chunk: Chunk, context: Context) -> Subject:
    bearers = tuple((n, 0) for n, row in enumerate(context.rows) if row.type == "patient")
    return Subject(context.written(chunk), "patient", bearers)


def _deaths(context: Context) -> tuple[tuple[int, int], ...]:
    return tuple(
        (n, 0)
        for n, row in enumerate(context.rows)
        if row.type in ("visit", "observation") and "death" in row.name.terms
    )


def _died(segment: list[Chunk], place: int, context: Context) -> None:
    """A death, by the rows that record one; on which day, and of what."""
    chunk, bearers = segment[place], _deaths(context)
    if not bearers:
        return
    chunk.used = True
    when = reason = None
    for other in segment[place + 1 : place + 5]:
        if other.kind == WHEN and when is None:
            when = other
        elif other.name is not None and reason is None and all(how == 1 for _, how in other.name.bearers):
            reason = other
        elif not (other.get("prep") or other.get("free") or other.kind == MARK):
            break
    for used in (when, reason):
        if used is not None:
            used.used = True
    subject = Subject(context.written(chunk), "death", bearers)
    because = (
        Subject(context.written(reason), "reason", reason.name.bearers) if reason is not None and reason.name else None
    )
    context.statements.append(
        Took(context.span([chunk]), subject, when.days if when is not None else (), (), because, None, None)
    )


def _born(segment: list[Chunk], place: int, context: Context) -> None:
    at = place + 1
    while at < len(segment) and (segment[at].kind == MARK or "prep" in segment[at].means or "aux" in segment[at].means):
        at += 1
    if at < len(segment) and segment[at].kind == WHEN:
        chunk, when = segment[place], segment[at]
        chunk.used = when.used = True
        context.statements.append(Person(context.span([chunk, when]), _patient(chunk, context), born=when.days))


def _plain_age(segment: list[Chunk], place: int, context: Context) -> None:
    """ "She was 51 when ..."."""
    if place + 2 < len(segment) and segment[place + 1].get("aux") == "past" and segment[place + 2].kind == VALUE:
        number = segment[place + 2]
        if (
            number.quantity
            and number.quantity.unit is None
            and not number.quantity.sign
            and (place + 3 == len(segment) or segment[place + 3].get("free"))
        ):
            number.used = True
            context.statements.append(
                Person(context.span([segment[place], number]), _patient(number, context), age=number.quantity)
            )


def _aged(segment: list[Chunk], place: int, context: Context) -> None:
    for step in (1, -1):
        at = place + step
        if 0 <= at < len(segment) and segment[at].kind == VALUE and segment[at].quantity:
            chunk, number = segment[place], segment[at]
            when = next((c for c in segment if c.kind == WHEN and not c.used), None)
            chunk.used = number.used = True
            if any("died" in c.means for c in segment):
                deaths = [context.rows[n].start for n, _ in _deaths(context)]
                days = tuple(Days(day, day) for day in deaths if day)
                context.statements.append(
                    Person(context.span([chunk, number]), _patient(chunk, context), age=number.quantity, when=days)
                )
                return
            context.statements.append(
                Person(
                    context.span([chunk, number]),
                    _patient(chunk, context),
                    age=number.quantity,
                    when=when.days if when else (),
                )
            )
            return


def named(frame: Frame, context: Context) -> None:
    """The patient's name."""
    for chunk in frame.names:
        chunk.used = True
        bearers = (chunk.name or NO_NAME).bearers
        context.statements.append(Person(context.span([chunk]), Subject(context.written(chunk), "patient", bearers)))
