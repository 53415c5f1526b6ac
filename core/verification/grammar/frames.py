"""Chunks to frames: each segment of a sentence cut at what it names, with what is said before and after."""

from __future__ import annotations

from itertools import takewhile

from core.verification.cited import Cited
from core.verification.dates import Days
from core.verification.grammar import chunks
from core.verification.grammar.chunk import MARK, NAME, WHEN, WORD, Chunk
from core.verification.grammar.names import NO_NAME
from core.verification.grammar.tokens import Words
from core.verification.vocabulary.spelling import word_set

KIND_OF = {
    "assay": "observation", "condition": "condition", "finding": "condition", "medicine": "prescription",
    "brand": "prescription", "substance": "allergy", "visit": "visit",
}  # fmt: skip
KINDS = ("condition", "prescription", "allergy", "observation", "visit", "patient")
_ENDS = frozenset(";.")
SHORTENED = word_set("approx vs dr st max min resp wt ht temp no abdo ca cf prev hx dx yr yrs incl")


class Frame:
    """Names that stand together and the chunks said of them, in order; `lead` of them stood before the names."""

    __slots__ = ("circumstance", "day", "illness", "items", "kind", "lead", "names", "treated", "vague")

    def __init__(self, kind: str, names: list[Chunk]) -> None:
        self.kind, self.names = kind, names
        self.items: list[Chunk] = []
        self.lead = 0
        self.vague = False  # whether it may be of other names of the sentence, too
        self.illness: Frame | None = None
        self.circumstance = False
        self.treated: list[Chunk] = []
        self.day: tuple[Days, ...] = ()


def take_prep(items: list[Chunk], place: int, allowed: frozenset[str]) -> None:
    """Count the preposition before an item as read, where the item's role gives it its meaning."""
    for item in reversed(items[:place]):
        compares = item.used and item.kind == WORD and "prep" in item.means  # the "almost" of "by almost 30"
        if not (compares or "free" in item.means or "all" in item.means):
            item.used = item.used or item.means.get("prep") in allowed
            return


def segments(found: list[Chunk], words: Words) -> list[list[Chunk]]:
    """The parts of a sentence between full stops and semicolons."""
    parts: list[list[Chunk]] = [[]]
    for place, chunk in enumerate(found):
        if (
            ";" in chunk.means
            and any(":" in before.means for before in parts[-1])
            and not _is_headed(found[place + 1 :])
        ):
            chunk.means = {",": ""}  # "on 3 May: Hb 10.4; K 3.1": what heads a list is said of all of it
        if chunk.kind == MARK and not _ENDS.isdisjoint(chunk.means):
            chunk.used = True
            if not _is_abbreviated(chunk, words):
                parts.append([])
        else:
            parts[-1].append(chunk)
    return [part for part in parts if part]


def _is_headed(behind: list[Chunk]) -> bool:
    """Whether what follows, up to the next end, has a heading of its own."""
    part = takewhile(lambda chunk: _ENDS.isdisjoint(chunk.means), behind)
    return any(":" in chunk.means for chunk in part)


def _is_abbreviated(chunk: Chunk, words: Words) -> bool:
    """Whether a full stop ends a word instead of a sentence: "E. coli", "approx. 3"."""
    if "." not in chunk.means or not chunk.start or chunk.end >= len(words):
        return False
    before, after = words[chunk.start - 1], words[chunk.end]
    small = words.written[after.start : after.end].islower() and after.end - after.start > 1
    return before.norm in SHORTENED or (len(before.norm) == 1 and before.end == words[chunk.start].start and small)


def kind_of(chunk: Chunk, rows: list[Cited]) -> str:
    """The type of row that a name means: that of the rows that bear it, else that of its vocabulary."""
    name = chunk.name or NO_NAME
    types, said = ([rows[n].type for n, how in name.bearers if how == by] for by in (0, 1))
    if said and not types and set(said) == {"observation"}:
        return "said of observation"
    if name.detail and "visit" in chunk.means and chunk.end - chunk.start > 1 and "visit" in types:
        return "visit"  # "the initial prenatal visit" of "Prenatal initial visit"
    if name.detail or (chunk.means and chunk.means.keys() <= {"route", "qualifier"}):
        return "detail"
    return min(types, key=KINDS.index) if types else _kind_of_words(chunk, said)


def _kind_of_words(chunk: Chunk, said: list[str]) -> str:
    return f"said of {said[0]}" if said else next((KIND_OF[k] for k in chunk.means if k in KIND_OF), "detail")


__all__ = ["NAME", "WHEN", "Frame", "chunks", "kind_of", "segments"]
