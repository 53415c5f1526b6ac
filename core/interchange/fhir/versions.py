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
_STATUSES = frozenset(STATUSES)

OLDER, NEWER = "an older FHIR (DSTU2 or STU3)", "FHIR R5"
# Elements that R4 does not have, by type, and which version has them.
_OLD_ELEMENTS = {
    "Patient": ("animal", "careProvider"),
    "Encounter": ("incomingReferral", "indication", "patient", "reason"),
    "Observation": ("comment", "comments", "context", "related", "reliability"),
    "Condition": ("abatementBoolean", "assertedDate", "context", "dateRecorded", "patient"),
    "AllergyIntolerance": ("assertedDate", "lastOccurence", "onset", "reporter", "status", "substance"),
    "MedicationRequest": ("context", "definition"),
    "MedicationStatement": ("patient", "reasonForUse", "reasonNotTaken", "taken", "wasNotTaken"),
    "Composition": ("class",),
    "DocumentReference": ("class", "created", "indexed"),
    "DiagnosticReport": ("codedDiagnosis", "context", "image", "request"),
    "Immunization": ("date", "explanation", "notGiven", "practitioner", "reported", "vaccinationProtocol",
                     "wasNotGiven"),
    "Procedure": ("context", "definition", "notDone", "notDoneReason", "notPerformed", "notes", "reasonNotPerformed"),
    "Medication": ("image", "isBrand", "isOverTheCounter", "package", "product"),
}  # fmt: skip
_NEW_ELEMENTS = {
    "Encounter": ("actualPeriod", "admission", "subjectStatus"),
    "Observation": ("bodyStructure", "instantiatesCanonical", "triggeredBy"),
    "Condition": ("participant",),
    "AllergyIntolerance": ("participant",),
    "MedicationRequest": ("effectiveDosePeriod", "medication", "renderedDosageInstruction", "statusChanged"),
    "MedicationStatement": ("adherence", "medication", "renderedDosageInstruction"),
    "Composition": ("note", "url", "useContext", "version"),
    "DocumentReference": ("attester", "bodySite", "event", "period", "version"),
    "DiagnosticReport": ("composition", "note", "study"),
    "Immunization": ("administeredProduct", "informationSource"),
    "Procedure": ("occurrenceAge", "occurrenceDateTime", "occurrencePeriod", "occurrenceString", "used"),
    "Medication": ("doseForm", "marketingAuthorizationHolder"),
}
SIGNS = {
    kind: dict.fromkeys(_OLD_ELEMENTS[kind], OLDER) | dict.fromkeys(_NEW_ELEMENTS.get(kind, ()), NEWER)
    for kind in _OLD_ELEMENTS
}
# Elements of which R4 may have several and an older version has one.
SINGLE_BEFORE = {
    "Observation": ("category", "interpretation"),
    "Condition": ("category", "stage"),
    "MedicationRequest": ("category",),
    "DiagnosticReport": ("category", "performer"),
    "AllergyIntolerance": ("category",),
}
# Elements of which R4 may have several: one by itself would be passed over.
SEVERAL = {
    "Patient": ("address", "communication", "identifier", "link", "name", "telecom"),
    "Encounter": ("participant", "reasonCode", "type"),
    "Observation": ("category", "component", "interpretation", "referenceRange"),
    "Condition": ("category", "stage"),
    "AllergyIntolerance": ("category", "reaction"),
    "MedicationRequest": ("category", "dosageInstruction", "reasonCode"),
    "MedicationStatement": ("dosage", "reasonCode"),
    "Composition": ("author", "relatesTo", "section"),
    "DocumentReference": ("author", "content", "relatesTo"),
    "DiagnosticReport": ("category", "conclusionCode", "performer", "presentedForm"),
    "Procedure": ("bodySite", "reasonCode"),
}
# Where one version has something within an element: type, element, what is within, and the version.
_WITHIN = {
    "Encounter": ("diagnosis", ("role",)),
    "MedicationRequest": ("dosageInstruction", ("doseQuantity", "doseRange", "rateQuantity", "rateRange", "rateRatio")),
    "MedicationStatement": ("dosage", ("doseQuantity", "doseRange", "quantityQuantity", "quantityRange")),
    "DiagnosticReport": ("performer", ("actor",)),
    "Procedure": ("performer", ("role",)),
}


def other_version(resource: Any) -> str | None:
    """The name of the FHIR version that a resource is written in, if it can't be R4."""
    if not isinstance(resource, dict):
        return None
    kind = str(resource.get("resourceType"))
    if kind in OLD_TYPES or _has_status_in_one_word(resource):
        return OLDER
    if kind in NEW_TYPES or (kind == "DocumentReference" and isinstance(resource.get("context"), list)):
        return NEWER
    if kind == "Encounter" and isinstance(resource.get("class"), str | list):
        return "FHIR DSTU2" if isinstance(resource["class"], str) else NEWER
    return _by_elements(kind, resource)


def _has_status_in_one_word(resource: dict[str, Any]) -> bool:
    return not _STATUSES.isdisjoint(resource) and any(isinstance(resource.get(name), str) for name in STATUSES)


def _by_elements(kind: str, resource: dict[str, Any]) -> str | None:
    """The version that an element's name or shape gives away."""
    signs = SIGNS.get(kind)
    if signs is None:
        return None
    # The newer first: what both have that are not R4 means something else in each.
    told = {signs[name] for name in resource.keys() & signs.keys()}
    return NEWER if NEWER in told else OLDER if told or _is_shaped_otherwise(kind, resource) else None


def _is_shaped_otherwise(kind: str, resource: dict[str, Any]) -> bool:
    if any(isinstance(resource.get(name), dict) for name in SINGLE_BEFORE.get(kind, ())):
        return True
    if kind == "Patient":
        return any(isinstance(dig(name, "family"), list) for name in each(resource.get("name")))
    if kind == "MedicationRequest" and dig(resource, "requester", "agent") is not None:
        return True
    element, within = _WITHIN.get(kind, ("", ()))
    return any(dig(part, name) is not None for part in each(resource.get(element)) for name in within)


def not_listed(resource: dict[str, Any]) -> str | None:
    """The name of an element that stands alone where R4 has a list."""
    names = SEVERAL.get(str(resource.get("resourceType")), ())
    return next((name for name in names if isinstance(resource.get(name), dict)), None)


# Elements that turn a meaning round: "true" as a text must not pass for nothing.
BOOLEANS = ("active", "deceasedBoolean", "doNotPerform", "isSubpotent", "reportedBoolean", "valueBoolean")
_BOOLEANS = frozenset(BOOLEANS)


def no_boolean(resource: dict[str, Any]) -> str | None:
    """The name of an element that is to be true or false and is something else."""
    if _BOOLEANS.isdisjoint(resource):
        return None
    names = (name for name in BOOLEANS if name in resource)
    return next((name for name in names if not isinstance(resource[name], bool)), None)


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
