"""What is the same however it is spelled, and findings that stand where nobody reads them."""

from __future__ import annotations

from collections.abc import Container

from core.interchange.fhir.bundles import Resource, dig, each

# All of FHIR's codes here are written small; a space or a capital must not keep what was taken back.
CODES = ("status", "docStatus", "intent")
# Kinds that are rows by themselves, and have no identity inside another resource (contained).
FINDINGS = frozenset(
    ("Observation", "AllergyIntolerance", "MedicationRequest", "MedicationStatement", "Immunization", "Procedure",
     "DiagnosticReport", "DocumentReference", "Encounter")
)  # fmt: skip


def tidy_codes(resource: Resource) -> None:
    """Write a resource's codes as FHIR does."""
    for name in CODES:
        value = resource.get(name)
        if isinstance(value, str) and value != (tidied := value.strip().lower()):
            resource[name] = tidied


def findings_inside(resource: Resource, taken: Container[str]) -> list[str]:
    """The types of findings inside a resource but for the taken, once for each: what is left out must be counted."""
    parts = (part for part in each(resource.get("contained")) if f"#{dig(part, 'id')}" not in taken)
    return [kind for part in parts if (kind := str(dig(part, "resourceType"))) in FINDINGS]
