"""What the resources about a patient share: subject, encounter, code and reason."""

from __future__ import annotations

from typing import Any

from core.interchange.fhir.bundles import References, Resource, dig, each, wording
from core.interchange.source_rows import Record
from core.interchange.source_values import BadValue, identifier, text
from core.interchange.summary import Place


def patient_of(resource: Resource, references: References) -> str:
    """The source id of the patient that a resource is about."""
    reference = resource.get("subject") or resource.get("patient")
    source_id = references.id_of(reference)
    if source_id is None:
        raise BadValue("it names no patient (subject)")
    return identifier(source_id, "subject")


def code_of(concept: Any, prefer: str = "") -> str | None:
    """The code of a CodeableConcept, of the system that contains `prefer` if there is one."""
    codings = [coding for coding in each(dig(concept, "coding")) if dig(coding, "code")]
    best = next((c for c in codings if prefer and prefer in str(c.get("system"))), codings[0] if codings else None)
    return text(dig(best, "code"), 64, "code")


def reason_of(resource: Resource, references: References) -> Any:
    """The words of why something was done: a code, or the problem that is referred to."""
    reason = dig(resource, "reasonCode", 0)
    if reason is not None:
        return dig(reason, "coding", 0, "display") or wording(reason)
    return wording(dig(references.resource(dig(resource, "reasonReference", 0)), "code"))


def child_record(
    kind: str,
    resource: Resource,
    place: Place,
    references: References,
    *,
    natural: tuple[str, ...],
    values: dict[str, Any],
    rank: Any,
) -> Record:
    """The Record of a resource about a patient, at a visit if it names one."""
    return Record(
        kind,
        place,
        natural,
        values,
        patient=patient_of(resource, references),
        visit=references.id_of(resource.get("encounter")),
        rank=(rank,),
    )
