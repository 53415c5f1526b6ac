"""A sentence to statements: what it says of the cited rows, and the words that no statement covers."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from core.verification.cited import Cited
from core.verification.grammar import (
    chunk_days,
    chunks,
    courses,
    frames,
    framing,
    occasions,
    people,
    results,
    scope,
    texts,
    visits,
)
from core.verification.grammar.chunks import MARK, WORD, Chunk
from core.verification.grammar.frames import Frame
from core.verification.grammar.tokens import Words
from core.verification.statements import Course, Saying, Statement, Subject

FREE_PREPS = frozenset({"on", "in", "at", "for", "with", "around"})
NEUTRAL = frozenset(
    {"free", "aux", "prep", "conj", "record", "have", "measure", "trend kind", "plural", "lasting", "limit"}
)
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
        self.statements: list[Statement] = []

    def span(self, found: list[Chunk]) -> tuple[int, int]:
        return self.words[min(c.start for c in found)].start, self.words[max(c.end for c in found) - 1].end

    def written(self, chunk: Chunk) -> str:
        return self.text[self.words[chunk.start].start : self.words[chunk.end - 1].end]


def read(text: str, words: Words, rows: list[Cited]) -> list[Part]:
    """The statements of a sentence, segment by segment. It never changes the rows; time grows with the text."""
    context = Context(text, words, rows)
    found = frames.composed(chunk_days.settled(chunks.read(context.words, rows), context.words, rows))
    flags = scope.flags_of(context.words) if any(row.texts for row in rows) else None
    parts: list[tuple[list[Chunk], list[Statement]]] = []
    before: Frame | None = None
    for segment in frames.segments(found):
        context.statements = []
        people.read(segment, context)
        occasions.read(segment, context)
        cut = framing.framed(segment, context, before)
        _read_frames(cut, context)
        before = cut[-1] if cut else before
        parts.append((segment, context.statements))
    told = frozenset(s.subject.bearers for _, stated in parts for s in stated if isinstance(s, Course) and s.status)
    read_parts = [_part(segment, stated, told, context, flags) for segment, stated in parts]
    whole = not any(part.uncovered for part in read_parts)
    return read_parts if whole else [_opened(part) for part in read_parts]


def _opened(part: Part) -> Part:
    """A part of a sentence that is not read whole: nothing in it is refuted."""
    return part._replace(statements=tuple(replace(s, open=True) for s in part.statements))


def _part(
    segment: list[Chunk], stated: list[Statement], told: frozenset[Bearers], context: Context, flags: list[int] | None
) -> Part:
    left = [chunk for chunk in segment if not chunk.used and _matters(chunk)]
    statements = [_told_elsewhere(s, told) for s in stated]
    kinds = frozenset(kind for chunk in left for kind in (chunk.means or {chunk.kind: ""}))
    sound = flags is not None and scope.is_sound(context.words, flags)
    sayings = _sayings(segment, context, flags) if sound and flags else ()
    return Part(tuple(statements), tuple(context.span([chunk]) for chunk in left), kinds, sayings)


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
