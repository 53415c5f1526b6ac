"""Frames about conditions, medicines and allergies: their standing, their days, and how they are taken or show."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from core.verification.dates import When
from core.verification.grammar import course_days, course_sharing, course_words
from core.verification.grammar.chunk import MARK, NAME, SPAN, VALUE, WHEN, Chunk, Quantity
from core.verification.grammar.course_drafts import Draft
from core.verification.grammar.frames import Frame, take_prep
from core.verification.grammar.names import NO_NAME
from core.verification.grammar.times import hull
from core.verification.statements import Absent, Changed, Counted, Course, Statement, Subject

if TYPE_CHECKING:
    from core.verification.grammar.reader import Context

OF_ALL = course_words.OF_ALL
KINDS = ("condition", "prescription", "allergy")
HANDLERS = {**course_days.HANDLERS, **course_words.HANDLERS}
ORDER = {kind: place for place, kind in enumerate(HANDLERS)}
TWO = 2
NO_PREPS: frozenset[str] = frozenset()
DATED = frozenset({"since", "from", "until", "to", "by", "on", "in", "at", "for", "between"})
SPANNED = frozenset({"from", "between", "in", "on", "for", "with"})
PREPS_OF = {
    WHEN: DATED,
    SPAN: SPANNED,
    VALUE: frozenset({"for", "in", "over", "after"}),
    NAME: frozenset({"for", "with"}),
}


def read(found: list[Frame], context: Context) -> None:
    """Read the course frames of one segment; what is said of all of them is shared out."""
    drafts = [_draft(frame, context) for frame in found]
    course_sharing.settle(drafts, context)
    for draft in drafts:
        _count_over(draft)
        draft.fellows = drafts
        _state(draft, context)


def _count_over(draft: Draft) -> None:
    """ "Three times between May and August": the days are those that are counted over."""
    between = any(item.kind == SPAN and item.get("prep") == "between" for item in draft.frame.items)
    if draft.count is not None and between and draft.start and draft.stop and not draft.spans:
        draft.over, draft.start, draft.stop = hull(draft.start, draft.stop), (), ()
        draft.tense = "past"


def _draft(frame: Frame, context: Context) -> Draft:
    draft = Draft(frame, context.rows)
    draft.words, draft.chunks = context.words, context.chunks
    draft.tense = "past" if frame.treated else None
    for name in frame.names:
        name.used = True
        draft.which = draft.which or name.get("which")
        draft.tense = draft.tense or ("past" if "of its day" in name.means else None)
    for place, item in enumerate(frame.items):
        if draft.kind == "allergy" and item.get("prep") == "to":
            item.used = True  # "reacts to soya with vomiting, to egg with a rash"
        elif not item.used and item.kind != MARK:
            _take(draft, place, item)
        elif "→" in item.means and draft.kind == "prescription" and draft.amounts:
            draft.change = draft.change or "changed"
    return draft


def _take(draft: Draft, place: int, item: Chunk) -> None:
    """Let the first handler that understands an item have it."""
    items = draft.frame.items
    known = [kind for kind in (item.kind, *item.means) if kind in ORDER]
    for kind in sorted(known, key=ORDER.__getitem__) if len(known) > 1 else known:
        if HANDLERS[kind](draft, items, place, item):
            item.used = True
            take_prep(items, place, PREPS_OF.get(item.kind, NO_PREPS))
            return


def _bearers(name: Chunk) -> tuple[tuple[int, int], ...]:
    return name.bearers


def _subject(chunk: Chunk, kind: str, context: Context) -> Subject:
    name = chunk.name or NO_NAME
    bearers = name.bearers
    if kind == "reason":
        bearers = tuple((n, how) for n, how in bearers if how == 1)
    if kind in KINDS:
        bearers = tuple((n, how) for n, how in bearers if context.rows[n].type == kind and how == 0)
    return Subject(context.written(chunk), kind, bearers, terms=name.terms)


def _state(draft: Draft, context: Context) -> None:
    names = draft.frame.names
    span = context.span([*names, *(c for c in draft.frame.items if c.used)])
    subjects = [_subject(name, draft.kind, context) for name in names]
    if draft.absent:
        context.statements += [Absent(span, subject) for subject in subjects]
    elif change := _change(draft) if len(subjects) == 1 else None:
        context.statements += change(draft, subjects[0], span, context)
    else:
        for place, subject in enumerate(subjects):
            context.statements += _courses(draft, subject, place, span, context)
        context.statements += _counts(draft, subjects, span, context)


def _change(draft: Draft) -> Callable[[Draft, Subject, tuple[int, int], Context], list[Statement]] | None:
    if draft.change and len(draft.frequency) == TWO:
        return _oftener
    return _changes if draft.change and draft.amounts else None


def _counts(draft: Draft, subjects: list[Subject], span: tuple[int, int], context: Context) -> Iterator[Statement]:
    words = context.written(draft.frame.names[0])
    for number, when in draft.counts:
        yield Counted(span, Subject(words, draft.kind, subjects[0].bearers), number, when)
    if draft.count is not None:
        counted = Subject(words, draft.kind, _counted(draft, subjects, context))
        yield Counted(span, counted, round(draft.count.value), draft.over, draft.status, begun=draft.start)


def _changes(draft: Draft, subject: Subject, span: tuple[int, int], context: Context) -> list[Statement]:
    """What a medicine's amount went from and to; a unit or a frequency that is given once holds for both."""
    if len(draft.amounts) > 2 or draft.spans:
        return [Course(span, subject, which="unread")]
    before, after = _ends(draft)
    changed = Changed(span, subject, draft.change or "", before, after, draft.at or draft.start)
    taken = Course(
        span,
        subject,
        status=draft.status,
        frequency=draft.frequency,
        tense="past",
        details=_details(draft, context),
        reason=_reason(draft, subject, context),
    )
    return [changed, taken] if taken != Course(span, subject, tense="past") else [changed]


def _ends(draft: Draft) -> tuple[Quantity | None, Quantity]:
    """The amount before and after a change."""
    amounts = [quantity for _, quantity in draft.amounts]
    amounts = amounts[::-1] if draft.backward else amounts  # "20 mg, increased from 10 mg"
    unit = next((q.unit for q in reversed(amounts) if q.unit), None)
    first, after = (q._replace(unit=q.unit or unit) for q in (amounts[0], amounts[-1]))
    return (first if len(amounts) == 2 else None), after


def _oftener(draft: Draft, subject: Subject, span: tuple[int, int], context: Context) -> list[Statement]:
    """How often a medicine was taken before and after."""
    change = Changed(span, subject, draft.change or "", None, None, draft.at or draft.start, draft.frequency)
    taken = Course(span, subject, tense="past", status=draft.status, amounts=_amounts(draft, 0))
    return [change, replace(taken, details=_details(draft, context), reason=_reason(draft, subject, context))]


def _details(draft: Draft, context: Context, place: int = 0) -> tuple[Subject, ...]:
    """What adds to a name. Behind an amount it is of the last name alone: "an inhaler and loratadine 5 mg tablets"."""
    names = draft.frame.names
    mine = [c for c in draft.details if place == len(names) - 1 or not _is_of_last(c, draft)]
    return tuple(_subject(c, "detail", context) for c in mine if c.name)


def _is_of_last(detail: Chunk, draft: Draft) -> bool:
    return any(draft.frame.names[-1].start < at < detail.start for at, _ in draft.amounts)


def _amounts(draft: Draft, place: int) -> tuple[Quantity, ...]:
    """The amounts that stand between a name and the next; all of them where there is one name."""
    names = draft.frame.names
    upper = names[place + 1].start if place + 1 < len(names) else 10**6
    return tuple(q for at, q in draft.amounts if len(names) == 1 or names[place].start < at < upper)


def _courses(draft: Draft, subject: Subject, place: int, span: tuple[int, int], context: Context) -> list[Course]:
    """One course for each time that is said of the name at a place of the frame."""
    course = Course(
        span,
        subject,
        status=draft.status,
        tense=draft.tense,
        amounts=_amounts(draft, place),
        strengths=tuple(draft.strengths),
        frequency=draft.frequency,
        details=_details(draft, context, place),
        reason=_reason(draft, subject, context),
        length=draft.length,
        severity=draft.severity,
        criticality=draft.criticality,
        every=draft.every,
        which=draft.which,
        former=draft.former and not draft.status,
        sole=draft.sole,
        begun=draft.begun and not draft.dated,
        unsaid=draft.unsaid,
        filled=tuple(field for field in draft.filled if field not in draft.unsaid),
    )
    times = [draft.time(place), *draft.spans]
    now = [
        replace(course, start=start, stop=stop, at=at, length=_length(draft, start, stop, at))
        for start, stop, at in times
    ]
    before = [
        replace(course, start=start, stop=stop, at=at, status=status, amounts=course.amounts if own is None else own)
        for start, stop, at, status, own in draft.done
    ]
    return [*before, *now]


def _length(draft: Draft, *days: When) -> Quantity | None:
    """The length that is said of a course on those days; else of all."""
    return next((length for when, length in draft.lengths if when in days), draft.length)


def _reason(draft: Draft, subject: Subject, context: Context) -> Subject | None:
    """What a medicine is said to be for. A condition is treated by what gives it as its reason, or by what gives none
    and begins on its first day."""
    treated = draft.frame.treated
    if draft.reason is not None or not treated:
        return _subject(draft.reason, "reason", context) if draft.reason else None
    return Subject(context.written(treated[0]), "reason", _given(treated, subject, context))


def _given(treated: list[Chunk], subject: Subject, context: Context) -> tuple[tuple[int, int], ...]:
    found = {bearer for name in treated for bearer in _bearers(name)}
    ill = [context.rows[n] for n, how in found if how == 0]
    return tuple((n, 1) for n, _ in subject.bearers if (n, 1) in found or course_sharing.treats(context.rows[n], ill))


def _counted(draft: Draft, subjects: list[Subject], context: Context) -> tuple[tuple[int, int], ...]:
    """The rows that a count is of: those of the name after the number, or of all names."""
    names, whole = draft.frame.names, _leads_with_noun(draft.frame)
    one = next((name for name in names if name.start > draft.count_at), None)
    if one is not None and not (whole and one is names[0]):
        subjects = [_subject(one, draft.kind, context)]
    elif whole or _is_of_more(draft, subjects):
        subjects = [_subject(name, draft.kind, context) for name in _names_of_fellows(draft)]
    return _rows_of(subjects)


def _rows_of(subjects: list[Subject]) -> tuple[tuple[int, int], ...]:
    return tuple(dict.fromkeys((n, 0) for subject in subjects for n, _ in subject.bearers))


def _leads_with_noun(frame: Frame) -> bool:
    return any("noun" in chunk.means for chunk in frame.items[: frame.lead])


def _is_of_more(draft: Draft, subjects: list[Subject]) -> bool:
    """ "A, B and C 25 mg, all three begun in May": of more names than the last frame has."""
    return draft.count is not None and draft.count_at == OF_ALL and draft.count.value > len(subjects)


def _names_of_fellows(draft: Draft) -> list[Chunk]:
    """ "Three medicines: A 25 mg, B 10 mg and C"."""
    return [name for fellow in draft.fellows if fellow.kind == draft.kind for name in fellow.frame.names]
