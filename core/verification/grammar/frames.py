"""Chunks to frames: each segment of a sentence cut at what it names, with what is said before and after."""

from __future__ import annotations

from core.verification.cited import Cited
from core.verification.dates import Days
from core.verification.grammar import chunks
from core.verification.grammar.chunks import MARK, NAME, PAIR, UNKNOWN, VALUE, WHEN, WORD, Chunk, Quantity
from core.verification.grammar.names import NO_NAME
from core.verification.grammar.tokens import Words

KIND_OF = {
    "assay": "observation", "condition": "condition", "finding": "condition", "medicine": "prescription",
    "brand": "prescription", "substance": "allergy", "visit": "visit",
}  # fmt: skip
KINDS = ("condition", "prescription", "allergy", "observation", "visit", "patient")
_SIDES = {"above": "high", "below": "low", "within": "normal", "outside": "abnormal"}
SIGNS = {"above": ">", "below": "<", "under": "<", "over": ">", "never above": "<", "never below": ">", "around": "~", "at least": ">="}
COMPOSING = frozenset({"side", "all", "prep"})
NOUGHT = frozenset({"nil", "none", "nought"})
SCALE = (0.0, 10.0)
WITHIN = {("below", "upper"): "not high", ("above", "lower"): "not low", ("within", "upper"): "not high"}
_ENDS = frozenset(";.")
SHORTENED = frozenset({"approx", "vs", "dr", "st", "max", "min", "resp", "wt", "ht", "temp", "no", "abdo", "ca"})


class Frame:
    """Names that stand together and the chunks said of them, in order; `lead` of them stood before the names."""

    __slots__ = ("circumstance", "day", "illness", "items", "kind", "lead", "names", "treated")

    def __init__(self, kind: str, names: list[Chunk]) -> None:
        self.kind, self.names = kind, names
        self.items: list[Chunk] = []
        self.lead = 0
        self.illness: Frame | None = None
        self.circumstance = False
        self.treated: list[Chunk] = []
        self.day: tuple[Days, ...] = ()


def composed(found: list[Chunk], words: Words) -> list[Chunk]:
    """Chunks that mean something only together: "within the reference range", "under 30", "all three"."""
    result: list[Chunk] = []
    i = 0
    while i < len(found):
        chunk = found[i]
        if chunk.kind == VALUE:
            _monthly(found, i)
            _before_end(found, i)
            _bound_behind(found, i)
            chunk, i = (_limits(found, i), i + 3) if _is_limits(found, i) else (chunk, i + 1)
        elif i and words[chunk.start].norm in NOUGHT and found[i - 1].get("prep") in ("from", "to", "at"):
            chunk.kind, chunk.means, chunk.quantity, i = VALUE, {}, Quantity(0.0, None, 0.0), i + 1  # "from nil"
        elif "only" in chunk.means and i + 1 < len(found) and _is_amount(found[i + 1]):
            chunk.means, i = {"free": ""}, i + 1  # "only 82", "only slightly"
        elif "yearly" in chunk.means and i + 1 < len(found) and found[i + 1].get("noun"):
            chunk.used, chunk.means, i = True, {"free": ""}, i + 1
        elif COMPOSING.isdisjoint(chunk.means):
            i += 1
        else:
            chunk, i = _composed(found, i)
        result.append(chunk)
    return result


def _is_amount(chunk: Chunk) -> bool:
    return chunk.kind in (VALUE, PAIR) or chunk.get("degree") == "slight"


def _monthly(found: list[Chunk], i: int) -> None:
    """ "3-monthly"."""
    said, following = found[i].quantity, found[i + 1] if i + 1 < len(found) else None
    often = following.get("frequency") if following is not None else None
    if said and said.unit is None and said.step == 0.5 and often in ("1/m", "1/w") and following is not None:
        following.means = {"frequency": f"1/{round(said.value)}{often[-1]}"}
        found[i].used, found[i].kind, found[i].quantity, found[i].means = True, WORD, None, {"free": ""}


def _bound_behind(found: list[Chunk], i: int) -> None:
    """ "0.3 or less"."""
    quantity, following = found[i].quantity, found[i + 1] if i + 1 < len(found) else None
    if quantity and following is not None and "bound" in following.means:
        found[i].quantity = quantity._replace(sign=following.means["bound"])
        following.used, following.means = True, {"free": ""}


def _before_end(found: list[Chunk], i: int) -> None:
    """ "115 a year before": with nothing behind it, "before" means earlier."""
    said, following = found[i].quantity, found[i + 1 : i + 3]
    if said and said.unit and said.unit.kind == "time" and following and following[0].get("prep") == "before":
        if len(following) < 2 or following[1].kind == MARK or "conj" in following[1].means:
            following[0].means = {"which": "earlier", "ago": "earlier"}


def _composed(found: list[Chunk], i: int) -> tuple[Chunk, int]:
    """What a chunk makes with those behind it, and where that ends."""
    chunk, following = found[i], found[i + 1] if i + 1 < len(found) else None
    if "side" in chunk.means and (end := _range_end(found, i)):
        return _of_range(found, i, end), end
    if following is None:
        return chunk, i + 1
    if chunk.get("prep") == "between" and _is_bounds(found, i):
        return _bounds(found, i), i + 4
    if "all" in chunk.means and following.kind == VALUE and "number" in following.means:
        return _merged(found, i, i + 2, {"all": "every", "count": following.means["number"]}), i + 2
    if chunk.means.get("prep") == "by":
        return chunk, _by_range(found, i)
    if (sign := _sign(chunk)) and _is_compared(found, i + 1):
        _compare(chunk, sign, following)
    return chunk, i + 1


def _is_bounds(found: list[Chunk], i: int) -> bool:
    """ "Between 96 and 101"."""
    low, joint, high = [*found[i + 1 : i + 4], *[Chunk(MARK, 0, 0)] * 3][:3]
    return low.kind == high.kind == VALUE and joint.get("conj") == "and" and not ("number" in low.means)


def _bounds(found: list[Chunk], i: int) -> Chunk:
    low, high = found[i + 1].quantity, found[i + 3].quantity
    chunk = Chunk("bounds", found[i].start, found[i + 3].end)
    if low and high:
        chunk.pair = (low._replace(unit=low.unit or high.unit, sign=">="), high._replace(sign="<="))
    return chunk


def _by_range(found: list[Chunk], i: int) -> int:
    """Where "by (the) range" ends."""
    end = next((at + 1 for at in range(i + 1, min(len(found), i + 3)) if "range" in found[at].means), i + 1)
    for other in found[i:end] if end > i + 1 else ():
        other.used = True
    return end


def _of_range(found: list[Chunk], i: int, end: int) -> Chunk:
    side = found[i].means["side"]
    limit = next((c.means["limit"] for c in found[i:end] if c.get("limit") in ("upper", "lower")), "")
    return _merged(found, i, end, {"read": WITHIN.get((side, limit), _SIDES[side]), "of range": limit})


def _is_compared(found: list[Chunk], i: int) -> bool:
    """Whether a number is a value rather than a count: "over 4 visits"."""
    counted = i + 1 < len(found) and found[i + 1].get("noun") is not None
    return found[i].kind == VALUE and found[i].quantity is not None and not counted


def _is_limits(found: list[Chunk], i: int) -> bool:
    """ "4.0-6.0", and "70 to 99" behind the word range."""
    if found[i].kind != VALUE or i + 2 >= len(found) or found[i + 2].kind != VALUE or found[i].get("number"):
        return False
    if _is_series(found, i):
        return False
    return "-" in found[i + 1].means or (found[i + 1].get("prep") == "to" and _after_range(found, i))


def _is_series(found: list[Chunk], i: int) -> bool:
    """ "81 - 84 - 86": values in their order. Their dashes count as arrows."""
    at = i
    while at + 2 < len(found) and {"-", "→"} & found[at + 1].means.keys() and found[at + 2].kind == VALUE:
        at += 2
    if at - i < 4 and not (i > 1 and "→" in found[i - 1].means and found[i - 2].kind == VALUE):
        return False
    for chunk in found[i + 1 : at : 2]:
        chunk.means = {"→": ""}
    return True


def _after_range(found: list[Chunk], i: int) -> bool:
    return any("range" in chunk.means for chunk in found[max(0, i - 2) : i])


def _limits(found: list[Chunk], i: int) -> Chunk:
    """Two numbers as the limits of a range; the ends of a scale say nothing."""
    low, high = found[i].quantity, found[i + 2].quantity
    is_range = (i > 0 and "(" in found[i - 1].means) or _after_range(found, i)
    chunk = Chunk("limits" if is_range else UNKNOWN, found[i].start, found[i + 2].end)
    if low and high:
        chunk.pair = (low._replace(unit=low.unit or high.unit), high)
        chunk.used = not is_range and (low.value, high.value) == SCALE
    for other in found[max(0, i - 2) : i]:
        other.used = other.used or ("range" in other.means and "read" not in other.means)
    return chunk


def _sign(chunk: Chunk) -> str | None:
    """What "under", "over" or "about" makes of the number behind it."""
    return SIGNS.get(chunk.get("prep") or "") or SIGNS.get(chunk.get("side") or "")


def _compare(chunk: Chunk, sign: str, following: Chunk) -> None:
    following.quantity = following.quantity._replace(sign=sign) if following.quantity else None
    if "never" in (chunk.get("prep") or ""):
        following.means = {"all": ""}
    chunk.used = True


def _range_end(found: list[Chunk], i: int) -> int:
    """Where "above the (normal, reference) range" or "within it" ends; 0 if it is none."""
    for at in range(i + 1, min(len(found), i + 4)):
        chunk, following = found[at], found[at + 1] if at + 1 < len(found) else None
        before_range = following is not None and "range" in following.means
        if "range" in chunk.means and not before_range:
            return at + 1
        if not before_range and _is_small(chunk):
            return at + 1 if at == i + 1 and found[i].means["side"] != "outside" and _ends_part(following) else 0
        if "range" not in chunk.means and not _is_small(chunk):
            return 0
    return 0


def _is_small(chunk: Chunk) -> bool:
    """ "The", "it", "its", "laboratory"."""
    return chunk.kind == WORD and chunk.end - chunk.start == 1 and not {"free", "measure"}.isdisjoint(chunk.means)


def _ends_part(following: Chunk | None) -> bool:
    return following is None or following.kind == MARK or "conj" in following.means


def _merged(found: list[Chunk], i: int, end: int, means: dict[str, str]) -> Chunk:
    return Chunk(WORD, found[i].start, found[end - 1].end, means)


def take_prep(items: list[Chunk], place: int, allowed: frozenset[str]) -> None:
    """Count the preposition before an item as read, where the item's role gives it its meaning."""
    at = place - 1
    while at >= 0 and ("free" in items[at].means or "all" in items[at].means):
        at -= 1
    if at >= 0 and items[at].means.get("prep") in allowed:
        items[at].used = True


def segments(found: list[Chunk], words: Words) -> list[list[Chunk]]:
    """The parts of a sentence between full stops and semicolons."""
    parts: list[list[Chunk]] = [[]]
    for chunk in found:
        if chunk.kind == MARK and not _ENDS.isdisjoint(chunk.means):
            chunk.used = True
            if not _is_abbreviated(chunk, words):
                parts.append([])
        else:
            parts[-1].append(chunk)
    return [part for part in parts if part]


def _is_abbreviated(chunk: Chunk, words: Words) -> bool:
    """Whether a full stop ends a word instead of a sentence: "E. coli", "approx. 3"."""
    if "." not in chunk.means or not chunk.start or chunk.end >= len(words):
        return False
    before, after = words[chunk.start - 1], words[chunk.end]
    small = words.written[after.start : after.end].islower() and after.end - after.start > 1
    return before.norm in SHORTENED or (len(before.norm) == 1 and before.end == words[chunk.start].start and small)


def kind_of(chunk: Chunk, rows: list[Cited]) -> str:
    """The type of row that a name means: that of the rows that bear it, else that of its vocabulary."""
    name = chunk.name or NO_NAME
    types = [rows[n].type for n, how in name.bearers if how == 0]
    said = [rows[n].type for n, how in name.bearers if how == 1]
    if said and not types and set(said) == {"observation"}:
        return "said of observation"
    if name.detail or (chunk.means and chunk.means.keys() <= {"route", "qualifier"}):
        return "detail"
    if types:
        return min(types, key=KINDS.index)
    return f"said of {said[0]}" if said else next((KIND_OF[k] for k in chunk.means if k in KIND_OF), "detail")


__all__ = ["NAME", "WHEN", "Frame", "chunks", "composed", "kind_of", "segments"]
