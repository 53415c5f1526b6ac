"""A sentence as the second reader's statements are placed in it: its chunks, and where copied words stand."""

from __future__ import annotations

from collections.abc import Sequence

from core.verification.cited import Cited
from core.verification.grammar import chunk_days, chunks, composing, scope, times, tokens
from core.verification.grammar.chunk import Chunk
from core.verification.grammar.tokens import Words

Span = tuple[int, int]
APART = frozenset({",", "and", "(", ")", "→", ";"})
OWN = scope.NEGATED | scope.PLANNED
# Who is told of again behind a relative: "her sister died and she sleeps badly".
PATIENT = frozenset({"he", "she", "patient", "pt"})


class NotVerbatim(Exception):
    """Words that are said to be copied from the sentence do not stand in it."""


class Sentence:
    """The text, its tokens, and its chunks as the grammar cuts them, with the names that cited rows bear."""

    def __init__(self, text: str, rows: Sequence[Cited]) -> None:
        self.text, self.rows = text, list(rows)
        self.words: Words = tokens.tokens(tokens.plain(text))
        self.words.written = text
        found = chunks.read(self.words, self.rows)
        self.chunks = composing.composed(chunk_days.settled(found, self.words, self.rows), self.words)
        self.days = tuple(times.read(word.norm) for word in self.words if word.kind == "when")

    def place(self, written: str, inside: Span | None = None) -> Span:
        """Where copied words stand, whole words only; inside a span where they do. Raises NotVerbatim."""
        wanted = written.strip()
        for first, last in (inside, (0, len(self.text))) if inside else ((0, len(self.text)),):
            at = self._find(wanted, first, last)
            if at is not None:
                return at, at + len(wanted)
        raise NotVerbatim(written)

    def _find(self, wanted: str, first: int, last: int) -> int | None:
        at = self.text.find(wanted, first, last) if wanted else -1
        while at >= 0:
            end = at + len(wanted)
            cut_before = at > 0 and self.text[at - 1].isalnum() and self.text[at].isalnum()
            cut_behind = end < len(self.text) and self.text[end].isalnum() and self.text[end - 1].isalnum()
            # "69" and "M" of "69M"
            age = wanted.isdigit() and self.text[end : end + 1].isalpha()
            sex = wanted in ("M", "F") and self.text[at - 1 : at].isdigit()
            if (sex or not cut_before) and (age or not cut_behind):
                return at
            at = self.text.find(wanted, at + 1, last)
        return None

    def flags(self, spans: Sequence[Span]) -> list[int]:
        """What each word stands under. A piece of its own behind a comma or "and" is under its own negation alone."""
        return own_negations(self.text, self.words, spans)

    def span_of(self, chunk: Chunk) -> Span:
        """The characters of a chunk."""
        return self.words[chunk.start].start, self.words[chunk.end - 1].end

    def written(self, chunk: Chunk) -> str:
        """The words of a chunk."""
        return self.text[slice(*self.span_of(chunk))]

    def chunks_in(self, span: Span) -> list[Chunk]:
        """The chunks that have some of these characters."""
        return [chunk for chunk in self.chunks if overlap(self.span_of(chunk), span)]


def own_negations(text: str, words: Words, spans: Sequence[Span]) -> list[int]:
    """The flags of words, where a reader tells which pieces of a sentence are facts of their own.

    "No snoring, picky eater": how far "no" or a plan reaches is a matter of meaning; the rest reaches as ever.
    """
    flags = scope.flags_of(words)
    for first, last in spans:
        inside = [i for i, word in enumerate(words) if first <= word.start < last]
        own = tokens.tokens(tokens.plain(text[first:last]))
        if inside and inside[0] and words[inside[0] - 1].norm in APART and len(own) == len(inside):
            mine = OWN | (scope.OF_RELATIVE if own[0].norm in PATIENT else 0)
            for i, flag in zip(inside, scope.flags_of(own), strict=True):
                flags[i] = (flags[i] & ~mine) | (flag & mine)
    return flags


def overlap(one: Span, other: Span) -> bool:
    """Whether two spans have a character in common."""
    return one[0] < other[1] and other[0] < one[1]
