"""Days, lengths, amounts and counts of a frame about a course: what each is of."""

from __future__ import annotations

import itertools
from datetime import date

from core.verification.dates import Days
from core.verification.grammar import times
from core.verification.grammar.chunk import MARK, SPAN, WHEN, Chunk, Quantity
from core.verification.grammar.course_drafts import ENDED, Draft
from core.verification.vocabulary import UNITS


def _when(draft: Draft, items: list[Chunk], place: int, item: Chunk) -> bool:
    """A day is of what the word before it says; else of the verb; else only a day on which it was so."""
    prep = prep_before(items, place)
    if item.quantity is not None and prep is None and draft.kind == "prescription":
        draft.length = item.quantity
        return True
    slot = _slot_of(draft, prep)
    if slot == "stop":
        return _ends(draft, items, place, item)
    if slot == "start":
        begun = draft.verb == "start" or _dates(draft, items, place)
        draft.tense = "present" if _is_so_since(draft, items, place) else _tense_of_start(draft, prep, begun=begun)
    elif draft.start and not draft.at and _listed(items, place):
        slot = "start"
    return _set(draft, slot, item)


def _ends(draft: Draft, items: list[Chunk], place: int, item: Chunk) -> bool:
    if _is_by(draft, items, place):
        item.days = tuple(d if d.yearless else Days(date.min, d.last) for d in item.days)
    return _set(draft, "stop", item)


def _is_by(draft: Draft, items: list[Chunk], place: int) -> bool:
    """ "Healed by 26 September", "by the check-up of 26 September"."""
    last = [draft.words[chunk.end - 1].norm for chunk in items[max(0, place - 5) : place]]
    return "by" in last and {"from", "to", "until", "since", "on"}.isdisjoint(last[last.index("by") :])


def _is_so_since(draft: Draft, items: list[Chunk], place: int) -> bool:
    """ "Had sinusitis, which has been there since May": so it is, whatever tense stands before."""
    said = [chunk for chunk in items[:place] if not {"aux", "have", "take"}.isdisjoint(chunk.means)]
    since = prep_before(items, place) == "since"
    return since and any(
        draft.words[chunk.start].norm in ("has", "have") and chunk.get("aux") == "perfect" for chunk in said
    )


def _tense_of_start(draft: Draft, prep: str | None, *, begun: bool) -> str | None:
    """ "Since 1978": so it is; "prescribed in 1978", "dates from May": so it began."""
    if prep == "since":
        return "past" if draft.tense == "past" else "present"
    return draft.tense or ("past" if begun else None)


def _dates(draft: Draft, items: list[Chunk], place: int) -> bool:
    """ "Dates from"."""
    return place > 0 and draft.words[items[place - 1].start].norm.startswith("dat")


def _is_ended(draft: Draft) -> bool:
    return draft.verb == "stop" or draft.status in ENDED


def _slot_of(draft: Draft, prep: str | None) -> str:
    """Whether a day is that of the beginning or the end."""
    if prep == "since":
        return "stop" if _is_ended(draft) else "start"
    if prep == "from" and not draft.start:
        return "start"
    if prep in ("until", "to") or (draft.verb == "stop" and prep in ("in", "on", "at", "by", None)):
        return "stop"
    return "start" if draft.verb == "start" else "at"


def _set(draft: Draft, slot: str, item: Chunk) -> bool:
    """Fill a slot; a second beginning or day is of one more course."""
    if slot == "start" and draft.start and draft.stop:
        draft.flush()
    if not getattr(draft, slot):
        setattr(draft, slot, item.days)
        draft.verb = ""
        return True
    if slot == "stop":
        return False
    draft.spans.append((item.days, (), ()) if slot == "start" else ((), (), item.days))
    return True


def _listed(items: list[Chunk], place: int) -> bool:
    before = items[max(0, place - 4) : place]
    return any(c.kind == WHEN for c in before) and all(
        c.kind in (WHEN, MARK) or not LISTING.isdisjoint(c.means) for c in before[-3:]
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
    """A number is a length of time, a count, or an amount of a medicine."""
    said = item.quantity
    if said is None:
        return False
    is_medicine = draft.kind == "prescription"
    if is_medicine and place and items[place - 1].get("limit") == "up to":
        said = said._replace(sign="<=")
    if is_medicine and _is_of_form(items, place):
        draft.amounts.append((items[place].start, said._replace(unit=DOSE_FORM)))
        return True
    if said.unit and said.unit.kind == "time" and not (is_medicine and _in_name(draft, said)):
        return _is_length(draft, items, place, said)
    if said.step == 0 or (said.unit is None and place == draft.frame.lead - 1) or _counts(items, place):
        return _is_count(draft, items, place, said)
    return is_medicine and _is_amount(draft, items, place, said)


def _is_of_form(items: list[Chunk], place: int) -> bool:
    """ "One capsule twice a day": how many are taken."""
    said = items[place].quantity
    bare = said is not None and said.unit is None
    return bare and any(c.get("route") in FORMS for c in items[place + 1 : place + 2])


def _is_amount(draft: Draft, items: list[Chunk], place: int, said: Quantity) -> bool:
    if draft.dated and not draft.change and any(_alike(said, known) for _, known in draft.amounts):
        draft.flush(amounts=True)  # "0.4 mL since May, 0.3 mL added in June"
    draft.amounts.append((items[place].start, said))
    if said.unit != DOSE_FORM and any(c.get("route") in FORMS for c in items[place + 1 : place + 2]):
        draft.strengths.append(said)
    draft.backward = len(draft.amounts) > 1 and (draft.starts_from or prep_before(items, place) == "from")
    draft.starts_from = False
    return True


def _alike(one: Quantity, other: Quantity) -> bool:
    return bool(one.unit and other.unit and one.unit.kind == other.unit.kind)


def _is_count(draft: Draft, items: list[Chunk], place: int, said: Quantity) -> bool:
    """A number in words counts where it leads, or where a noun or a day follows."""
    if said.step == 0 and place >= draft.frame.lead:
        if _count_of_days(draft, items, place, said):
            return True
        if "times" not in items[place].means and not _counts(items, place):
            return False
    draft.count, draft.count_at = said, items[place].start
    return said.value == int(said.value)


def _is_length(draft: Draft, items: list[Chunk], place: int, said: Quantity) -> bool:
    """ "For three weeks", "a one-week course", "took a month to resolve", "494 days after its onset"."""
    following = items[place + 1] if place + 1 < len(items) else Chunk(MARK, 0, 0)
    after = following.get("prep") == "after"
    following.used = following.used or after or _to_its_end(items, place)
    if after:
        draft.verb = "start"
    if not (after or _lasts(draft, items, place) or _is_bare(items, place) or following.get("noun") == "medicine"):
        return False
    _set_length(draft, items, place, said)
    return True


def _set_length(draft: Draft, items: list[Chunk], place: int, said: Quantity) -> None:
    """How long it was; in a bracket behind a day, of what is of that day: "July 2016 (three weeks)"."""
    before = items[place - 1] if place else Chunk(MARK, 0, 0)
    at_most = draft.words[before.start].norm == "within"
    said = said._replace(sign=">" if before.get("lasting") == ">" else "<=" if at_most else said.sign)
    if "(" in before.means and place > 1 and items[place - 2].kind in DAYS:
        draft.lengths.append((items[place - 2].days, said))
    else:
        draft.length = said


def _is_bare(items: list[Chunk], place: int) -> bool:
    """ "(2/52)", "Dec 2021 to Jan 2022, three weeks": a time that no other word makes a distance or an age."""
    beside = [*items[max(0, place - 1) : place], *items[place + 1 : place + 2]]
    return all(chunk.kind == MARK or chunk.kind in DAYS or _is_light(chunk) for chunk in beside)


def _is_light(chunk: Chunk) -> bool:
    return not {"free", "frequency"}.isdisjoint(chunk.means) or chunk.get("prep") in ("for", "with", "from")


def _to_its_end(items: list[Chunk], place: int) -> bool:
    """ "A month to resolve"."""
    following = items[place + 1 : place + 3]
    return len(following) == 2 and following[0].get("prep") == "to" and "status" in following[1].means


def _lasts(draft: Draft, items: list[Chunk], place: int) -> bool:
    """Whether the words around a time make it a length: they lead, or say "for", "lasted", "long"."""
    before = items[max(0, place - 3) : place]
    if not before or (place < draft.frame.lead and all(c.get("free") for c in items[place + 1 : draft.frame.lead])):
        return True
    long = any(c.get("lasting") is not None and not c.get("prep") for c in items[place + 1 : place + 2])
    return long or any("lasting" in c.means or c.get("prep") in ("for", "in", "after") for c in before)


def _count_of_days(draft: Draft, items: list[Chunk], place: int, said: Quantity) -> bool:
    """ "Two in 2006 and one in 2011"."""
    following = items[place + 1 : place + 3]
    if len(following) < 2 or following[0].get("prep") not in ("in", "on") or following[1].kind != WHEN:
        return False
    following[0].used = following[1].used = True
    draft.counts.append((round(said.value), following[1].days))
    return True


def _counts(items: list[Chunk], place: int) -> bool:
    """Whether a noun follows a number: "three (consecutive, yearly) courses"."""
    behind = itertools.dropwhile(lambda c: not {"free", "in a row"}.isdisjoint(c.means), items[place + 1 :])
    return any(c.get("noun") is not None for c in itertools.islice(behind, 1))


def _in_name(draft: Draft, quantity: Quantity) -> bool:
    """Whether a time is part of a medicine's name: "28 Day Pack"."""
    rows = [draft.rows[n] for name in draft.frame.names for n, _ in name.bearers]
    return any(a.value == quantity.value and a.unit == quantity.unit for row in rows for a in row.name.amounts)


def prep_before(items: list[Chunk], place: int) -> str | None:
    at = place - 1
    while at >= 0 and not SKIPPED.isdisjoint(items[at].means):
        at -= 1
    return items[at].get("prep") if at >= 0 else None


def _since(draft: Draft, items: list[Chunk], place: int, item: Chunk) -> bool:
    """ "Diagnosed in 2016, on alendronic acid since": since the day before it."""
    following = items[place + 1] if place + 1 < len(items) else Chunk(MARK, 0, 0)
    near = [c.days for c in draft.chunks if c.kind == WHEN and c.end <= item.start]
    if item.get("prep") != "since" or following.kind != MARK or not near or draft.dated or _is_ended(draft):
        return False
    draft.start = near[-1]
    draft.tense = _tense_of_start(draft, "since", begun=False)
    return True


def _pair(draft: Draft, items: list[Chunk], place: int, item: Chunk) -> bool:
    """ "24/26": an amount of each of two ingredients."""
    if draft.kind != "prescription" or item.pair is None:
        return False
    draft.amounts += [(item.start, quantity) for quantity in item.pair]
    return True


DAYS = frozenset({WHEN, SPAN})
LISTING = frozenset({"conj", "prep", "free", "which", "all"})
DOSE_FORM = UNITS["tablet"]
FORMS = frozenset({"tablet", "capsule", "puff", "patch", "chewable"})
SKIPPED = frozenset({"free", "all", "have"})
HANDLERS = {"pair": _pair, "when": _when, "span": _span, "value": _value, "prep": _since}
