"""What a sentence says, as data. Each statement knows the words it covers and the rows that its name may mean."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.verification.dates import When
from core.verification.grammar.chunk import BOUNDS, Quantity
from core.verification.grammar.texts import Said


@dataclass(frozen=True)
class Subject:
    """`bearers` are the cited rows (by place, and how) that the name may mean; `words` the name as written."""

    words: str
    kind: str
    bearers: tuple[tuple[int, int], ...]
    key: str | None = None
    terms: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Statement:
    """`span` counts characters of the sentence; `open` says that the words leave the attachment open: such a
    statement may be proved and is never refuted."""

    span: tuple[int, int]
    subject: Subject
    open: bool = field(default=False, kw_only=True)


@dataclass(frozen=True)
class Point:
    """One result as a sentence gives it; each part may be missing. `beyond` is how far from the limit it lies."""

    value: Quantity | None = None
    pair: tuple[Quantity, Quantity] | None = None
    when: When = ()
    reading: str | None = None
    degree: str | None = None
    which: str | None = None
    origin: str | None = None
    beyond: Quantity | None = None


def is_of_list(point: Point) -> bool:
    """Whether a point is a value that a list may hold: no bound, and nothing that a change began from."""
    return point.value is not None and point.value.sign not in BOUNDS and point.origin != "from"


@dataclass(frozen=True)
class Measured(Statement):
    """A test had this value, on this day, and reads like this."""

    point: Point


@dataclass(frozen=True)
class Always(Statement):
    """All results of a test (those of `points`, or all cited) read like this; `ever`: also those that are not cited."""

    reading: str | None
    degree: str | None
    points: tuple[Point, ...]
    when: When = ()
    value: Quantity | None = None
    last: int | None = None
    ever: bool = False


@dataclass(frozen=True)
class Only(Statement):
    """No result of a test but those of `points` reads so, or passes this value; `number` is how many do."""

    reading: str | None
    degree: str | None
    value: Quantity | None
    points: tuple[Point, ...]
    number: int | None = None


@dataclass(frozen=True)
class Trend(Statement):
    """A test changed in a direction, over these points or over all its cited results; `delta` is by how much."""

    direction: str
    points: tuple[Point, ...]
    delta: Quantity | None = None
    first: When = ()
    last: When = ()
    degree: str | None = None
    length: Quantity | None = None
    steadily: bool = False


@dataclass(frozen=True)
class Ranged(Statement):
    """The limits of a test's range; `high` alone is either limit, unless `upper` says that it is the upper one."""

    low: Quantity | None
    high: Quantity | None
    upper: bool = False


@dataclass(frozen=True)
class Course(Statement):
    """A condition, medicine or allergy: its standing, its days, and how it is taken or shows.

    `strengths` are those of the amounts that one tablet holds; `begun`: started, on no day that is said.
    `sole`: no other of that name stands so; `unsaid`: fields that the record leaves empty; `filled`: those it gives.
    """

    status: str | None = None
    tense: str | None = None
    start: When = ()
    stop: When = ()
    at: When = ()
    amounts: tuple[Quantity, ...] = ()
    frequency: tuple[str, ...] = ()
    details: tuple[Subject, ...] = ()
    reason: Subject | None = None
    length: Quantity | None = None
    severity: str | None = None
    criticality: str | None = None
    every: bool = False
    which: str | None = None
    former: bool = False
    sole: bool = False
    unsaid: tuple[str, ...] = ()
    filled: tuple[str, ...] = ()
    strengths: tuple[Quantity, ...] = ()
    begun: bool = False


@dataclass(frozen=True)
class Changed(Statement):
    """A medicine went from one amount to another, up or down, on a day."""

    direction: str
    before: Quantity | None
    after: Quantity | None
    when: When = ()
    frequencies: tuple[str, ...] = ()


@dataclass(frozen=True)
class Took(Statement):
    """A visit (or another dated row) took place on a day; `reason` is what for."""

    when: When = ()
    stop: When = ()
    reason: Subject | None = None
    which: str | None = None
    length: Quantity | None = None


@dataclass(frozen=True)
class Spaced(Statement):
    """Visits that follow each other lie so far apart."""

    length: Quantity


@dataclass(frozen=True)
class Vaccinated(Statement):
    """Vaccines were given: at each of `whens`, `number` times, so far `apart`, at one of `visits`."""

    vaccines: tuple[str, ...]
    whens: tuple[When, ...] = ()
    number: int | None = None
    apart: Quantity | None = None
    visits: tuple[tuple[int, int], ...] | None = None


@dataclass(frozen=True)
class Counted(Statement):
    """How many of the cited rows of a kind, or of a name, there are; `latest` if it is the last so many; `begun` is
    when they may all have begun."""

    number: int
    when: When = ()
    status: str | None = None
    latest: bool = False
    begun: When = ()


@dataclass(frozen=True)
class Person(Statement):
    """Sex, day of birth, or age on a day."""

    sex: str | None = None
    born: When = ()
    age: Quantity | None = None
    when: When = ()
    past: bool = False


@dataclass(frozen=True)
class Died(Statement):
    """The person died: on a day, of something."""

    when: When = ()
    reason: Subject | None = None


@dataclass(frozen=True)
class Absent(Statement):
    """The record holds no such row."""

    status: str | None = None


@dataclass(frozen=True)
class Follows(Statement):
    """One thing began before, after or on the day of another."""

    other: Subject
    order: str


@dataclass(frozen=True)
class Saying(Statement):
    """A text says these words, in this order, under the same negation."""

    clauses: tuple[Said, ...]
