"""What the form of a new visit offers: clinics, and assays with the range that is usual for the patient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import Assay, Clinic
from core.queries import reference_ranges
from core.queries.reference_ranges import UsualRange

CLINICS_MAX = 500


@dataclass(frozen=True)
class AssayChoice:
    """An assay that can be recorded, with the range that is usual for one patient."""

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


def assays(session: Session, *, sex: str, age: int) -> Mapping[int, AssayChoice]:
    """Every assay by its id, ordered by name, with the range for a person of this sex and age in years."""
    ranges = reference_ranges.ranges(session, sex=sex, age=age)
    rows = session.scalars(select(Assay).order_by(Assay.short_name, Assay.unit, Assay.id))
    return {
        row.id: AssayChoice(row.id, row.code, row.short_name, row.unit, row.category, ranges.get(row.id))
        for row in rows
    }


def clinics(session: Session) -> tuple[tuple[int, str], ...]:
    """Ids and names of clinics, ordered by name."""
    query = select(Clinic.id, Clinic.name).order_by(Clinic.name, Clinic.id).limit(CLINICS_MAX)
    return tuple((row.id, row.name) for row in session.execute(query))
