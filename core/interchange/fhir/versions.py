"""What a reader of R4 must not ignore: another version of FHIR, and modifiers that it does not know."""

from __future__ import annotations

from typing import Any

from core.interchange.fhir.bundles import dig, each

OLD_TYPES = frozenset(
    ("MedicationOrder", "DiagnosticOrder", "ProcedureRequest", "ReferralRequest", "EligibilityRequest", "BodySite",
     "DeviceUseRequest", "Conformance", "ClinicalImpressionRequest", "ImagingManifest", "DataElement")
)  # fmt: skip
NEW_TYPES = frozenset(("DeviceUsage", "NutritionIntake", "Permission", "Transport", "InventoryItem", "GenomicStudy"))
STATUSES = ("clinicalStatus", "verificationStatus")


OLDER, NEWER = "an older FHIR (DSTU2 or STU3)", "FHIR R5"
# Elements that one version alone has, by type.
SIGNS = {
    "MedicationRequest": (("medication", NEWER),),
    "MedicationStatement": (("medication", NEWER), ("taken", OLDER), ("wasNotTaken", OLDER)),
    "Immunization": (("notGiven", OLDER), ("wasNotGiven", OLDER)),
    "Procedure": (("notDone", OLDER), ("notPerformed", OLDER)),
    "AllergyIntolerance": (("substance", OLDER),),
}


def other_version(resource: Any) -> str | None:
    """The name of the FHIR version that a resource is written in, if it can't be R4."""
    kind = dig(resource, "resourceType")
    if kind in OLD_TYPES or any(isinstance(dig(resource, name), str) for name in STATUSES):
        return OLDER
    if kind in NEW_TYPES:
        return NEWER
    if kind == "Encounter" and isinstance(resource.get("class"), str | list):
        return "FHIR DSTU2" if isinstance(resource["class"], str) else NEWER
    return next((version for name, version in SIGNS.get(kind, ()) if name in resource), None)


def unknown_modifier(value: Any) -> str | None:
    """The address of a modifier extension anywhere in a resource, contained ones apart; we know none."""
    if isinstance(value, dict):
        found = each(value.get("modifierExtension"))
        if found:
            return str(dig(found, 0, "url") or "without a url")
        parts = [part for name, part in value.items() if name != "contained"]
    else:
        parts = value if isinstance(value, list) else []
    for part in parts:
        if isinstance(part, dict | list):
            url = unknown_modifier(part)
            if url is not None:
                return url
    return None


def implicit_rules(resource: Any) -> str | None:
    """The rules that a resource says it can't be understood without."""
    rules = dig(resource, "implicitRules")
    return rules if isinstance(rules, str) else None
