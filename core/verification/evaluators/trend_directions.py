"""What makes a change go up or down, stay flat, double or halve: by the first and the last of some results."""

from __future__ import annotations

from collections.abc import Callable

from core.verification.cited import Cited
from core.verification.evaluators import readings
from core.verification.vocabulary import ASSAYS

STEADY = 0.03
SAME = 0.01
SLIGHT_CHANGE_MAX = 0.16
DOUBLE, TRIPLE, FOURFOLD, HALF = (1.85, 2.15), (2.7, 3.3), (3.6, 4.4), (0.46, 0.54)

MANY = float("inf")


def change(first: Cited, last: Cited) -> float:
    """The relative change from the first to the last; the change itself where it began at nought."""
    before, after = first.value or 0.0, last.value or 0.0
    return (after - before) / abs(before) if before else after - before


def by_degree(degree: str | None, first: Cited, last: Cited) -> bool:
    """Whether a change is as slight or as marked as is said."""
    limits = {"slight": (0.0, SLIGHT_CHANGE_MAX), "marked": (readings.MARKED_MIN, float("inf"))}
    if degree is None:
        return True
    return degree in limits and limits[degree][0] <= abs(change(first, last)) <= limits[degree][1]


def _flat(chosen: list[Cited], share: float) -> bool:
    values = [row.value for row in chosen if row.value is not None]
    return max(values) - min(values) <= share * abs(values[0])


def _is_flat(chosen: list[Cited]) -> bool:
    assay = ASSAYS.get(chosen[-1].assay or "")
    return _flat(chosen, assay.steady if assay else STEADY)


def _ratio(chosen: list[Cited], limits: tuple[float, float]) -> bool:
    first, last = chosen[0].value, chosen[-1].value
    return bool(first) and last is not None and limits[0] <= last / (first or 1.0) <= limits[1]


DIRECTIONS: dict[str, Callable[[list[Cited]], bool]] = {
    "up": lambda rows: change(rows[0], rows[-1]) > 0,
    "down": lambda rows: change(rows[0], rows[-1]) < 0,
    "flat": _is_flat,
    "same": lambda rows: _flat(rows, SAME),
    "over": lambda rows: True,
    "doubled": lambda rows: _ratio(rows, DOUBLE),
    "tripled": lambda rows: _ratio(rows, TRIPLE),
    "quadrupled": lambda rows: _ratio(rows, FOURFOLD),
    "halved": lambda rows: _ratio(rows, HALF),
    "more than doubled": lambda rows: _ratio(rows, (2.0, MANY)),
    "more than tripled": lambda rows: _ratio(rows, (3.0, MANY)),
    "more than quadrupled": lambda rows: _ratio(rows, (4.0, MANY)),
    "more than halved": lambda rows: _ratio(rows, (0.0, 0.5)),
}
