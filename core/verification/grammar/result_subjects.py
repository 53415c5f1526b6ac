"""Which tests a frame is about, and which of its points are whose."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from core.verification.grammar.chunk import UNKNOWN, VALUE, WHEN, WORD, Chunk
from core.verification.grammar.frames import Frame
from core.verification.grammar.names import NO_NAME
from core.verification.grammar.result_points import Points
from core.verification.statements import Point, Subject
from core.verification.vocabulary import PANELS

if TYPE_CHECKING:
    from core.verification.grammar.reader import Context

Bearers = tuple[tuple[int, int], ...]
# Units that only one common test has.
TEST_OF_UNIT = {
    "mass": "weight", "length": "height", "celsius": "temperature", "body mass index": "bmi",
    "percent": "bmi percentile",
}  # fmt: skip
OF_TEST = frozenset({"read of", "of test"})
NAMING = frozenset({"assay", "read of", "of test", "medicine", "brand"})


def tests_of(frame: Frame, context: Context) -> list[Subject]:
    """The tests of a frame. In "Hypokalaemia, K+ 3.2" and "the liver enzyme ALT" the second name is the test."""
    names = [(name, _subject(name, context)) for name in frame.names if name.name or OF_TEST & name.means.keys()]
    keys = {subject.key for name, subject in names if "read of" not in name.means}
    found = [subject for name, subject in names if not _is_of_other(name, subject.key, keys)]
    return found if keys else list({subject.bearers: subject for subject in found}.values())


def _subject(name: Chunk, context: Context) -> Subject:
    key = name.get("of test") or (name.get("read of") or "").partition("@")[2]
    if key:
        return Subject(context.written(name), "observation", _bearers(key, context), key)
    bearers = name.bearers
    if name.get("assay") in PANELS:
        bearers = tuple(b for b in bearers if b not in _excepted(context))
    return Subject(context.written(name), "observation", bearers, name.get("assay"))


def _bearers(key: str, context: Context) -> Bearers:
    term = f"assay:{key}"
    return tuple([(n, 0) for n, row in enumerate(context.rows) if term in row.name.heads])


def _is_of_other(name: Chunk, key: str | None, keys: set[str | None]) -> bool:
    return ("read of" in name.means and key in keys) or not keys.isdisjoint(PANELS.get(key or "", ()))


def _excepted(context: Context) -> set[tuple[int, int]]:
    """ "U&E normal apart from creatinine", "chloride 109, the rest of U&E normal": what a panel does not speak of."""
    mark = next((chunk for chunk in context.chunks if "except" in chunk.means), None)
    if mark is None:
        return set()
    tests = [c.name or NO_NAME for c in context.chunks if _is_excepted(c, mark)]
    mark.used = mark.used or bool(tests)
    return {bearer for name in tests for bearer in name.bearers}


def _is_excepted(chunk: Chunk, mark: Chunk) -> bool:
    side = "behind" if chunk.start > mark.start else "before"
    return chunk.get("assay") not in (None, *PANELS) and mark.means["except"] in (side, "both")


def shared(named: list[Subject], points: list[Point], of: Points) -> list[tuple[Subject, list[Point]]]:
    """Which points are whose: "sodium and potassium were 141 and 4.2" gives each its own."""
    valued = [point for point in points if point.value or point.pair]
    if len(named) < 2 or not valued or (of.every and [point.pair for point in points] == [None]):
        return [(subject, points) for subject in named]
    if parts := _of_pair(points) if len(named) == 2 else []:
        points = parts
    elif len(valued) < len(points) or len(points) % len(named):
        return _of_the_last(named, points)
    return [(subject, points[n :: len(named)]) for n, subject in enumerate(named)]


def _of_pair(points: list[Point]) -> list[Point]:
    pair = points[0].pair if len(points) == 1 else None
    return [replace(points[0], value=quantity, pair=None) for quantity in pair or ()]


def _of_the_last(named: list[Subject], points: list[Point]) -> list[tuple[Subject, list[Point]]]:
    return [(named[-1], points), *((subject, [Point(which="unread")]) for subject in named[:-1])]


def of_units(points: list[Point], kinds: set[str], context: Context) -> list[tuple[Subject, Point]]:
    """ "BMI 27.5, 67.8 kg": points whose unit is none of the test that is named, with the test that the unit names."""
    found = []
    for point in points:
        kind = point.value.unit.kind if point.value and point.value.unit else ""
        key = TEST_OF_UNIT.get(kind) if kinds and kind not in kinds else None
        if key and (bearers := _bearers(key, context)):
            found.append((Subject(kind, "observation", bearers, key), point))
    return found


def name_values(segment: list[Chunk], context: Context) -> None:
    """ "159.7 cm and 71 kg": where no test is named, a unit names it."""
    _others_at_the_start(segment, context)
    named = next((place for place, chunk in enumerate(segment) if not NAMING.isdisjoint(chunk.means)), len(segment))
    if named < len(segment) and not _is_list(segment[:named]):
        return
    for chunk in [chunk for chunk in segment[:named] if chunk.kind == VALUE]:
        unit = chunk.quantity.unit if chunk.quantity else None
        key = TEST_OF_UNIT.get(unit.kind) if unit else None
        if key and _bearers(key, context):
            segment.insert(segment.index(chunk), Chunk(WORD, chunk.start, chunk.end, {"of test": key}))


def _is_list(lead: list[Chunk]) -> bool:
    """ "64 kg (60.3 a year ago), BP 136/83": whether a value stands apart from the test that is named behind it."""
    said = [chunk for chunk in lead if chunk.means or chunk.kind in (VALUE, WHEN)]
    return bool(said) and "," in said[-1].means and said[0].kind == VALUE


def _others_at_the_start(segment: list[Chunk], context: Context) -> None:
    """ "Other INRs in range": other than what this sentence speaks of, so all that it cites."""
    lead, following = segment[0], segment[1] if len(segment) > 1 else segment[0]
    if lead.kind == UNKNOWN and lead.start == 0 and context.words[0].norm == "other" and "assay" in following.means:
        lead.kind, lead.means = WORD, {"free": ""}
