"""One piece of what is said about results: between two breaks of a sentence, a value, days, a reading."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.verification.dates import When
from core.verification.grammar.chunk import Quantity
from core.verification.statements import Point


@dataclass
class Piece:
    """What stands between two breaks of a sentence; `opener` is the break before it."""

    opener: str = ""
    value: Quantity | None = None
    pair: tuple[Quantity, Quantity] | None = None
    whens: list[When] = field(default_factory=list)
    reading: str | None = None
    degree: str | None = None
    which: str | None = None
    every: bool = False
    since: bool = False
    turn: str | None = None
    closes: bool = False
    again: bool = False
    beyond: Quantity | None = None

    @property
    def valued(self) -> bool:
        return self.value is not None or self.pair is not None

    @property
    def empty(self) -> bool:
        return not (self.valued or self.whens or self.reading or self.which or self.every or self.since)

    @property
    def later(self) -> bool:
        return self.opener not in ("from", "past")

    @property
    def only_reads(self) -> bool:
        return bool(self.reading) and not (self.valued or self.whens or self.which or self.every or self.turn)

    @property
    def only_days(self) -> bool:
        return bool(self.whens) and not (self.valued or self.reading or self.every or self.since)

    @property
    def only_dated(self) -> bool:
        """Whether it is a reading with its days, and no value."""
        return bool(self.whens and self.reading) and not (self.valued or self.which)

    def take(self, other: Piece) -> None:
        """Take what another piece says and this one does not."""
        self.value, self.pair = self.value or other.value, self.pair or other.pair
        self.whens = self.whens or other.whens
        self.reading, self.degree = self.reading or other.reading, self.degree or other.degree
        self.which = self.which or other.which
        self.beyond = self.beyond or other.beyond

    def points(self) -> list[Point]:
        origin = self.opener if self.opener in ("from", "to") else "from" if self.opener == "past" else None
        return [
            Point(self.value, self.pair, when, self.reading, self.degree, self.which, origin, self.beyond)
            for when in self.whens or [()]
        ]


NOTHING = Piece()
