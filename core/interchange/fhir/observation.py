"""FHIR Observation: one Record a value; components such as the two blood pressures stand alone under their codes."""

from __future__ import annotations

from typing import Any

from core.interchange.fhir.bundles import References, Resource, dig, each, wording
from core.interchange.fhir.child import code_of, patient_of
from core.interchange.source_rows import AssayText, Record, stamp
from core.interchange.source_values import TEXT_CHARS_MAX, BadValue, instant, number, required, text
from core.interchange.summary import Place
from core.interchange.synthea.csv_tables import CATEGORY_WITHOUT_NAME

VOID = ("entered-in-error", "cancelled")


def observations(resource: Resource, place: Place, references: References) -> list[Record]:
    """The values of an Observation."""
    if resource.get("status") in VOID:
        raise BadValue(f"its status is {resource['status']}")
    parts = [part for part in (resource, *each(resource.get("component"))) if _value_name(part) is not None]
    if not parts:
        raise BadValue("it has no value")
    return [_observation(part, resource, place, references) for part in parts]


def _observation(part: Any, whole: Resource, place: Place, references: References) -> Record:
    moment = whole.get("effectiveDateTime") or whole.get("effectiveInstant")
    observed_at = instant(moment or dig(whole, "effectivePeriod", "start") or whole.get("issued"), "effectiveDateTime")
    code = required(code_of(part.get("code"), "loinc"), 64, "code")
    value_number, value_text, unit = _value(part)
    values = {"value_number": value_number, "value_text": value_text, "unit": unit, "observed_at": observed_at}
    category = text(dig(whole, "category", 0, "coding", 0, "code"), 64, "category") or CATEGORY_WITHOUT_NAME
    return Record(
        "observation",
        place,
        (code, stamp(observed_at)),
        values,
        patient=patient_of(whole, references),
        visit=references.id_of(whole.get("encounter")),
        assay=AssayText(code, required(wording(part.get("code")) or code, 400, "code"), unit, category),
        rank=(value_text if value_number is None else value_number,),
    )


def _value_name(part: Any) -> str | None:
    return next((name for name in part if name.startswith("value")), None) if isinstance(part, dict) else None


def _value(part: Any) -> tuple[Any, str | None, str | None]:
    """Number, text and unit; a value with a comparator such as '<' is text, since it is no number."""
    name = str(_value_name(part))
    value = part[name]
    if name == "valueQuantity":
        unit = text(dig(value, "unit") or dig(value, "code"), 60, "unit")
        amount = number(dig(value, "value"), "valueQuantity")
        comparator = dig(value, "comparator")
        return (amount, None, unit) if comparator is None else (None, f"{comparator} {amount:f}"[:60], unit)
    if name == "valueInteger":
        return number(value, name), None, None
    if name == "valueBoolean":
        return None, "yes" if value else "no", None
    if name == "valueCodeableConcept":
        value = wording(value) or code_of(value)
    elif name not in ("valueString", "valueDateTime", "valueTime"):
        raise BadValue(f"{name} is not taken: only quantities, codes, texts, integers, yes/no and times are")
    return None, required(value, TEXT_CHARS_MAX, name), None
