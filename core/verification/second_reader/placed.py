"""A reader's statement with its words found in the sentence."""

from __future__ import annotations

from core.verification.dates import When
from core.verification.grammar.chunk import Quantity
from core.verification.grammar.times import hull
from core.verification.second_reader import bounds, meanings, said_days, subjects
from core.verification.second_reader.answer import SaidStatement
from core.verification.second_reader.meanings import Unread, Words
from core.verification.second_reader.sentence import Sentence, Span

# Of these a reader's other name is never taken: it may be a broader or a narrower thing.
OWN_NAME_ONLY = frozenset({"allergy", "person"})
# Of these it must be that of a cited medicine, with the letters of the name as written, in order.
SHORTENED = frozenset({"medicine", "dose_change"})
# Which end of a span is meant: "from 4 to 28 June".
ENDS = {"start": False, "from_when": False, "end": True, "to_when": True}


class Placed:
    """A reader's statement with its words found in the sentence. Raises NotVerbatim."""

    def __init__(self, said: SaidStatement, sentence: Sentence) -> None:
        self.kind, self.sentence = said.kind, sentence
        self.span: Span = sentence.place(said.span)
        self.about: Words | None = None
        if said.about.strip():
            self.about = Words(sentence, sentence.place(said.about, self.span), "")
        self.known_as = said.known_as.strip()
        self.parts = [
            (part.role, Words(sentence, sentence.place(part.words, self.span), part.means)) for part in said.parts
        ]

    def all(self, role: str) -> list[Words]:
        """The words of each part with a role."""
        return [words for name, words in self.parts if name == role]

    def get(self, role: str) -> Words | None:
        """The words of the one part with a role. Raises Unread where there are several."""
        found = self.all(role)
        if len(found) > 1:
            raise Unread(f"“{found[1].text}” beside “{found[0].text}”")
        return found[0] if found else None

    def name(self) -> Words:
        """The words of the name. Raises Unread where there is none."""
        if self.about is None:
            raise Unread("what it is about")
        return self.about

    def named(self) -> Words:
        """The name as cited rows know it: the words of the sentence, else the other name that the reader gives.

        An allergy has no other name, a medicine only one that its own letters shorten. Raises Unread.
        """
        about = self.name()
        known = any(name.name and name.name.bearers for name in about.names) or any(map(subjects.key_of, about.chunks))
        if known or not self.known_as or self.kind in OWN_NAME_ONLY:
            return about
        if self.kind in SHORTENED and not subjects.is_shortened(about, self.known_as):
            return about
        about.accounted |= {"unknown", "trend", "name", "frequency"}
        return subjects.of_text(self.known_as, self.sentence)

    @property
    def text(self) -> str:
        """The words of the statement."""
        return self.sentence.text[slice(*self.span)]

    def when(self, role: str = "when") -> When:
        """The one time of a role. Raises Unread."""
        words = self.get(role)
        first, last = said_days.days(words) if words else ((), ())
        if last and role in ENDS:
            return last if ENDS[role] else first
        return hull(first, last) if last else first

    def quantity(self, role: str) -> Quantity | None:
        words = self.get(role)
        return bounds.bounded(words, meanings.quantity(words)) if words else None

    @property
    def negated(self) -> bool:
        return any(words.has(("neg",)) for _, words in self.parts)

    @property
    def every(self) -> bool:
        return bool(self.all("each"))
