"""FHIR Encounter, Condition, AllergyIntolerance and MedicationRequest, each made into a Record."""

from __future__ import annotations

from typing import Any

from core.interchange.fhir_bundle import References, Resource, dig, each, wording
from core.interchange.fhir_people import CareTeam
from core.interchange.records import Record, stamp
from core.interchange.summary import Place
from core.interchange.values import (
    BadValue,
    day,
    identifier,
    instant,
    optional_day,
    optional_instant,
    required,
    text,
)
from core.models import ConditionStatus, PrescriptionStatus, VisitStatus

BEGUN = {"finished": VisitStatus.CLOSED} | dict.fromkeys(
    ("arrived", "triaged", "in-progress", "onleave", "unknown"), VisitStatus.OPEN
)
CLASSES = {"ACUTE": "IMP", "NONAC": "IMP", "OBSENC": "EMER", "SS": "AMB"}
OVER = ("inactive", "remission", "resolved")
PRESCRIBED = {
    "active": PrescriptionStatus.ACTIVE,
    "on-hold": PrescriptionStatus.ACTIVE,
    "unknown": PrescriptionStatus.ACTIVE,
    "completed": PrescriptionStatus.COMPLETED,
    "stopped": PrescriptionStatus.STOPPED,
    "cancelled": PrescriptionStatus.STOPPED,
}
PERIODS = {"h": "hour", "d": "day", "wk": "week", "mo": "month"}
TIMES = {1: "once", 2: "twice"}


def patient_of(resource: Resource, references: References) -> str:
    """The source id of the patient that a resource is about."""
    reference = resource.get("subject") or resource.get("patient")
    source_id = references.id_of(reference)
    if source_id is None:
        raise BadValue("it names no patient (subject)")
    return identifier(source_id, "subject")


def code_of(concept: Any, prefer: str = "") -> str | None:
    """The code of a CodeableConcept, of the system that contains `prefer` if there is one."""
    codings = [coding for coding in each(dig(concept, "coding")) if dig(coding, "code")]
    best = next((c for c in codings if prefer and prefer in str(c.get("system"))), codings[0] if codings else None)
    return text(dig(best, "code"), 64, "code")


def encounter(resource: Resource, place: Place, references: References, team: CareTeam) -> Record:
    """An Encounter that has begun."""
    status = BEGUN.get(str(resource.get("status")))
    if status is None:
        raise BadValue(f"status '{str(resource.get('status'))[:30]}' is no visit that has begun")
    started_at = instant(dig(resource, "period", "start"), "period.start")
    ended_at = optional_instant(dig(resource, "period", "end"), "period.end")
    if ended_at is not None and ended_at < started_at:
        raise BadValue("period.end is before period.start")
    if ended_at is None and status is VisitStatus.CLOSED:
        ended_at = started_at
    kind, class_code = dig(resource, "type", 0), text(dig(resource, "class", "code"), 64, "class") or "AMB"
    clinic = team.clinic(resource.get("serviceProvider"), place)
    values = {
        "class_code": CLASSES.get(class_code, class_code),
        "status": (VisitStatus.CLOSED if ended_at else VisitStatus.OPEN).value,
        "description": required(wording(kind) or "Visit", 400, "type"),
        "reason": text(_reason(resource, references), 400, "reasonCode"),
        "started_at": started_at,
        "ended_at": ended_at,
    }
    return Record(
        "visit",
        place,
        (stamp(started_at), code_of(kind) or ""),
        values,
        patient=patient_of(resource, references),
        clinic=clinic,
        practitioner=team.practitioner(dig(resource, "participant", 0, "individual"), clinic, place),
        source_id=identifier(resource.get("id"), "id"),
        rank=(ended_at, values["description"]),
    )


def _reason(resource: Resource, references: References) -> Any:
    reason = dig(resource, "reasonCode", 0)
    if reason is not None:
        return dig(reason, "coding", 0, "display") or wording(reason)
    return wording(dig(references.resource(dig(resource, "reasonReference", 0)), "code"))


def condition(resource: Resource, place: Place, references: References) -> Record:
    """A Condition that is not known to be wrong."""
    if dig(resource, "verificationStatus", "coding", 0, "code") in ("entered-in-error", "refuted"):
        raise BadValue("it was entered in error or refuted")
    onset = resource.get("onsetDateTime") or dig(resource, "onsetPeriod", "start") or resource.get("recordedDate")
    onset_on = optional_day(onset, "onsetDateTime")
    abated = resource.get("abatementDateTime") or dig(resource, "abatementPeriod", "end")
    resolved_on = optional_day(abated, "abatementDateTime")
    if onset_on is not None and resolved_on is not None and resolved_on < onset_on:
        raise BadValue("abatementDateTime is before onsetDateTime")
    over = resolved_on is not None or dig(resource, "clinicalStatus", "coding", 0, "code") in OVER
    values: dict[str, Any] = {
        "code": code_of(resource.get("code"), "snomed"),
        "name": required(wording(resource.get("code")), 400, "code"),
        "status": (ConditionStatus.RESOLVED if over else ConditionStatus.ACTIVE).value,
        "onset_on": onset_on,
        "resolved_on": resolved_on,
    }
    natural = (values["code"] or values["name"], stamp(onset_on))
    return _child("condition", resource, place, references, natural=natural, values=values, rank=resolved_on)


def allergy(resource: Resource, place: Place, references: References) -> Record:
    """An AllergyIntolerance."""
    if dig(resource, "verificationStatus", "coding", 0, "code") in ("entered-in-error", "refuted"):
        raise BadValue("it was entered in error or refuted")
    reactions = [wording(dig(r, "manifestation", 0)) for r in each(resource.get("reaction"))]
    values: dict[str, Any] = {
        "code": code_of(resource.get("code"), "snomed"),
        "substance": required(wording(resource.get("code")), 400, "code"),
        "category": text(dig(resource, "category", 0), 64, "category"),
        "reaction": text("; ".join(r for r in reactions if isinstance(r, str)), 400, "reaction"),
        "severity": text(dig(resource, "reaction", 0, "severity"), 64, "severity"),
        "criticality": text(resource.get("criticality"), 64, "criticality"),
        "status": "inactive" if dig(resource, "clinicalStatus", "coding", 0, "code") in OVER else "active",
        "recorded_on": optional_day(resource.get("recordedDate") or resource.get("onsetDateTime"), "recordedDate"),
    }
    natural = (values["code"] or values["substance"],)
    return _child("allergy", resource, place, references, natural=natural, values=values, rank=values["recorded_on"])


def prescription(resource: Resource, place: Place, references: References) -> Record:
    """A MedicationRequest that was given."""
    status = PRESCRIBED.get(str(resource.get("status")))
    if status is None:
        raise BadValue(f"status '{str(resource.get('status'))[:30]}' is no order that was given")
    medication = resource.get("medicationCodeableConcept")
    if medication is None:
        medication = dig(references.resource(resource.get("medicationReference"), resource), "code")
    started_at = instant(resource.get("authoredOn"), "authoredOn")
    values: dict[str, Any] = {
        "code": code_of(medication, "rxnorm"),
        "medication": required(wording(medication), 400, "medication"),
        **_dosage(dig(resource, "dosageInstruction", 0)),
        "reason": text(_reason(resource, references), 400, "reasonCode"),
        "status": status.value,
        "started_on": started_at.date(),
        "stopped_on": None,
    }
    end = dig(resource, "dispenseRequest", "validityPeriod", "end")
    if end is not None and status is not PrescriptionStatus.ACTIVE:
        values["stopped_on"] = max(day(end, "validityPeriod.end"), values["started_on"])
    natural = (values["code"] or values["medication"], stamp(started_at))
    return _child("prescription", resource, place, references, natural=natural, values=values, rank=None)


def _dosage(instruction: Any) -> dict[str, str | None]:
    dose = dig(instruction, "doseAndRate", 0, "doseQuantity")
    amount = " ".join(str(part) for part in (dig(dose, "value"), dig(dose, "unit")) if part is not None)
    return {
        "dose": text(amount.replace(".0 ", " ").removesuffix(".0"), 120, "doseQuantity"),
        "frequency": text(_frequency(instruction), 120, "timing"),
        "route": text(wording(dig(instruction, "route")), 60, "route"),
        "instructions": text(dig(instruction, "text"), 2_000, "dosageInstruction.text"),
    }


def _frequency(instruction: Any) -> str | None:
    repeat = dig(instruction, "timing", "repeat")
    count, period, unit = dig(repeat, "frequency"), dig(repeat, "period"), PERIODS.get(str(dig(repeat, "periodUnit")))
    words = wording(dig(instruction, "timing", "code"))
    if isinstance(words, str):
        return words
    if not isinstance(count, int) or period is None or unit is None:
        return "as needed" if dig(instruction, "asNeededBoolean") is True else None
    often = TIMES.get(count, f"{count} times")
    return f"{often} a {unit}" if period == 1 else f"{often} every {str(period).removesuffix('.0')} {unit}s"


def _child(
    kind: str,
    resource: Resource,
    place: Place,
    references: References,
    *,
    natural: tuple[str, ...],
    values: dict[str, Any],
    rank: Any,
) -> Record:
    return Record(
        kind,
        place,
        natural,
        values,
        patient=patient_of(resource, references),
        visit=references.id_of(resource.get("encounter")),
        rank=(rank,),
    )
