"""How FHIR R4 says that a row was corrected: in the status of its resource."""

from __future__ import annotations

from core.interchange.fhir.exported_resources import TERMINOLOGY, Resource, concept

ERROR = "entered-in-error"
# These say it of the finding; without a verification, a clinical status would still hold.
VERIFIED = {"Condition": "condition-ver-status", "AllergyIntolerance": "allergyintolerance-verification"}


def entered_in_error(resource: Resource) -> Resource:
    """The resource of a row that counts no longer."""
    kind = resource["resourceType"]
    if kind in VERIFIED:
        status = concept(None, f"{TERMINOLOGY}/{VERIFIED[kind]}", ERROR)
        return {**resource, "verificationStatus": status, "clinicalStatus": None}
    return {**resource, "status": ERROR}


def edited(resource: Resource) -> Resource:
    """The resource of a row that its author has edited, where FHIR has a word for that."""
    if resource["resourceType"] in ("Observation", "DiagnosticReport"):
        return {**resource, "status": "corrected"}
    return {**resource, "docStatus": "amended"} if resource["resourceType"] == "DocumentReference" else resource
