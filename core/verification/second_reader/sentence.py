"""A sentence as the second reader's statements are placed in it: its chunks, and where copied words stand."""

from __future__ import annotations

from collections.abc import Sequence

from core.verification.cited import Cited
from core.verification.grammar import chunk_days, chunks, composing, times, tokens
from core.verification.grammar.chunk import Chunk
from core.verification.grammar.tokens import Words

Span = tuple[int, int]


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
            if not (cut_before or cut_behind):
                return at
            at = self.text.find(wanted, at + 1, last)
        return None

    def span_of(self, chunk: Chunk) -> Span:
        """The characters of a chunk."""
        return self.words[chunk.start].start, self.words[chunk.end - 1].end

    def written(self, chunk: Chunk) -> str:
        """The words of a chunk."""
        return self.text[slice(*self.span_of(chunk))]

    def chunks_in(self, span: Span) -> list[Chunk]:
        """The chunks that have some of these characters."""
        return [chunk for chunk in self.chunks if overlap(self.span_of(chunk), span)]


def overlap(one: Span, other: Span) -> bool:
    """Whether two spans have a character in common."""
    return one[0] < other[1] and other[0] < one[1]
