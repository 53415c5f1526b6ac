"""What a segment says of the person: sex, day of birth, age."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.verification.dates import Days
from core.verification.grammar import ages, deaths
from core.verification.grammar.ages import is_age, patient
from core.verification.grammar.chunk import MARK, UNKNOWN, VALUE, WHEN, Chunk
from core.verification.grammar.frames import Frame
from core.verification.row_names import NONE_KNOWN
from core.verification.statements import Course, Person, Subject

if TYPE_CHECKING:
    from core.verification.grammar.reader import Context


def read(segment: list[Chunk], context: Context) -> None:
    """State what the words man, she, born and aged say; the dates and numbers beside them are theirs."""
    _address(segment, context)
    for place, chunk in enumerate(segment):
        known = [] if ABOUT.isdisjoint(chunk.means) else [kind for kind in HANDLERS if kind in chunk.means]
        if known and not (chunk.used and OF_PERSON.isdisjoint(known)):
            HANDLERS[known[0]](segment, place, context)
    ages.read(segment, context)


def _address(segment: list[Chunk], context: Context) -> None:
    """ "Logan Gerlach, 18, has": a name that begins a sentence, and an age behind it."""
    end = _unknown_name(segment, context) or int(_is_patient(segment, context))
    behind = segment[end : end + 3]
    if end and [chunk.kind for chunk in behind] == [MARK, VALUE, MARK] and is_age(behind[1]):
        behind[1].used = True
        span = context.span([behind[1]])
        context.statements.append(Person(span, patient(behind[1], context), age=behind[1].quantity))


def _unknown_name(segment: list[Chunk], context: Context) -> int:
    """Where a name of two unknown words or more ends, before a verb; nought if none begins the segment."""
    end = next((n for n, chunk in enumerate(segment) if not _is_unknown_name(chunk, context)), len(segment))
    if end < 2 or end == len(segment) or not _goes_on(segment[end]):
        return 0
    for chunk in segment[:end]:
        chunk.used = True
    said = Subject(" ".join(map(context.written, segment[:end])), "patient", ())
    context.statements.append(Person(context.span(segment[:end]), said, open=True))
    return end


def _is_patient(segment: list[Chunk], context: Context) -> bool:
    bearers = segment[0].name.bearers if segment and segment[0].name else ()
    return bool(bearers) and all(context.rows[n].type == "patient" for n, _ in bearers)


def _is_unknown_name(chunk: Chunk, context: Context) -> bool:
    written = context.written(chunk).replace("'", "")
    return chunk.kind == UNKNOWN and written.isalpha() and written[:1].isupper() and not written.isupper()


def _goes_on(chunk: Chunk) -> bool:
    return chunk.kind == MARK or not {"aux", "have", "take", "status"}.isdisjoint(chunk.means)


def _sex(segment: list[Chunk], place: int, context: Context) -> None:
    chunk = segment[place]
    if len(context.written(chunk)) == 1:
        _shorthand(segment, place, context)
        return
    chunk.used = True
    sex = chunk.get("sex") or chunk.get("pronoun")
    subject = patient(chunk, context)
    free = "pronoun" in chunk.means or (not subject.bearers and _is_address(segment, place, context))
    context.statements.append(Person(context.span([chunk]), subject, sex, open=free))


def _is_address(segment: list[Chunk], place: int, context: Context) -> bool:
    """ "This lady's blood pressure": who is meant, not of which sex the person is."""
    return place > 0 and context.written(segment[place - 1]).lower() == "this"


def _no_allergies(segment: list[Chunk], place: int, context: Context) -> None:
    """That there are none: only a row that says just that bears it out."""
    chunk = segment[place]
    bearers = tuple((n, 0) for n, row in enumerate(context.rows) if NONE_KNOWN in row.name.terms)
    if bearers:
        chunk.used = True
        subject = Subject(context.written(chunk), "allergy", bearers)
        context.statements.append(Course(context.span([chunk]), subject, status="active"))


def _shorthand(segment: list[Chunk], place: int, context: Context) -> None:
    """ "68F", "43 M": age and sex, where a sentence or a bracket begins or ends."""
    number, chunk = segment[place - 1] if place else segment[place], segment[place]
    if not place and len(segment) > 1 and "," in segment[1].means:
        chunk.used = True
        context.statements.append(Person(context.span([chunk]), patient(chunk, context), chunk.get("sex")))
        return
    begins = place < 2 or segment[place - 2].kind == MARK or "free" in segment[place - 2].means
    if not begins or not is_age(number):
        return
    number.used = chunk.used = True
    span, subject = context.span([number, chunk]), patient(chunk, context)
    context.statements.append(Person(span, subject, chunk.get("sex")))
    when = _day_said(segment[place + 1 : place + 3], context)
    context.statements.append(Person(span, subject, age=number.quantity, when=when))


def _day_said(behind: list[Chunk], context: Context) -> tuple[Days, ...]:
    """ "57M at death", "57M in January 2021"."""
    if len(behind) < 2 or behind[0].get("prep") not in ("at", "in"):
        return ()
    if behind[1].kind == WHEN:
        behind[1].used = True
        return behind[1].days
    return deaths.days(context.rows) if "died" in behind[1].means else ()


def _born(segment: list[Chunk], place: int, context: Context) -> None:
    at = place + 1
    while at < len(segment) and (segment[at].kind == MARK or not BEFORE_DAY.isdisjoint(segment[at].means)):
        at += 1
    if at < len(segment) and segment[at].kind == WHEN:
        chunk, when = segment[place], segment[at]
        chunk.used = when.used = True
        context.statements.append(Person(context.span([chunk, when]), patient(chunk, context), born=when.days))


def _aged(segment: list[Chunk], place: int, context: Context) -> None:
    """ "Aged 70", "51 years old": on the day that the segment gives, or that of the death it tells of."""
    chunk = segment[place]
    number = _number_beside(segment, place)
    if number is None or not _is_of_years(number, chunk, context):
        return
    when = () if _is_of_now(segment, place) else _day_of_age(segment, context)
    begun = () if when else ages.days_of_names(segment[max(0, place - 1) : place], context)
    chunk.used = number.used = True
    if begun:  # "appendicectomy aged 4": that it stands now is not said
        segment[place - 1].means = {**segment[place - 1].means, "of its day": ""}
    span = context.span([chunk, number])
    when, of_event = when or begun, bool(begun) or _is_of_event(segment, place, context)
    context.statements.append(Person(span, patient(chunk, context), age=number.quantity, when=when, past=of_event))


def _number_beside(segment: list[Chunk], place: int) -> Chunk | None:
    """The number right behind or before a word: "aged only 20", "51 years old"."""
    behind = [c for c in segment[place + 1 : place + 3] if "free" not in c.means]
    beside = [*behind[:1], *segment[max(0, place - 1) : place]]
    return next((c for c in beside if c.kind == VALUE and c.quantity), None)


def _is_of_event(segment: list[Chunk], place: int, context: Context) -> bool:
    """ "Diagnosed at age 52", "52 years old at diagnosis"."""
    behind = any(chunk.get("prep") == "at" for chunk in segment[place + 1 : place + 4])
    return behind or context.written(segment[place]).lower().startswith("at ")


def _is_of_years(number: Chunk, chunk: Chunk, context: Context) -> bool:
    """Whether an age is one in years: "63 month old" is none."""
    unit = number.quantity.unit if number.quantity else None
    shorter = {"month", "months", "week", "weeks", "day", "days"} & set(context.written(chunk).lower().split())
    return not shorter and (unit is None or unit.size > 365)


def _is_of_now(segment: list[Chunk], place: int) -> bool:
    """ "A 63-year-old woman": no day that the sentence gives is that of the age."""
    return any("sex" in chunk.means for chunk in segment[place + 1 : place + 3])


def _day_of_age(segment: list[Chunk], context: Context) -> tuple[Days, ...]:
    if any("died" in c.means for c in segment):
        return deaths.days(context.rows)
    return next((c.days for c in segment if c.kind == WHEN and not c.used), ())


BEFORE_DAY = frozenset({"prep", "aux", "free", "record"})
HANDLERS = {
    "sex": _sex, "pronoun": _sex, "born": _born, "aged": _aged, "died": deaths.read, "no allergies": _no_allergies,
}  # fmt: skip
ABOUT, OF_PERSON = frozenset(HANDLERS), frozenset({"sex", "born", "aged"})


def named(frame: Frame, context: Context) -> None:
    """The patient's name."""
    for chunk in frame.names:
        chunk.used = True
        bearers = chunk.bearers
        context.statements.append(Person(context.span([chunk]), Subject(context.written(chunk), "patient", bearers)))
