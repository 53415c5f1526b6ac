"""Where a frame begins: what a chunk names, what it only says of another, and what belongs to whom."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from core.verification.cited import Cited
from core.verification.grammar import belonging, chunks, frames, going_on, healed, names
from core.verification.grammar.chunk import MARK, NAME, PAIR, VALUE, WORD, Chunk
from core.verification.grammar.frames import Frame
from core.verification.grammar.times import within
from core.verification.row_names import NONE_KNOWN
from core.verification.statements import Follows, Subject
from core.verification.vocabulary.spelling import stem

if TYPE_CHECKING:
    from core.verification.grammar.reader import Context

ORDERED = frozenset({"condition", "prescription", "visit"})
NOUN_KINDS = {"condition": "condition", "medicine": "prescription", "allergy": "allergy"}
OPENING = frozenset({"noun", "of test", "read of"})
PASSED = frozenset({"free", "have", "record", "pronoun", ","})


def framed(segment: list[Chunk], context: Context, before: Frame | None) -> list[Frame]:
    """The frames of a segment; one that names nothing goes on about what the segment before it named."""
    _share_head(segment, context)
    cut: list[Frame] = []
    lead: list[Chunk] = []
    for place, chunk in enumerate(segment):
        kind = _kind(segment, place, context, cut, before)
        if kind is not None:
            _open(kind, segment, place, cut, lead)
        elif not cut:
            lead.append(chunk)
        elif chunk not in cut[-1].names:
            cut[-1].items.append(chunk)
    cut = belonging.settled(healed.parted(cut, context))
    if not cut and before is not None:
        cut = going_on.frames_of(lead, before, context)
    context.frames += cut
    return cut


def _share_head(segment: list[Chunk], context: Context) -> None:
    """ "Chronic neck and low back pain": the first name has the last word of the second, too."""
    for first, joint, second in zip(segment, segment[1:], segment[2:], strict=False):
        if not (first.name and first.name.detail and joint.get("conj") == "and" and second.name):
            continue
        heads = _with_head(first.name, stem(context.words[second.end - 1].norm), context)
        if not second.name.detail and heads:
            first.name = first.name._replace(bearers=tuple(heads), detail=False)


def _with_head(name: names.Name, head: str, context: Context) -> list[tuple[int, int]]:
    return [(n, how) for n, how in name.bearers if how == 0 and head in context.rows[n].name.terms]


def _open(kind: str, segment: list[Chunk], place: int, cut: list[Frame], lead: list[Chunk]) -> None:
    """Join a name to the names before it, or begin a frame."""
    last, chunk = cut[-1] if cut else None, segment[place]
    if last is not None and last.kind == kind and (_joined(last, segment, place) or _predicate(last, chunk)):
        _join(last, chunk)
        return
    frame = Frame(kind, [chunk])
    frame.items = [*lead] if last is None else belonging.taken_from(last, kind)
    if last is not None and not frame.items and belonging.ends_in_change(last, chunk):
        frame.items = [last.items.pop()]
    frame.lead = len(frame.items)
    belonging.treat(frame, cut)
    cut.append(frame)


def _kind(segment: list[Chunk], place: int, context: Context, cut: list[Frame], before: Frame | None) -> str | None:
    """The kind of frame that a chunk opens or joins; None if it says something of another."""
    chunk = segment[place]
    if chunk.used:
        return None
    if chunk.kind == NAME:
        return _kind_of_name(segment, place, context, cut)
    if chunk.kind != WORD or OPENING.isdisjoint(chunk.means):
        return None
    noun = chunk.means.get("noun")
    if noun == "visit":
        return _visit_noun(segment, place, context, cut, before)
    if noun in NOUN_KINDS and not cut:
        return _noun_subject(segment, place, context)
    return "observation" if "read of" in chunk.means or _implies_test(segment, place) else None


def _implies_test(segment: list[Chunk], place: int) -> bool:
    """Whether a verb such as "weighed" names its test, and nothing else does."""
    test = segment[place].means.get("of test")
    named = any(c.means.get("assay") == test for c in segment)
    return test is not None and not named and all(c.means.get("of test") != test for c in segment[:place])


def _kind_of_name(segment: list[Chunk], place: int, context: Context, cut: list[Frame]) -> str | None:
    chunk = segment[place]
    kind = frames.kind_of(chunk, context.rows)
    if kind.startswith("said of") or kind == "detail":
        of_person = all(frame.kind == "patient" for frame in cut)
        return _kind_of_words(segment, place, context, kind) if of_person else None
    return kind if not cut or _begins(kind, segment, place, context, cut[-1]) else None


def _begins(kind: str, segment: list[Chunk], place: int, context: Context, last: Frame) -> bool:
    """Whether a name begins a frame of its own; else it says something of the frame before it."""
    chunk = segment[place]
    if kind == "patient":
        return False
    if kind in ("condition", "allergy") and last.kind in ("visit", "prescription"):
        if _governed(segment, place):
            return _is_told_more_of(last, segment, place, context) or _is_of_same_day(last, segment, place, context)
        if _is_reason_in_bracket(last, segment, place):
            return False
    if last.kind in ORDERED and kind in ORDERED and _state_order(last, segment, place, context):
        return False
    if kind == last.kind == "prescription" and _same_row(last, chunk):
        last.names.append(chunk)
        chunk.used = True
        return False
    return True


def _is_reason_in_bracket(last: Frame, segment: list[Chunk], place: int) -> bool:
    """ "Obstetric emergency (normal pregnancy)": what the row of a visit or a medicine gives as its reason."""
    mine = {n for name in last.names for n, _ in name.bearers}
    said = {n for n, how in segment[place].bearers if how == names.BY_REASON}
    return bool(said & mine) and "(" in segment[place - 1].means


def _is_told_more_of(last: Frame, segment: list[Chunk], place: int, context: Context) -> bool:
    """ "HCTZ for hypertension, diagnosed a year earlier": the reason of the medicine, and a condition of its own."""
    chunk = segment[place]
    behind = next((c for c in segment[place + 1 : place + 3] if "," not in c.means), chunk)
    if last.kind != "prescription" or behind.get("have") != "-" or not _conditions(chunk, context):
        return False
    reason = Chunk(NAME, chunk.start, chunk.end, dict(chunk.means))
    reason.name = chunk.name
    last.items.append(reason)
    return True


def _conditions(chunk: Chunk, context: Context) -> list[int]:
    """The cited conditions that a name may mean."""
    return [n for n, how in chunk.bearers if how == names.BY_NAME and context.rows[n].type == "condition"]


def _is_of_same_day(last: Frame, segment: list[Chunk], place: int, context: Context) -> bool:
    """ "Seen in ED with concussion, ongoing": a condition that began on the day of the visit, and is not its reason."""
    chunk = segment[place]
    if last.kind != "visit" or any(how == names.BY_REASON for _, how in chunk.bearers):
        return False
    visits = _days_of(last, context)
    mine = tuple((n, names.BY_NAME) for n in _conditions(chunk, context) if context.rows[n].start in visits)
    if mine and chunk.name is not None:
        chunk.name = chunk.name._replace(bearers=mine)
        chunk.means["of its day"] = ""
    return bool(mine)


def _days_of(visit: Frame, context: Context) -> set[date | None]:
    """The days of the visits of a frame, of those that it gives."""
    said = [c.days for c in visit.items if c.kind == chunks.WHEN]
    days = {context.rows[n].start for name in visit.names for n, _ in name.bearers}
    return {day for day in days if all(within(when, day) for when in said)}


def _kind_of_words(segment: list[Chunk], place: int, context: Context, kind: str) -> str | None:
    """The frame that a reason or an answer opens where nothing else is named."""
    if kind == "said of observation":
        return "observation"
    is_reason = kind == "said of visit" and _about_visits(context.rows) and not _governed(segment, place)
    return "visit" if is_reason else None


def _same_row(frame: Frame, chunk: Chunk) -> bool:
    """Whether a word of a medicine's name goes on after a quantity: "Natazia 28 Day Pack"."""
    last, between = frame.names[-1], frame.items[frame.lead :]
    if not (between and last.name and chunk.name and chunk.name.bearers):
        return False
    return set(chunk.name.bearers) <= set(last.name.bearers) and all(_may_be_in_name(c) for c in between)


def _may_be_in_name(chunk: Chunk) -> bool:
    detail = chunk.name is not None and chunk.name.detail
    return detail or chunk.kind in (VALUE, PAIR, MARK) or chunk.means.get("prep") == "with"


def _about_visits(rows: list[Cited]) -> bool:
    return any(row.type == "visit" for row in rows)


def _visit_noun(
    segment: list[Chunk], place: int, context: Context, cut: list[Frame], before: Frame | None
) -> str | None:
    """A visit, unless it only says on what occasion something was measured; "for review" is a plan."""
    chunk, about = segment[place], cut[-1] if cut else before
    planned = place > 0 and segment[place - 1].get("prep") == "for"
    if about is not None and about.kind == "observation" and not _about_visits(context.rows):
        chunk.means = chunk.means if planned else {"noun": "time"}
        return None
    return None if cut and cut[-1].kind == "visit" else "visit"


def _noun_subject(segment: list[Chunk], place: int, context: Context) -> str | None:
    """ "All recorded conditions": every cited row of that kind, where the segment names none of them."""
    chunk = segment[place]
    kind = NOUN_KINDS[chunk.means["noun"]]
    if any(c.kind == NAME and frames.kind_of(c, context.rows) in (kind, "detail", "substance") for c in segment):
        return None
    rows = enumerate(context.rows)
    bearers = tuple((n, 0) for n, row in rows if row.type == kind and NONE_KNOWN not in row.name.terms)
    if not bearers:
        return None
    chunk.name = names.Name(chunk.end, {}, bearers, frozenset())
    return kind


def _order_before(segment: list[Chunk], place: int) -> Chunk | None:
    """The "before" or "after" that stands right before a name."""
    at = place - 1
    while at >= 0 and (segment[at].get("free") or segment[at].get("have")):
        at -= 1
    return segment[at] if at >= 0 and segment[at].get("prep") in ("before", "after") else None


def _state_order(frame: Frame, segment: list[Chunk], place: int, context: Context) -> bool:
    """State that what a frame names began before or after another name, if so it says."""
    chunk, prep = segment[place], _order_before(segment, place)
    named = [name for name in frame.names if name.name is not None]
    if prep is None or chunk.name is None or any("which" in c.means for c in (*frame.names, *frame.items)):
        return False
    chunk.used = prep.used = bool(named)
    other = Subject(context.written(chunk), "other", chunk.name.bearers)
    for name in named:
        subject = Subject(context.written(name), frame.kind, name.bearers)
        context.statements.append(Follows(context.span([name, chunk]), subject, other, prep.means["prep"]))
    dated = any(c.kind == chunks.WHEN for c in segment[place + 1 : place + 2])
    chunk.used = chunk.used and not dated
    return bool(named) and not dated


def _governed(segment: list[Chunk], place: int) -> bool:
    """Whether "for" or "with" stands before a name."""
    for chunk in reversed(segment[:place]):
        if chunk.means.get("prep") in ("for", "with"):
            return True
        if chunk.kind != NAME and "conj" not in chunk.means and PASSED.isdisjoint(chunk.means):
            return False
    return False


def _joined(frame: Frame, segment: list[Chunk], place: int) -> bool:
    """Whether only "and", "or" or a comma stands between a name and the names before it."""
    between = segment[segment.index(frame.names[-1]) + 1 : place]
    negated = any("neg" in chunk.means for chunk in frame.items[: frame.lead])
    if negated and all(chunk.get("conj") == "or" or _joins(chunk) for chunk in between):
        for chunk in between:
            chunk.used = chunk.used or chunk.get("conj") == "or"  # "no reaction to A, B or C"
        return True
    return all(map(_joins, between))


def _joins(chunk: Chunk) -> bool:
    if chunk.kind == MARK:
        return not {",", "/", "(", "&"}.isdisjoint(chunk.means)
    return chunk.means.get("conj") in ("and", "include") or ("free" in chunk.means and "seq" not in chunk.means)


def _predicate(frame: Frame, chunk: Chunk) -> bool:
    """What kind of visits they were: "all three visits were emergencies"."""
    if frame.kind != "visit" or chunk.name is None or any(name.name for name in frame.names):
        return False
    said = frame.items[frame.lead :]
    return any("aux" in c.means for c in said) and not any(c.kind == chunks.WHEN for c in said)


def _join(frame: Frame, chunk: Chunk) -> None:
    frame.names.append(chunk)
    frame.items = [c for n, c in enumerate(frame.items) if n < frame.lead or (c.kind != MARK and "conj" not in c.means)]
