"""What is the same however it is spelled, and findings that stand where nobody reads them."""

from __future__ import annotations

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


def findings_inside(resource: Resource) -> list[str]:
    """The types of findings that stand inside a resource, once for each: what is left out must be counted."""
    types = (str(dig(part, "resourceType")) for part in each(resource.get("contained")))
    return [kind for kind in types if kind in FINDINGS]
