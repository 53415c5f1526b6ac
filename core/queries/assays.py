"""What can be measured, and what is usual for a person of that sex and age."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import Assay, ReferenceRange


@dataclass(frozen=True)
class UsualRange:
    """The usual range, inclusive, in the assay's unit; a side may be open. Beyond a critical bound is critical."""

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


@dataclass(frozen=True)
class AssayChoice:
    """An assay that can be recorded, with the range that holds for one patient."""

    id: int
    code: str
    name: str
    unit: str | None
    category: str
    usual: UsualRange | None

    @property
    def label(self) -> str:
        """`Hemoglobin A1c, % (usual 4 to 6)`."""
        unit = f", {self.unit}" if self.unit else ""
        return f"{self.name}{unit}{self.usual.words if self.usual else ''}"


def age_on(birth_on: date, day: date) -> int:
    """Full years of age on a day."""
    return day.year - birth_on.year - ((day.month, day.day) < (birth_on.month, birth_on.day))


def choices(session: Session, *, sex: str, age: int) -> tuple[AssayChoice, ...]:
    """Every assay by name, with the range for a person of this sex and age."""
    ranges: dict[int, list[ReferenceRange]] = {}
    for row in session.scalars(select(ReferenceRange)):
        ranges.setdefault(row.assay_id, []).append(row)
    assays = session.scalars(select(Assay).order_by(Assay.short_name, Assay.unit, Assay.id))
    return tuple(
        AssayChoice(a.id, a.code, a.short_name, a.unit, a.category, _usual(ranges.get(a.id, ()), sex, age))
        for a in assays
    )


def by_id(session: Session, *, sex: str, age: int) -> Mapping[int, AssayChoice]:
    """The same, by the assay's id."""
    return {choice.id: choice for choice in choices(session, sex=sex, age=age)}


def _usual(rows: Sequence[ReferenceRange], sex: str, age: int) -> UsualRange | None:
    fitting = [row for row in rows if row.sex in (sex, None) and row.age_from <= age < row.age_to]
    if not fitting:
        return None
    best = min(fitting, key=lambda row: (row.sex is None, row.age_to - row.age_from))
    return UsualRange(best.low, best.high, best.critical_low, best.critical_high)


def interpret(value: Decimal, usual: UsualRange | None) -> str | None:
    """HL7's code for a value against its range: LL, L, N, H or HH; None without a range."""
    if usual is None or (usual.low is None and usual.high is None):
        return None
    if usual.critical_low is not None and value < usual.critical_low:
        return "LL"
    if usual.critical_high is not None and value > usual.critical_high:
        return "HH"
    if usual.low is not None and value < usual.low:
        return "L"
    return "H" if usual.high is not None and value > usual.high else "N"
