"""Which values a picture keeps, and what a change makes of them: pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from operator import attrgetter

# A report's evidence takes this many of an assay; a chart shows two.
KEPT = 3
ABNORMAL = frozenset({"H", "HH", "L", "LL", "A", "AA"})

Instant = tuple[datetime, int]


@dataclass(frozen=True, slots=True)
class Value:
    """A row of `observation`, as far as pages show it."""

    id: int
    assay_id: int
    visit_id: int | None
    observed_at: datetime
    value_number: Decimal | None
    value_text: str | None
    unit: str | None
    ref_low: Decimal | None
    ref_high: Decimal | None
    interpretation: str | None
    said: str | None = None

    @property
    def is_abnormal(self) -> bool:
        return (self.interpretation or "") in ABNORMAL


COLUMNS = tuple(Value.__dataclass_fields__)
Values = tuple[Value, ...]
_ASSAY = attrgetter("assay_id")


@dataclass(frozen=True)
class Changed:
    """The values after a change; of the assays in `unsure`, older values that no picture has may belong among them."""

    values: Values
    unsure: frozenset[int]


def place(value: Value) -> Instant:
    """Where a value stands in time; no two of a patient stand at the same place."""
    return value.observed_at, value.id


def keep(values: Iterable[Value], apart: Set[int]) -> Values:
    """By assay, newest first: the KEPT newest, the newest outside its range, and all of the visits kept apart.

    What of the visits kept apart a reader may see differs from reader to reader; so they count beside the others.
    """
    kept: list[Value] = []
    for _, history in by_assay({value.id: value for value in values}.values()):
        mine = [value for value in history if value.visit_id in apart]
        others = [value for value in history if value.visit_id not in apart]
        kept += sorted(mine + _kept_of(others), key=place, reverse=True)
    return tuple(kept)


def change(before: Values, gone: Set[int], now: Iterable[Value], apart: Set[int]) -> Changed:
    """A picture after the rows `gone` were changed or removed, and what is there of them `now`."""
    after = [*(value for value in before if value.id not in gone), *now]
    was, became = _open(before, apart), _open(after, apart)
    unsure = {assay_id for assay_id, history in was.items() if not _is_sure(history, became.get(assay_id, []))}
    return Changed(keep(after, apart), frozenset(unsure))


def _kept_of(newest_first: list[Value]) -> list[Value]:
    outside = next((value for value in newest_first if value.is_abnormal), None)
    kept = newest_first[:KEPT]
    return [*kept, outside] if outside is not None and outside not in kept else kept


def _is_sure(was: list[Value], became: list[Value]) -> bool:
    """Whether nothing that the picture lacked can belong in it now. Both are newest first."""
    if len(was) < KEPT:
        return True
    known_since = place(was[KEPT - 1])
    if len(became) < KEPT or place(became[KEPT - 1]) < known_since:
        return False
    outside, now = (next((value for value in history if value.is_abnormal), None) for history in (was, became))
    return outside is None or (now is not None and place(now) >= min(place(outside), known_since))


def _open(values: Iterable[Value], apart: Set[int]) -> dict[int, list[Value]]:
    return dict(by_assay(value for value in values if value.visit_id not in apart))


def by_assay(values: Iterable[Value]) -> Iterator[tuple[int, list[Value]]]:
    """Each assay's values, newest first."""
    newest_first = sorted(values, key=place, reverse=True)
    for assay_id, history in groupby(sorted(newest_first, key=_ASSAY), key=_ASSAY):
        yield assay_id, list(history)
