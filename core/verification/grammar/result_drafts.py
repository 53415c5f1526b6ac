"""Points being read, and the frame about results that they are read from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.verification.grammar.chunks import Quantity
from core.verification.grammar.frames import Frame
from core.verification.statements import Point

if TYPE_CHECKING:
    from core.verification.grammar.reader import Context


class Draft:
    """A point being read."""

    __slots__ = ("degree", "origin", "pair", "reading", "value", "when", "whens", "which")

    def __init__(self, origin: str | None = None) -> None:
        self.value: Quantity | None = None
        self.pair: tuple[Quantity, Quantity] | None = None
        self.when: tuple = ()
        self.whens: list = []
        self.reading: str | None = None
        self.degree: str | None = None
        self.which: str | None = None
        self.origin = origin

    @property
    def empty(self) -> bool:
        return not (self.value or self.pair or self.when or self.reading or self.which)

    def point(self) -> Point:
        return Point(self.value, self.pair, self.when, self.reading, self.degree, self.which, self.origin)


class Reading:
    """One frame being read, item by item."""

    def __init__(self, frame: Frame, context: Context) -> None:
        self.frame, self.context = frame, context
        self.drafts = [Draft()]
        self.always: tuple[str, str | None] | None = None
        self.trend: str | None = None
        self.delta: Quantity | None = None
        self.first: tuple = ()
        self.last: tuple = ()
        self.length: Quantity | None = None
        self.degree: str | None = None
        self.negated = False
        self.closed = False
        self.every = False
        self.count: Quantity | None = None
        self.low: Quantity | None = None
        self.high: Quantity | None = None
        self.after_by = False
        self.every_value: Quantity | None = None
        self.last_few: tuple[int, str] | None = None
        self.steadily = False

    @property
    def draft(self) -> Draft:
        return self.drafts[-1]

    def open(self, origin: str | None = None) -> Draft:
        """A new point, unless the last one says nothing yet."""
        if not self.draft.empty:
            self.drafts.append(Draft())
        if origin:
            self.draft.origin = origin
        self.closed = False
        return self.draft
