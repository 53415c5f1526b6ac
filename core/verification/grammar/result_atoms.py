"""The chunks of a frame about results as atoms: what each number, day or word is, in the order of the sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from core.verification.grammar.chunks import MARK, PAIR, SPAN, VALUE, WHEN, WORD, Chunk, Quantity
from core.verification.grammar.frames import Frame, take_prep
from core.verification.grammar.names import NO_NAME

if TYPE_CHECKING:
    from core.verification.grammar.reader import Context

BREAKS = {",": ",", "(": "(", ")": ")", "-": "-", "→": "to", "/": ","}
TURNING = frozenset({"became", "become", "becomes", "becoming", "turned", "turning", "got", "went", "gone"})
COUNTED_MAX = 20
COMPARING = frozenset({"from", "than", "on"})
OPENING = {"between": "from", "from": "from", "against": "from", "to": "to"}
PREPS_OF = {
    WHEN: frozenset({"on", "in", "at", "by", "since", "from", "to", "against", "until", "around", "between"}),
    SPAN: frozenset({"from", "between", "in"}),
    VALUE: frozenset({"from", "to", "by", "against", "at", "for", "over", "in", "around", "with"}),
    PAIR: frozenset({"from", "to", "against", "at", "with"}),
    WORD: frozenset({"from", "to", "at", "with"}),
}
ANY_PREPS = frozenset({"on", "in", "at", "for"})


class Atom(NamedTuple):
    role: str
    said: Any
    degree: str | None = None


class Scan:
    """One frame being looked through: its atoms, and what is said of all its results at once."""

    def __init__(self, frame: Frame, context: Context) -> None:
        self.frame, self.context, self.items = frame, context, frame.items
        self.atoms: list[Atom] = []
        self.trend: str | None = None
        self.turns: list[str] = []
        self.delta: Quantity | None = None
        self.degree: str | None = None
        self.length: Quantity | None = None
        self.count: Quantity | None = None
        self.limits: tuple[Quantity | None, Quantity] | None = None
        self.last_few: tuple[int, str] | None = None
        self.steadily = self.ordered = self.negated = self.after_by = False
        self.said_degree: str | None = None

    def add(self, role: str, said: Any = None, degree: str | None = None) -> bool:
        self.atoms.append(Atom(role, said, degree))
        return True

    def next(self, place: int, step: int = 1) -> Chunk | None:
        """The chunk after (or before) a place, past articles and the like."""
        at = place + step
        while 0 <= at < len(self.items) and ("free" in self.items[at].means or "aux" in self.items[at].means):
            at += step
        return self.items[at] if 0 <= at < len(self.items) else None

    def within(self, place: int, reach: int, kind: str) -> Chunk | None:
        """The next chunk of a meaning, at most so many places on, in the same part of the sentence."""
        for chunk in self.items[place + 1 : place + 1 + reach]:
            if chunk.kind == MARK and "," in chunk.means:
                return None
            if kind in chunk.means:
                return chunk
        return None


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
        handle = HANDLERS[min(known, key=ORDER.__getitem__)]
        if handle(scan, place, item):
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


def _pair(scan: Scan, place: int, item: Chunk) -> bool:
    if item.pair is None:
        return False
    if item.pair[1].value == 10 and item.pair[0].value <= 10 and item.pair[1].unit is None:
        return scan.add("value", item.pair[0]._replace(sign="of ten"))
    return scan.add("pair", item.pair)


def _limits(scan: Scan, place: int, item: Chunk) -> bool:
    """The limits of a range; from one value to another where both are results."""
    if item.pair is None:
        return False
    rows = _rows(scan)
    values = [row.value for row in rows if row.value is not None]
    if len(rows) > 1 and all(any(abs(v - q.value) <= q.step for v in values) for q in item.pair):
        for n, quantity in enumerate(item.pair):
            scan.add("break", "to") if n else None
            scan.add("value", quantity)
    else:
        scan.limits = item.pair
    return True


def _rows(scan: Scan) -> list:
    return [scan.context.rows[n] for name in scan.frame.names for n, _ in (name.name or NO_NAME).bearers]


def _value(scan: Scan, place: int, item: Chunk) -> bool:
    """A number is the first of these that it can be: a length, a count, a limit, a change; else a value."""
    if item.quantity is None:
        return False
    if any(is_it(scan, place, item.quantity) for is_it in NUMBERS):
        return True
    following = scan.items[place + 1] if place + 1 < len(scan.items) else None
    if following is not None and "of range" in following.means and not _is_known(scan, item.quantity):
        return False  # "0.4 below the lower limit": so far from it
    return (not item.get("number") or item.quantity.value == 0) and scan.add("value", item.quantity)


def _is_known(scan: Scan, said: Quantity) -> bool:
    return any(row.value is not None and abs(row.value - said.value) <= said.step for row in _rows(scan))


def _is_length(scan: Scan, place: int, said: Quantity) -> bool:
    if said.unit is None or said.unit.kind != "time":
        return False
    running = scan.within(place, 1, "in a row")
    scan.length = said._replace(sign="running") if running else said
    if running:
        running.used = True
    return True


def _is_count(scan: Scan, place: int, said: Quantity) -> bool:
    if said.unit is not None or said.sign or said.value != int(said.value):
        return False
    if said.step == 0 and scan.items[place].kind == VALUE and scan.items[place].get("number") is None:
        return False
    worded = said.step == 0
    before = scan.items[place - 1] if place else None
    latest = scan.within(place, 1, "which")
    if latest is not None and latest.means["which"] == "latest" and said.value <= COUNTED_MAX:
        scan.count, latest.used = said, True
        return True
    if worded and before is not None and before.get("which") == "latest" and _last_few(scan, place, round(said.value)):
        return True
    row = scan.within(place, 1, "in a row")
    noun = scan.within(place, 2 if row else 1, "noun") or (
        scan.within(place, 1, "measure") if worded or place < scan.frame.lead else None
    )
    if noun is None or noun.get("noun") not in (None, "time"):
        return False
    scan.count = said
    if before is not None and before.get("which") == "latest":
        scan.atoms = [atom for atom in scan.atoms if atom.role != "which"]
    for chunk in (row, noun):
        if chunk is not None:
            chunk.used = True
    return True


def _last_few(scan: Scan, place: int, number: int) -> bool:
    """ "The last two high"."""
    said = scan.within(place, 3, "read")
    if said is None:
        return False
    said.used = scan.items[place - 1].used = True
    scan.atoms = [atom for atom in scan.atoms if atom.role != "which"]
    scan.last_few = (number, said.means["read"])
    return True


def _is_limit(scan: Scan, place: int, said: Quantity) -> bool:
    """ "(upper limit 80)", and both of "range 4.0 to 6.0"."""
    before = scan.next(place, -1)
    if before is not None and "(" in before.means and any(said.value in (row.low, row.high) for row in _rows(scan)):
        before = scan.next(scan.items.index(before), -1)
    if before is not None and before.get("prep") == "of":
        before = scan.next(scan.items.index(before), -1)
    kinds = before.means.keys() if before is not None else set()
    of_range = "of range" in kinds or ("range" in kinds and "read" not in kinds)
    if of_range and before is not None:
        before.used = before.used or "read" not in before.means
        scan.items[place].means = {"limit": ""}
        scan.limits = (None, said)
        _of_limit(scan, said)
        return True
    joined = place > 1 and (scan.items[place - 1].get("prep") == "to" or "-" in scan.items[place - 1].means)
    if joined and scan.items[place - 2].get("limit") is not None and scan.limits:
        scan.items[place - 1].used = True
        scan.limits = (scan.limits[1], said)
        return True
    return False


def _of_limit(scan: Scan, said: Quantity) -> None:
    """ "Below the limit of 200": not high, where 200 is the upper limit."""
    last = scan.atoms[-1] if scan.atoms else None
    if last is None or last.role != "read":
        return
    for side, name in (("low", "high"), ("high", "low")):
        if last.said == side and any(getattr(row, name) == said.value for row in _rows(scan)):
            scan.atoms[-1] = Atom("read", f"not {name}")


def _is_change(scan: Scan, place: int, said: Quantity) -> bool:
    """ "A 0.4 rise", "0.7 lower", "fell by 2", "up 10"."""
    if not (scan.after_by or _named_after(scan, place) or _named_before(scan, place, said)):
        return False
    scan.after_by = False
    scan.delta = said
    return True


def _named_after(scan: Scan, place: int) -> bool:
    following = scan.items[place + 1] if place + 1 < len(scan.items) else None
    if following is None or "trend" not in following.means:
        return False
    compared = scan.context.words[following.start].norm in ("lower", "higher")
    return compared or (place < scan.frame.lead and following.end - following.start == 1)


def _named_before(scan: Scan, place: int, said: Quantity) -> bool:
    before = scan.items[place - 1] if place else None
    if before is None or "trend" not in before.means or before.end - before.start != 1:
        return False
    return not _is_known(scan, said)


NUMBERS = (_is_length, _is_count, _is_limit, _is_change)


def _read(scan: Scan, place: int, item: Chunk) -> bool:
    said = item.means["read"]
    if scan.negated:
        said, scan.negated = f"not {said}", False
    scan.add("read", said, scan.said_degree)
    scan.said_degree = None
    return True


def _trend(scan: Scan, place: int, item: Chunk) -> bool:
    said = item.means["trend"]
    if scan.trend == "not flat":
        return False
    scan.steadily = scan.steadily or (scan.trend == "flat" and said in ("up", "down"))
    if said == "flat" and scan.trend in ("up", "down"):
        return False
    scan.trend, scan.negated = ("not " if scan.negated else "") + said, False
    scan.turns.append(scan.trend)
    scan.degree, scan.said_degree = scan.said_degree or scan.degree, None
    return scan.add("break", "from" if scan.context.words[item.end - 1].norm in COMPARING else "trend") and scan.add(
        "turn", scan.trend
    )


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


def _neg(scan: Scan, place: int, item: Chunk) -> bool:
    following = scan.items[place + 1] if place + 1 < len(scan.items) else None
    if scan.negated:
        return False
    if following is not None and "range" in following.means and "read" not in following.means:
        return _no_range(scan, place)
    scan.negated = True
    if "read of" in scan.frame.names[0].means and scan.frame.lead - 2 <= place < scan.frame.lead:
        return True
    return any("read" in c.means or "trend" in c.means for c in scan.items[place + 1 : place + 4])


def _no_range(scan: Scan, place: int) -> bool:
    """ "No range given for either figure"."""
    for chunk in scan.items[place + 1 : place + 5]:
        chunk.used = chunk.used or bool(chunk.means.keys() & {"range", "all", "prep", "start"})
    return scan.add("all") and scan.add("read", "without a range")


def _degree(scan: Scan, place: int, item: Chunk) -> bool:
    if place and "trend" in scan.items[place - 1].means:
        scan.degree = item.means["degree"]
        return True
    scan.said_degree = item.means["degree"]
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
    return (leads or scan.within(place, 4, "read") is not None) and scan.add("which", "still")


def _steadily(scan: Scan, place: int, item: Chunk) -> bool:
    scan.steadily = scan.steadily or item.means["trend kind"] == "steadily"
    turned = scan.context.words[item.start].norm in TURNING and scan.within(place, 3, "read") is not None
    return scan.add("which", "newly") if turned else True


def _noun(scan: Scan, place: int, item: Chunk) -> bool:
    return item.means["noun"] == "time"


def _up_to(scan: Scan, place: int, item: Chunk) -> bool:
    """ "And back up to 5"."""
    following = scan.next(place)
    earlier = any(atom.role in ("value", "pair") for atom in scan.atoms)
    if item.means["limit"] != "up to" or following is None or following.kind not in (VALUE, PAIR) or not earlier:
        return False
    scan.trend = "up"
    scan.turns.append("up")
    return scan.add("break", "to") and scan.add("turn", "up")


def _prep(scan: Scan, place: int, item: Chunk) -> bool:
    following = scan.next(place)
    if item.means["prep"] == "after":
        return following is not None and "trend" in following.means
    if following is None:
        return item.means["prep"] == "since" and scan.add("since")
    if item.means["prep"] in OPENING and (following.kind in (VALUE, PAIR) or "read" in following.means):
        scan.add("break", OPENING[item.means["prep"]])
    elif item.means["prep"] == "by" and following.kind == VALUE and scan.trend:
        scan.after_by = True
    elif item.means["prep"] == "since" and following.kind != WHEN:
        return scan.add("since")
    return False


def _conj(scan: Scan, place: int, item: Chunk) -> bool:
    scan.add("break", item.means["conj"])
    return False


HANDLERS = {
    WHEN: _when, SPAN: _span, VALUE: _value, PAIR: _pair, "limits": _limits, "read": _read, "trend": _trend,
    "neg": _neg, "degree": _degree, "all": _all, "trend kind": _steadily, "past": _past, "status": _still,
    "which": _which, "noun": _noun, "limit": _up_to, "prep": _prep, "conj": _conj,
}  # fmt: skip
ORDER = {kind: place for place, kind in enumerate(HANDLERS)}
