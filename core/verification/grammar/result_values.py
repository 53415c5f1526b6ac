"""Values, pairs and days of a frame about results: which point each belongs to."""

from __future__ import annotations

from core.verification.grammar.chunks import MARK, VALUE, WHEN, WORD, Chunk, Quantity
from core.verification.grammar.result_drafts import Draft, Reading


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
    """A number is the first of these that it can be: a length, a count, a limit, a change, of all, of a point."""
    quantity = item.quantity
    if quantity is None:
        return False
    following = items[place + 1] if place + 1 < len(items) else None
    return any(
        is_it(reading, items, place, quantity, following)
        for is_it in (_is_length, _is_count, _is_of_range, _is_change, _is_of_all, _is_of_point)
    )


def _is_length(reading: Reading, items: list[Chunk], place: int, said: Quantity, following: Chunk | None) -> bool:
    if said.unit is None or said.unit.kind != "time":
        return False
    running = following is not None and "in a row" in following.means
    reading.length = said._replace(sign="running") if running else said
    if following is not None and running:
        following.used = True
    return True


def _is_count(reading: Reading, items: list[Chunk], place: int, said: Quantity, following: Chunk | None) -> bool:
    if said.unit is not None or said.sign or said.value != int(said.value) or following is None:
        return False
    if said.step == 0 and place and items[place - 1].get("which") == "latest":
        return _last_few(reading, items, place, round(said.value))
    leads = place < reading.frame.lead or said.step == 0
    counted = following.get("noun") == "time" or (leads and "measure" in following.means)
    if not counted and not (place < reading.frame.lead and following.get("which") == "latest"):
        return False
    reading.count, following.used = said, True
    return True


def _is_of_range(reading: Reading, items: list[Chunk], place: int, said: Quantity, following: Chunk | None) -> bool:
    """ "(upper limit 80)", and the second of "range 4.0 to 6.0"."""
    before = _before(items, place)
    of_range = before is not None and (
        "of range" in before.means or ("range" in before.means and "read" not in before.means)
    )
    of_range = of_range and place > 0 and (items[place - 1] is before or items[place - 1].get("free") is not None)
    second = _is_limit(items, place)
    if not of_range and not second:
        return False
    if before is not None and before.kind == WORD and "range" in before.means:
        before.used = True
    items[place].means = {"limit": ""}
    reading.low, reading.high = (reading.high, said) if second else (reading.low, said)
    return True


def _is_change(reading: Reading, items: list[Chunk], place: int, said: Quantity, following: Chunk | None) -> bool:
    """ "A 0.4 rise", "0.7 lower", "fell by 2", "up 10"."""
    single = following is not None and following.get("trend") is not None
    if single and following is not None:
        norm = reading.context.words[following.start].norm
        alone = following.end - following.start == 1
        single = norm in ("lower", "higher") or (alone and place < reading.frame.lead)
    before = items[place - 1] if place else None
    after = reading.trend and before is not None and before.get("trend") and before.end - before.start == 1
    if not (single or after or reading.after_by):
        return False
    reading.after_by = reading.after_by and bool(single)
    reading.delta = said
    return True


def _is_of_all(reading: Reading, items: list[Chunk], place: int, said: Quantity, following: Chunk | None) -> bool:
    """ "4.29 each time", "never above 11", "all three below 60"."""
    alone = reading.count is not None and reading.draft.empty and not reading.always
    every = reading.every and (said.sign or alone) and not reading.trend
    marked = following is not None and "all" in following.means
    if not (marked or every or "all" in items[place].means):
        return False
    reading.every_value = said
    if following is not None and marked:
        following.used = True
    return True


def _is_of_point(reading: Reading, items: list[Chunk], place: int, said: Quantity, following: Chunk | None) -> bool:
    draft = reading.draft
    compared = following is not None and following.get("prep") == "against"
    if draft.origin == "from" and compared and not (draft.value or draft.pair):
        if len(reading.drafts) == 1:
            reading.drafts.insert(0, Draft())
        draft = reading.drafts[0] if not reading.drafts[0].value else draft
    elif draft.value or draft.pair or reading.closed or (draft.when and conj_before(items, place)):
        draft = reading.open()
    draft.value = said
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


def _is_limit(items: list[Chunk], place: int) -> bool:
    """The second of "range 4.0 to 6.0"."""
    joined = place > 2 and (items[place - 1].get("prep") == "to" or "-" in items[place - 1].means)
    return joined and items[place - 2].kind == VALUE and items[place - 2].get("limit") is not None


def _pair(reading: Reading, items: list[Chunk], place: int, item: Chunk) -> bool:
    draft = reading.draft
    if draft.value or draft.pair or reading.closed:
        draft = reading.open()
    if item.pair is None:
        return False
    if item.pair[1].value == 10 and item.pair[0].value <= 10:
        draft.value = item.pair[0]
    else:
        draft.pair = item.pair
    return True


def _limits(reading: Reading, items: list[Chunk], place: int, item: Chunk) -> bool:
    if item.pair is None:
        return False
    reading.low, reading.high = item.pair
    return True


def _before(items: list[Chunk], place: int) -> Chunk | None:
    """The last chunk before a place that is more than an article or a bracket."""
    at = place - 1
    while at >= 0 and (
        items[at].get("free") or (items[at].kind == MARK and "(" not in items[at].means) or items[at].get("aux")
    ):
        at -= 1
    return items[at] if at >= 0 else None


def conj_before(items: list[Chunk], place: int) -> bool:
    return place > 0 and items[place - 1].get("conj") == "and"


HANDLERS = {"when": _when, "span": _span, "value": _value, "pair": _pair, "limits": _limits}
