"""FHIR Observation, in and out: one Record a value; components such as the two blood pressures stand alone."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from core.interchange.fhir import exported_values, quantities
from core.interchange.fhir.bundles import Resource, dig, each
from core.interchange.fhir.concepts import LOINC, Understood, chosen, status_of, system_of, understood, wording
from core.interchange.fhir.entry import Entry, Retracted
from core.interchange.fhir.exported_resources import TERMINOLOGY, Row, coded, concept, dated
from core.interchange.fhir.exported_values import bare, numeral
from core.interchange.fhir.quantities import Value
from core.interchange.flags import flag_of
from core.interchange.source_rows import AssayText, Record, stamp
from core.interchange.source_values import BadValue, required, text
from core.interchange.synthea.csv_tables import CATEGORY_WITHOUT_NAME
from core.interchange.usual_ranges import RANGES
from core.models import said
from core.queries.reference_ranges import UsualRange

TAKEN_BACK = ("entered-in-error", "cancelled")
FINAL = ("final", "amended", "corrected")
KNOWN = ("registered", "preliminary", "unknown", *FINAL)
FLAGS = {
    "N": "N", "H": "H", "HH": "HH", "L": "L", "LL": "LL", "A": "A", "AA": "AA", "HU": "HH", "LU": "LL", "H>": "HH",
    "L<": "LL", "ABN": "A", "POS": "POS", "NEG": "NEG", "IND": "IND", "R": "R", "S": "S", "I": "I", "DET": "DET",
    "ND": "ND", "E": "E", "<": "L", ">": "H",
}  # fmt: skip
VITAL_SIGNS = ("8480-6", "8462-4", "8867-4", "9279-1", "8310-5", "29463-7", "8302-2", "39156-5", "2708-6", "59408-5")
COMPONENTS_MAX = 40


def observations(entry: Entry) -> list[Record]:
    """The values of an Observation. Raises Retracted."""
    resource = entry.resource
    status = str(resource.get("status"))
    if status in TAKEN_BACK:
        raise Retracted(f"its status is {status}")
    if status not in KNOWN:
        raise BadValue(f"status '{status[:30]}' is none that we know")
    components = sorted((c for c in each(resource.get("component")) if _has_value(c)), key=_order)
    own = [(None, resource)] if _has_value(resource) else []
    parts: list[tuple[int | None, Any]] = [*own, *enumerate(components[:COMPONENTS_MAX])]
    if not parts:
        raise BadValue(_why_empty(resource))
    entry.about["status"] = None if status == "final" else status
    return [_observation(part, entry, number) for number, part in parts]


def _has_value(part: Any) -> bool:
    return isinstance(part, dict) and any(name.startswith("value") for name in part)


def _order(component: Any) -> tuple[str, str]:
    coding = chosen(component.get("code"), (LOINC,))
    return str(dig(coding, "code") or wording(component.get("code"))), str(component)


def _why_empty(resource: Resource) -> str:
    members = each(resource.get("hasMember"))
    absent = wording(resource.get("dataAbsentReason"))
    if members:
        return f"it has no value of its own: it groups {len(members)} other observations, which are read by themselves"
    return f"it has no value ({absent})" if absent else "it has no value"


def _observation(part: Any, entry: Entry, number: int | None) -> Record:
    resource = entry.resource
    moment = resource.get("effectiveDateTime") or resource.get("effectiveInstant")
    moment = moment or dig(resource, "effectivePeriod", "start") or dig(resource, "effectiveTiming", "event", 0)
    observed_at = entry.dates.moment(moment or resource.get("issued"), "effectiveDateTime", "observed_at")
    if observed_at is None:
        raise BadValue("it has no time: neither effective[x] nor issued")
    value = quantities.value_of(part)
    code = understood(part.get("code"))
    assay = _assay(code, resource, value)
    about = dict(entry.about)
    entry.about |= value.said | {"codings": code.kept} | _words_of_range(part)
    values = {"value_number": value.number, "value_text": value.text, "unit": value.unit, "observed_at": observed_at}
    record = entry.record(
        "observation",
        (assay.code, stamp(observed_at)),
        values,
        part=number,
        assay=assay,
        rank=(value.text if value.number is None else value.number,),
        judged=_flag(part, value),
    )
    entry.about = about
    return record


def _assay(code: Understood, resource: Resource, value: Value) -> AssayText:
    words, coding, _ = code
    if words is None:
        raise BadValue("its code is empty: it needs a text, a display or a code")
    system = system_of(coding) if coding is not None else "text"
    # A code without its system may be anybody's: only one with the same words is the same test.
    system = f"no system: {words}"[:200] if system is None else None if system == LOINC else system[:200]
    name = text(dig(coding, "code"), 64, "code") or words[:64]
    categories = [status_of({"c": c}, "c") or wording(c) for c in each(resource.get("category"))]
    category = text(next(filter(None, categories), None), 64, "category") or _usual_category(system, name, value)
    return AssayText(name, required(words[:400], 400, "code"), value.unit, category, system)


def _usual_category(system: str | None, code: str, value: Value) -> str:
    """The category of a test that came without one: of a value whose usual range we know, where it is measured."""
    if system is not None or (code, value.unit or "") not in RANGES:
        return CATEGORY_WITHOUT_NAME
    return "vital-signs" if code in VITAL_SIGNS else "laboratory"


def _words_of_range(part: Any) -> dict[str, Any]:
    """The laboratory's own range where it is words."""
    words = (dig(bounds, "text") for bounds in each(part.get("referenceRange")))
    return {"range": next((word[:200] for word in words if isinstance(word, str)), None)}


def _flag(part: Any, value: Value) -> dict[str, Any] | None:
    """Range and flag as the laboratory gives them; None if it gives neither, so that ours may be used."""
    ranges = [bounds for bounds in each(part.get("referenceRange")) if isinstance(bounds, dict)]
    flag = _told_flag(part)
    if flag is None and not ranges:
        return None
    low, high = quantities.bounds(ranges, value.unit) or (None, None)
    if flag is None and value.bound is not None:
        flag = flag_of(value.comparator, value.bound, UsualRange(low, high))
    return {"ref_low": low, "ref_high": high, "interpretation": flag}


def _told_flag(part: Any) -> str | None:
    codes = [status_of({"i": one}, "i") or wording(one) for one in each(part.get("interpretation"))]
    return next((FLAGS.get(str(code), str(code)[:8]) for code in codes if code), None)


def exported(row: Row, assay: Row) -> Resource:
    """One value of ours as an Observation; references are made by the caller."""
    parts, unit = said.read(row["said"]), row["unit"]
    sides = {
        side: _bound(row[f"ref_{side}"], unit, parts) for side in ("low", "high") if row[f"ref_{side}"] is not None
    }
    ranges = bare({**sides, "text": parts.get("range")})
    judged = concept(None, f"{TERMINOLOGY}/v3-ObservationInterpretation", row["interpretation"])
    return {
        "resourceType": "Observation",
        "status": parts.get("status", "final"),
        "category": [concept(None, f"{TERMINOLOGY}/observation-category", assay["category"])],
        "code": coded(row, assay["name"], assay["system"] or LOINC, assay["code"]),
        "effectiveDateTime": dated(row, "observed_at"),
        **exported_values.value(row, parts),
        "interpretation": [judged] if row["interpretation"] else [],
        "referenceRange": [ranges] if ranges else [],
    }


def _bound(value: Decimal, unit: str | None, parts: Mapping[str, Any]) -> Resource:
    return bare({"value": numeral(value), **exported_values.unit_parts(unit, parts)})
