"""Where a frame begins: what a chunk names, what it only says of another, and what belongs to whom."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from core.verification.cited import Cited
from core.verification.grammar import chunks, frames, names
from core.verification.grammar.chunks import MARK, NAME, VALUE, WORD, Chunk
from core.verification.grammar.frames import Frame
from core.verification.statements import Follows, Subject

if TYPE_CHECKING:
    from core.verification.grammar.reader import Context

ORDERED = frozenset({"condition", "prescription", "visit"})
NOUN_KINDS = {"condition": "condition", "medicine": "prescription", "allergy": "allergy"}
DAYS = frozenset({chunks.WHEN, chunks.SPAN})
LINKING = frozenset({"take", "start", "treats", "free", "pronoun", "aux"})
LEADING = (
    "status",
    "read",
    "which",
    "criticality",
    "severity",
    "neg",
    "free",
    "only",
    "have",
    "degree",
    "noun",
    "number",
    "start",
    "take",
)


def framed(segment: list[Chunk], context: Context, before: Frame | None) -> list[Frame]:
    """The frames of a segment; one that names nothing goes on about what the segment before it named."""
    cut: list[Frame] = []
    lead: list[Chunk] = []
    for place, chunk in enumerate(segment):
        kind = _kind(segment, place, context, cut, before)
        if kind is None and cut and chunk in cut[-1].names:
            continue
        if kind is None:
            (cut[-1].items if cut else lead).append(chunk)
        elif cut and cut[-1].kind == kind and (_joined(cut[-1], segment, place) or _predicate(cut[-1], chunk)):
            _join(cut[-1], chunk)
        else:
            frame = Frame(kind, [chunk])
            frame.items = lead if not cut else _taken_from(cut[-1])
            ill = next((f for f in reversed(cut) if f.kind == "condition"), None)
            if ill is not None and any("treats" in c.means for c in frame.items):
                frame.treated, frame.illness = ill.names, ill
            elif cut and cut[-1].kind == kind == "prescription":
                frame.treated, frame.illness = cut[-1].treated, cut[-1].illness
            frame.circumstance = bool(cut) and cut[-1].kind == "observation"
            frame.lead = len(frame.items)
            lead = []
            cut.append(frame)
    _heal(cut)
    _share_day(cut)
    cut = [part for frame in cut for part in _bracketed(frame)]
    if not cut and before is not None:
        frame = Frame(before.kind, before.names)
        frame.items = lead
        cut.append(frame)
    return cut


def _heal(cut: list[Frame]) -> None:
    """ "Bronchitis was treated with amoxicillin and resolved on 3 May": what has resolved is the condition."""
    for frame in cut:
        at = next((n for n, c in enumerate(frame.items) if "heals" in c.means), None)
        if frame.kind == "prescription" and frame.illness is not None and at is not None:
            frame.illness.items += frame.items[at:]
            del frame.items[at:]


def _share_day(cut: list[Frame]) -> None:
    """ "In May Hb was 11.2 and K 3.1", and "Hb 11.2 and K 3.1 in May": one day for tests that have none of their own."""
    tests = [frame for frame in cut if frame.kind == "observation"]
    undated = [frame for frame in tests if not any(c.kind in DAYS for c in frame.items)]
    if len(tests) < 2 or not undated:
        return
    first, last = tests[0], tests[-1]
    days = [c for c in first.items[: first.lead] if c.kind == chunks.WHEN]
    if len(undated) == len(tests) - 1 and last not in undated:
        values = [c for c in last.items if c.kind in (VALUE, chunks.PAIR)]
        days = days or [c for c in last.items[-1:] if c.kind == chunks.WHEN and len(values) == 1]
    for frame in undated if len(days) == 1 else ():
        frame.day = days[0].days


def _bracketed(frame: Frame) -> list[Frame]:
    """ "Hypertension, asthma, stroke (2020)": a bracket right behind the last of some names is of that name alone."""
    behind = frame.items[frame.lead :]
    if len(frame.names) < 2 or not behind or "(" not in behind[0].means or frame.kind == "observation":
        return [frame]
    inside = list(itertools.takewhile(lambda c: ")" not in c.means, behind[1:]))
    if not any(c.kind in (chunks.WHEN, chunks.SPAN, VALUE) or "status" in c.means for c in inside):
        return [frame]
    if any("all" in c.means for c in behind) or behind[0].start != frame.names[-1].end:
        return [frame]
    last = Frame(frame.kind, frame.names[-1:])
    last.items, frame.items = behind, frame.items[: frame.lead]
    frame.names = frame.names[:-1]
    return [frame, last]


def _kind(segment: list[Chunk], place: int, context: Context, cut: list[Frame], before: Frame | None) -> str | None:
    """The kind of frame that a chunk opens or joins; None if it says something of another."""
    chunk = segment[place]
    if chunk.used:
        return None
    if chunk.kind == NAME:
        return _kind_of_name(segment, place, context, cut)
    if chunk.kind != WORD:
        return None
    if chunk.get("noun") == "visit":
        return _visit_noun(segment, place, context, cut, before)
    if chunk.get("noun") in NOUN_KINDS and not cut:
        return _noun_subject(segment, place, context)
    test = chunk.get("of test")
    implied = test is not None and not any(
        c.get("assay") == test or (c.get("of test") == test and c is not chunk) for c in segment[:place]
    )
    implied = implied and not any(c.get("assay") == test for c in segment)
    return "observation" if implied or "read of" in chunk.means else None


def _kind_of_name(segment: list[Chunk], place: int, context: Context, cut: list[Frame]) -> str | None:
    chunk = segment[place]
    kind = frames.kind_of(chunk, context.rows)
    if kind.startswith("said of") or kind == "detail":
        return None if cut else _kind_of_words(segment, place, context, kind)
    if not cut:
        return kind
    last = cut[-1]
    governed = kind in ("condition", "allergy") and last.kind in ("visit", "prescription")
    if kind == "patient" or (governed and _governed(segment, place)):
        return None
    if last.kind in ORDERED and kind in ORDERED and _state_order(last, segment, place, context):
        return None
    if kind == "prescription" and last.kind == kind and _same_row(last, chunk):
        last.names.append(chunk)
        chunk.used = True
        return None
    return kind


def _kind_of_words(segment: list[Chunk], place: int, context: Context, kind: str) -> str | None:
    """The frame that a reason or an answer opens where nothing else is named."""
    if kind == "said of observation":
        return "observation"
    is_reason = kind == "said of visit" and _about_visits(context.rows) and not _governed(segment, place)
    return "visit" if is_reason else None


def _same_row(frame: Frame, chunk: Chunk) -> bool:
    """Whether a word of a medicine's name goes on after a quantity: "Natazia 28 Day Pack"."""
    last = frame.names[-1]
    between = list(frame.items[frame.lead :])
    if not (between and last.name and chunk.name and chunk.name.bearers):
        return False
    return set(chunk.name.bearers) <= set(last.name.bearers) and all(
        c.kind in (VALUE, chunks.PAIR, MARK) or c.get("prep") == "with" or (c.name is not None and c.name.detail)
        for c in between
    )


def _about_visits(rows: list[Cited]) -> bool:
    return any(row.type == "visit" for row in rows)


def _visit_noun(
    segment: list[Chunk], place: int, context: Context, cut: list[Frame], before: Frame | None
) -> str | None:
    """A visit, unless it only says on what occasion something was measured."""
    chunk = segment[place]
    about = cut[-1] if cut else before
    if about is not None and about.kind == "observation" and not _about_visits(context.rows):
        chunk.means = {"noun": "time"}
    return None if (cut and cut[-1].kind == "visit") or chunk.means["noun"] != "visit" else "visit"


def _noun_subject(segment: list[Chunk], place: int, context: Context) -> str | None:
    """ "All recorded conditions": every cited row of that kind, where the segment names none of them."""
    chunk = segment[place]
    kind = NOUN_KINDS[chunk.means["noun"]]
    if any(c.kind == NAME and frames.kind_of(c, context.rows) in (kind, "detail", "substance") for c in segment):
        return None
    bearers = tuple((n, 0) for n, row in enumerate(context.rows) if row.type == kind)
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
        subject = Subject(context.written(name), frame.kind, name.name.bearers if name.name else ())
        context.statements.append(Follows(context.span([name, chunk]), subject, other, prep.means["prep"]))
    return bool(named)


def _governed(segment: list[Chunk], place: int) -> bool:
    """Whether "for" or "with" stands before a name."""
    for chunk in reversed(segment[:place]):
        if chunk.get("prep") in ("for", "with") or (chunk.get("noun") == "visit" and "for" in chunk.means):
            return True
        if chunk.kind == NAME or chunk.get("conj"):
            continue
        if not (chunk.get("free") or chunk.get("have") or chunk.get("record") or "," in chunk.means):
            return False
    return False


def _joined(frame: Frame, segment: list[Chunk], place: int) -> bool:
    """Whether only "and", "or" or a comma stands between a name and the names before it."""
    between = segment[segment.index(frame.names[-1]) + 1 : place]
    return (
        bool(between)
        and all(
            c.get("conj") in ("and", "include")
            or (c.kind == MARK and not {",", "/", "(", "&"}.isdisjoint(c.means))
            or c.get("free")
            for c in between
        )
    ) or not between


def _predicate(frame: Frame, chunk: Chunk) -> bool:
    """What kind of visits they were: "all three visits were emergencies"."""
    if not any("aux" in c.means for c in frame.items[frame.lead :]):
        return False
    return (
        frame.kind == "visit"
        and all(name.name is None for name in frame.names)
        and chunk.name is not None
        and not any(c.kind == chunks.WHEN for c in frame.items[frame.lead :])
    )


def _join(frame: Frame, chunk: Chunk) -> None:
    frame.names.append(chunk)
    frame.items = [c for n, c in enumerate(frame.items) if n < frame.lead or (c.kind != MARK and "conj" not in c.means)]


def _taken_from(frame: Frame) -> list[Chunk]:
    """What stands right before a new name belongs to it, back to the last "and" or comma."""
    at = len(frame.items)
    if frame.kind == "patient":
        taken, frame.items = frame.items[frame.lead :], frame.items[: frame.lead]
        return taken
    link = _link(frame)
    if link < at and frame.kind in ("condition", "observation"):
        taken = frame.items[link:]
        del frame.items[link:]
        return taken
    while at > frame.lead and not frame.items[at - 1].means.keys().isdisjoint(LEADING) and not frame.items[at - 1].used:
        at -= 1
    if at == len(frame.items) or (at > frame.lead and not _is_break(frame.items[at - 1])) or at == frame.lead:
        return []
    taken = frame.items[at:]
    del frame.items[at:]
    return taken


def _link(frame: Frame) -> int:
    """Where "treated with", "for which she takes" begins at the end of what is said of a condition."""
    at = len(frame.items)
    while at > frame.lead:
        chunk = frame.items[at - 1]
        if chunk.means.keys().isdisjoint(LINKING):
            break
        at -= 1
    taken = frame.items[at:]
    links = [c for c in taken if c.means.keys() & {"take", "start", "treats"}]
    if frame.kind == "observation":
        links = [c for c in links if "treats" in c.means]
    return at if links else len(frame.items)


def _is_break(chunk: Chunk) -> bool:
    return chunk.kind == MARK or "conj" in chunk.means or "prep" in chunk.means
