"""Days, lengths, amounts and counts of a frame about a course: what each is of."""

from __future__ import annotations

from core.verification.grammar import times
from core.verification.grammar.chunks import MARK, WHEN, Chunk, Quantity
from core.verification.grammar.course_drafts import Draft


def _when(draft: Draft, items: list[Chunk], place: int, item: Chunk) -> bool:
    prep = prep_before(items, place)
    if prep == "since" and draft.tense != "past":
        draft.tense = "present"
    if prep == "since" or (prep == "from" and not draft.start):
        return _set(draft, "start", item)
    if prep in ("until", "to") or (draft.verb == "stop" and prep in ("in", "on", "at", "by", None)):
        return _set(draft, "stop", item)
    if draft.verb == "start" and not draft.start:
        return _set(draft, "start", item)
    if (draft.at or draft.start) and _listed(items, place):
        draft.spans.append((item.days, (), ()) if draft.start else ((), (), item.days))
        return True
    return _set(draft, "at", item)


def _set(draft: Draft, slot: str, item: Chunk) -> bool:
    if getattr(draft, slot):
        if slot in ("start", "at"):
            draft.spans.append((item.days, (), ()) if slot == "start" else ((), (), item.days))
            return True
        return False
    setattr(draft, slot, item.days)
    draft.verb = ""
    return True


def _listed(items: list[Chunk], place: int) -> bool:
    before = items[max(0, place - 4) : place]
    return any(c.kind == WHEN for c in before) and all(
        c.kind in (WHEN, MARK) or c.get("conj") or c.get("prep") or c.get("free") or c.get("which") for c in before[-3:]
    )


def _span(draft: Draft, items: list[Chunk], place: int, item: Chunk) -> bool:
    if (place and items[place - 1].get("status") == "stopped") or (
        place > 1 and items[place - 2].get("status") == "stopped"
    ):
        return False
    if item.get("prep") == "in":
        draft.at = times.hull(item.first, item.days)
    elif draft.start or draft.stop:
        draft.spans.append((item.first, item.days, ()))
    else:
        draft.start, draft.stop = item.first, item.days
    return True


def _value(draft: Draft, items: list[Chunk], place: int, item: Chunk) -> bool:
    quantity = item.quantity
    assert quantity
    if (
        quantity.unit
        and quantity.unit.kind == "time"
        and not (draft.kind == "prescription" and _in_name(draft, quantity))
    ):
        before = list(items[max(0, place - 3) : place])
        following = items[place + 1] if place + 1 < len(items) else None
        if following is not None and following.get("noun") == "medicine":
            draft.length = quantity
            return True
        if (
            following is not None
            and following.get("prep") == "to"
            and any("status" in c.means for c in items[place + 2 : place + 3])
        ):
            following.used = True
        if following is not None and following.get("prep") == "after":
            following.used = True
            draft.length, draft.verb = quantity, "start"
            return True
        if any("lasting" in c.means or c.get("prep") in ("for", "in", "after") for c in before) or not before:
            draft.length = quantity
            return True
        return False
    if quantity.step == 0 or (quantity.unit is None and place < draft.frame.lead) or _counts(items, place):
        draft.count, draft.count_at = quantity, item.start
        return draft.count.value == int(draft.count.value)
    if draft.kind != "prescription":
        return False
    draft.amounts.append((item.start, quantity))
    return True


def _counts(items: list[Chunk], place: int) -> bool:
    return place + 1 < len(items) and items[place + 1].get("noun") is not None


def _in_name(draft: Draft, quantity: Quantity) -> bool:
    """Whether a time is part of a medicine's name: "28 Day Pack"."""
    rows = [draft.rows[n] for name in draft.frame.names if name.name for n, _ in name.name.bearers]
    return any(a.value == quantity.value and a.unit == quantity.unit for row in rows for a in row.name.amounts)


def prep_before(items: list[Chunk], place: int) -> str | None:
    at = place - 1
    while at >= 0 and (items[at].get("free") or items[at].get("all") or items[at].get("have")):
        at -= 1
    return items[at].get("prep") if at >= 0 else None


HANDLERS = {"when": _when, "span": _span, "value": _value}
