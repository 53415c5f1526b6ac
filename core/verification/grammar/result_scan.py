"""One frame about results being looked through: its atoms, and what is said of all its results at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from core.verification.cited import Cited
from core.verification.grammar.chunk import MARK, Chunk, Quantity
from core.verification.grammar.frames import Frame

if TYPE_CHECKING:
    from core.verification.grammar.reader import Context
    from core.verification.grammar.result_exclusion import Exclusion


class Atom(NamedTuple):
    role: str
    said: Any
    degree: str | None = None


class Scan:
    """One frame being looked through: its atoms, and what is said of all its results at once."""

    def __init__(self, frame: Frame, context: Context) -> None:
        self.frame, self.context, self.items = frame, context, frame.items
        self.atoms: list[Atom] = []
        self.trend: str | None = None
        self.turns: list[str] = []
        self.delta: Quantity | None = None
        self.degree: str | None = None
        self.length: Quantity | None = None
        self.count: Quantity | None = None
        self.limits: tuple[Quantity | None, Quantity | None] | None = None
        self.upper_limit = False
        self.last_few: tuple[int, str] | None = None
        self.times = self.latest = False
        self.bounds: tuple[Quantity, ...] = ()
        self.steadily = self.ordered = self.compared = self.negated = self.after_by = False
        self.said_degree: str | None = None
        self.alone: Exclusion | None = None

    def add(self, role: str, said: Any = None, degree: str | None = None) -> bool:
        self.atoms.append(Atom(role, said, degree))
        return True

    def next(self, place: int, step: int = 1) -> Chunk | None:
        """The chunk after (or before) a place, past articles and the like."""
        at = place + step
        while 0 <= at < len(self.items) and ("free" in self.items[at].means or "aux" in self.items[at].means):
            at += step
        return self.items[at] if 0 <= at < len(self.items) else None

    def within(self, place: int, reach: int, kind: str) -> Chunk | None:
        """The next chunk of a meaning, at most so many places on, in the same part of the sentence."""
        for chunk in self.items[place + 1 :]:
            if reach == 0 or (chunk.kind == MARK and "," in chunk.means):
                return None
            if kind in chunk.means:
                return chunk
            reach -= "free" not in chunk.means
        return None

    def rows(self) -> list[Cited]:
        """The rows that the names of the frame may mean."""
        bearers = [b for name in self.frame.names for b in name.bearers]
        return [self.context.rows[n] for n, _ in bearers]

    def holds(self, said: Quantity) -> bool:
        """Whether one of those rows has a value."""
        return any(row.value is not None and abs(row.value - said.value) <= said.step for row in self.rows())
