"""The group's clinics and its practitioners; made once, found again by later runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from random import Random

from sqlalchemy.orm import Session

from core.interchange import ledger
from core.interchange.generate import singapore_names
from core.interchange.source_rows import Record, assign_keys
from core.interchange.summary import Place, Summary
from core.interchange.upsert import Work, upsert

SOURCE = "generate"
CLINICS = (
    ("Toa Payoh Clinic", "2003 Toa Payoh Lorong 8, Singapore 319260"),
    ("Bishan Clinic", "11 Bishan Place, Singapore 579837"),
    ("Ang Mo Kio Clinic", "21 Ang Mo Kio Central 2, Singapore 569666"),
    ("Bedok Clinic", "11 Bedok North Street 1, Singapore 469662"),
    ("Tampines Clinic", "1 Tampines Street 41, Singapore 529203"),
    ("Jurong Clinic", "190 Jurong East Avenue 1, Singapore 609788"),
    ("Woodlands Clinic", "10 Woodlands Street 31, Singapore 738579"),
    ("Yishun Clinic", "2 Yishun Avenue 9, Singapore 768898"),
    ("Hougang Clinic", "89 Hougang Avenue 4, Singapore 538829"),
    ("Punggol Clinic", "681 Punggol Drive, Singapore 820681"),
    ("Clementi Clinic", "451 Clementi Avenue 3, Singapore 120451"),
    ("Choa Chu Kang Clinic", "2 Teck Whye Crescent, Singapore 688846"),
)

SPECIALITIES = ("Family medicine", "Family medicine", "Family medicine", "General practice", "Nursing")
NAMES_SEED = "strata practitioners"


@dataclass(frozen=True, slots=True)
class Staff:
    """A clinic with those who work there, as ids and singapore_names."""

    clinic_id: int
    practitioners: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Setting:
    """What all charts of a run share: where and by whom people are seen, the assays' ids, the story's last day."""

    staff: tuple[Staff, ...]
    assay_ids: tuple[int, ...]
    as_of: date


def save(session: Session, summary: Summary) -> tuple[Staff, ...]:
    """Make the clinics and practitioners that are missing; gives all of them."""
    rng = Random(NAMES_SEED)
    clinics = [_clinic(*clinic) for clinic in CLINICS]
    doctors = [[_practitioner(rng, clinic, s) for s in SPECIALITIES] for clinic, _ in CLINICS]
    everyone = [*clinics, *(doctor for team in doctors for doctor in team)]
    assign_keys(everyone)
    work = Work(session, SOURCE, ledger.find(session, [record.key for record in everyone]), summary)
    ids: dict[str, int] = {}
    for kind, records in (("clinic", clinics), ("practitioner", everyone[len(clinics) :])):
        summary.of(kind).read += len(records)
        ids.update(upsert(work, kind, records, lambda record: record.values))
    return tuple(
        Staff(ids[clinic.key], tuple((ids[doctor.key], doctor.values["name"]) for doctor in team))
        for clinic, team in zip(clinics, doctors, strict=True)
    )


def _clinic(name: str, address: str) -> Record:
    return Record("clinic", Place(SOURCE), (SOURCE, name), {"name": name, "address": address})


def _practitioner(rng: Random, clinic: str, speciality: str) -> Record:
    name = f"Dr {singapore_names.full_name(rng, singapore_names.group(rng), rng.choice(('female', 'male')))}"
    if speciality == "Nursing":
        name = name.removeprefix("Dr ")
    natural = (SOURCE, clinic, name)
    return Record("practitioner", Place(SOURCE), natural, {"name": name, "speciality": speciality})
