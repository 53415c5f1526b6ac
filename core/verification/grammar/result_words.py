"""Words of a frame about results: readings, trends, and what they are of."""

from __future__ import annotations

from core.verification.grammar.chunks import NAME, PAIR, SPAN, VALUE, WHEN, Chunk, Quantity
from core.verification.grammar.result_drafts import Reading
from core.verification.grammar.result_values import conj_before


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
        or (draft.when and not draft.value and not draft.pair and conj_before(items, place))
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
    following = [c for c in items[place + 1 : place + 3] if c.kind in (WHEN, SPAN)]
    return bool(following) or (place > 0 and items[place - 1].kind == VALUE)


def _trend(reading: Reading, items: list[Chunk], place: int, item: Chunk) -> bool:
    trend = item.means["trend"]
    if reading.trend == "not flat" or (reading.trend and reading.trend not in (trend, "flat")):
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


def _past(reading: Reading, items: list[Chunk], place: int, item: Chunk) -> bool:
    draft = reading.draft
    if draft.value or draft.pair or draft.when:
        draft = reading.open()
    draft.which = "earlier"
    return True


def _still(reading: Reading, items: list[Chunk], place: int, item: Chunk) -> bool:
    """ "Still high": so it was the time before."""
    said = next((c.means["read"] for c in items[place + 1 : place + 4] if "read" in c.means), None)
    named = reading.frame.names[0].get("read of") if place == reading.frame.lead - 1 else None
    said = said or (named.partition("@")[0] if named else None)
    if item.means["status"] != "active" or said is None or reading.last_few:
        return False
    reading.last_few = (2, said)
    return True


def _steadily(reading: Reading, items: list[Chunk], place: int, item: Chunk) -> bool:
    reading.steadily = reading.steadily or item.means["trend kind"] == "steadily"
    return True


HANDLERS = {
    "read": _read, "trend": _trend, "neg": _neg, "degree": _degree, "all": _all, "trend kind": _steadily,
    "past": _past, "status": _still, "which": _which, "prep": _prep, "conj": _conj,
}  # fmt: skip
