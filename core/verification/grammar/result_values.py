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
    if draft.value or draft.pair or reading.closed or (draft.when and conj_before(items, place)):
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


def _limits(reading: Reading, items: list[Chunk], place: int, item: Chunk) -> bool:
    assert item.pair
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
