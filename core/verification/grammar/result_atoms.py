"""The chunks of a frame about results as atoms: what each number, day or word is, in the order of the sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.verification.grammar import result_negation, result_numbers
from core.verification.grammar.chunk import BOUNDS, MARK, PAIR, SPAN, VALUE, WHEN, WORD, Chunk, Quantity
from core.verification.grammar.frames import Frame, take_prep
from core.verification.grammar.result_scan import Scan

if TYPE_CHECKING:
    from core.verification.grammar.reader import Context

BREAKS = {",": ",", "(": "(", ")": ")", "-": "-", "→": "to", "/": ","}
TURNING = frozenset({"became", "become", "becomes", "becoming", "turned", "turning", "got", "went", "gone"})
CROSSED = {"up": ("high",), "down": ("low",)}
COMPARING = {"from": "from", "than": "from", "on": "from", "to": "to"}
OPENING = {"between": "from", "from": "from", "against": "from", "to": "to"}
PREPS_OF = {
    WHEN: frozenset({"on", "in", "at", "by", "since", "from", "to", "against", "until", "around", "between"}),
    SPAN: frozenset({"from", "between", "in"}),
    VALUE: frozenset({"from", "to", "by", "against", "at", "for", "over", "in", "around", "with"}),
    PAIR: frozenset({"from", "to", "against", "at", "with"}),
    WORD: frozenset({"from", "to", "at", "with"}),
}
ORDERING = frozenset({"after", "before"})
GIVEN = frozenset({"given", "taken", "had", "got"})
OF_SOME = frozenset({"neg", "which"})
ANY_PREPS = frozenset({"on", "in", "at", "for"})


def scanned(frame: Frame, context: Context) -> Scan:
    scan = Scan(frame, context)
    for place, item in enumerate([*frame.items, Chunk(MARK, 0, 0)]):
        if place == frame.lead:
            _name(scan)
        if item.kind == MARK:
            _mark(scan, item)
        elif not item.used:
            _item(scan, place, item)
    return scan


def _name(scan: Scan) -> None:
    """ "Not anaemic": the name of the test reads it as well."""
    said = next((name.means["read of"] for name in scan.frame.names if "read of" in name.means), "")
    if said:
        scan.add("read", ("not " if scan.negated else "") + said.partition("@")[0], scan.said_degree)
        scan.negated, scan.said_degree = False, None


def _mark(scan: Scan, item: Chunk) -> None:
    mark = next(iter(item.means), "")
    if mark in BREAKS:
        scan.add("break", BREAKS[mark])
        scan.ordered = scan.ordered or mark == "→"


def _item(scan: Scan, place: int, item: Chunk) -> None:
    known = [kind for kind in (item.kind, *item.means) if kind in ORDER]
    if known:
        first = min(known, key=ORDER.__getitem__) if len(known) > 1 else known[0]
        if HANDLERS[first](scan, place, item):
            item.used = True
            take_prep(scan.items, place, PREPS_OF.get(item.kind, ANY_PREPS))


def _when(scan: Scan, place: int, item: Chunk) -> bool:
    before = scan.next(place, -1)
    prep = before.get("prep") if before else None
    if prep == "since":
        return scan.add("span", (item.days, ()))
    if prep in OPENING:
        scan.add("break", OPENING[prep])
    return scan.add("when", item.days)


def _span(scan: Scan, place: int, item: Chunk) -> bool:
    return scan.add("span", (item.first, item.days))


def _read(scan: Scan, place: int, item: Chunk) -> bool:
    said = item.means["read"]
    if scan.negated:
        said, scan.negated = f"not {said}", False
    crossed = item.get("of range") is not None and place and _crosses(scan.items[place - 1], said)
    if crossed:  # "has risen above range": the latest is
        scan.add("break", "but")
        scan.add("which", "latest")
    scan.add("read", said, scan.said_degree)
    if crossed:
        scan.add("break", "but")
    scan.said_degree = None
    return True


def _crosses(before: Chunk, said: str) -> bool:
    return said in CROSSED.get(before.get("trend") or "", ())


def _trend(scan: Scan, place: int, item: Chunk) -> bool:
    said = item.means["trend"]
    if scan.trend == "not flat" or (said == "flat" and scan.trend in ("up", "down")):
        return False
    if scan.trend == "flat" and said in ("up", "down"):  # "a steady rise"
        scan.steadily = True
        scan.turns.pop()
        scan.atoms = [atom for atom in scan.atoms if atom.role != "turn"]
    scan.trend, scan.negated = ("not " if scan.negated else "") + said, False
    scan.turns.append(scan.trend)
    scan.degree, scan.said_degree = scan.said_degree or scan.degree, None
    opener = COMPARING.get(scan.context.words[item.end - 1].norm, "trend")
    return scan.add("break", opener) and scan.add("turn", scan.trend)


def _all(scan: Scan, place: int, item: Chunk) -> bool:
    if "count" in item.means:
        scan.count = Quantity(float(item.means["count"]), None, 0.0)
    if scan.within(place, 2, "noun"):
        _use_noun(scan, place)
    return scan.add("all", item)


def _use_noun(scan: Scan, place: int) -> None:
    noun = scan.within(place, 2, "noun")
    if noun is not None and noun.means["noun"] == "time":
        noun.used = True


def _degree(scan: Scan, place: int, item: Chunk) -> bool:
    if place and "trend" in scan.items[place - 1].means:
        scan.degree = item.means["degree"]
        return True
    scan.said_degree = item.means["degree"]
    if place == scan.frame.lead - 1 and "read of" in scan.frame.names[0].means:
        return True
    return scan.within(place, 2, "read") is not None or scan.within(place, 2, "trend") is not None


def _which(scan: Scan, place: int, item: Chunk) -> bool:
    _use_noun(scan, place)
    return scan.add("which", item.means["which"])


def _past(scan: Scan, place: int, item: Chunk) -> bool:
    scan.add("break", "past")
    return scan.add("which", "earlier")


def _still(scan: Scan, place: int, item: Chunk) -> bool:
    """ "Still high": so it was the time before."""
    if item.means["status"] != "active":
        return False
    leads = place == scan.frame.lead - 1 and "read of" in scan.frame.names[0].means
    reads = scan.within(place, 4, "read") or scan.within(place, 1, "trend") or _is_bound(scan, place)
    return (leads or reads is not None) and scan.add("which", "still")


def _is_bound(scan: Scan, place: int) -> bool | None:
    """ "Remains above 130"."""
    near = scan.items[place + 1 : place + 3]
    return any(c.quantity is not None and c.quantity.sign in BOUNDS for c in near) or None


def _steadily(scan: Scan, place: int, item: Chunk) -> bool:
    scan.steadily = scan.steadily or item.means["trend kind"] == "steadily"
    turned = scan.context.words[item.start].norm in TURNING and scan.within(place, 3, "read") is not None
    return scan.add("which", "newly") if turned else True


def _noun(scan: Scan, place: int, item: Chunk) -> bool:
    return item.means["noun"] == "time"


def _up_to(scan: Scan, place: int, item: Chunk) -> bool:
    """ "And back up to 5"."""
    following = scan.next(place)
    earlier = any(atom.role in ("value", "pair") for atom in scan.atoms) or len({row.start for row in scan.rows()}) > 1
    if item.means["limit"] != "up to" or following is None or following.kind not in (VALUE, PAIR) or not earlier:
        return False
    scan.trend = "up"
    scan.turns.append("up")
    return scan.add("break", "to") and scan.add("turn", "up")


def _prep(scan: Scan, place: int, item: Chunk) -> bool:
    """ "After" a change, "from" and "to" values, "by" an amount; "since" with no day behind it."""
    prep, following = item.means["prep"], scan.next(place)
    if prep == "since":
        return (following is None or following.kind != WHEN) and scan.add("since")
    if following is None:
        return False
    if prep == "against" and _leads_to_day(scan, following):
        return scan.add("break", OPENING[prep])
    if prep in ORDERING and "trend" in following.means:
        return True
    if prep == "after":
        return following.kind in (VALUE, PAIR) and scan.add("break", "past")
    return _opens(scan, prep, following)


def _opens(scan: Scan, prep: str, following: Chunk) -> bool:
    """ "By" before an amount, "from", "to" and "against" before a value, a reading or a range."""
    if prep == "by":
        scan.after_by = scan.after_by or (following.kind == VALUE and scan.trend is not None)
    if prep in OPENING and (following.kind in (VALUE, PAIR) or "read" in following.means):
        scan.add("break", OPENING[prep])
        scan.compared = scan.compared or prep == "against"
    return prep == "against" and "range" in following.means


def _leads_to_day(scan: Scan, following: Chunk) -> bool:
    """ "Lower on 3 May than on 1 April"."""
    day = scan.next(scan.items.index(following)) if following.get("prep") in ("on", "in", "at") else None
    return day is not None and day.kind == WHEN


def _seq(scan: Scan, place: int, item: Chunk) -> bool:
    """ "16, then 4, then 7": in the order of their days."""
    near = (scan.next(place), scan.next(place, -1))
    if all(c is not None and c.kind in (VALUE, PAIR, MARK) for c in near) and scan.atoms:
        scan.ordered = True
        return scan.add("break", "to")
    return False


def _conj(scan: Scan, place: int, item: Chunk) -> bool:
    scan.add("break", item.means["conj"])
    if scan.context.words[item.end - 1].norm == "again":  # "high at 449 and again at 425"
        scan.add("again", True)
    return False


def _range(scan: Scan, place: int, item: Chunk) -> bool:
    """ "In the overweight range", "high range"."""
    before = scan.items[place - 1].means if place else {}
    names_reading = place == scan.frame.lead and "read of" in scan.frame.names[-1].means
    return names_reading or not {"read", "read of"}.isdisjoint(before)


def _now(scan: Scan, place: int, item: Chunk) -> bool:
    """ "427, previously 309 - now high": a reading of the latest."""
    if scan.atoms and scan.within(place, 2, "read") is not None:
        scan.add("break", "but")
        scan.add("which", "latest")
    return True


def _given(scan: Scan, place: int, item: Chunk) -> bool:
    """ "A score of 3 was given", "an Hb was taken"."""
    return scan.context.words[item.end - 1].norm in GIVEN


def _only(scan: Scan, place: int, item: Chunk) -> bool:
    """ "The only one of the three above the range": no other reads so; "the only one", of all that are known."""
    said = scan.within(place, 6, "read")
    between = scan.items[place + 1 : scan.items.index(said)] if said is not None else []
    if said is None or any(map(_is_of_some, between)):
        return False
    numbers = filter(None, map(_count, between))
    several = next((number for number in numbers if number.value > 1), None)
    for chunk in between:
        chunk.used = chunk.used or _is_noun(chunk)
    scan.count = several or scan.count
    return scan.add("which", "sole" if several else "sole of all")


def _is_of_some(chunk: Chunk) -> bool:
    """ "Only the last is high", "only in May high": of some by their place or day."""
    return chunk.kind == WHEN or not OF_SOME.isdisjoint(chunk.means)


def _count(chunk: Chunk) -> Quantity | None:
    """A number in words."""
    return chunk.quantity if chunk.quantity is not None and chunk.quantity.step == 0 else None


def _is_noun(chunk: Chunk) -> bool:
    """ "One", "of the three readings"."""
    return _count(chunk) is not None or "measure" in chunk.means or chunk.get("noun") == "time"


HANDLERS = {
    "only": _only,
    WHEN: _when, SPAN: _span, VALUE: result_numbers.value, PAIR: result_numbers.pair,
    "limits": result_numbers.limits, "bounds": result_numbers.bounds, "read": _read, "trend": _trend,
    "neg": result_negation.neg, "degree": _degree, "all": _all, "trend kind": _steadily, "past": _past,
    "status": _still,
    "which": _which, "noun": _noun, "limit": _up_to, "seq": _seq, "prep": _prep, "conj": _conj,
    "range": _range, "now": _now, "start": _given,
}  # fmt: skip
ORDER = {kind: place for place, kind in enumerate(HANDLERS)}
