"""Frames about test results: each point is a value, a day and a reading, in any order; trends join points."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.verification.grammar.chunks import MARK, NAME, PAIR, SPAN, VALUE, WHEN, Chunk, Quantity
from core.verification.grammar.frames import Frame
from core.verification.statements import Always, Counted, Measured, Point, Ranged, Statement, Subject, Trend

if TYPE_CHECKING:
    from core.verification.grammar.reader import Context


class Draft:
    """A point being read."""

    __slots__ = ("degree", "origin", "pair", "reading", "value", "when", "which", "whens")

    def __init__(self, origin: str | None = None) -> None:
        self.value: Quantity | None = None
        self.pair: tuple[Quantity, Quantity] | None = None
        self.when: tuple = ()
        self.whens: list = []
        self.reading: str | None = None
        self.degree: str | None = None
        self.which: str | None = None
        self.origin = origin

    @property
    def empty(self) -> bool:
        return not (self.value or self.pair or self.when or self.reading or self.which)

    def point(self) -> Point:
        return Point(self.value, self.pair, self.when, self.reading, self.degree, self.which, self.origin)


class Reading:
    """One frame being read, item by item."""

    def __init__(self, frame: Frame, context: Context) -> None:
        self.frame, self.context = frame, context
        self.drafts = [Draft()]
        self.always: tuple[str, str | None] | None = None
        self.trend: str | None = None
        self.delta: Quantity | None = None
        self.first: tuple = ()
        self.last: tuple = ()
        self.length: Quantity | None = None
        self.degree: str | None = None
        self.negated = False
        self.closed = False
        self.every = False
        self.count: Quantity | None = None
        self.low: Quantity | None = None
        self.high: Quantity | None = None
        self.after_by = False

    @property
    def draft(self) -> Draft:
        return self.drafts[-1]

    def open(self, origin: str | None = None) -> Draft:
        """A new point, unless the last one says nothing yet."""
        if not self.draft.empty:
            self.drafts.append(Draft())
        if origin:
            self.draft.origin = origin
        self.closed = False
        return self.draft


def read(frame: Frame, context: Context) -> None:
    reading = Reading(frame, context)
    items = frame.items
    for place, item in enumerate(items):
        if not item.used:
            _item(reading, items, place, item)
    for name in frame.names:
        if "read of" in name.means:
            _names_reading(reading, name)
    if any(c.used for c in frame.names) and not reading.draft.empty or reading.always or reading.trend or _says(reading):
        _state(reading)


def _says(reading: Reading) -> bool:
    return any(not draft.empty for draft in reading.drafts) or reading.count is not None or reading.high is not None


def _names_reading(reading: Reading, name: Chunk) -> None:
    value = name.means["read of"].partition("@")[0]
    if reading.every:
        reading.always = (value, None)
    elif len(reading.drafts) == 1 and not reading.draft.reading:
        reading.draft.reading = value
    else:
        reading.always = (value, None)


def _item(reading: Reading, items: list[Chunk], place: int, item: Chunk) -> None:
    if item.kind == MARK:
        return
    for kind, handle in _HANDLERS:
        if item.kind == kind or kind in item.means:
            if handle(reading, items, place, item):
                item.used = True
            return


def _when(reading: Reading, items: list[Chunk], place: int, item: Chunk) -> bool:
    before = _before(items, place)
    draft = reading.draft
    if before and before.get("prep") == "since" or before and before.get("noun") == "start":
        reading.first = item.days
        return True
    if draft.when and not draft.value and not draft.reading and not draft.pair and _listed(items, place):
        draft.whens.append(item.days)
        return True
    if draft.when and _listed(items, place):
        draft.whens.append(item.days)
        return True
    if draft.when or reading.closed:
        draft = reading.open()
    draft.when = item.days
    if before and before.get("prep") == "from" and not draft.origin:
        draft.origin = "from"
    return True


def _listed(items: list[Chunk], place: int) -> bool:
    """Whether a date stands beside another date: "on both 3 May and 5 June"."""
    if place and items[place - 1].get("conj") == "and" and place > 1:
        return items[place - 2].kind == WHEN
    return place > 1 and items[place - 1].kind == MARK and items[place - 2].kind == WHEN and "," in items[place - 1].means


def _span(reading: Reading, items: list[Chunk], place: int, item: Chunk) -> bool:
    reading.first, reading.last = item.first, item.days
    return True


def _value(reading: Reading, items: list[Chunk], place: int, item: Chunk) -> bool:
    quantity = item.quantity
    assert quantity
    following = items[place + 1] if place + 1 < len(items) else None
    if quantity.unit and quantity.unit.kind == "time":
        reading.length = quantity
        return True
    if following and (following.get("noun") == "time" or (quantity.step == 0 and "measure" in following.means)):
        reading.count = quantity
        following.used = True
        return True
    before = _before(items, place)
    if before and "range" in before.means and "read" not in before.means or _is_limit(items, place):
        return _limit(reading, items, place, quantity)
    if reading.after_by or (reading.trend and before and before.get("trend") and not _directed_to(before)):
        reading.after_by = False
        reading.delta = quantity
        return True
    draft = reading.draft
    if draft.value or draft.pair or reading.closed or (draft.when and _conj_before(items, place)):
        draft = reading.open()
    draft.value = quantity
    return True


def _directed_to(before: Chunk) -> bool:
    return before.end - before.start > 1


def _is_limit(items: list[Chunk], place: int) -> bool:
    """The second of "range 4.0 to 6.0"."""
    return place > 2 and items[place - 2].kind == VALUE and items[place - 2].get("limit") is not None


def _limit(reading: Reading, items: list[Chunk], place: int, quantity: Quantity) -> bool:
    item = items[place]
    item.means = {"limit": ""}
    if _is_limit(items, place):
        reading.low, reading.high = reading.high, quantity
    else:
        reading.high = quantity
    return True


def _pair(reading: Reading, items: list[Chunk], place: int, item: Chunk) -> bool:
    draft = reading.draft
    if draft.value or draft.pair or reading.closed:
        draft = reading.open()
    assert item.pair
    if item.pair[1].value == 10 and item.pair[0].value <= 10:
        draft.value = item.pair[0]
    else:
        draft.pair = item.pair
    return True


def _read(reading: Reading, items: list[Chunk], place: int, item: Chunk) -> bool:
    value = item.means["read"]
    if reading.negated:
        value, reading.negated = f"not {value}", False
    degree, reading.degree = reading.degree, None
    if _every_near(items, place):
        reading.always = (value, degree)
        return True
    draft = reading.draft
    which = next((c.means["which"] for c in items[max(0, place - 4) : place] if c.get("which") in ("later", "earlier")), None)
    if which:
        draft = reading.drafts[-1] if which == "later" else reading.drafts[0]
        draft.which = None
    elif draft.reading or reading.closed or (draft.when and not draft.value and not draft.pair and _conj_before(items, place)):
        draft = reading.open()
    draft.reading, draft.degree = value, degree
    return True


def _every_near(items: list[Chunk], place: int) -> bool:
    """Whether "both", "each time" or "throughout" stands in the same part, before or after a reading."""
    for step in (-1, 1):
        at = place + step
        while 0 <= at < len(items) and not ("," in items[at].means and step < 0) and items[at].get("conj") != "but":
            if "all" in items[at].means:
                items[at].used = True
                return True
            if items[at].kind in (VALUE, WHEN, PAIR, NAME) or "read" in items[at].means and step > 0:
                break
            at += step
    return False


def _all(reading: Reading, items: list[Chunk], place: int, item: Chunk) -> bool:
    reading.every = True
    following = [c for c in items[place + 1 : place + 3] if c.kind == WHEN or c.kind == SPAN]
    return bool(following) or (place > 0 and items[place - 1].kind == VALUE)


def _trend(reading: Reading, items: list[Chunk], place: int, item: Chunk) -> bool:
    reading.trend = ("not " if reading.negated else "") + item.means["trend"]
    reading.negated = False
    if not reading.draft.empty:
        reading.open("from" if item.end - item.start > 1 else None)
    elif item.end - item.start > 1 and any(not d.empty for d in reading.drafts):
        reading.draft.origin = "from"
    return True


def _prep(reading: Reading, items: list[Chunk], place: int, item: Chunk) -> bool:
    prep = item.means["prep"]
    following = items[place + 1] if place + 1 < len(items) else None
    pointed = following is not None and (following.kind in (VALUE, PAIR) or "read" in following.means)
    if prep in ("from", "against") and pointed:
        reading.open("from")
    elif prep == "to" and pointed:
        reading.open("to")
    elif prep == "by" and following is not None and following.kind == VALUE and reading.trend:
        reading.after_by = True
    return False


def _conj(reading: Reading, items: list[Chunk], place: int, item: Chunk) -> bool:
    if item.means["conj"] == "but" and not reading.draft.empty:
        reading.closed = True
    return False


def _neg(reading: Reading, items: list[Chunk], place: int, item: Chunk) -> bool:
    reading.negated = True
    return any("read" in c.means or "trend" in c.means for c in items[place + 1 : place + 4])


def _degree(reading: Reading, items: list[Chunk], place: int, item: Chunk) -> bool:
    reading.degree = item.means["degree"]
    return any("read" in c.means or "trend" in c.means for c in items[place + 1 : place + 3]) or any("trend" in c.means for c in items[max(0, place - 1) : place])


def _which(reading: Reading, items: list[Chunk], place: int, item: Chunk) -> bool:
    if reading.draft.which is None:
        reading.draft.which = item.means["which"]
    return True


_HANDLERS = (
    (WHEN, _when), (SPAN, _span), (VALUE, _value), (PAIR, _pair), ("read", _read), ("trend", _trend), ("neg", _neg),
    ("degree", _degree), ("all", _all), ("which", _which), ("prep", _prep), ("conj", _conj),
)  # fmt: skip


def _before(items: list[Chunk], place: int) -> Chunk | None:
    """The last chunk before a place that is more than an article or a bracket."""
    at = place - 1
    while at >= 0 and (items[at].get("free") or items[at].kind == MARK and "(" not in items[at].means or items[at].get("aux")):
        at -= 1
    return items[at] if at >= 0 else None


def _conj_before(items: list[Chunk], place: int) -> bool:
    return place > 0 and items[place - 1].get("conj") == "and"


def subjects(frame: Frame, context: Context) -> list[Subject]:
    found = []
    for name in frame.names:
        if "read of" in name.means:
            key = name.means["read of"].partition("@")[2]
            head = f"assay:{key}"
            bearers = tuple((n, 0) for n, row in enumerate(context.rows) if head in row.name.heads)
            found.append(Subject(context.written(name), "observation", bearers, key))
        elif name.name:
            found.append(Subject(context.written(name), "observation", name.name.bearers, name.get("assay")))
    return found


def _state(reading: Reading) -> None:
    frame, context = reading.frame, reading.context
    named = subjects(frame, context)
    points = [p for draft in reading.drafts if not draft.empty for p in _points(draft)]
    span = context.span([*frame.names, *[c for c in frame.items if c.used]] if frame.names else frame.items)
    for chunk in frame.names:
        chunk.used = True
    for subject, own in _shared(named, points):
        context.statements.extend(_statements(reading, subject, own, span))


def _points(draft: Draft) -> list[Point]:
    point = draft.point()
    return [point, *(point.__class__(point.value, point.pair, when, point.reading, point.degree, point.which, point.origin) for when in draft.whens)]


def _shared(named: list[Subject], points: list[Point]) -> list[tuple[Subject, list[Point]]]:
    """Which points are whose: "sodium and potassium were 141 and 4.2" gives each its own."""
    valued = [p for p in points if p.value or p.pair]
    if len(named) > 1 and len(valued) == len(named) == len(points):
        return [(subject, [point]) for subject, point in zip(named, points, strict=True)]
    if len(named) > 1 and valued:
        return [(named[-1], points), *((subject, [Point(which="unread")]) for subject in named[:-1])]
    return [(subject, points) for subject in named]


def _statements(reading: Reading, subject: Subject, points: list[Point], span: tuple[int, int]) -> list[Statement]:
    found: list[Statement] = [Measured(span, subject, point) for point in points]
    if reading.always:
        when = reading.first if not reading.last else ()
        found.append(Always(span, subject, *reading.always, tuple(points), when))
    if reading.trend:
        found.append(
            Trend(span, subject, reading.trend, tuple(points), reading.delta, reading.first, reading.last, reading.degree, reading.length)
        )
    elif reading.length or (reading.first and not points and not reading.count):
        found.append(Trend(span, subject, "over", tuple(points), None, reading.first, reading.last, None, reading.length))
    if reading.count:
        found.append(Counted(span, subject, round(reading.count.value)))
    if reading.high:
        found.append(Ranged(span, subject, reading.low, reading.high))
    return found
