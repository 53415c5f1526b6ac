"""Statements as the resources that they came as."""

from __future__ import annotations

from typing import Any

from core.interchange.fhir.event import REPORTED_BY, SUBPOTENT, UNTIL
from core.interchange.fhir.exported_resources import TERMINOLOGY as TERMS
from core.interchange.fhir.exported_resources import Resource, Row, coded, concept, dated
from core.models import StatementKind, said

TOLD_APART = (REPORTED_BY, "dose ", "outcome: ", "complication: ", "reaction: ", "note: ", UNTIL,
              "reason: ")  # fmt: skip


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


def _verification(row: Row) -> str | None:
    if row["kind"] == StatementKind.REFUTED:
        return "refuted"
    told: str | None = said.read(row["said"]).get("verification")
    return row["detail"] or "provisional" if row["kind"] == StatementKind.SUSPECTED else told


def _request(row: Row) -> Resource:
    forbidden = row["kind"] == StatementKind.DO_NOT_GIVE
    return {
        "status": row["detail"] if forbidden and row["detail"] else "active",
        "intent": row["detail"] or "proposal" if row["kind"] == StatementKind.PROPOSAL else "order",
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
    origin = _after(details, REPORTED_BY)
    is_weak, dose, others = SUBPOTENT in details, _after(details, "dose "), _others(details)
    return {
        "status": status,
        "vaccineCode": coded(row, row["text"], None, None),
        **_given(dated(row, "stated_on"), others),
        "primarySource": False if origin else None,
        "reportOrigin": concept(origin[0]) if origin else None,
        "isSubpotent": True if is_weak else None,
        "reasonCode": [concept(words) for words in _after(details, "reason: ")],
        "protocolApplied": [{"doseNumberString": dose[0]}] if dose else [],
        "reaction": [{"detail": {"display": words}} for words in _after(details, "reaction: ")],
        "note": [{"text": words} for words in _after(details, "note: ")],
    }


def _given(when: str | None, others: str | None) -> Resource:
    """When a vaccine was given; what else is told stands in the place of a day that nobody knows."""
    if not when:
        return {"occurrenceString": others or "not known"}
    return {"occurrenceDateTime": when, "statusReason": concept(others) if others else None}


def _procedure(row: Row) -> Resource:
    status, details = _done(row, ("completed", "in-progress", "stopped", "unknown", "on-hold", "not-done"))
    others, outcome = _others(details), _after(details, "outcome: ")
    return {
        "status": status,
        "code": coded(row, row["text"], None, None),
        **_performed(row, details),
        "reasonCode": [concept(words) for words in _after(details, "reason: ")],
        "bodySite": [concept(others)] if others else [],
        "outcome": concept(outcome[0]) if outcome else None,
        "complication": [concept(words) for words in _after(details, "complication: ")],
        "note": [{"text": words} for words in _after(details, "note: ")],
    }


def _performed(row: Row, details: list[str]) -> Resource:
    start, until = dated(row, "stated_on"), _after(details, UNTIL)
    return {"performedPeriod": {"start": start, "end": until[0]}} if until and start else {"performedDateTime": start}


def _assertion(row: Row) -> Resource:
    when = dated(row, "stated_on")
    return {
        "status": "final",
        "code": {"coding": [{"system": f"{TERMS}/v3-ActCode", "code": "ASSERTION"}]},
        "effectiveDateTime": when,
        "valueCodeableConcept": coded(row, row["text"], None, None),
    }


def _done(row: Row, statuses: tuple[str, ...]) -> tuple[str, list[str]]:
    """The status that the details begin with, and the others."""
    first, *others = (row["detail"] or "").split("; ")
    status = first.replace(" ", "-")
    if status in statuses[1:]:
        return status, others
    return statuses[0], [first, *others] if first else []


def _after(details: list[str], name: str) -> list[str]:
    return [one.removeprefix(name) for one in details if one.startswith(name)]


def _others(details: list[str]) -> str | None:
    """The details that have no element of their own."""
    return "; ".join(one for one in details if one != SUBPOTENT and not one.startswith(TOLD_APART)) or None


MAKERS: dict[str, Any] = {
    "Condition": _condition,
    "AllergyIntolerance": _allergy,
    "MedicationRequest": _request,
    "MedicationStatement": _medication_statement,
    "Immunization": _immunization,
    "Procedure": _procedure,
    "Observation": _assertion,
}
