"""Chunks that mean something only together: "within the reference range", "under 30", "all three", "0.3 or less"."""

from __future__ import annotations

from collections.abc import Callable

from core.verification.grammar.chunk import MARK, NAME, PAIR, UNKNOWN, VALUE, WHEN, WORD, Chunk, Quantity
from core.verification.grammar.tokens import Words

_SIDES = {"above": "high", "below": "low", "within": "normal", "outside": "abnormal"}
SIGNS = {
    "above": ">", "below": "<", "under": "<", "over": ">", "never above": "≤", "never below": "≥", "around": "~",
    "at least": ">=",
}  # fmt: skip
COMPOSING = frozenset({"side", "all", "prep"})
FITTING = frozenset({"side", "all", "prep", "only", "yearly"})
NOUGHT = frozenset({"nil", "none", "nought"})
LESS_OR_MORE = {"under": "down", "over": "up"}
SCALE = (0.0, 10.0)
OPPOSITE = {">": "≤", "<": "≥", ">=": "<", "<=": ">"}
BETWEEN = frozenset({"free", "aux", "measure", "trend"})
AND_SIDE = {">=": "above", "<=": "below"}
WITHIN = {("below", "upper"): "not high", ("above", "lower"): "not low", ("within", "upper"): "not high"}


def composed(found: list[Chunk], words: Words) -> list[Chunk]:
    """The chunks, with those that belong together as one."""
    result: list[Chunk] = []
    i = 0
    while i < len(found):
        chunk = found[i]
        _as_side(found, i)
        if chunk.kind == VALUE:
            chunk, i = _of_value(found, i)
        elif "=" in chunk.means:
            chunk.used, i = _is_equation(found, i), i + 1
        elif FITTING.isdisjoint(chunk.means) and words[chunk.start].norm not in NOUGHT:
            i += 1
        else:
            chunk, i = _of_word(found, i, words)
        result.append(chunk)
    return result


def _as_side(found: list[Chunk], i: int) -> None:
    """ "And below the range" is a side of it, as is the "above" of "above and below the range"."""
    chunk, at = found[i], i + 1
    if chunk.get("bound") in AND_SIDE:
        side = AND_SIDE[chunk.means["bound"]]
        if any("range" in other.means for other in found[at : at + 2]):
            chunk.means = {"side": side}
    elif "side" in chunk.means and at < len(found):
        at += found[at].get("conj") == "and"
        _as_side(found, at) if at == i + 1 else None
        if at < len(found) and "side" in found[at].means and _range_end(found, at):
            chunk.means = {"read": _SIDES[chunk.means["side"]], "of range": ""}


def _is_equation(found: list[Chunk], i: int) -> bool:
    """ "Hb = 10.4", "peanut = angioedema": what stands before it is named, and behind it given."""
    return 0 < i < len(found) - 1 and found[i - 1].kind == NAME and found[i + 1].kind in (NAME, VALUE, PAIR)


def _of_value(found: list[Chunk], i: int) -> tuple[Chunk, int]:
    for fit in (_monthly, _before_end, _bound_behind, _less_than) if i + 1 < len(found) else ():
        fit(found[i], found[i + 1], found[i + 2] if i + 2 < len(found) else None)
    return (_limits(found, i), i + 3) if _is_limits(found, i) else (found[i], i + 1)


def _of_word(found: list[Chunk], i: int, words: Words) -> tuple[Chunk, int]:
    chunk, following = found[i], found[i + 1] if i + 1 < len(found) else None
    if i and words[chunk.start].norm in NOUGHT and found[i - 1].get("prep") in ("from", "to", "at"):
        chunk.kind, chunk.means, chunk.quantity = VALUE, {}, Quantity(0.0, None, 0.0)  # "from nil"
    elif following is not None and any(kind in chunk.means and says(following) for kind, says in SMALL.items()):
        chunk.means = {"free": ""}
    elif not COMPOSING.isdisjoint(chunk.means):
        return _composed(found, i)
    return chunk, i + 1


def _is_amount(chunk: Chunk) -> bool:
    one = chunk.get("number") == "1"  # "the only one above the range"
    return (chunk.kind in (VALUE, PAIR) and not one) or chunk.get("degree") == "slight"


# Words that add nothing before a chunk of some kind: "only 82", "only slightly", "three yearly checks".
SMALL: dict[str, Callable[[Chunk], bool]] = {
    "only": _is_amount,
    "yearly": lambda chunk: not {"noun", "assay"}.isdisjoint(chunk.means),
}


def _monthly(number: Chunk, following: Chunk, behind: Chunk | None) -> None:
    """ "3-monthly"."""
    said, often = number.quantity, following.get("frequency")
    if said and said.unit is None and "hourly" in following.means and 24 % said.value == 0:
        often, said = "1/d", said._replace(value=24 / said.value)
        following.means = {"frequency": f"{round(said.value)}/d"}
        number.kind, number.quantity, number.means = WORD, None, {"free": ""}
        return
    if said and said.unit is None and said.step == 0.5 and often in ("1/m", "1/w"):
        following.means = {"frequency": f"1/{round(said.value)}{often[-1]}"}
        number.kind, number.quantity, number.means = WORD, None, {"free": ""}


def _bound_behind(number: Chunk, following: Chunk, behind: Chunk | None) -> None:
    """ "0.3 or less"."""
    if number.quantity and "bound" in following.means:
        number.quantity = number.quantity._replace(sign=following.means["bound"])
        following.used, following.means = True, {"free": ""}


def _less_than(number: Chunk, following: Chunk, behind: Chunk | None) -> None:
    """ "3 kg less than in August 2021": a change since then."""
    said = number.quantity
    earlier = behind is not None and (behind.kind == WHEN or behind.get("prep") in ("in", "on", "at"))
    if said and said.unit and said.unit.kind != "time" and earlier and following.get("prep") in LESS_OR_MORE:
        following.means = {"trend": LESS_OR_MORE[following.means["prep"]]}


def _before_end(number: Chunk, following: Chunk, behind: Chunk | None) -> None:
    """ "115 a year before": with nothing behind it, "before" means earlier."""
    of_time = number.quantity and number.quantity.unit and number.quantity.unit.kind == "time"
    if of_time and following.get("prep") == "before" and _ends_part(behind):
        following.means = {"which": "earlier", "ago": "earlier"}


def _composed(found: list[Chunk], i: int) -> tuple[Chunk, int]:
    """What a chunk makes with those behind it, and where that ends."""
    chunk, following = found[i], found[i + 1] if i + 1 < len(found) else None
    if "side" in chunk.means and (end := _range_end(found, i)):
        return _of_range(found, i, end), end
    if following is None:
        return chunk, i + 1
    if _is_bounds(found, i):
        return _bounds(found, i), i + 4
    if "all" in chunk.means and following.kind == VALUE and "number" in following.means:
        return _merged(found, i, i + 2, {"all": "every", "count": following.means["number"]}), i + 2
    if chunk.means.get("prep") == "by":
        return chunk, _by_range(found, i)
    _bound(found, i)
    return chunk, i + 1


def _bound(found: list[Chunk], i: int) -> None:
    """ "Under 30", "less than a year", "not above 130"."""
    chunk, sign = found[i], _sign(found[i])
    at = i + 2 if chunk.get("prep") in LESS_OR_MORE and _is_article(found, i + 1) else i + 1
    if sign and _is_compared(found, at):
        _compare(chunk, sign, found[at])
        _negate(found, i, found[at])


def _negate(found: list[Chunk], i: int, number: Chunk) -> None:
    """ "Has not exceeded 130", "never fell below 96": no result does."""
    at = next((n for n in range(i - 1, -1, -1) if BETWEEN.isdisjoint(found[n].means)), -1)
    if at >= 0 and "neg" in found[at].means and number.quantity is not None and number.quantity.sign in OPPOSITE:
        number.quantity = number.quantity._replace(sign=OPPOSITE[number.quantity.sign])
        number.means = {"all": ""}
        for chunk in found[at:i]:
            chunk.used, chunk.means = True, {"free": ""}


def _is_bounds(found: list[Chunk], i: int) -> bool:
    """ "Between 96 and 101", "within 12 to 16"."""
    low, joint, high = [*found[i + 1 : i + 4], *[Chunk(MARK, 0, 0)] * 3][:3]
    between = found[i].get("prep") == "between" and joint.get("conj") == "and"
    within = found[i].get("side") == "within" and (joint.get("prep") == "to" or "-" in joint.means)
    return low.kind == high.kind == VALUE and (between or within) and "number" not in low.means


def _bounds(found: list[Chunk], i: int) -> Chunk:
    low, high = found[i + 1].quantity, found[i + 3].quantity
    chunk = Chunk("bounds", found[i].start, found[i + 3].end)
    if low and high:
        chunk.pair = (low._replace(unit=low.unit or high.unit, sign=">="), high._replace(sign="<="))
    return chunk


def _by_range(found: list[Chunk], i: int) -> int:
    """Where "by (the) range" ends."""
    end = next((at + 1 for at in range(i + 1, min(len(found), i + 3)) if "range" in found[at].means), i + 1)
    if any(chunk.kind == NAME and not chunk.bearers for chunk in found[i + 1 : end]):
        return i + 1  # the range of a test that no cited row is of
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
    is_range = any("(" in c.means for c in found[max(0, i - 1) : i]) or _after_range(found, i)
    chunk = Chunk("limits" if is_range else UNKNOWN, found[i].start, found[i + 2].end)
    if low and high:
        chunk.pair = (low._replace(unit=low.unit or high.unit), high)
        chunk.used = not is_range and (low.value, high.value) == SCALE
    for other in found[max(0, i - 2) : i]:
        other.used = other.used or ("range" in other.means and "read" not in other.means)
    return chunk


def _is_article(found: list[Chunk], at: int) -> bool:
    """The "a" of "less than a year"."""
    behind = found[at + 1].quantity if at + 1 < len(found) else None
    return "free" in found[at].means and behind is not None and behind.unit is not None and behind.unit.kind == "time"


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
        if following is not None and "range" in following.means and ("range" in chunk.means or _is_small(chunk)):
            continue
        if "range" in chunk.means:
            return at + 1
        it = at == i + 1 and found[i].means["side"] != "outside" and _is_small(chunk) and _ends_part(following)
        return at + 1 if it else 0
    return 0


def _is_small(chunk: Chunk) -> bool:
    """ "The", "it", "its", "laboratory"."""
    return chunk.kind == WORD and chunk.end - chunk.start == 1 and not {"free", "measure"}.isdisjoint(chunk.means)


def _ends_part(following: Chunk | None) -> bool:
    return following is None or following.kind == MARK or "conj" in following.means


def _merged(found: list[Chunk], i: int, end: int, means: dict[str, str]) -> Chunk:
    return Chunk(WORD, found[i].start, found[end - 1].end, means)
