"""What the reader must answer: what each sentence says, in words copied from it. Anything else is Unusable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field

from core.verification.second_reader.answer import KINDS, ROLES, SaidPart, SaidStatement
from workers.reports.faults import Unusable
from workers.reports.schemas import TEXT, Strict, array, check_labels, enum, object_of, read_as

SENTENCES_MAX = 40
STATEMENTS_MAX = 40
PARTS_MAX = 24


class Part(Strict):
    """One part of a statement; the words are checked against the sentence by core."""

    role: str = Field(max_length=40)
    words: str = Field(max_length=2_000)
    means: str = Field(default="", max_length=200)


class Statement(Strict):
    """One fact of a sentence."""

    kind: str = Field(max_length=40)
    about: str = Field(default="", max_length=2_000)
    known_as: str = Field(default="", max_length=200)
    span: str = Field(max_length=2_000)
    parts: list[Part] = Field(default_factory=list, max_length=PARTS_MAX)


class SentenceReading(Strict):
    """What one sentence says."""

    sentence: str
    statements: list[Statement] = Field(max_length=STATEMENTS_MAX)


class SentenceReadings(Strict):
    """The reader's answer."""

    readings: list[SentenceReading] = Field(max_length=SENTENCES_MAX)


def schema(labels: Sequence[str]) -> dict[str, Any]:
    """The schema of readings of these sentences."""
    part = object_of(role=enum(ROLES), words=TEXT, means=TEXT)
    statement = object_of(kind=enum(KINDS), about=TEXT, known_as=TEXT, span=TEXT, parts=array(part))
    return object_of(readings=array(object_of(sentence=enum(labels), statements=array(statement))))


def read(text: str, labels: Sequence[str]) -> Mapping[str, tuple[SaidStatement, ...]]:
    """What each sentence says, by its label; one that was left out is not there. Raises Unusable."""
    readings = read_as(SentenceReadings, text).readings
    check_labels([reading.sentence for reading in readings], labels)
    if labels and not readings:
        raise Unusable("no sentence was read")
    return {reading.sentence: tuple(map(_said, reading.statements)) for reading in readings}


def _said(statement: Statement) -> SaidStatement:
    parts = tuple(SaidPart(part.role, part.words, part.means) for part in statement.parts)
    return SaidStatement(statement.kind, statement.about, statement.span, parts, statement.known_as)
