"""A chunk: what the grammar reads as one, from the longest phrase that has a meaning to a lone mark."""

from __future__ import annotations

from typing import NamedTuple

from core.verification.dates import Days
from core.verification.grammar import names
from core.verification.vocabulary import Unit

NAME, WHEN, SPAN, VALUE, PAIR, WORD, MARK, UNKNOWN = "name", "when", "span", "value", "pair", "word", "mark", "unknown"


# "≤" and "≥" are of "never above" and "not below": as exact as "<" and ">".
BOUNDS = frozenset({"<", ">", "<=", ">=", "≤", "≥"})


class Quantity(NamedTuple):
    """`step` is half of what the last written digit is worth; `sign` may make it a bound."""

    value: float
    unit: Unit | None
    step: float
    sign: str = ""


class Chunk:
    """`start` and `end` count tokens; `means` maps a kind of meaning to the meaning."""

    __slots__ = ("days", "end", "first", "kind", "means", "name", "pair", "quantity", "start", "used")

    def __init__(self, kind: str, start: int, end: int, means: dict[str, str] | None = None) -> None:
        self.kind, self.start, self.end = kind, start, end
        self.means: dict[str, str] = means or {}
        self.days: tuple[Days, ...] = ()
        self.first: tuple[Days, ...] = ()
        self.quantity: Quantity | None = None
        self.pair: tuple[Quantity, Quantity] | None = None
        self.name: names.Name | None = None
        self.used = False

    def get(self, kind: str) -> str | None:
        return self.means.get(kind)

    @property
    def bearers(self) -> tuple[tuple[int, int], ...]:
        """The rows that a name may mean, and how; none, where it is no name."""
        return self.name.bearers if self.name is not None else ()

    @property
    def is_detail(self) -> bool:
        return self.name is not None and self.name.detail

    @property
    def is_change_of_test(self) -> bool:
        """Whether it names a test by a change of it: "gained", "taller"."""
        return {"of test", "trend"} <= self.means.keys()

    def __repr__(self) -> str:
        return f"<{self.kind} {self.means or self.quantity or self.pair or self.days or self.name}>"
