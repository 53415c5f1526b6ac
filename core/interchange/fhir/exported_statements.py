"""Statements as the resources that they came as."""

from __future__ import annotations

from typing import Any

from core.interchange.fhir.exported_resources import TERMINOLOGY as TERMS
from core.interchange.fhir.exported_resources import Resource, Row, coded, concept, dated
from core.models import StatementKind, said


def statement(row: Row) -> Resource:
    """A statement of any kind."""
    kind = said.read(row["said"]).get("resource", "Condition")
    return {"resourceType": kind, **MAKERS.get(kind, _condition)(row)}


def _condition(row: Row) -> Resource:
    return {
        "verificationStatus": concept(None, f"{TERMS}/condition-ver-status", _verification(row)),
        "code": coded(row, row["text"], None, None),
        "recordedDate": dated(row, "stated_on"),
    }


def _allergy(row: Row) -> Resource:
    words = row["text"].removeprefix("Allergy: ")
    return {
        "verificationStatus": concept(None, f"{TERMS}/allergyintolerance-verification", _verification(row)),
        "code": coded(row, words, None, None),
        "recordedDate": dated(row, "stated_on"),
    }


def _verification(row: Row) -> str:
    if row["kind"] == StatementKind.REFUTED:
        return "refuted"
    return row["detail"] or "provisional" if row["kind"] == StatementKind.SUSPECTED else "confirmed"


def _request(row: Row) -> Resource:
    forbidden = row["kind"] == StatementKind.DO_NOT_GIVE
    return {
        "status": row["detail"] if forbidden and row["detail"] else "active",
        "intent": "order" if forbidden else row["detail"] or "proposal",
        "doNotPerform": True if forbidden else None,
        "medicationCodeableConcept": coded(row, row["text"], None, None),
        "authoredOn": dated(row, "stated_on"),
    }


def _medication_statement(row: Row) -> Resource:
    return {
        "status": row["detail"] or "unknown",
        "medicationCodeableConcept": coded(row, row["text"], None, None),
        "effectiveDateTime": dated(row, "stated_on"),
    }


def _immunization(row: Row) -> Resource:
    status, details = _done(row, ("completed", "not-done"))
    when = dated(row, "stated_on")
    return {
        "status": status,
        "vaccineCode": coded(row, row["text"], None, None),
        "occurrenceDateTime": when,
        "occurrenceString": None if when else details or "not known",
        "statusReason": concept(details) if when and details else None,
    }


def _procedure(row: Row) -> Resource:
    status, details = _done(row, ("completed", "in-progress", "stopped", "unknown", "on-hold", "not-done"))
    return {
        "status": status,
        "code": coded(row, row["text"], None, None),
        "performedDateTime": dated(row, "stated_on"),
        "bodySite": [concept(details)] if details else [],
    }


def _done(row: Row, statuses: tuple[str, ...]) -> tuple[str, str | None]:
    """The status that the details begin with, and the others."""
    first, *others = (row["detail"] or "").split("; ")
    status = first.replace(" ", "-")
    if status in statuses[1:]:
        return status, "; ".join(others) or None
    return statuses[0], row["detail"]


MAKERS: dict[str, Any] = {
    "Condition": _condition,
    "AllergyIntolerance": _allergy,
    "MedicationRequest": _request,
    "MedicationStatement": _medication_statement,
    "Immunization": _immunization,
    "Procedure": _procedure,
}
