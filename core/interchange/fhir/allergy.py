"""FHIR AllergyIntolerance."""

from __future__ import annotations

from typing import Any

from core.interchange.fhir.bundles import References, Resource, dig, each, wording
from core.interchange.fhir.child import child_record, code_of
from core.interchange.fhir.condition import check_not_wrong, is_over
from core.interchange.source_rows import Record
from core.interchange.source_values import optional_day, required, text
from core.interchange.summary import Place


def allergy(resource: Resource, place: Place, references: References) -> Record:
    """An AllergyIntolerance."""
    check_not_wrong(resource)
    reactions = [wording(dig(r, "manifestation", 0)) for r in each(resource.get("reaction"))]
    values: dict[str, Any] = {
        "code": code_of(resource.get("code"), "snomed"),
        "substance": required(wording(resource.get("code")), 400, "code"),
        "category": text(dig(resource, "category", 0), 64, "category"),
        "reaction": text("; ".join(r for r in reactions if isinstance(r, str)), 400, "reaction"),
        "severity": text(dig(resource, "reaction", 0, "severity"), 64, "severity"),
        "criticality": text(resource.get("criticality"), 64, "criticality"),
        "status": "inactive" if is_over(resource) else "active",
        "recorded_on": optional_day(resource.get("recordedDate") or resource.get("onsetDateTime"), "recordedDate"),
    }
    natural = (values["code"] or values["substance"],)
    return child_record(
        "allergy", resource, place, references, natural=natural, values=values, rank=values["recorded_on"]
    )
