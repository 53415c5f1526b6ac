"""What a reader answers of a sentence: statements in words copied from it, as plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

KINDS = (
    "result", "trend", "every", "range", "condition", "medicine", "allergy", "dose_change", "visit", "count", "order",
    "person", "absence", "note", "judgement", "death", "apart",
)  # fmt: skip
ROLES = (
    "value", "when", "start", "end", "reading", "which", "direction", "from_value", "from_when", "to_value", "to_when",
    "by", "over", "each", "low", "high", "status", "length", "dose", "from_dose", "to_dose", "frequency", "route",
    "reason", "reaction", "severity", "criticality", "detail", "count", "other", "order", "sex", "born", "age", "name",
    "negation", "said",
)  # fmt: skip


class SaidPart(NamedTuple):
    """One thing said: its role, the words that say it, and what the reader takes them to mean."""

    role: str
    words: str
    means: str = ""


class SaidStatement(NamedTuple):
    """One fact of a sentence. `about`, `span` and the parts' words are copied from the sentence.

    `known_as` is another name of what it is about, where the sentence has a lay, short or odd one.
    """

    kind: str
    about: str
    span: str
    parts: tuple[SaidPart, ...] = ()
    known_as: str = ""

    def as_json(self) -> dict[str, Any]:
        parts = [part._asdict() for part in self.parts]
        return {**self._asdict(), "parts": parts}


def from_json(kept: Sequence[Mapping[str, Any]]) -> tuple[SaidStatement, ...]:
    """The statements of a reading that was kept with `as_json`."""
    return tuple(SaidStatement(**{**one, "parts": tuple(SaidPart(**part) for part in one["parts"])}) for one in kept)
