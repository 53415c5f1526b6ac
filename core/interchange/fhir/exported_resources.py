"""Our rows as FHIR R4 resources. Plain functions of columns; references are made by the caller."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

Row = Mapping[str, Any]
Resource = dict[str, Any]

TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"
LOINC, SNOMED, UCUM = "http://loinc.org", "http://snomed.info/sct", "http://unitsofmeasure.org"
RXNORM, ATC = "http://www.nlm.nih.gov/research/umls/rxnorm", "http://www.whocc.no/atc"
_AMOUNT = re.compile(r"(\d+(?:\.\d+)?) ([^\d\s]\S*)")


def bare(resource: Resource) -> Resource:
    """The resource without elements that say nothing; FHIR allows no null."""
    return {name: value for name, value in resource.items() if value not in (None, [], {})}


def moment(value: datetime | date | None) -> str | None:
    """An instant or a day as FHIR writes it."""
    return value.isoformat() if value is not None else None


def numeral(value: Decimal) -> int | float:
    """A number as JSON has it."""
    return int(value) if value == value.to_integral_value() else float(value)


def concept(words: str | None, system: str | None = None, code: str | None = None) -> Resource | None:
    """A CodeableConcept."""
    if words is None and code is None:
        return None
    coding = [bare({"system": system, "code": code, "display": words})] if code else []
    return bare({"coding": coding, "text": words})


def patient(row: Row, national_id: str | None) -> Resource:
    kind = concept(None, f"{TERMINOLOGY}/v2-0203", "NI")
    return {
        "resourceType": "Patient",
        "identifier": [{"type": kind, "value": national_id}] if national_id else [],
        "name": [{"use": "official", "text": row["name"]}],
        "gender": row["sex"],
        "birthDate": moment(row["birth_on"]),
        "deceasedDateTime": moment(row["deceased_on"]),
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
        "type": [concept(row["description"])],
        "reasonCode": [concept(row["reason"])] if row["reason"] else [],
        "period": bare({"start": moment(row["started_at"]), "end": moment(row["ended_at"])}),
    }


def observation(row: Row, assay: Row) -> Resource:
    number, unit = row["value_number"], row["unit"]
    sides = {side: _quantity(row[f"ref_{side}"], unit) for side in ("low", "high") if row[f"ref_{side}"] is not None}
    judged = concept(None, f"{TERMINOLOGY}/v3-ObservationInterpretation", row["interpretation"])
    return {
        "resourceType": "Observation",
        "status": "final",
        "category": [concept(None, f"{TERMINOLOGY}/observation-category", assay["category"])],
        "code": concept(assay["name"], LOINC, assay["code"]),
        "effectiveDateTime": moment(row["observed_at"]),
        "valueQuantity": _quantity(number, unit) if number is not None else None,
        "valueString": row["value_text"] if number is None else None,
        "interpretation": [judged] if row["interpretation"] else [],
        "referenceRange": [sides] if sides else [],
    }


def _quantity(value: Decimal, unit: str | None) -> Resource:
    return bare({"value": numeral(value), "unit": unit, "system": UCUM if unit else None, "code": unit})


def condition(row: Row) -> Resource:
    return {
        "resourceType": "Condition",
        "clinicalStatus": concept(None, f"{TERMINOLOGY}/condition-clinical", row["status"]),
        "code": concept(row["name"], SNOMED, row["code"]),
        "onsetDateTime": moment(row["onset_on"]),
        "abatementDateTime": moment(row["resolved_on"]),
    }


def allergy(row: Row) -> Resource:
    reaction = {"manifestation": [concept(row["reaction"])], "severity": row["severity"]}
    return {
        "resourceType": "AllergyIntolerance",
        "clinicalStatus": concept(None, f"{TERMINOLOGY}/allergyintolerance-clinical", row["status"]),
        "category": [row["category"]] if row["category"] else [],
        "criticality": row["criticality"],
        "code": concept(row["substance"], SNOMED, row["code"]),
        "reaction": [bare(reaction)] if row["reaction"] else [],
        "recordedDate": moment(row["recorded_on"]),
    }


def medication_request(row: Row) -> Resource:
    code = row["code"]
    system = RXNORM if code and code.isdigit() else ATC
    period = bare({"start": moment(row["started_on"]), "end": moment(row["stopped_on"])})
    return {
        "resourceType": "MedicationRequest",
        "status": row["status"],
        "intent": "order",
        "medicationCodeableConcept": concept(row["medication"], system, code),
        "authoredOn": moment(row["started_on"]),
        "reasonCode": [concept(row["reason"])] if row["reason"] else [],
        "dosageInstruction": [dosage] if (dosage := _dosage(row)) else [],
        "dispenseRequest": {"validityPeriod": period},
    }


def _dosage(row: Row) -> Resource:
    frequency, quantity = row["frequency"], _dose(row["dose"])
    return bare(
        {
            "text": row["instructions"],
            "timing": {"code": {"text": frequency}} if frequency else None,
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


def document_reference(row: Row) -> Resource:
    data = base64.b64encode(row["text"].encode()).decode()
    return {
        "resourceType": "DocumentReference",
        "status": "current",
        "type": concept(row["kind"]),
        "date": moment(row["written_at"]),
        "author": [{"display": row["author"]}] if row["author"] else [],
        "content": [{"attachment": {"contentType": "text/plain; charset=utf-8", "data": data}}],
    }
