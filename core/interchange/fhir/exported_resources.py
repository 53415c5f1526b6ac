"""Our rows as FHIR R4 resources. Plain functions of columns; references are made by the caller."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from core.interchange.fhir.code_names import ATC, RXNORM, SNOMED
from core.interchange.fhir.exported_values import bare, numeral
from core.models import Sensitivity, said

Row = Mapping[str, Any]
Resource = dict[str, Any]

TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"
# A patient summary may not miss it in silence.
NOT_KNOWN = {
    "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]
}
_AMOUNT = re.compile(r"(\d+(?:\.\d+)?) ([^\d\s]\S*)")


def moment(value: datetime | date | None) -> str | None:
    """An instant or a day as FHIR writes it."""
    return value.isoformat() if value is not None else None


def concept(words: str | None, system: str | None = None, code: str | None = None) -> Resource | None:
    """A CodeableConcept."""
    if words is None and code is None:
        return None
    coding = [bare({"system": system, "code": code, "display": words})] if code else []
    return bare({"coding": coding, "text": words})


NATIONAL_ID = concept(None, f"{TERMINOLOGY}/v2-0203", "NI")


def dated(row: Row, column: str) -> str | None:
    """A column's day or instant, as far as it is known."""
    value = said.dated(row[column], row["said"], column)
    return said.iso(value) if value is not None else None


def coded(row: Row, words: str | None, system: str | None, code: str | None) -> Resource | None:
    """A CodeableConcept with the codings that came in; of a row of ours, with our code."""
    codings = said.read(row["said"]).get("codings")
    if not codings:
        return concept(words, system, code)
    kept = [bare({"system": one[0], "code": one[1], "display": one[2]}) for one in codings]
    return bare({"coding": kept, "text": words})


def labels(row: Row, category: str) -> list[Resource]:
    """The security labels of a row that is kept apart: those that it came with, else why it is."""
    came = said.read(row["said"]).get("security")
    if came:
        return [bare({"system": system, "code": code}) for system, code in came]
    codes = (("v3-Confidentiality", "R"), *((("v3-ActCode", category),) if category != Sensitivity.OTHER else ()))
    return [{"system": f"{TERMINOLOGY}/{system}", "code": code} for system, code in codes]


def told_concept(kept: Any) -> Resource | None:
    """A CodeableConcept of the words and codings that `said` keeps."""
    if not kept:
        return None
    codings = [bare({"system": one[0], "code": one[1], "display": one[2]}) for one in kept.get("codings", ())]
    return bare({"coding": codings, "text": kept["text"]})


def noted(parts: Mapping[str, Any]) -> list[Resource]:
    """The remarks that came with a row."""
    return [{"text": parts["note"]}] if parts.get("note") else []


def patient(row: Row, national_id: str | None) -> Resource:
    parts = said.read(row["said"])
    died = dated(row, "deceased_on")
    others = [{"system": system, "value": value} for system, value in parts.get("identifiers", [])]
    return {
        "resourceType": "Patient",
        "identifier": [*([{"type": NATIONAL_ID, "value": national_id}] if national_id else []), *others],
        "active": False if parts.get("inactive") else None,
        "name": [{"use": "official", **parts.get("name", {}), "text": row["name"]}],
        "gender": row["sex"],
        "birthDate": dated(row, "birth_on"),
        "_birthDate": NOT_KNOWN if row["birth_on"] is None else None,
        "deceasedDateTime": died,
        "deceasedBoolean": True if parts.get("deceased") and died is None else None,
        "telecom": [{"system": "phone", "value": row["phone"]}] if row["phone"] else [],
        "address": [{"text": row["address"]}] if row["address"] else [],
        "communication": [{"language": {"text": row["language"]}}] if row["language"] else [],
    }


def organization(row: Row) -> Resource:
    address = [{"text": row["address"]}] if row["address"] else []
    return {"resourceType": "Organization", "name": row["name"], "address": address}


def practitioner(row: Row) -> Resource:
    qualification = [{"code": {"text": row["speciality"]}}] if row["speciality"] else []
    return {"resourceType": "Practitioner", "name": [{"text": row["name"]}], "qualification": qualification}


def encounter(row: Row) -> Resource:
    return {
        "resourceType": "Encounter",
        "status": row["status"],
        "class": {"system": f"{TERMINOLOGY}/v3-ActCode", "code": row["class_code"]},
        "type": [coded(row, row["description"], None, None)],
        "reasonCode": [concept(row["reason"])] if row["reason"] else [],
        "period": bare({"start": dated(row, "started_at"), "end": dated(row, "ended_at")}),
    }


def condition(row: Row) -> Resource:
    parts = said.read(row["said"])
    clinical = said.clinical(parts, row["status"])
    return {
        "resourceType": "Condition",
        "clinicalStatus": NOT_KNOWN if clinical == said.NOT_STATED else _status("condition-clinical", clinical),
        "verificationStatus": _status("condition-ver-status", parts.get("verification")),
        "code": coded(row, row["name"], SNOMED, row["code"]),
        "onsetDateTime": dated(row, "onset_on"),
        "onsetString": parts.get("onset") if row["onset_on"] is None else None,
        "abatementDateTime": dated(row, "resolved_on"),
        "recordedDate": parts.get("recorded"),
        "bodySite": [site] if (site := told_concept(parts.get("site"))) else [],
        "note": noted(parts),
    }


def _status(system: str, code: str | None) -> Resource | None:
    return concept(None, f"{TERMINOLOGY}/{system}", code)


def allergy(row: Row) -> Resource:
    parts = said.read(row["said"])
    onset = parts.get("onset")
    return {
        "resourceType": "AllergyIntolerance",
        "clinicalStatus": concept(None, f"{TERMINOLOGY}/allergyintolerance-clinical", row["status"]),
        "verificationStatus": _status("allergyintolerance-verification", parts.get("verification")),
        "type": parts.get("type"),
        "category": [row["category"]] if row["category"] else [],
        "criticality": row["criticality"],
        "code": coded(row, row["substance"], SNOMED, row["code"]),
        f"onset{'DateTime' if str(onset)[:4].isdigit() else 'String'}": onset,
        "reaction": _reactions(row),
        "recordedDate": dated(row, "recorded_on"),
        "note": noted(parts),
    }


def _reactions(row: Row) -> list[Resource]:
    manifestations = [concept(words) for words in (row["reaction"] or "").split("; ") if words]
    if not manifestations and row["severity"] is None:
        return []
    return [bare({"manifestation": manifestations or [concept("not told")], "severity": row["severity"]})]


def medication_request(row: Row) -> Resource:
    """A MedicationRequest, or the MedicationStatement that it came as."""
    code, parts = row["code"], said.read(row["said"])
    medicine = coded(row, row["medication"], RXNORM if code and code.isdigit() else ATC, code)
    period = bare({"start": dated(row, "started_on"), "end": dated(row, "stopped_on")})
    reason = [concept(row["reason"])] if row["reason"] else []
    steps = [dosage] if (dosage := _dosage(row)) else []
    shared = {
        "status": row["status"],
        "medicationCodeableConcept": medicine,
        "reasonCode": reason,
        "note": noted(parts),
    }
    why = concept(parts.get("status_reason"))
    if parts.get("resource") == "MedicationStatement":
        whys = [why] if why else []
        told = {"statusReason": whys, "effectivePeriod": period, "dosage": steps}
        return {"resourceType": "MedicationStatement", **shared, **told}
    return {
        "resourceType": "MedicationRequest",
        **shared,
        "statusReason": why,
        "intent": parts.get("intent", "order"),
        "authoredOn": parts.get("authored") or dated(row, "started_on"),
        "dosageInstruction": steps,
        "dispenseRequest": {"validityPeriod": period} if period else None,
    }


def _dosage(row: Row) -> Resource:
    frequency, quantity = row["frequency"], _dose(row["dose"])
    # An order says apart from its own day when the medicine begins.
    begins = dated(row, "started_on") if said.read(row["said"]).get("authored") else None
    repeat = {"boundsPeriod": {"start": begins}} if begins else None
    return bare(
        {
            "text": row["instructions"],
            "timing": bare({"code": concept(frequency), "repeat": repeat}),
            "route": concept(row["route"]),
            "doseAndRate": [{"doseQuantity": quantity}] if quantity else [],
        }
    )


def _dose(dose: str | None) -> Resource | None:
    """A dose as a Quantity; one in words, such as "thin layer", has a unit and no value."""
    if dose is None:
        return None
    amount = _AMOUNT.fullmatch(dose)
    return {"value": numeral(Decimal(amount[1])), "unit": amount[2]} if amount else {"unit": dose}
