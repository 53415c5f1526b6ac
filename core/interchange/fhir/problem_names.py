"""What problems of an import are called, by their codes: others name them as a reason by the code alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from core.interchange.fhir.concepts import codings, has_words, system_of, wording

CODES_MAX = 50_000


@dataclass(slots=True)
class ProblemNames:
    """Words by system and code."""

    _words: dict[tuple[str, str], str] = field(default_factory=dict)

    def add(self, concept: Any) -> None:
        """Remember what a problem's code is called."""
        words = wording(concept) if has_words(concept) else None
        for coding in codings(concept) if words is not None else ():
            system = system_of(coding)
            if system is not None and words is not None:
                self._add((system, coding["code"]), words)

    def _add(self, code: tuple[str, str], words: str) -> None:
        """Of several names the one that is found in any order of files."""
        if len(self._words) < CODES_MAX or code in self._words:
            self._words[code] = min(words, self._words.get(code, words))

    def absorb(self, other: ProblemNames) -> None:
        """Take in what was found in other files."""
        for code, words in other._words.items():
            self._add(code, words)

    def of(self, concept: Any) -> str | None:
        """The words of a concept: its own, else those of a problem with its code, else the code and its system."""
        if has_words(concept):
            return wording(concept)
        for coding in codings(concept):
            words = self._words.get((system_of(coding) or "", coding["code"]))
            if words is not None:
                return words
        return wording(concept)
