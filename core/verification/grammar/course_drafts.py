"""What is said of a condition, medicine or allergy, slot by slot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.verification.dates import When
from core.verification.grammar.chunk import Chunk, Quantity
from core.verification.grammar.frames import Frame
from core.verification.grammar.tokens import Token

if TYPE_CHECKING:
    from core.verification.cited import Cited

ENDED = frozenset({"ended", "stopped", "completed"})


class Draft:
    """What is said of one frame: slots that may be filled once; `spans` are more than one course."""

    def __init__(self, frame: Frame, rows: list[Cited]) -> None:
        self.frame, self.rows = frame, rows
        self.kind = frame.kind
        self.status: str | None = None
        self.tense: str | None = None
        self.start: tuple = ()
        self.stop: tuple = ()
        self.at: tuple = ()
        self.spans: list[tuple[tuple, tuple, tuple]] = []
        self.amounts: list[tuple[int, Quantity]] = []
        self.strengths: list[Quantity] = []
        self.frequency: tuple[str, ...] = ()
        self.details: list[Chunk] = []
        self.reason: Chunk | None = None
        self.length: Quantity | None = None
        # Of a day that is said, how long what began or was then lasted.
        self.lengths: list[tuple[When, Quantity]] = []
        self.severity: str | None = None
        self.criticality: str | None = None
        self.every = self.begun = False
        self.shared = False
        self.which: str | None = None
        self.absent = False
        self.count: Quantity | None = None
        self.verb = ""
        self.negated = False
        self.former = False
        self.count_at = 0
        self.over: When = ()
        self.counts: list[tuple[int, tuple]] = []
        self.done: list[tuple[tuple, tuple, tuple, str | None, tuple[Quantity, ...] | None]] = []
        self.change: str | None = None
        self.replaced = self.same_period = self.backward = self.starts_from = False
        self.words: list[Token] = []
        self.fellows: list[Draft] = []
        self.chunks: list[Chunk] = []
        self.sole = False
        self.unsaid: tuple[str, ...] = ()
        self.filled: tuple[str, ...] = ()
        # Of each name its own start or stop, where as many days are said as names.
        self.paired: tuple[str, tuple[When, ...]] | None = None

    def flush(self, *, amounts: bool = False) -> None:
        """Put the course that was read so far aside, with its amounts: another one of the same name follows."""
        own = tuple(quantity for _, quantity in self.amounts) if amounts else None
        self.done.append((self.start, self.stop, self.at, self.status, own))
        self.amounts = [] if amounts else self.amounts
        self.start = self.stop = self.at = ()
        self.status = None

    @property
    def dated(self) -> bool:
        return bool(self.start or self.stop or self.at or self.spans or self.paired)

    def time(self, place: int) -> tuple[When, When, When]:
        """Start, stop, and a day that is neither, of the name at a place of the frame."""
        if self.paired is None:
            return self.start, self.stop, self.at
        slot, days = self.paired
        return (days[place], (), ()) if slot == "start" else ((), days[place], ())
