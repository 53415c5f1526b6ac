"""Numbers of a frame about results: a length of time, a count, a limit, a change; else a value."""

from __future__ import annotations

import itertools

from core.verification.grammar.chunk import MARK, Chunk, Quantity
from core.verification.grammar.result_scan import Atom, Scan

COUNTED_MAX = 20
# The step of a whole number: "6.0 at the latest check" counts nothing.
WHOLE = 0.5
COMPARED = frozenset({"lower", "higher", "less", "more"})
SIDES = frozenset({"above", "over", "beyond", "below", "under", "beneath", "outside"})
LEADING_TO = frozenset({"to", "from", "at", "on", "than", "of", "as"})


def pair(scan: Scan, place: int, item: Chunk) -> bool:
    if item.pair is None:
        return False
    if item.pair[1].value == 10 and item.pair[0].value <= 10 and item.pair[1].unit is None:
        return scan.add("value", item.pair[0]._replace(sign="of ten"))
    return scan.add("pair", item.pair)


def limits(scan: Scan, place: int, item: Chunk) -> bool:
    """The limits of a range; from one value to another where both are results."""
    if item.pair is None:
        return False
    if len(scan.rows()) < 2 or not all(scan.holds(quantity) for quantity in item.pair):
        scan.limits = item.pair
        return True
    return scan.add("value", item.pair[0]) and scan.add("break", "to") and scan.add("value", item.pair[1])


def bounds(scan: Scan, place: int, item: Chunk) -> bool:
    """Between which values all results lie."""
    scan.bounds = item.pair or ()
    return item.pair is not None


def value(scan: Scan, place: int, item: Chunk) -> bool:
    """A number is the first of these that it can be: a length, a count, a limit, a change; else a value."""
    said = item.quantity
    if said is None:
        return False
    if any(is_it(scan, place, said) for is_it in NUMBERS):
        return True
    if _is_past_limit(scan, place, said):
        return scan.add("beyond", said)
    return ("number" not in item.means or said.value == 0) and scan.add("value", said)


def _is_past_limit(scan: Scan, place: int, said: Quantity) -> bool:
    """ "0.4 below the lower limit", "1 mmHg over range": no result, but how far it is from a limit."""
    following = scan.items[place + 1] if place + 1 < len(scan.items) else None
    if following is None or scan.holds(said):
        return False
    comparable = said.unit is None or all(row.unit == said.unit for row in scan.rows())
    by_side = "read" in following.means and scan.context.words[following.start].norm in SIDES
    return "of range" in following.means or (comparable and by_side)


def _is_length(scan: Scan, place: int, said: Quantity) -> bool:
    if said.unit is None or said.unit.kind != "time":
        return False
    running = scan.within(place, 1, "in a row")
    scan.length = said._replace(sign="running") if running else said
    apart = scan.within(place, 1, "apart")
    for chunk in filter(None, (running, apart)):
        chunk.used = True
    return True


def _is_count(scan: Scan, place: int, said: Quantity) -> bool:
    if said.unit is not None or said.sign or said.value != int(said.value) or 0 < said.step < WHOLE:
        return False
    if said.step == 0 and "number" not in scan.items[place].means:
        return False
    counts = any(count(scan, place, said) for count in (_of_latest, _of_noun, _of_times, _of_name))
    if counts and said.value > 1 and scan.atoms and scan.atoms[-1].role == "read":
        scan.add("all")  # "high on three visits"
    return counts


def _of_name(scan: Scan, place: int, said: Quantity) -> bool:
    """ "Two ejection fractions", "last 3 BPs"."""
    name = scan.frame.names[0] if place == scan.frame.lead - 1 else None
    latest = _is_latest(scan, place - 1)
    if name is None or (said.step and not latest) or not scan.context.words[name.end - 1].norm.endswith("s"):
        return False
    _counts(scan, said, latest=latest)
    return True


def _counts(scan: Scan, said: Quantity, *, latest: bool) -> None:
    """So many results; so many of the latest, where that is said before the number."""
    scan.count = said
    if latest:
        scan.latest = True
        scan.atoms = [atom for atom in scan.atoms if atom.role != "which"]


def _of_times(scan: Scan, place: int, said: Quantity) -> bool:
    """ "155/113, 143/97 x2": so many results, each of a day of its own."""
    if "times" not in scan.items[place].means or len({row.start for row in scan.rows()}) != said.value:
        return False
    scan.items[place].means = {"free": ""}
    scan.times = True
    return True


def _of_latest(scan: Scan, place: int, said: Quantity) -> bool:
    """ "The three most recent", "the last two high"."""
    latest = scan.within(place, 1, "which")
    if latest is not None and latest.means["which"] == "latest" and said.value <= COUNTED_MAX:
        scan.count, latest.used = said, True
        return True
    return said.step == 0 and _is_latest(scan, place - 1) and _last_few(scan, place, round(said.value))


def _is_latest(scan: Scan, place: int) -> bool:
    return place >= 0 and scan.items[place].means.get("which") == "latest"


def _of_noun(scan: Scan, place: int, said: Quantity) -> bool:
    """ "Three occasions", "two successive readings"."""
    row = scan.within(place, 1, "in a row")
    noun = scan.within(place, 2 if row else 1, "noun")
    if noun is None and (said.step == 0 or place < scan.frame.lead):
        noun = scan.within(place, 1, "measure")
    if noun is None or noun.means.get("noun", "time") != "time":
        return False
    _counts(scan, said, latest=_is_latest(scan, place - 1))
    for chunk in filter(None, (row, noun)):
        chunk.used = True
    return True


def _last_few(scan: Scan, place: int, number: int) -> bool:
    """ "The last two high"."""
    said = scan.within(place, 3, "read")
    if said is None:
        return False
    negations = [c for c in scan.items[place + 1 : scan.items.index(said)] if "neg" in c.means]
    for chunk in (said, scan.items[place - 1], *negations):
        chunk.used = True
    scan.atoms = [atom for atom in scan.atoms if atom.role != "which"]
    scan.last_few = (number, "not " * len(negations) + said.means["read"])
    return True


def _is_limit(scan: Scan, place: int, said: Quantity) -> bool:
    """ "(upper limit 80)", and both of "range 4.0 to 6.0"."""
    before = _range_before(scan, place, said)
    if before is not None and said.step and not (scan.holds(said) and _is_no_limit(scan, said)):
        before.used = before.used or "read" not in before.means
        scan.items[place].means = {"limit": ""}
        which = before.means.get("of range") or before.means.get("limit")
        scan.limits, scan.upper_limit = (said, None) if which == "lower" else (None, said), which == "upper"
        _of_limit(scan, said)
        return True
    if scan.limits is None or scan.limits[1] is None or place < 2 or "limit" not in scan.items[place - 2].means:
        return False
    joint = scan.items[place - 1]
    if joint.means.get("prep") != "to" and "-" not in joint.means:
        return False
    joint.used = True
    scan.limits = (scan.limits[1], said)
    return True


def _is_no_limit(scan: Scan, said: Quantity) -> bool:
    return not any(said.value in (row.low, row.high) for row in scan.rows())


def _range_before(scan: Scan, place: int, said: Quantity) -> Chunk | None:
    """The word of a range that stands before a number, past "of"; past a bracket, if it is a limit of a row."""
    before = scan.next(place, -1)
    if before is not None and "(" in before.means and not _is_no_limit(scan, said):
        before = scan.next(scan.items.index(before), -1)
    if before is not None and before.means.get("prep") == "of":
        before = scan.next(scan.items.index(before), -1)
    if before is None:
        return None
    of_range = "of range" in before.means or ("range" in before.means and "read" not in before.means)
    return before if of_range else None


def _of_limit(scan: Scan, said: Quantity) -> None:
    """ "Below the limit of 200": not high, where 200 is the upper limit."""
    last = scan.atoms[-1] if scan.atoms else None
    if last is None or last.role != "read":
        return
    for side, name in (("low", "high"), ("high", "low")):
        if last.said == side and any(getattr(row, name) == said.value for row in scan.rows()):
            scan.atoms[-1] = Atom("read", f"not {name}")


def _is_change(scan: Scan, place: int, said: Quantity) -> bool:
    """ "A 0.4 rise", "0.7 lower", "fell by 2", "up 10", "rose ..., a gain of 4 kg"."""
    ways = (_named_after(scan, place), _named_before(scan, place, said), _is_difference(scan, place, said))
    if not (scan.after_by or any(ways)):
        return False
    scan.after_by = False
    scan.delta = said
    return True


def is_change_of_name(scan: Scan, place: int) -> bool:
    """ "2.3 kg lighter": the name of the test, behind the number, is a change of it."""
    name = scan.frame.names[0] if scan.frame.names and place == scan.frame.lead - 1 else None
    return name is not None and name.is_change_of_test


def _named_after(scan: Scan, place: int) -> bool:
    if is_change_of_name(scan, place):
        return True
    following = scan.items[place + 1] if place + 1 < len(scan.items) else None
    if following is None or "trend" not in following.means:
        return False
    compared = scan.context.words[following.start].norm in COMPARED
    return compared or (place < scan.frame.lead and following.end - following.start == 1)


def _named_before(scan: Scan, place: int, said: Quantity) -> bool:
    before = scan.items[place - 1] if place else None
    if before is None or "trend" not in before.means or scan.context.words[before.end - 1].norm in LEADING_TO:
        return False
    return not scan.holds(said)


def _is_difference(scan: Scan, place: int, said: Quantity) -> bool:
    """Whether a number beside a change is no result, and two results lie so far apart."""
    told = scan.delta is not None or said.sign not in ("", "~") or scan.holds(said)
    if told or _is_led(scan.next(place, -1)) or not any("trend" in c.means for c in scan.items):
        return False
    slack = max(said.step, 0.05 * said.value if said.sign == "~" else 0.0) + 1e-6
    pairs = itertools.combinations(_values_in(scan, said), 2)
    return any(abs(abs(one - other) - said.value) <= slack for one, other in pairs)


def _is_led(before: Chunk | None) -> bool:
    """Whether a mark or "to", "at" and the like stands before a number: it is a value then."""
    return before is not None and (before.kind == MARK or before.get("prep") in LEADING_TO)


def _values_in(scan: Scan, said: Quantity) -> list[float]:
    """The results of a frame in the unit of a number; as they are, where it has none."""
    unit = said.unit if said.unit and said.unit.kind != "score" else None
    found = [(row.value, row.unit) for row in scan.rows() if row.value is not None and row.unit]
    if unit is None:
        return [value for value, _ in found]
    return [value * of_row.size / unit.size for value, of_row in found if of_row.kind == unit.kind]


def _is_bound(scan: Scan, place: int, said: Quantity) -> bool:
    """ "Never above 130": a bound of all results."""
    scan.bounds = (*scan.bounds, said) if "all" in scan.items[place].means else scan.bounds
    return "all" in scan.items[place].means


NUMBERS = (_is_bound, _is_length, _is_count, _is_limit, _is_change)
