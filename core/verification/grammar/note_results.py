"""Results that a note states, as rows of their own: "BP 116/72. Weight 75.5 kg"."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from core.verification import instructions
from core.verification.cited import Cited
from core.verification.grammar import chunks, scope, tokens
from core.verification.grammar.chunk import PAIR, VALUE, Chunk, Quantity
from core.verification.grammar.texts import UNLIKE
from core.verification.grammar.tokens import Words
from core.verification.types import Row
from core.verification.vocabulary import EVERYDAY, PANELS, Unit

PARTS_OF_PAIR = ("systolic", "diastolic")
PASSED = frozenset({"free", "aux", "measure", ":", "="})
# What makes a number no result.
OTHERWISE = frozenset({"-", "→", "to", "aim", "target", "goal", "keep", "if"})


class Stated(NamedTuple):
    assay: str
    value: float
    unit: Unit | None
    written: str | None


def of_notes(rows: list[Cited]) -> list[Cited]:
    """The results that cited notes state, of tests of which no result of that day is cited."""
    notes = [row for row in rows if row.type == "note"]
    known = {(row.assay, row.start) for row in rows if row.type == "observation"} if notes else set()
    return [
        _row(note, found)
        for note in notes
        for text in note.texts
        for found in stated(text)
        if (found.assay, note.start) not in known
    ]


def _row(note: Cited, found: Stated) -> Cited:
    fields = {"name": EVERYDAY[found.assay], "value": found.value, "unit": found.written,
              "observed_at": note.fields.get("written_at")}  # fmt: skip
    row = Cited(Row(note.ref, "observation", note.row.patient_id, fields))
    row.assay, row.unit = found.assay, found.unit
    return row


@lru_cache(maxsize=2048)
def stated(text: str) -> tuple[Stated, ...]:
    """The results of a text: a test with a number right behind it, under no negation, plan or aim."""
    found: list[Stated] = []
    for line in instructions.removed(text).split("\n"):
        words = tokens.tokens(tokens.plain(line))
        words.written = line
        if not any(word.norm in OTHERWISE for word in words):
            found += _of_line(words)
    return tuple(found)


def _of_line(words: Words) -> Iterator[Stated]:
    flags = scope.flags_of(words)
    test: Chunk | None = None
    for chunk in chunks.read(words, []):
        if chunk.get("assay"):
            beside = {word.norm for word in words[max(0, chunk.start - 1) : chunk.end]}
            test = chunk if UNLIKE.isdisjoint(beside) else None
        elif test is not None and chunk.kind in (VALUE, PAIR):
            if not flags[chunk.start] and not flags[test.start]:
                yield from _stated(str(test.get("assay")), chunk, words)
            test = None
        elif PASSED.isdisjoint(chunk.means):
            test = None


def _stated(assay: str, chunk: Chunk, words: Words) -> Iterator[Stated]:
    if chunk.pair and assay == "blood pressure":
        for part, said in zip(PARTS_OF_PAIR, chunk.pair, strict=True):
            yield Stated(part, said.value, chunk.pair[1].unit, None)
    elif chunk.quantity and assay not in PANELS and not chunk.quantity.sign:
        yield Stated(assay, chunk.quantity.value, chunk.quantity.unit, _written(chunk.quantity, chunk, words))


def _written(said: Quantity, chunk: Chunk, words: Words) -> str | None:
    text = words.written[words[chunk.start].start : words[chunk.end - 1].end]
    return text.lstrip("0123456789., -") or None if said.unit else None
