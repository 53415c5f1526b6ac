"""What many patients share: clinics, practitioners, assays with their usual ranges."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from core.interchange import ledger
from core.interchange.assay_names import plain_name, short_name
from core.interchange.source_rows import AssayText, Population, Record
from core.interchange.summary import Summary
from core.interchange.upsert import Work, upsert
from core.interchange.usual_ranges import RANGES
from core.models import Assay, ReferenceRange


@dataclass(slots=True)
class Catalogue:
    """Ids of the shared rows: clinics and practitioners by the source's id, assays by system, code and unit."""

    clinics: dict[str, int] = field(default_factory=dict)
    practitioners: dict[str, int] = field(default_factory=dict)
    assays: dict[tuple[str | None, str, str | None], int] = field(default_factory=dict)

    def assay_id(self, record: Record) -> int | None:
        """The id of the record's assay, None for a record without one."""
        return self.assays[record.assay.key] if record.assay is not None else None


def save(session: Session, population: Population, summary: Summary, kept: Catalogue) -> None:
    """Keep the clinics, practitioners and assays of a population; what the catalogue has already stays as it is."""
    _keep(session, population, "clinic", summary, kept.clinics)
    _keep(session, population, "practitioner", summary, kept.practitioners)
    assays = {record.assay for record in population.of("observation") if record.assay is not None}
    if not all(assay.key in kept.assays for assay in assays):
        kept.assays = save_assays(session, assays)


def _keep(session: Session, population: Population, kind: str, summary: Summary, ids: dict[str, int]) -> None:
    records = [record for record in population.of(kind) if record.source_id not in ids]
    known = ledger.find(session, [record.key for record in records])
    rows = upsert(Work(session, population.source, known, summary), kind, records, _columns)
    ids |= {record.source_id: rows[record.key] for record in records if record.source_id is not None}


def _columns(record: Record) -> dict[str, Any]:
    return record.values


def save_assays(session: Session, wanted: Iterable[AssayText]) -> dict[tuple[str | None, str, str | None], int]:
    """Find or make the assays, by system, code and unit; a new one gets its names and usual ranges."""
    query = select(Assay.system, Assay.code, Assay.unit, Assay.id)
    ids = {(system, code, unit): row_id for system, code, unit, row_id in session.execute(query)}
    ordered = sorted(wanted, key=lambda assay: (assay.system or "", assay.code, assay.unit or "", assay.name))
    missing: Mapping[tuple[str | None, str, str | None], AssayText] = {
        assay.key: assay for assay in reversed(ordered) if assay.key not in ids
    }
    for key, assay in missing.items():
        ids[key] = _make(session, assay)
    return ids


def _make(session: Session, assay: AssayText) -> int:
    # Another system's code may look like LOINC's.
    code = assay.code if assay.system is None else ""
    made = session.scalar(
        insert(Assay)
        .values(
            system=assay.system,
            code=assay.code,
            name=assay.name,
            short_name=short_name(code, assay.name),
            plain_name=plain_name(code),
            unit=assay.unit,
            category=assay.category,
        )
        .returning(Assay.id)
    )
    ranges = [
        {
            "assay_id": made,
            "sex": usual.sex,
            "age_from": usual.age_from,
            "age_to": usual.age_to,
            **vars(usual.bounds()),
        }
        for usual in RANGES.get((code, assay.unit or ""), ())
    ]
    if ranges:
        session.execute(insert(ReferenceRange), ranges)
    return int(made or 0)
