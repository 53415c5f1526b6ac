"""Words of a frame about a course: its standing, how it is taken, how it shows."""

from __future__ import annotations

import itertools
from collections.abc import Callable

from core.verification.grammar import misfits, unsaid
from core.verification.grammar.chunk import MARK, NAME, VALUE, Chunk, Quantity
from core.verification.grammar.course_days import prep_before
from core.verification.grammar.course_drafts import ENDED, Draft

OF_ALL = 1 << 30
READ_AS = {"high": "up", "low": "down"}
CHANGES = frozenset({"up", "down", "doubled", "halved"})


def _status(draft: Draft, items: list[Chunk], place: int, item: Chunk) -> bool:
    status = item.means["status"]
    if item.get("side") or item.get("prep") or ("red" in item.means and place < draft.frame.lead):
        return False
    if draft.kind == "prescription" and "heals" in item.means:
        return False  # "eczema cleared with hydrocortisone": an illness heals, a medicine does not
    if place and items[place - 1].get("prep") == "since":
        items[place - 1].used = True
    if draft.negated:
        status, draft.negated = "not " + status, False
        draft.status = None if draft.status == "active" else draft.status  # "still not taking"
    elif misfits.is_undone(draft, items, place):
        return False
    if status in ENDED:
        draft.verb = "stop"
    if draft.status and draft.status != status:
        return _agree(draft.status, status, item)
    draft.status = status
    if _is_so_now(draft, items, place):
        draft.tense = "present"
    return True


def _is_so_now(draft: Draft, items: list[Chunk], place: int) -> bool:
    """ "From 11 June to 23 July, and is active": a standing behind the end of a course is of now."""
    before = items[place - 1] if place else None
    was = before is not None and before.get("aux") == "past"
    return draft.status in ("active", "not ended") and bool(draft.stop or draft.spans) and not was


def _agree(known: str, status: str, item: Chunk) -> bool:
    """Whether a second standing says the same as the first."""
    if {known, status} <= {"not active", *ENDED}:
        return True
    return status == "active" and "take" in item.means


def _start(draft: Draft, items: list[Chunk], place: int, item: Chunk) -> bool:
    if draft.kind != "prescription" and ("take" in item.means or "noun" in item.means):
        return False
    if misfits.is_newly_alone(draft, items, place):
        return False
    draft.begun = draft.begun or draft.words[item.end - 1].norm in misfits.BEGUN
    draft.verb = "start"
    if draft.tense is None and item.get("start") and (not item.get("take") or "treats" in item.means):
        draft.tense = "past"
    return True


def _aux(draft: Draft, items: list[Chunk], place: int, item: Chunk) -> bool:
    if "plural" in item.means and place >= draft.frame.lead:
        draft.shared = True
    if item.means["aux"] != "perfect" and not (draft.tense and item.means["aux"] == "present"):
        draft.tense = item.means["aux"]
    return True


def _have(draft: Draft, items: list[Chunk], place: int, item: Chunk) -> bool:
    if draft.kind == "prescription" and "take" not in item.means and place < draft.frame.lead:
        return False
    draft.verb = "start"
    draft.tense = draft.tense or ("present" if item.means["have"] == "present" else "past")
    return True


def _record(draft: Draft, items: list[Chunk], place: int, item: Chunk) -> bool:
    bracketed = place > 0 and "(" in items[place - 1].means  # "now inactive (recorded in 2008)"
    draft.verb = "start" if bracketed else draft.verb or "start"
    return True


def _all(draft: Draft, items: list[Chunk], place: int, item: Chunk) -> bool:
    if item.means["all"] == "both" and not misfits.are_two(draft):
        return False
    draft.every = True
    if "count" in item.means:
        draft.count, draft.count_at = Quantity(float(item.means["count"]), None, 0.0), OF_ALL
    return True


def _neg(draft: Draft, items: list[Chunk], place: int, item: Chunk) -> bool:
    """A negation is of the standing behind it; before a name it is of the thing itself."""
    leads = place < draft.frame.lead
    following = items[place + 1 : place + (9 if leads else 6)]
    reach = itertools.takewhile(lambda c: c.kind != MARK and "neg" not in c.means, following)
    if draft.negated or draft.absent:
        return False
    if unsaid.read(draft, items, place):
        return True
    if any("status" in c.means and "side" not in c.means for c in reach):
        draft.negated = draft.every = True
        return True
    draft.absent = leads and unsaid.is_of_name(items[place : draft.frame.lead])
    return draft.absent


def _frequency(draft: Draft, items: list[Chunk], place: int, item: Chunk) -> bool:
    if item.means["frequency"] not in draft.frequency:
        draft.frequency = (*draft.frequency, item.means["frequency"])
    return len(draft.frequency) <= 2


def _detail(draft: Draft, items: list[Chunk], place: int, item: Chunk) -> bool:
    if (
        prep_before(items, place) in ("for", "with")
        and item.name
        and not item.name.detail
        and place >= draft.frame.lead
        and "route" not in item.means
    ):
        if draft.reason is not None:
            return False
        draft.reason = item
    elif misfits.is_of_reason(draft, place, item):
        return False  # "headache gone": what it was for, and no more of the medicine's name
    else:
        draft.details.append(item)
    return True


def _past(draft: Draft, items: list[Chunk], place: int, item: Chunk) -> bool:
    draft.tense = "past"
    draft.former = True
    return True


def _reaction(draft: Draft, items: list[Chunk], place: int, item: Chunk) -> bool:
    """A word for reactions; behind the name it says that one is on record: "eggs, with a reaction"."""
    following = items[place + 1] if place + 1 < len(items) else None
    to_it = following is not None and following.get("prep") == "to"
    if place >= draft.frame.lead and not to_it and "reaction" not in draft.unsaid:
        draft.filled = ("reaction",)
    return draft.kind == "allergy"


def _which(draft: Draft, items: list[Chunk], place: int, item: Chunk) -> bool:
    following = items[place + 1] if place + 1 < len(items) else None
    if following is not None and following.name is not None and following.name.detail:
        return False  # "in the last trimester": it is of that word
    return item.means["which"] in ("latest", "first", "later", "earlier") and _slot("which")(draft, items, place, item)


def _slot(slot: str) -> Callable[[Draft, list[Chunk], int, Chunk], bool]:
    def handle(draft: Draft, items: list[Chunk], place: int, item: Chunk) -> bool:
        if getattr(draft, slot) and getattr(draft, slot) != item.means[slot]:
            return False
        setattr(draft, slot, item.means[slot])
        return True

    return handle


def _noun(draft: Draft, items: list[Chunk], place: int, item: Chunk) -> bool:
    noun = item.means["noun"]
    if "route" in item.means and misfits.is_of_other_form(draft):
        return False
    if noun in ("allergy", "medicine", "condition"):
        wanted = {"medicine": "prescription"}.get(noun, noun)
        if draft.kind in (wanted, "unborne"):
            return True
        draft.kind = wanted if noun == "allergy" else draft.kind
        return noun == "allergy"
    return noun == "time"


def _take(draft: Draft, items: list[Chunk], place: int, item: Chunk) -> bool:
    if item.means["take"] == "past" and draft.kind == "prescription":
        draft.tense, draft.verb = "past", "start"
        return True
    if draft.kind != "prescription":
        draft.kind = draft.kind if item.get("prep") or item.get("ago") else "prescription"
        return draft.kind == "prescription"
    return item.get("prep") == "on" and _on(draft, items, place, item)


def _on(draft: Draft, items: list[Chunk], place: int, item: Chunk) -> bool:
    """ "On metformin": it is taken now; beside a result it only says what was taken then."""
    frame = draft.frame
    if frame.circumstance and place < frame.lead:
        draft.tense = "past"
    if draft.former or draft.tense == "past":
        return True
    following = items[place + 1] if place + 1 < len(items) else None
    inherited = frame.lead == 0 and frame.names[0].start > item.start
    if place == frame.lead - 1 or inherited or (place == 0 and _is_amount(following)):
        draft.status = draft.status or "active"
        return True
    return following is None


def _is_amount(chunk: Chunk | None) -> bool:
    return chunk is not None and chunk.kind == VALUE and "free" not in chunk.means


def _change(draft: Draft, items: list[Chunk], place: int, item: Chunk) -> bool:
    """ "Raised from 50 to 75 micrograms", "reduced to one tablet"."""
    said = READ_AS.get(item.means.get("read", ""), item.means.get("trend", ""))
    following = items[place + 1 : place + 5]
    if draft.kind != "prescription" or said not in CHANGES or draft.change not in (None, said):
        return False
    if not any((c.kind == VALUE and "times" not in c.means) or "frequency" in c.means for c in following):
        return False
    for chunk in following:
        chunk.used = chunk.used or chunk.get("prep") in ("from", "to") or "limit" in chunk.means
    draft.change = said
    draft.starts_from = draft.words[item.end - 1].norm == "from"
    return True


def _replace(draft: Draft, items: list[Chunk], place: int, item: Chunk) -> bool:
    if place + 1 < len(items) and _is_amount(items[place + 1]) and draft.kind == "prescription":
        draft.change = "changed"
        return True
    draft.replaced = draft.kind == "prescription"
    return draft.replaced


def _same_period(draft: Draft, items: list[Chunk], place: int, item: Chunk) -> bool:
    draft.same_period = True
    return True


def _bound(draft: Draft, items: list[Chunk], place: int, item: Chunk) -> bool:
    """ "BMI 30 or above", where the row's name has "30+"."""
    names = [name for name in draft.frame.names if name.end == item.start]
    named = " ".join(text for name in names for n, _ in name.bearers for text in draft.rows[n].names)
    return item.means["bound"] == ">=" and f"{draft.words[item.start - 1].norm}+" in named.split()


def _only(draft: Draft, items: list[Chunk], place: int, item: Chunk) -> bool:
    """ "Only the latest is active"."""
    following = next((c for c in items[place + 1 :] if not c.get("free")), item)
    draft.sole = "which" in following.means
    return draft.sole


def _treats(draft: Draft, items: list[Chunk], place: int, item: Chunk) -> bool:
    return bool(draft.frame.treated)


def _several(draft: Draft, items: list[Chunk], place: int, item: Chunk) -> bool:
    """ "Multiple allergies": two or more are named."""
    bearers = {n for name in draft.frame.names for n, _ in name.bearers}
    return len(bearers) > 1


def _yearly(draft: Draft, items: list[Chunk], place: int, item: Chunk) -> bool:
    """ "Renewed annually": each course begins a year after the one before it."""
    rows = {n: draft.rows[n] for name in draft.frame.names for n, _ in name.bearers}
    starts = sorted(row.start for row in rows.values() if row.start)
    gaps = [(after - before).days for before, after in itertools.pairwise(starts)]
    return bool(gaps) and all(330 <= gap <= 400 for gap in gaps)


HANDLERS = {
    "bound": _bound, "only": _only,
    "in a row": _record,
    "yearly": _yearly,
    "several": _several,
    "treats": _treats, "same period": _same_period, "replace": _replace, "trend": _change, "read": _change,
    "take": _take,
    "status": _status, "aux": _aux, "frequency": _frequency, "criticality": _slot("criticality"),
    "severity": _slot("severity"), "noun": _noun, "neg": _neg, "all": _all, "have": _have, "start": _start,
    "record": _record, "which": _which, "past": _past, "reaction": _reaction, NAME: _detail, "detail": _detail,
}  # fmt: skip
