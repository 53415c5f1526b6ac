"""The range of an assay's values that is usual for a person of some sex and age, and a value against that range."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import ReferenceRange

UNKNOWN_AGE = -1


@dataclass(frozen=True)
class UsualRange:
    """The usual range in the assay's unit, both bounds included; a bound that is None leaves its side open."""

    low: Decimal | None
    high: Decimal | None
    critical_low: Decimal | None = None
    critical_high: Decimal | None = None

    @property
    def words(self) -> str:
        """` (usual 4 to 6)`, or nothing for a range without bounds."""
        low, high = (f"{bound.normalize():f}" if bound is not None else None for bound in (self.low, self.high))
        if low and high:
            return f" (usual {low} to {high})"
        return f" (usual {low} or more)" if low else f" (usual {high} or less)" if high else ""


def age_on(birth_on: date | None, day: date) -> int:
    """Full years of age on a day; UNKNOWN_AGE, which no range is for, without a birth date."""
    if birth_on is None:
        return UNKNOWN_AGE
    return day.year - birth_on.year - ((day.month, day.day) < (birth_on.month, birth_on.day))


def ranges(session: Session, *, sex: str, age: int) -> Mapping[int, UsualRange]:
    """The range for a person of this sex and age in years, by the assay's id; an assay without one is left out."""
    fitting: dict[int, list[ReferenceRange]] = defaultdict(list)
    for row in session.scalars(select(ReferenceRange)):
        if row.sex in (sex, None) and row.age_from <= age < row.age_to:
            fitting[row.assay_id].append(row)
    return {assay_id: _closest(rows) for assay_id, rows in fitting.items()}


def _closest(fitting: list[ReferenceRange]) -> UsualRange:
    """Of the ranges that fit a person: one for that sex before one for both, then the one for the fewest years."""
    best = min(fitting, key=lambda row: (row.sex is None, row.age_to - row.age_from))
    return UsualRange(best.low, best.high, best.critical_low, best.critical_high)


def interpret(value: Decimal, usual: UsualRange | None) -> str | None:
    """HL7's code for a value against its range: LL, L, N, H or HH; None without a range."""
    if usual is None or (usual.low is None and usual.high is None):
        return None
    beyond = (
        ("LL", _is_below(value, usual.critical_low)),
        ("HH", _is_above(value, usual.critical_high)),
        ("L", _is_below(value, usual.low)),
        ("H", _is_above(value, usual.high)),
    )
    return next((code for code, is_beyond in beyond if is_beyond), "N")


def _is_below(value: Decimal, bound: Decimal | None) -> bool:
    return bound is not None and value < bound


def _is_above(value: Decimal, bound: Decimal | None) -> bool:
    return bound is not None and value > bound
