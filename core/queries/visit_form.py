"""What the form of a new visit offers: clinics, and assays with the range that is usual for the patient."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.models import Assay, Clinic
from core.queries import reference_ranges
from core.queries.hidden_visits import VisitIds
from core.queries.newest import newest
from core.queries.reference_ranges import UsualRange
from core.queries.results import QUESTIONS

CLINICS_MAX = 500
# Without a unit, tests of these categories are answered in words, which the form does not take.
IN_WORDS = QUESTIONS | {"exam"}


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
    def looks_like(self) -> tuple[str, str | None, UsualRange | None]:
        """What a list shows of it."""
        return self.name, self.unit, self.usual


@dataclass(frozen=True)
class Offer:
    """A test in the list of a form; `code` tells it from another of the list that looks the same."""

    assay: AssayChoice
    code: str | None = None


def assays(session: Session, *, sex: str, age: int) -> Mapping[int, AssayChoice]:
    """Every assay by its id, ordered by name, with the range for a person of this sex and age in years."""
    ranges = reference_ranges.ranges(session, sex=sex, age=age)
    rows = session.scalars(select(Assay).order_by(Assay.short_name, Assay.unit, Assay.id))
    return {
        row.id: AssayChoice(row.id, row.code, row.short_name, row.unit, row.category, ranges.get(row.id))
        for row in rows
    }


def offers(known: Mapping[int, AssayChoice], in_use: Collection[int], always: Collection[int] = ()) -> Iterator[Offer]:
    """What a form offers of the assays, each look once: of those that look alike, what the patient has values of.

    `in_use` are the ids of those, so that no trend is cut in two; `always` are offered whatever they are.
    """
    alike: dict[tuple[str, str | None, UsualRange | None], list[AssayChoice]] = {}
    for assay in known.values():
        if assay.id in always or assay.unit is not None or assay.category not in IN_WORDS:
            alike.setdefault(assay.looks_like, []).append(assay)
    for group in alike.values():
        used = [assay for assay in group if assay.id in in_use] or group[:1]
        yield from (Offer(assay, assay.code if len(used) > 1 else None) for assay in used)


def in_use(session: Session, patient_id: int, hidden_visits: VisitIds) -> frozenset[int]:
    """The ids of the assays that the patient has values of, in any tier."""
    picture = newest(session, patient_id, hidden_visits=hidden_visits)
    return frozenset(found.assay.id for found in picture.assays)


def clinics(session: Session) -> tuple[tuple[int, str], ...]:
    """Ids and names of clinics, ordered by name."""
    query = select(Clinic.id, Clinic.name).order_by(Clinic.name, Clinic.id).limit(CLINICS_MAX)
    return tuple((row.id, row.name) for row in session.execute(query))
