"""Frames about test results: each point is a value, a day and a reading, in any order; trends join points."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from core.verification.grammar.chunks import MARK, NAME, PAIR, SPAN, VALUE, WHEN, WORD, Chunk, Quantity
from core.verification.grammar.frames import Frame, take_prep
from core.verification.statements import Always, Counted, Measured, Point, Ranged, Statement, Subject, Took, Trend

if TYPE_CHECKING:
    from core.verification.grammar.reader import Context


ALL_PREPS = frozenset({"on", "in", "at", "for"})
PREPS_OF = {
    WHEN: frozenset({"on", "in", "at", "by", "since", "from", "to", "against"}), SPAN: frozenset({"from", "between", "in"}),
    VALUE: frozenset({"from", "to", "by", "against", "at", "for", "over", "in", "around"}),
    PAIR: frozenset({"from", "to", "against", "at"}), WORD: frozenset({"from", "to", "at"}),
}  # fmt: skip


class Draft:
    """A point being read."""

    __slots__ = ("degree", "origin", "pair", "reading", "value", "when", "whens", "which")

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
        self.every_value: Quantity | None = None
        self.last_few: tuple[int, str] | None = None
        self.steadily = False

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
    if "of test" in frame.names[0].means and "trend" in frame.names[0].means:
        reading.trend = frame.names[0].means["trend"]
        reading.after_by = True
    answers = [c for c in items if c.name is not None and c.name.bearers and not c.used]
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
        assert name.name
        subject = Subject(context.written(name), "observation", name.name.bearers)
        for answer in said:
            assert answer.name
            reason = Subject(context.written(answer), "reason", tuple(b for b in answer.name.bearers if b[1] == 1))
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
    known = [kind for kind in (item.kind, *item.means) if kind in _ORDER]
    if known:
        handle = _HANDLERS[min(known, key=_ORDER.__getitem__) if len(known) > 1 else known[0]]
        if handle(reading, items, place, item):
            item.used = True
            take_prep(items, place, PREPS_OF.get(item.kind, ALL_PREPS))


def _when(reading: Reading, items: list[Chunk], place: int, item: Chunk) -> bool:
    before = _before(items, place)
    draft = reading.draft
    if before and (
        before.get("prep") == "since"
        or (before.get("prep") == "against" and draft.empty and place < reading.frame.lead)
    ):
        reading.first = item.days
        return True
    if _zipped(reading, items, place):
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


def _zipped(reading: Reading, items: list[Chunk], place: int) -> bool:
    """As many dates as values before them: "6.1, 6.0 and 5.4 in 2024, 2025 and 2026"."""
    bare = [draft for draft in reading.drafts if (draft.value or draft.pair) and not draft.when]
    if len(bare) < 2 or len(bare) != len(reading.drafts):
        return False
    whens = []
    for chunk in items[place:]:
        if chunk.kind == WHEN:
            whens.append(chunk)
        elif not (chunk.kind == MARK or chunk.get("conj") == "and" or chunk.get("free")):
            break
    if len(whens) != len(bare):
        return False
    for draft, when in zip(bare, whens, strict=True):
        draft.when, when.used = when.days, True
    return True


def _listed(items: list[Chunk], place: int) -> bool:
    """Whether a date stands beside another date: "on both 3 May and 5 June"."""
    if place and items[place - 1].get("conj") == "and" and place > 1:
        return items[place - 2].kind == WHEN
    return (
        place > 1 and items[place - 1].kind == MARK and items[place - 2].kind == WHEN and "," in items[place - 1].means
    )


def _span(reading: Reading, items: list[Chunk], place: int, item: Chunk) -> bool:
    reading.first, reading.last = item.first, item.days
    return True


def _value(reading: Reading, items: list[Chunk], place: int, item: Chunk) -> bool:
    quantity = item.quantity
    assert quantity
    following = items[place + 1] if place + 1 < len(items) else None
    if quantity.unit and quantity.unit.kind == "time":
        running = following is not None and "in a row" in following.means
        reading.length = quantity._replace(sign="running") if running else quantity
        if following is not None and running:
            following.used = True
        return True
    counts = quantity.unit is None and quantity.value == int(quantity.value) and not quantity.sign
    leads = place < reading.frame.lead or quantity.step == 0
    if following and counts and (following.get("noun") == "time" or (leads and "measure" in following.means)):
        reading.count = quantity
        following.used = True
        return True
    if counts and leads and following and following.get("which") == "latest" and place < reading.frame.lead:
        following.used, reading.count = True, quantity
        return True
    if (
        quantity.step == 0
        and quantity.unit is None
        and place + 1 < len(items)
        and place
        and items[place - 1].get("which") == "latest"
    ):
        return _last_few(reading, items, place, round(quantity.value))
    before = _before(items, place)
    changed = following is not None and following.get("trend") and following.end - following.start == 1
    if (
        changed
        and following is not None
        and (place < reading.frame.lead or reading.context.words[following.start].norm in ("lower", "higher"))
    ):
        reading.delta = quantity
        return True
    if (
        before and ("of range" in before.means or ("range" in before.means and "read" not in before.means))
    ) or _is_limit(items, place):
        if before and before.kind == WORD and "range" in before.means:
            before.used = True
        return _limit(reading, items, place, quantity)
    right_after = place > 0 and items[place - 1] is before
    if reading.after_by or (
        reading.trend and before and right_after and before.get("trend") and not _directed_to(before)
    ):
        reading.after_by = False
        reading.delta = quantity
        return True
    alone = reading.count is not None and reading.draft.empty and not reading.always
    every = reading.every and (quantity.sign or alone) and not reading.trend
    if (following and "all" in following.means) or "all" in item.means or every:
        reading.every_value = quantity
        if following and "all" in following.means:
            following.used = True
        return True
    draft = reading.draft
    if draft.origin == "from" and not (draft.value or draft.pair) and _against(items, place):
        if len(reading.drafts) == 1:
            reading.drafts.insert(0, Draft())
        if not reading.drafts[0].value:
            reading.drafts[0].value = quantity
            return True
    if draft.value or draft.pair or reading.closed or (draft.when and _conj_before(items, place)):
        draft = reading.open()
    draft.value = quantity
    return True


def _last_few(reading: Reading, items: list[Chunk], place: int, number: int) -> bool:
    """ "The last two high"."""
    said = next((c for c in items[place + 1 : place + 4] if "read" in c.means), None)
    if said is None:
        return False
    said.used = items[place - 1].used = True
    if reading.draft.which == "latest":
        reading.draft.which = None
    reading.last_few = (number, said.means["read"])
    return True


def _against(items: list[Chunk], place: int) -> bool:
    return place + 1 < len(items) and items[place + 1].get("prep") == "against"


def _directed_to(before: Chunk) -> bool:
    return before.end - before.start > 1


def _is_limit(items: list[Chunk], place: int) -> bool:
    """The second of "range 4.0 to 6.0"."""
    joined = place > 2 and (items[place - 1].get("prep") == "to" or "-" in items[place - 1].means)
    return joined and items[place - 2].kind == VALUE and items[place - 2].get("limit") is not None


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
    which = next(
        (c.means["which"] for c in items[max(0, place - 4) : place] if c.get("which") in ("later", "earlier")), None
    )
    if which:
        draft = reading.drafts[-1] if which == "later" else reading.drafts[0]
        draft.which = None
    elif _of_main(reading, items, place):
        draft = reading.drafts[0]
    elif (
        draft.reading
        or reading.closed
        or (draft.when and not draft.value and not draft.pair and _conj_before(items, place))
    ):
        draft = reading.open()
    draft.reading, draft.degree = value, degree
    return True


def _of_main(reading: Reading, items: list[Chunk], place: int) -> bool:
    """ "427, up from 309 in 2017, now high": past a comma, a reading is of the value that the sentence is about."""
    first, last = reading.drafts[0], reading.draft
    if (
        first is last
        or last.origin != "from"
        or first.origin == "from"
        or first.reading
        or not (last.value or last.pair or last.when)
    ):
        return False
    return any("," in c.means or ")" in c.means or c.get("conj") == "but" for c in items[max(0, place - 4) : place])


def _every_near(items: list[Chunk], place: int) -> bool:
    """Whether "both", "each time" or "throughout" stands in the same part, before or after a reading."""
    for step in (-1, 1):
        at = place + step
        while 0 <= at < len(items) and not ("," in items[at].means and step < 0) and items[at].get("conj") != "but":
            if "all" in items[at].means:
                items[at].used = True
                return True
            if items[at].kind in (VALUE, WHEN, PAIR, NAME) or ("read" in items[at].means and step > 0):
                break
            at += step
    return False


def _all(reading: Reading, items: list[Chunk], place: int, item: Chunk) -> bool:
    reading.every = True
    if "count" in item.means:
        reading.count = Quantity(float(item.means["count"]), None, 0.0)
        return True
    following = [c for c in items[place + 1 : place + 3] if c.kind == WHEN or c.kind == SPAN]
    return bool(following) or (place > 0 and items[place - 1].kind == VALUE)


def _trend(reading: Reading, items: list[Chunk], place: int, item: Chunk) -> bool:
    trend = item.means["trend"]
    if reading.trend == "not flat" or (reading.trend and trend != reading.trend and reading.trend != "flat"):
        return False
    if reading.trend == "flat" and trend in ("up", "down"):
        reading.steadily = True
    reading.trend = ("not " if reading.negated else "") + item.means["trend"]
    reading.negated = False
    if reading.draft.empty and item.end - item.start > 1:
        reading.draft.origin = "from"
    elif not reading.draft.empty:
        reading.open("from" if item.end - item.start > 1 else None)
    return True


def _prep(reading: Reading, items: list[Chunk], place: int, item: Chunk) -> bool:
    prep = item.means["prep"]
    following = items[place + 1] if place + 1 < len(items) else None
    pointed = following is not None and (following.kind in (VALUE, PAIR) or "read" in following.means)
    if (
        prep in ("from", "against")
        and pointed
        and not (reading.draft.origin == "from" and not reading.draft.value and reading.drafts[0].value)
    ):
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
    if reading.negated:
        return False
    reading.negated = True
    if any("range" in c.means and "read" not in c.means for c in items[place + 1 : place + 2]):
        return _no_range(reading, items, place)
    return any("read" in c.means or "trend" in c.means for c in items[place + 1 : place + 4])


def _no_range(reading: Reading, items: list[Chunk], place: int) -> bool:
    """ "No range given for either figure"."""
    reading.negated = False
    for chunk in items[place + 1 : place + 5]:
        chunk.used = chunk.used or bool(chunk.means.keys() & {"range", "all", "prep", "start"})
    reading.always = ("without a range", None)
    return True


def _degree(reading: Reading, items: list[Chunk], place: int, item: Chunk) -> bool:
    reading.degree = item.means["degree"]
    return any("read" in c.means or "trend" in c.means for c in items[place + 1 : place + 3]) or any(
        "trend" in c.means for c in items[max(0, place - 1) : place]
    )


def _which(reading: Reading, items: list[Chunk], place: int, item: Chunk) -> bool:
    if reading.draft.which is None:
        reading.draft.which = item.means["which"]
    return True


def _limits(reading: Reading, items: list[Chunk], place: int, item: Chunk) -> bool:
    assert item.pair
    reading.low, reading.high = item.pair
    return True


def _past(reading: Reading, items: list[Chunk], place: int, item: Chunk) -> bool:
    draft = reading.draft
    if draft.value or draft.pair or draft.when:
        draft = reading.open()
    draft.which = "earlier"
    return True


def _still(reading: Reading, items: list[Chunk], place: int, item: Chunk) -> bool:
    """ "Still high": so it was the time before."""
    said = next((c for c in items[place + 1 : place + 4] if "read" in c.means), None)
    if item.means["status"] != "active" or said is None or reading.last_few:
        return False
    reading.last_few = (2, said.means["read"])
    return True


def _steadily(reading: Reading, items: list[Chunk], place: int, item: Chunk) -> bool:
    reading.steadily = reading.steadily or item.means["trend kind"] == "steadily"
    return True


_HANDLERS = dict((
    (WHEN, _when), (SPAN, _span), (VALUE, _value), (PAIR, _pair), ("read", _read), ("trend", _trend), ("neg", _neg),
    ("limits", _limits), ("degree", _degree), ("all", _all), ("trend kind", _steadily), ("past", _past), ("status", _still), ("which", _which), ("prep", _prep), ("conj", _conj),
))  # fmt: skip
_ORDER = {kind: place for place, kind in enumerate(_HANDLERS)}


def _before(items: list[Chunk], place: int) -> Chunk | None:
    """The last chunk before a place that is more than an article or a bracket."""
    at = place - 1
    while at >= 0 and (
        items[at].get("free") or (items[at].kind == MARK and "(" not in items[at].means) or items[at].get("aux")
    ):
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
    if reading.always:
        when = reading.first if not reading.last else ()
        found.append(Always(span, subject, *reading.always, tuple(points), when))
    if reading.every_value or (reading.trend in ("flat", "same") and len(points) == 1 and points[0].value):
        found.append(Always(span, subject, None, None, (), reading.first, reading.every_value or points[0].value))
    if reading.last_few:
        found.append(Always(span, subject, reading.last_few[1], None, (), (), None, reading.last_few[0]))
    if reading.trend:
        found.append(
            Trend(
                span,
                subject,
                reading.trend,
                tuple(points),
                reading.delta,
                reading.first,
                reading.last,
                reading.degree,
                reading.length,
                reading.steadily,
            )
        )
    elif reading.length or reading.steadily or reading.last or (reading.first and not points and not reading.count):
        found.append(
            Trend(span, subject, "over", tuple(points), None, reading.first, reading.last, None, reading.length)
        )
    if reading.count:
        found.append(Counted(span, subject, round(reading.count.value)))
    if reading.high:
        found.append(Ranged(span, subject, reading.low, reading.high))
    return found
