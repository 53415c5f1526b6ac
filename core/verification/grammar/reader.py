"""A sentence to statements: what it says of the cited rows, and the words that no statement covers."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from core.verification.cited import Cited
from core.verification.grammar import (
    chunk_days,
    chunks,
    composing,
    courses,
    frames,
    framing,
    needs,
    occasions,
    people,
    result_subjects,
    results,
    scope,
    texts,
    vaccinations,
    visits,
)
from core.verification.grammar.chunk import MARK, WHEN, WORD, Chunk
from core.verification.grammar.frames import Frame
from core.verification.grammar.tokens import Words
from core.verification.statements import Course, Saying, Statement, Subject

FREE_PREPS = frozenset({"on", "in", "at", "for", "with", "around"})
NEUTRAL = frozenset(
    {"free", "aux", "prep", "conj", "record", "have", "measure", "trend kind", "plural", "lasting", "limit"}
)
HEAVY = frozenset({"red", "only"})
MARKS_THAT_MATTER = frozenset({">", "<", "+", "%", "=", "?", "~"})
READERS = {"observation": results.read, "visit": visits.read, "patient": people.named}
Bearers = tuple[tuple[int, int], ...]


class Part(NamedTuple):
    """One segment. `uncovered` are the spans of characters that no statement covers, `kinds` what the words there
    mean; `sayings` are its clauses as a text might say them, where a text is cited."""

    statements: tuple[Statement, ...]
    uncovered: tuple[tuple[int, int], ...]
    kinds: frozenset[str]
    sayings: tuple[Saying, ...]


class Context:
    """What the readers of frames need: the rows, the tokens, and a place for statements."""

    def __init__(self, text: str, words: Words, rows: list[Cited]) -> None:
        self.text, self.words, self.rows = text, words, rows
        self.chunks: list[Chunk] = []
        self.frames: list[Frame] = []
        self.statements: list[Statement] = []

    def span(self, found: list[Chunk]) -> tuple[int, int]:
        first, end = min([c.start for c in found]), max([c.end for c in found])
        return self.words[first].start, self.words[end - 1].end

    def written(self, chunk: Chunk) -> str:
        return self.text[self.words[chunk.start].start : self.words[chunk.end - 1].end]


def read(text: str, words: Words, rows: list[Cited]) -> list[Part]:
    """The statements of a sentence, segment by segment. It never changes the rows; time grows with the text."""
    context = Context(text, words, rows)
    found = composing.composed(chunk_days.settled(chunks.read(words, rows), words, rows), words)
    context.chunks = found
    flags = _flags(words) if any(row.texts for row in rows) else None
    read_parts = _segments(context, quotes=bool(flags))
    told = _told([s for _, stated in read_parts for s in stated])
    parts = [
        _part(segment, [_told_elsewhere(s, told) for s in stated] if told else stated, context, flags)
        for segment, stated in read_parts
    ]
    return [_opened(part) for part in parts] if any(part.uncovered for part in parts) else parts


def _segments(context: Context, *, quotes: bool) -> list[tuple[list[Chunk], list[Statement]]]:
    """Each segment with what it states; what a note is quoted for is a segment of its own."""
    found: list[tuple[list[Chunk], list[Statement]]] = []
    before: Frame | None = None
    for segment in frames.segments(context.chunks, context.words):
        own, quoted = _quoted(segment) if quotes else (segment, [])
        if own:
            before = _read_segment(own, context, before)
            found.append((own, context.statements))
        if quoted:
            context.statements = []
            occasions.read(quoted, context)
            found.append((quoted, context.statements))
    return found


def _quoted(segment: list[Chunk]) -> tuple[list[Chunk], list[Chunk]]:
    """A segment up to "the note records ...", and what stands behind: it is the note's to say."""
    for place, chunk in enumerate(segment[1:], 1):
        noun = _note_before(segment, place) if "record" in chunk.means and "noun" not in chunk.means else None
        if noun is not None:
            begin = _with_day(segment, noun)
            return segment[:begin], segment[begin:]
    return segment, []


def _note_before(segment: list[Chunk], place: int) -> int | None:
    """Where the note is named that a verb of record is of, past its day: "the note dated 3 May documents"."""
    at = place - 1
    while at > 0 and (segment[at].kind == WHEN or not {"prep", "record", "free"}.isdisjoint(segment[at].means)):
        at -= 1
    return at if segment[at].get("noun") == "note" else None


def _with_day(segment: list[Chunk], noun: int) -> int:
    """Where "the Aug 2026 note" begins."""
    return noun - 1 if noun and segment[noun - 1].kind == WHEN else noun


def _flags(words: Words) -> list[int] | None:
    flags = scope.flags_of(words)
    return flags if scope.is_sound(words, flags) else None


def _read_segment(segment: list[Chunk], context: Context, before: Frame | None) -> Frame | None:
    """State what a segment says; its last frame, or that of the segment before."""
    context.statements = []
    if vaccinations.read(segment, context):
        return before
    result_subjects.name_values(segment, context)
    people.read(segment, context)
    occasions.read(segment, context)
    cut = framing.framed(segment, context, before)
    _read_frames(cut, context)
    if any(frame.vague for frame in cut):
        context.statements = [replace(statement, open=True) for statement in context.statements]
    return cut[-1] if cut else before


def _told(stated: list[Statement]) -> frozenset[Bearers]:
    return frozenset(s.subject.bearers for s in stated if isinstance(s, Course) and s.status)


def _opened(part: Part) -> Part:
    """A part of a sentence that is not read whole: nothing in it is refuted."""
    return part._replace(statements=tuple(replace(s, open=True) for s in part.statements))


def _part(segment: list[Chunk], stated: list[Statement], context: Context, flags: list[int] | None) -> Part:
    unborne = needs.unborne(segment, context)
    left = [chunk for chunk in segment if (not chunk.used and _matters(chunk)) or chunk in unborne]
    kinds = frozenset(kind for chunk in left for kind in (chunk.means or {chunk.kind: ""}))
    sayings = _sayings(segment, context, flags) if flags else ()
    return Part(tuple(stated), tuple(context.span([chunk]) for chunk in left), kinds, sayings)


def _sayings(segment: list[Chunk], context: Context, flags: list[int]) -> tuple[Saying, ...]:
    """One saying a clause; its span reaches to where the next begins."""
    words = context.words
    parts = texts.clauses(words, segment[0].start, segment[-1].end)
    ends = [words[start].start for start, _ in parts[1:]] + [words[segment[-1].end - 1].end] if parts else []
    subject = Subject(context.text, "text", ())
    return tuple(
        Saying((words[first].start, upto), subject, (texts.said(words, flags, first, end),))
        for (first, end), upto in zip(parts, ends, strict=True)
    )


def _told_elsewhere(statement: Statement, told: frozenset[Bearers]) -> Statement:
    """A name without a standing implies none where another statement of the sentence gives it."""
    if not isinstance(statement, Course) or statement.status:
        return statement
    mine = set(statement.subject.bearers)
    return replace(statement, tense="past") if any(mine.issubset(bearers) for bearers in told) else statement


def _matters(chunk: Chunk) -> bool:
    """Whether a chunk that nobody took leaves the sentence unread."""
    means = chunk.means
    if chunk.kind == MARK:
        return not MARKS_THAT_MATTER.isdisjoint(means) or any(map(str.isdigit, means))
    if means.get("conj") == "or" or not HEAVY.isdisjoint(means):
        return True
    if "prep" in means and means["prep"] not in FREE_PREPS and "free" not in means:
        return True
    return chunk.kind != WORD or NEUTRAL.isdisjoint(means)


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
