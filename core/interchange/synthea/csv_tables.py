"""Synthea's CSV tables, each row made into a Record. A BadValue names the column at fault."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core.interchange.source_rows import AssayText, Record, stamp
from core.interchange.source_values import (
    TEXT_CHARS_MAX,
    BadValue,
    day,
    display_name,
    identifier,
    instant,
    number,
    optional_day,
    optional_instant,
    required,
    text,
)
from core.interchange.summary import Place
from core.interchange.synthea.cells import Cells, Moments, absent, day_here, person_name, worst_severity
from core.models import ConditionStatus, PrescriptionStatus, Sex, VisitStatus

SEXES = {"F": Sex.FEMALE, "M": Sex.MALE, "O": Sex.OTHER, "": Sex.UNKNOWN, "U": Sex.UNKNOWN}
CLASSES = {
    "ambulatory": "AMB",
    "emergency": "EMER",
    "home": "HH",
    "hospice": "HH",
    "inpatient": "IMP",
    "outpatient": "AMB",
    "snf": "IMP",
    "urgentcare": "AMB",
    "virtual": "VR",
    "wellness": "AMB",
}
CATEGORY_WITHOUT_NAME = "other"


@dataclass(frozen=True)
class Table:
    """One CSV file: the kind of its rows, the columns it must have, how a row becomes a Record."""

    file: str
    kind: str
    columns: tuple[str, ...]
    parse: Callable[[Cells, Place], Record]


def _address(cells: Cells) -> str | None:
    parts = (" ".join(cells.get(name, "").split()) for name in ("ADDRESS", "CITY", "STATE", "ZIP"))
    return text(", ".join(part for part in parts if part), 300, "ADDRESS")


def clinic(cells: Cells, place: Place) -> Record:
    """organizations.csv"""
    source_id = identifier(cells["Id"], "Id")
    values = {"name": required(cells["NAME"], 200, "NAME"), "address": _address(cells)}
    return Record("clinic", place, (source_id,), values, source_id=source_id)


def practitioner(cells: Cells, place: Place) -> Record:
    """providers.csv; known across formats by place of work and name, since FHIR gives another id."""
    name = required(cells["NAME"], 200, "NAME")
    speciality = text(cells.get("SPECIALITY"), 120, "SPECIALITY")
    values = {"name": display_name(name), "speciality": speciality.capitalize() if speciality else None}
    natural = practitioner_key(cells.get("ORGANIZATION", ""), name)
    return Record("practitioner", place, natural, values, source_id=identifier(cells["Id"], "Id"))


def practitioner_key(organization: str, name: str) -> tuple[str, ...]:
    """What tells practitioners apart in every format: where they work and their name as written."""
    return (organization, " ".join(name.split()))


def patient(cells: Cells, place: Place) -> Record:
    """patients.csv"""
    source_id = identifier(cells["Id"], "Id")
    if cells["GENDER"] not in SEXES:
        raise BadValue(f"GENDER '{cells['GENDER'][:20]}' is not one of F, M, O, U")
    birth_on, deceased_on = day(cells["BIRTHDATE"], "BIRTHDATE"), optional_day(cells.get("DEATHDATE"), "DEATHDATE")
    if deceased_on is not None and deceased_on < birth_on:
        raise BadValue("DEATHDATE is before BIRTHDATE")
    values = {
        "national_id": text(cells.get("SSN"), 32, "SSN"),
        "name": person_name(cells),
        "sex": SEXES[cells["GENDER"]].value,
        "birth_on": birth_on,
        "deceased_on": deceased_on,
        "phone": None,
        "address": _address(cells),
        "language": None,
    }
    return Record("patient", place, (), values, patient=source_id, source_id=source_id)


def visit(cells: Cells, place: Place) -> Record:
    """encounters.csv; without STOP the visit is still going on."""
    moments, start = Moments(), instant(cells["START"], "START")
    started_at = moments.read(cells["START"], "START", "started_at")
    ended_at = moments.read(cells["STOP"], "STOP", "ended_at") if cells["STOP"] else None
    if cells["STOP"] and instant(cells["STOP"], "STOP") < start:
        raise BadValue("STOP is before START")
    values = {
        "class_code": CLASSES.get(cells["ENCOUNTERCLASS"].lower(), "AMB"),
        "status": (VisitStatus.CLOSED if ended_at else VisitStatus.OPEN).value,
        "description": required(cells["DESCRIPTION"], 400, "DESCRIPTION"),
        "reason": text(cells.get("REASONDESCRIPTION"), 400, "REASONDESCRIPTION"),
        "started_at": started_at,
        "ended_at": ended_at,
        **moments.said(),
    }
    return Record(
        "visit",
        place,
        (stamp(start), text(cells.get("CODE"), 64, "CODE") or ""),
        values,
        patient=identifier(cells["PATIENT"], "PATIENT"),
        clinic=cells.get("ORGANIZATION") or None,
        practitioner=cells.get("PROVIDER") or None,
        source_id=identifier(cells["Id"], "Id"),
        rank=(ended_at, values["description"]),
    )


def observation(cells: Cells, place: Place) -> Record:
    """observations.csv; TYPE says whether VALUE is a number."""
    if cells["TYPE"] not in ("numeric", "text"):
        raise BadValue(f"TYPE '{cells['TYPE'][:20]}' is neither numeric nor text")
    numeric = cells["TYPE"] == "numeric"
    unit = text(cells["UNITS"], 60, "UNITS")
    unit = None if unit == "null" else unit
    code = required(cells["CODE"], 64, "CODE")
    moments, at = Moments(), instant(cells["DATE"], "DATE")
    value = number(cells["VALUE"], "VALUE") if numeric else required(cells["VALUE"], TEXT_CHARS_MAX, "VALUE")
    values = {
        "value_number": value if numeric else None,
        "value_text": None if numeric else value,
        "unit": unit,
        "observed_at": moments.read(cells["DATE"], "DATE", "observed_at"),
        **moments.said(),
    }
    category = text(cells.get("CATEGORY"), 64, "CATEGORY") or CATEGORY_WITHOUT_NAME
    return Record(
        "observation",
        place,
        (code, stamp(at)),
        values,
        patient=identifier(cells["PATIENT"], "PATIENT"),
        visit=cells["ENCOUNTER"] or None,
        assay=AssayText(code, required(cells["DESCRIPTION"], 400, "DESCRIPTION"), unit, category),
        rank=(value,),
    )


def condition(cells: Cells, place: Place) -> Record:
    """conditions.csv; without STOP it is still there."""
    onset_on, resolved_on = day(cells["START"], "START"), optional_day(cells["STOP"], "STOP")
    if resolved_on is not None and resolved_on < onset_on:
        raise BadValue("STOP is before START")
    patient_id, visit_id = identifier(cells["PATIENT"], "PATIENT"), cells["ENCOUNTER"] or None
    stated = absent(cells, place, patient_id, visit_id, onset_on)
    if stated is not None:
        return stated
    values: dict[str, Any] = {
        "code": text(cells["CODE"], 64, "CODE"),
        "name": required(cells["DESCRIPTION"], 400, "DESCRIPTION"),
        "status": (ConditionStatus.RESOLVED if resolved_on else ConditionStatus.ACTIVE).value,
        "onset_on": onset_on,
        "resolved_on": resolved_on,
    }
    return Record(
        "condition",
        place,
        (values["code"] or values["name"], stamp(onset_on)),
        values,
        patient=patient_id,
        visit=visit_id,
        rank=(resolved_on,),
    )


def allergy(cells: Cells, place: Place) -> Record:
    """allergies.csv"""
    reaction = text(cells.get("DESCRIPTION1"), 300, "DESCRIPTION1")
    second = text(cells.get("DESCRIPTION2"), 90, "DESCRIPTION2")
    patient_id, visit_id = identifier(cells["PATIENT"], "PATIENT"), cells.get("ENCOUNTER") or None
    recorded_on = day(cells["START"], "START")
    stated = absent(cells, place, patient_id, visit_id, recorded_on)
    if stated is not None:
        return stated
    values: dict[str, Any] = {
        "code": text(cells["CODE"], 64, "CODE"),
        "substance": required(cells["DESCRIPTION"], 400, "DESCRIPTION"),
        "category": text(cells.get("CATEGORY"), 64, "CATEGORY"),
        "reaction": "; ".join(part for part in (reaction, second) if part) or None,
        "severity": worst_severity(cells),
        "criticality": None,
        "status": "inactive" if cells.get("STOP") else "active",
        "recorded_on": recorded_on,
    }
    return Record(
        "allergy",
        place,
        (values["code"] or values["substance"],),
        values,
        patient=patient_id,
        visit=visit_id,
        rank=(recorded_on,),
    )


def prescription(cells: Cells, place: Place) -> Record:
    """medications.csv; without STOP it is still taken."""
    started_at, stopped_at = instant(cells["START"], "START"), optional_instant(cells["STOP"], "STOP")
    if stopped_at is not None and stopped_at < started_at:
        raise BadValue("STOP is before START")
    values: dict[str, Any] = {
        "code": text(cells["CODE"], 64, "CODE"),
        "medication": required(cells["DESCRIPTION"], 400, "DESCRIPTION"),
        "dose": None,
        "frequency": None,
        "route": None,
        "instructions": None,
        "reason": text(cells.get("REASONDESCRIPTION"), 400, "REASONDESCRIPTION"),
        "status": (PrescriptionStatus.COMPLETED if stopped_at else PrescriptionStatus.ACTIVE).value,
        "started_on": day_here(cells["START"], "START"),
        "stopped_on": day_here(cells["STOP"], "STOP") if cells["STOP"] else None,
    }
    return Record(
        "prescription",
        place,
        (values["code"] or values["medication"], stamp(started_at)),
        values,
        patient=identifier(cells["PATIENT"], "PATIENT"),
        visit=cells["ENCOUNTER"] or None,
        rank=(stopped_at,),
    )


TABLES = (
    Table("organizations.csv", "clinic", ("Id", "NAME"), clinic),
    Table("providers.csv", "practitioner", ("Id", "NAME"), practitioner),
    Table("patients.csv", "patient", ("Id", "BIRTHDATE", "FIRST", "LAST", "GENDER"), patient),
    Table(
        "encounters.csv",
        "visit",
        ("Id", "START", "STOP", "PATIENT", "ENCOUNTERCLASS", "DESCRIPTION"),
        visit,
    ),
    Table(
        "observations.csv",
        "observation",
        ("DATE", "PATIENT", "ENCOUNTER", "CODE", "DESCRIPTION", "VALUE", "UNITS", "TYPE"),
        observation,
    ),
    Table("conditions.csv", "condition", ("START", "STOP", "PATIENT", "ENCOUNTER", "CODE", "DESCRIPTION"), condition),
    Table("allergies.csv", "allergy", ("START", "PATIENT", "CODE", "DESCRIPTION"), allergy),
    Table(
        "medications.csv",
        "prescription",
        ("START", "STOP", "PATIENT", "ENCOUNTER", "CODE", "DESCRIPTION"),
        prescription,
    ),
)
