"""Frames about test results: each point is a value, a day and a reading, in any order; trends join points."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from core.verification.grammar import result_values, result_words
from core.verification.grammar.chunks import MARK, PAIR, SPAN, VALUE, WHEN, WORD, Chunk
from core.verification.grammar.frames import Frame, take_prep
from core.verification.grammar.names import NO_NAME
from core.verification.grammar.result_drafts import Draft, Reading
from core.verification.grammar.times import hull
from core.verification.statements import Always, Counted, Measured, Point, Ranged, Statement, Subject, Took, Trend, When

if TYPE_CHECKING:
    from core.verification.grammar.reader import Context


ALL_PREPS = frozenset({"on", "in", "at", "for"})
PREPS_OF = {
    WHEN: frozenset({"on", "in", "at", "by", "since", "from", "to", "against"}),
    SPAN: frozenset({"from", "between", "in"}),
    VALUE: frozenset({"from", "to", "by", "against", "at", "for", "over", "in", "around"}),
    PAIR: frozenset({"from", "to", "against", "at"}),
    WORD: frozenset({"from", "to", "at"}),
}
HANDLERS = {**result_values.HANDLERS, **result_words.HANDLERS}
ORDER = {kind: place for place, kind in enumerate(HANDLERS)}


def read(frame: Frame, context: Context) -> None:
    reading = Reading(frame, context)
    items = frame.items
    if "of test" in frame.names[0].means and "trend" in frame.names[0].means:
        reading.trend = frame.names[0].means["trend"]
        reading.after_by = True
    named = [c for c in items if c.name is not None and c.name.bearers and not c.used]
    answers = [c for c in named if any(how == 1 for _, how in (c.name or NO_NAME).bearers)]
    for chunk in named:
        chunk.used = chunk not in answers and _of_same_row(chunk, frame)
    every = any("all" in c.means for c in items)
    for name in () if every else frame.names:
        if "read of" in name.means:
            _names_reading(reading, name)
    for place, item in enumerate(items):
        if not item.used:
            _item(reading, items, place, item)
    for name in frame.names if every else ():
        if "read of" in name.means:
            _names_reading(reading, name)
    if answers or _is_answer(frame, context):
        _answered(reading, answers)
    elif reading.always or reading.trend or _says(reading):
        _state(reading)


def _of_same_row(chunk: Chunk, frame: Frame) -> bool:
    """Whether words are more of the name that a frame has: "Pain severity - verbal numeric rating"."""
    mine = set((chunk.name or NO_NAME).bearers)
    return all(mine >= set((name.name or NO_NAME).bearers) for name in frame.names)


def _is_answer(frame: Frame, context: Context) -> bool:
    """Whether the frame is about results that are words: "never smoker", "detected"."""
    return all(
        name.name is not None
        and name.name.bearers
        and all(context.rows[n].text_value is not None for n, _ in name.name.bearers)
        for name in frame.names
    )


def _answered(reading: Reading, answers: list[Chunk]) -> None:
    """A result in words, on its day. A bare name of the test says nothing that could be proved."""
    frame, context = reading.frame, reading.context
    said = answers or [name for name in frame.names if name.name and all(how == 1 for _, how in name.name.bearers)]
    if (
        reading.negated
        or not said
        or len(reading.drafts) > 1
        or reading.always
        or reading.trend
        or reading.count
        or reading.length
    ):
        return
    if reading.draft.value or reading.draft.pair or reading.draft.reading or reading.draft.whens:
        return
    for chunk in (*frame.names, *answers):
        chunk.used = True
    span = context.span([*frame.names, *answers])
    for name in frame.names:
        subject = Subject(context.written(name), "observation", (name.name or NO_NAME).bearers)
        for answer in said:
            said_by = tuple(b for b in (answer.name or NO_NAME).bearers if b[1] == 1)
            reason = Subject(context.written(answer), "reason", said_by)
            context.statements.append(
                Took(span, subject, reading.drafts[0].when, (), reason, reading.drafts[0].which, None)
            )


def _says(reading: Reading) -> bool:
    return (
        bool(reading.last_few or reading.every_value)
        or any(not draft.empty for draft in reading.drafts)
        or reading.count is not None
        or reading.high is not None
    )


def _names_reading(reading: Reading, name: Chunk) -> None:
    value = name.means["read of"].partition("@")[0]
    if reading.every:
        reading.always = (value, None)
    elif not reading.drafts[0].reading:
        reading.drafts[0].reading = value
    else:
        reading.open().reading = value


def _item(reading: Reading, items: list[Chunk], place: int, item: Chunk) -> None:
    if item.kind == MARK:
        return
    known = [kind for kind in (item.kind, *item.means) if kind in ORDER]
    if known:
        handle = HANDLERS[min(known, key=ORDER.__getitem__) if len(known) > 1 else known[0]]
        if handle(reading, items, place, item):
            item.used = True
            take_prep(items, place, PREPS_OF.get(item.kind, ALL_PREPS))


def subjects(frame: Frame, context: Context) -> list[Subject]:
    found = []
    for name in frame.names:
        if "read of" in name.means:
            key = name.means["read of"].partition("@")[2]
            head = f"assay:{key}"
            bearers = tuple((n, 0) for n, row in enumerate(context.rows) if head in row.name.heads)
            found.append(Subject(context.written(name), "observation", bearers, key))
        elif "of test" in name.means:
            key = name.means["of test"]
            bearers = tuple((n, 0) for n, row in enumerate(context.rows) if row.assay == key)
            found.append(Subject(context.written(name), "observation", bearers, key))
        elif name.name:
            found.append(Subject(context.written(name), "observation", name.name.bearers, name.get("assay")))
    return found


def _state(reading: Reading) -> None:
    frame, context = reading.frame, reading.context
    named = _without_readings(subjects(frame, context), frame)
    points = [p for draft in reading.drafts if not draft.empty for p in _points(draft)]
    span = context.span([*frame.names, *[c for c in frame.items if c.used]] if frame.names else frame.items)
    for chunk in frame.names:
        chunk.used = True
    for subject, own in _shared(named, points):
        context.statements.extend(_statements(reading, subject, own, span))


def _points(draft: Draft) -> list[Point]:
    point = draft.point()
    return [point, *(replace(point, when=when) for when in draft.whens)]


def _without_readings(named: list[Subject], frame: Frame) -> list[Subject]:
    """ "Hypokalaemia, K+ 3.2": a word that reads a test and names it stands for the test that is named beside it."""
    keys = {s.key for s, name in zip(named, frame.names, strict=True) if "read of" not in name.means}
    return [s for s, name in zip(named, frame.names, strict=True) if "read of" not in name.means or s.key not in keys]


def _shared(named: list[Subject], points: list[Point]) -> list[tuple[Subject, list[Point]]]:
    """Which points are whose: "sodium and potassium were 141 and 4.2" gives each its own."""
    valued = [p for p in points if p.value or p.pair]
    if len(named) > 1 and len(valued) == len(named) == len(points):
        return [(subject, [point]) for subject, point in zip(named, points, strict=True)]
    if len(named) == 2 and len(points) == 1 and points[0].pair:
        return [(s, [replace(points[0], value=q, pair=None)]) for s, q in zip(named, points[0].pair, strict=True)]
    if len(named) > 1 and valued:
        return [(named[-1], points), *((subject, [Point(which="unread")]) for subject in named[:-1])]
    return [(subject, points) for subject in named]


def _statements(reading: Reading, subject: Subject, points: list[Point], span: tuple[int, int]) -> list[Statement]:
    found: list[Statement] = [Measured(span, subject, point) for point in points]
    found += _of_all(reading, subject, points, span)
    found += _of_change(reading, subject, tuple(points), span)
    if reading.count:
        found.append(Counted(span, subject, round(reading.count.value), _counted_over(reading)))
    if reading.high:
        found.append(Ranged(span, subject, reading.low, reading.high))
    return found


def _of_all(reading: Reading, subject: Subject, points: list[Point], span: tuple[int, int]) -> list[Statement]:
    found: list[Statement] = []
    since = reading.first if not reading.last else ()
    if reading.always:
        found.append(Always(span, subject, *reading.always, tuple(points), since))
    stays = reading.trend in ("flat", "same") and len(points) == 1
    value = reading.every_value or (points[0].value if stays else None)
    if value:
        found.append(Always(span, subject, None, None, (), reading.first, value))
    if reading.last_few:
        number, said = reading.last_few
        found.append(Always(span, subject, said, None, (), last=number))
    return found


def _of_change(reading: Reading, subject: Subject, points: tuple[Point, ...], span: tuple[int, int]) -> list[Statement]:
    """A trend; or only that the points came in that order, over that time."""
    once = reading.count is not None and reading.count.value == 1
    ordered = reading.length or reading.steadily or (reading.last and not once)
    since = reading.first and not points and not reading.count
    if not (reading.trend or ordered or since):
        return []
    trend = Trend(span, subject, reading.trend or "over", points, first=reading.first, last=reading.last)
    return [
        replace(trend, delta=reading.delta, degree=reading.degree, length=reading.length, steadily=reading.steadily)
    ]


def _counted_over(reading: Reading) -> When:
    """The time that results are counted over: from one day to another, or since one."""
    if reading.last:
        return hull(reading.first, reading.last)
    return tuple(days._replace(last=date.max, yearless=False) for days in reading.first)
