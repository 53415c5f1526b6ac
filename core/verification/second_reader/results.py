"""What a reader says of results: one, a change between two, all of a test, and the limits of a range."""

from __future__ import annotations

from collections.abc import Iterator

from core.verification.second_reader import bounds, meanings, subjects
from core.verification.second_reader.meanings import Unread
from core.verification.second_reader.placed import Placed
from core.verification.statements import Always, Measured, Point, Ranged, Statement, Took, Trend


def _point(placed: Placed, value: str, when: str, origin: str | None = None) -> Point:
    words = placed.get(value)
    both = meanings.pair(words) if words else None
    single = bounds.bounded(words, meanings.quantity(words)) if words and not both else None
    return Point(single, both, placed.when(when), origin=origin)


def _reading(placed: Placed) -> tuple[str | None, str | None]:
    words = placed.get("reading")
    return meanings.reading(words, negated=placed.negated) if words else (None, None)


def which_of(placed: Placed) -> str | None:
    words = placed.get("which")
    return meanings.which(words) if words else None


def result(placed: Placed) -> Iterator[Statement]:
    """One result: a value, a pair, an answer in words, a reading, or only its day."""
    subject = subjects.test(placed.named())
    words = placed.get("value")
    if words is not None and meanings.is_answer(words):
        yield Took(placed.span, subject, placed.when(), reason=subjects.detail(words, kind="reason"))
        return
    read, degree = _reading(placed)
    point = _point(placed, "value", "when")
    words = placed.get("reading")
    which = which_of(placed) or ("still" if words and "active" in words.meanings("status") else None)
    yield Measured(placed.span, subject, Point(point.value, point.pair, point.when, read, degree, which))


def trend(placed: Placed) -> Iterator[Statement]:
    """A change between two results, or over all that are cited."""
    words = placed.get("direction")
    way = bounds.beyond(words, meanings.direction(words)) if words else "over"
    if any(words.has(("neg",)) for words in placed.all("each")):
        raise Unread("how steady it was")
    first, last = _point(placed, "from_value", "from_when", "from"), _point(placed, "to_value", "to_when")
    points = tuple(point for point in (first, last) if point.value or point.pair or point.when)
    degree = next(iter(words.meanings("degree")), None) if words else None
    yield Trend(
        placed.span, subjects.test(placed.named()), way, points, placed.quantity("by"), degree=degree,
        length=placed.quantity("over"), steadily=placed.every,
    )  # fmt: skip


def every(placed: Placed) -> Iterator[Statement]:
    """All results of a test read so, or have that value."""
    read, degree = _reading(placed)
    value = placed.quantity("value")
    when = placed.when()
    points = (Point(when=when),) if when else ()
    subject = subjects.test(placed.named())
    yield Always(placed.span, subject, read, degree, points, placed.when("from_when"), value)


def ranged(placed: Placed) -> Iterator[Statement]:
    """The limits of a range."""
    yield Ranged(placed.span, subjects.test(placed.named()), placed.quantity("low"), placed.quantity("high"))
