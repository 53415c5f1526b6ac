"""Frames about conditions, medicines and allergies: their standing, their days, and how they are taken or show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.verification.grammar import times
from core.verification.grammar.chunks import MARK, NAME, SPAN, VALUE, WHEN, Chunk, Quantity
from core.verification.grammar.frames import Frame, take_prep
from core.verification.statements import Absent, Counted, Course, Subject

if TYPE_CHECKING:
    from core.verification.cited import Cited
    from core.verification.grammar.reader import Context

KINDS = ("condition", "prescription", "allergy")
_ENDED = frozenset({"ended", "stopped", "completed"})


NO_PREPS: frozenset[str] = frozenset()
DATED = frozenset({"since", "from", "until", "to", "by", "on", "in", "at", "for", "between"})
SPANNED = frozenset({"from", "between", "in", "on", "for", "with"})
PREPS_OF = {WHEN: DATED, SPAN: SPANNED, VALUE: frozenset({"for", "in", "over"}), NAME: frozenset({"for", "with"})}


class Draft:
    """What is said of one frame: slots that may be filled once; `spans` are more than one course."""

    def __init__(self, frame: Frame, rows: list[Cited]) -> None:
        self.frame, self.rows = frame, rows
        self.kind = frame.kind
        self.status: str | None = None
        self.tense: str | None = None
        self.start: tuple = ()
        self.stop: tuple = ()
        self.at: tuple = ()
        self.spans: list[tuple[tuple, tuple, tuple]] = []
        self.amounts: list[tuple[int, Quantity]] = []
        self.frequency: str | None = None
        self.details: list[Chunk] = []
        self.reason: Chunk | None = None
        self.length: Quantity | None = None
        self.severity: str | None = None
        self.criticality: str | None = None
        self.every = False
        self.shared = False
        self.which: str | None = None
        self.absent = False
        self.count: Quantity | None = None
        self.verb = ""
        self.negated = False
        self.former = False
        self.count_at = 0

    @property
    def dated(self) -> bool:
        return bool(self.start or self.stop or self.at or self.spans)


def read(found: list[Frame], context: Context) -> None:
    """Read the course frames of one segment; what is said of all of them is shared out."""
    drafts = [_draft(frame, context) for frame in found]
    _share(drafts)
    for draft in drafts:
        _state(draft, context)


def _draft(frame: Frame, context: Context) -> Draft:
    draft = Draft(frame, context.rows)
    for name in frame.names:
        name.used = True
        draft.which = draft.which or name.get("which")
    for place, item in enumerate(frame.items):
        if item.used or item.kind == MARK:
            continue
        known = [kind for kind in (item.kind, *item.means) if kind in _ORDER]
        for kind in sorted(known, key=_ORDER.__getitem__) if len(known) > 1 else known:
            if _HANDLERS[kind](draft, frame.items, place, item):
                item.used = True
                take_prep(frame.items, place, PREPS_OF.get(item.kind, NO_PREPS))
                break
    return draft


def _share(drafts: list[Draft]) -> None:
    """ "A and B have both resolved": a standing or day of the last holds for those before it that have none."""
    leading = drafts[0]
    if leading.former and leading.frame.lead:
        for draft in drafts[1:]:
            draft.tense, draft.former = draft.tense or "past", draft.former or not draft.dated
    if leading.every and leading.status and leading.frame.lead:
        for draft in drafts[1:]:
            draft.status = draft.status or leading.status
            draft.criticality = draft.criticality or leading.criticality
    for place in range(len(drafts) - 1, 0, -1):
        last, before = drafts[place], drafts[place - 1]
        if not (last.every or last.shared):
            continue
        if last.status:
            before.status = before.status or last.status
            before.criticality = before.criticality or last.criticality
        if not before.dated and last.dated and last.shared:
            before.start, before.stop, before.at, before.spans = last.start, last.stop, last.at, last.spans
        if last.shared and last.reason is not None and before.reason is None:
            before.reason = last.reason
        before.shared, before.every = last.shared, last.every


def _when(draft: Draft, items: list[Chunk], place: int, item: Chunk) -> bool:
    prep = _prep_before(items, place)
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
        c.kind == WHEN or c.kind == MARK or c.get("conj") or c.get("prep") or c.get("free") or c.get("which")
        for c in before[-3:]
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
        before = [c for c in items[max(0, place - 3) : place]]
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


def _status(draft: Draft, items: list[Chunk], place: int, item: Chunk) -> bool:
    status = item.means["status"]
    if item.get("side") or item.get("prep") or ("red" in item.means and place < draft.frame.lead):
        return False
    if place and items[place - 1].get("prep") == "since":
        items[place - 1].used = True
    if draft.negated:
        status = "not " + status
        draft.negated = False
    if status in _ENDED:
        draft.verb = "stop"
    if draft.status and draft.status != status:
        if {draft.status, status} <= {"not active", *_ENDED}:
            return True
        if draft.status == "active" and status == "ended":
            return False
        if not (status == "active" and item.get("take")):
            return draft.status in _ENDED and status in _ENDED
        return True
    draft.status = status
    return True


def _start(draft: Draft, items: list[Chunk], place: int, item: Chunk) -> bool:
    if draft.kind != "prescription" and item.get("take"):
        return False
    draft.verb = "start"
    if draft.tense is None and item.get("start") and not item.get("take"):
        draft.tense = "past"
    return True


def _stop(draft: Draft, items: list[Chunk], place: int, item: Chunk) -> bool:
    return False


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
    draft.verb = draft.verb or "start"
    return True


def _all(draft: Draft, items: list[Chunk], place: int, item: Chunk) -> bool:
    draft.every = True
    if "count" in item.means:
        draft.count = Quantity(float(item.means["count"]), None, 0.0)
    return True


def _neg(draft: Draft, items: list[Chunk], place: int, item: Chunk) -> bool:
    following = items[place + 1 : place + (9 if place < draft.frame.lead else 6)]
    stop = next((n for n, c in enumerate(following) if c.kind == MARK or "neg" in c.means), len(following))
    following = following[:stop]
    if draft.negated or draft.absent:
        return False
    status = next((c for c in following if "status" in c.means and not c.get("side")), None)
    if place < draft.frame.lead and status is None:
        draft.absent = True
        return True
    if status is None:
        return False
    draft.negated = True
    draft.every = True
    return True


def _frequency(draft: Draft, items: list[Chunk], place: int, item: Chunk) -> bool:
    if draft.frequency and draft.frequency != item.means["frequency"]:
        draft.details.append(item)
        return False
    draft.frequency = item.means["frequency"]
    return True


def _detail(draft: Draft, items: list[Chunk], place: int, item: Chunk) -> bool:
    if (
        _prep_before(items, place) in ("for", "with")
        and item.name
        and place >= draft.frame.lead
        and "route" not in item.means
    ):
        if draft.reason is not None:
            return False
        draft.reason = item
    else:
        draft.details.append(item)
    return True


def _past(draft: Draft, items: list[Chunk], place: int, item: Chunk) -> bool:
    draft.tense = "past"
    draft.former = True
    return True


def _reaction(draft: Draft, items: list[Chunk], place: int, item: Chunk) -> bool:
    return draft.kind == "allergy" and any(c.kind == NAME for c in items[place + 1 : place + 4])


def _slot(slot: str):  # type: ignore[no-untyped-def]
    def handle(draft: Draft, items: list[Chunk], place: int, item: Chunk) -> bool:
        if getattr(draft, slot) and getattr(draft, slot) != item.means[slot]:
            return False
        setattr(draft, slot, item.means[slot])
        return True

    return handle


def _noun(draft: Draft, items: list[Chunk], place: int, item: Chunk) -> bool:
    noun = item.means["noun"]
    if noun in ("allergy", "medicine", "condition"):
        wanted = {"medicine": "prescription"}.get(noun, noun)
        if wanted == draft.kind or draft.kind == "unborne":
            return True
        draft.kind = wanted if noun == "allergy" else draft.kind
        return noun == "allergy"
    return noun == "time"


def _take(draft: Draft, items: list[Chunk], place: int, item: Chunk) -> bool:
    if item.means["take"] == "past" and draft.kind == "prescription":
        draft.tense, draft.verb = "past", "start"
        return True
    if draft.kind != "prescription" and not (item.get("prep") or item.get("ago")):
        draft.kind = "prescription"
        return True
    if item.get("prep") == "on" and draft.kind == "prescription":
        following = items[place + 1] if place + 1 < len(items) else None
        if draft.former:
            return True
        inherited = (draft.frame.lead == 0 and draft.frame.names[0].start > item.start) or draft.frame.names[
            -1
        ].end <= item.start - 40
        if (
            place == draft.frame.lead - 1
            or inherited
            or (following is not None and following.kind == VALUE and "free" not in following.means and place == 0)
        ):
            draft.status = draft.status or "active"
            return True
        return following is None
    return False


_HANDLERS = dict((
    (WHEN, _when), (SPAN, _span), (VALUE, _value), ("take", _take), ("status", _status), ("aux", _aux),
    ("frequency", _frequency), ("criticality", _slot("criticality")), ("severity", _slot("severity")), ("noun", _noun),
    ("neg", _neg), ("all", _all), ("have", _have), ("start", _start), ("record", _record), ("which", _slot("which")),
    ("stop", _stop), ("past", _past), ("reaction", _reaction), (NAME, _detail), ("detail", _detail),
))  # fmt: skip
_ORDER = {kind: place for place, kind in enumerate(_HANDLERS)}


def _prep_before(items: list[Chunk], place: int) -> str | None:
    at = place - 1
    while at >= 0 and (items[at].get("free") or items[at].get("all") or items[at].get("have")):
        at -= 1
    return items[at].get("prep") if at >= 0 else None


def _subject(chunk: Chunk, kind: str, context: Context) -> Subject:
    assert chunk.name
    bearers = chunk.name.bearers
    if kind == "reason":
        bearers = tuple((n, how) for n, how in bearers if how == 1)
    if kind in KINDS:
        bearers = tuple((n, how) for n, how in bearers if context.rows[n].type == kind and how == 0)
    return Subject(context.written(chunk), kind, bearers, terms=chunk.name.terms)


def _state(draft: Draft, context: Context) -> None:
    frame = draft.frame
    details = tuple(_subject(c, "detail", context) for c in draft.details if c.name)
    reason = _subject(draft.reason, "reason", context) if draft.reason is not None else None
    used = [c for c in frame.items if c.used]
    span = context.span([*frame.names, *used])
    bearers_of_all: list[int] = []
    for place, name in enumerate(frame.names):
        subject = _subject(name, draft.kind, context)
        bearers_of_all += [n for n, _ in subject.bearers]
        if draft.absent:
            context.statements.append(Absent(span, subject))
            continue
        upper = frame.names[place + 1].start if place + 1 < len(frame.names) else 10**6
        amounts = tuple(q for at, q in draft.amounts if len(frame.names) == 1 or name.start < at < upper)
        courses = [(draft.start, draft.stop, draft.at), *draft.spans]
        for start, stop, at in courses:
            context.statements.append(
                Course(
                    span, subject, status=draft.status, tense=draft.tense, start=start, stop=stop, at=at, amounts=amounts,
                    frequency=draft.frequency, details=details, reason=reason, length=draft.length, severity=draft.severity,
                    criticality=draft.criticality, every=draft.every, which=draft.which, former=draft.former and not draft.status,
                )
            )  # fmt: skip
    if draft.count is not None and not draft.absent:
        one = next((name for name in frame.names if name.start > draft.count_at), None)
        if one is not None and one is not frame.names[0]:
            bearers_of_all = [n for n, _ in _subject(one, draft.kind, context).bearers]
        whole = Subject(
            context.written(frame.names[0]), draft.kind, tuple((n, 0) for n in dict.fromkeys(bearers_of_all))
        )
        context.statements.append(Counted(span, whole, round(draft.count.value), status=draft.status))
