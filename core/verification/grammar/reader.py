"""A sentence to statements: what it says of the cited rows, and the words that no statement covers."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from core.verification.cited import Cited
from core.verification.grammar import chunks, courses, frames, names, people, results, scope, texts, visits
from core.verification.grammar.chunks import MARK, NAME, VALUE, WORD, Chunk
from core.verification.grammar.frames import Frame
from core.verification.grammar.tokens import Words
from core.verification.statements import Course, Follows, Saying, Statement, Subject

ORDERED = frozenset({"condition", "prescription", "visit"})
FREE_PREPS = frozenset({"on", "in", "at", "for", "with", "around"})
NEUTRAL = frozenset(
    {"free", "aux", "prep", "conj", "record", "have", "measure", "trend kind", "plural", "lasting", "limit"}
)
READERS = {"observation": results.read, "visit": visits.read, "patient": people.named}
Bearers = tuple[tuple[int, int], ...]
NOUN_KINDS = {"condition": "condition", "medicine": "prescription", "allergy": "allergy"}
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
)


class Part(NamedTuple):
    """One segment. `uncovered` are the spans of characters that no statement covers, `kinds` what the words there
    mean; `saying` is the whole segment as a text might say it, where a text is cited."""

    statements: tuple[Statement, ...]
    uncovered: tuple[tuple[int, int], ...]
    kinds: frozenset[str]
    saying: Saying | None


class Context:
    """What the readers of frames need: the rows, the tokens, and a place for statements."""

    def __init__(self, text: str, words: Words, rows: list[Cited]) -> None:
        self.text, self.words, self.rows = text, words, rows
        self.statements: list[Statement] = []

    def span(self, found: list[Chunk]) -> tuple[int, int]:
        return self.words[min(c.start for c in found)].start, self.words[max(c.end for c in found) - 1].end

    def written(self, chunk: Chunk) -> str:
        return self.text[self.words[chunk.start].start : self.words[chunk.end - 1].end]


def read(text: str, words: Words, rows: list[Cited]) -> list[Part]:
    """The statements of a sentence, segment by segment. It never changes the rows; time grows with the text."""
    context = Context(text, words, rows)
    found = frames.composed(chunks.read(context.words, rows))
    flags = scope.flags_of(context.words) if any(row.texts for row in rows) else None
    parts: list[tuple[list[Chunk], list[Statement]]] = []
    before: Frame | None = None
    for segment in frames.segments(found):
        context.statements = []
        people.read(segment, context)
        cut = framed(segment, context, before)
        _read_frames(cut, context)
        before = cut[-1] if cut else before
        parts.append((segment, context.statements))
    told = frozenset(s.subject.bearers for _, stated in parts for s in stated if isinstance(s, Course) and s.status)
    return [_part(segment, stated, told, context, flags) for segment, stated in parts]


def _part(
    segment: list[Chunk], stated: list[Statement], told: frozenset[Bearers], context: Context, flags: list[int] | None
) -> Part:
    left = [chunk for chunk in segment if not chunk.used and _matters(chunk)]
    statements = [_told_elsewhere(s, told) for s in stated]
    if left:
        statements = [replace(s, open=True) for s in statements]
    kinds = frozenset(kind for chunk in left for kind in (chunk.means or {chunk.kind: ""}))
    saying = None if flags is None or not scope.is_sound(context.words, flags) else _saying(segment, context, flags)
    return Part(tuple(statements), tuple(context.span([chunk]) for chunk in left), kinds, saying)


def _saying(segment: list[Chunk], context: Context, flags: list[int]) -> Saying:
    first, end = segment[0].start, segment[-1].end
    clauses = tuple(texts.said(context.words, flags, a, b) for a, b in texts.clauses(context.words, first, end))
    return Saying(context.span(segment), Subject(context.text, "text", ()), clauses)


def _told_elsewhere(statement: Statement, told: frozenset[Bearers]) -> Statement:
    """A name without a standing implies none where another statement of the sentence gives it."""
    if not isinstance(statement, Course) or statement.status:
        return statement
    mine = set(statement.subject.bearers)
    return replace(statement, tense="past") if any(mine <= set(bearers) for bearers in told) else statement


def _matters(chunk: Chunk) -> bool:
    if chunk.kind == MARK:
        return not {">", "<", "+", "%", "=", "?", "~"}.isdisjoint(chunk.means)
    if chunk.get("conj") == "or":
        return True
    if chunk.get("prep") and chunk.means["prep"] not in FREE_PREPS and "free" not in chunk.means:
        return True
    return chunk.kind != WORD or NEUTRAL.isdisjoint(chunk.means)


def _read_frames(cut: list[Frame], context: Context) -> None:
    pending: list[Frame] = []
    for frame in cut:
        if frame.kind in courses.KINDS:
            pending.append(frame)
            continue
        reader = READERS.get(frame.kind)
        if reader:
            reader(frame, context)
    if pending:
        courses.read(pending, context)


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
            frame.lead = len(frame.items)
            lead = []
            cut.append(frame)
    if not cut and before is not None:
        frame = Frame(before.kind, before.names)
        frame.items = lead
        cut.append(frame)
    return cut


def _kind(segment: list[Chunk], place: int, context: Context, cut: list[Frame], before: Frame | None) -> str | None:
    """The kind of frame that a chunk opens or joins; None if it says something of another."""
    chunk = segment[place]
    if chunk.used:
        return None
    if chunk.kind == WORD and chunk.get("noun") == "visit":
        return _visit_noun(segment, place, context, cut, before)
    if chunk.kind == WORD and chunk.get("noun") in NOUN_KINDS and not cut:
        return _noun_subject(segment, place, context)
    if chunk.kind == WORD and "read of" in chunk.means:
        return "observation"
    if chunk.kind == WORD and "of test" in chunk.means and not cut and not any("assay" in c.means for c in segment):
        return "observation"
    if chunk.kind != NAME:
        return None
    kind = frames.kind_of(chunk, context.rows)
    if kind.startswith("said of") or kind == "detail":
        if kind == "said of observation" and not cut:
            return "observation"
        return (
            "visit"
            if kind == "said of visit" and not cut and _about_visits(context.rows) and not _governed(segment, place)
            else None
        )
    if (
        kind in ("condition", "allergy")
        and cut
        and cut[-1].kind in ("visit", "prescription")
        and _governed(segment, place)
    ):
        return None
    if cut and cut[-1].kind in ORDERED and kind in ORDERED and (prep := _order_before(segment, place)) is not None:
        if _state_order(cut[-1], chunk, prep, context):
            return None
    if kind == "patient" and cut:
        return None
    if kind == "prescription" and cut and cut[-1].kind == kind and _same_row(cut[-1], chunk):
        cut[-1].names.append(chunk)
        chunk.used = True
        return None
    return kind


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


def _state_order(frame: Frame, chunk: Chunk, prep: Chunk, context: Context) -> bool:
    assert chunk.name
    named = [name for name in frame.names if name.name is not None]
    if any("which" in c.means for c in (*frame.names, *frame.items)):
        return False
    chunk.used = prep.used = bool(named)
    for name in named:
        if name.name is not None:
            subject = Subject(context.written(name), frame.kind, name.name.bearers)
            other = Subject(context.written(chunk), "other", chunk.name.bearers)
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
    while at > frame.lead and not frame.items[at - 1].means.keys().isdisjoint(LEADING) and not frame.items[at - 1].used:
        at -= 1
    if at == len(frame.items) or (at > frame.lead and not _is_break(frame.items[at - 1])) or at == frame.lead:
        return []
    taken = frame.items[at:]
    del frame.items[at:]
    return taken


def _is_break(chunk: Chunk) -> bool:
    return chunk.kind == MARK or "conj" in chunk.means or "prep" in chunk.means
