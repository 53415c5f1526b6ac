"""FHIR Observation, in and out: one Record a value; components such as the two blood pressures stand alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from core.interchange.fhir import exported_values, judgement, pressures, quantities
from core.interchange.fhir.annotations import cut, further, position, remarks, sites
from core.interchange.fhir.bundles import Resource, dig, each
from core.interchange.fhir.code_names import LOINC
from core.interchange.fhir.concepts import (
    Understood,
    chosen,
    code_of,
    is_absence,
    is_untold,
    kept,
    status_of,
    system_of,
    understood,
    wording,
)
from core.interchange.fhir.entry import NO_STATUS, Entry, Retracted
from core.interchange.fhir.exported_resources import TERMINOLOGY, Row, coded, concept, dated, told_concept
from core.interchange.fhir.exported_values import bare, numeral
from core.interchange.fhir.quantities import Value
from core.interchange.source_rows import AssayText, Record, stamp
from core.interchange.source_values import BadValue, required, text
from core.interchange.synthea.csv_tables import CATEGORY_WITHOUT_NAME
from core.interchange.usual_ranges import RANGES
from core.models import StatementKind, said

TAKEN_BACK = ("entered-in-error", "cancelled")
FINAL = ("final", "amended", "corrected")
KNOWN = ("registered", "preliminary", "unknown", *FINAL)
VITAL_SIGNS = ("8480-6", "8462-4", "8867-4", "9279-1", "8310-5", "29463-7", "8302-2", "39156-5", "2708-6", "59408-5")
COMPONENTS_MAX = 40
ASSERTION = "ASSERTION"
NOTE_CHARS_MAX = 400
TEXT_ALONE = "text"
NO_TIME = "it has no time: neither effective[x] nor issued, nor do a report, a panel or a visit of one day tell it"
CATEGORIES = frozenset(
    ("social-history", "vital-signs", "imaging", "laboratory", "procedure", "survey", "exam", "therapy", "activity")
)


def _status(resource: Resource) -> str:
    status = str(resource.get("status"))
    if status in TAKEN_BACK:
        raise Retracted(f"its status is {status}")
    if status not in KNOWN:
        raise BadValue(NO_STATUS if "status" not in resource else f"status '{status[:30]}' is none that we know")
    return status


def observations(entry: Entry) -> list[Record]:
    """The values of an Observation. Raises Retracted."""
    resource = entry.resource
    status = _status(resource)
    parts = _parts(resource)
    focus = entry.other_focus() if "focus" in resource or "extension" in resource else None
    if focus is not None:
        raise BadValue(f"its value is about someone or something else (focus {focus[:80]}), not about the patient")
    entry.about["status"] = None if status == "final" else status
    _measured(entry)
    return [_observation(part, entry, number) for number, part in parts]


def _parts(resource: Resource) -> list[tuple[int | None, Any]]:
    """What has a value: the resource itself, and its components, numbered. Raises Retracted, BadValue."""
    components = sorted((c for c in each(resource.get("component")) if _has_value(c)), key=_order)
    if len(components) > COMPONENTS_MAX:
        raise BadValue(f"it has {len(components)} components: at most {COMPONENTS_MAX} are taken, send it in parts")
    own = [(None, resource)] if _has_value(resource) else []
    parts: list[tuple[int | None, Any]] = [*own, *enumerate(components)]
    if not parts:
        raise Retracted(_why_empty(resource))
    return parts


def absence(entry: Entry) -> Record | None:
    """The statement that an assertion makes of what is not there: several such are not values of one test."""
    resource, told = entry.resource, entry.resource.get("valueCodeableConcept")
    if told is None or resource.get("status") not in FINAL or code_of(resource.get("code")) != ASSERTION:
        return None
    if not is_absence(told):
        return None
    entry.about["codings"] = kept(told)
    return entry.statement(
        StatementKind.NEGATION, wording(told), resource.get("effectiveDateTime") or resource.get("issued")
    )


def _measured(entry: Entry) -> None:
    """Where, of what and how it was measured, and the remark: "haemolysed" may be all that tells."""
    resource = entry.resource
    lent = (f"time as {entry.time_of} has it",) if entry.time_of else ()
    beside = (
        *lent,
        *position(resource),
        *further(resource.get("code")),
        *_period(resource),
        *_judged_as_a_whole(resource),
    )
    entry.about["note"] = remarks(resource, beside)
    if "bodySite" in resource:
        entry.about["site"] = sites(resource)
    if "method" in resource and (words := wording(resource["method"])) is not None:
        entry.about["method"] = {"text": words[:NOTE_CHARS_MAX], "codings": kept(resource["method"])}
    reference = resource.get("specimen")
    if reference is not None:
        kind = dig(entry.resolver.content(reference), "type")
        words = wording(kind) or dig(reference, "display")
        entry.about["specimen"] = {"text": words[:NOTE_CHARS_MAX]} if isinstance(words, str) else None


def _period(resource: Resource) -> Iterator[str]:
    """The time that a value stands for."""
    start, end = (str(dig(resource, "effectivePeriod", side) or "")[:10] for side in ("start", "end"))
    if start and end and start != end:
        yield f"from {start} to {end}"


def _judged_as_a_whole(resource: Resource) -> Iterator[str]:
    """A judgement of the whole that no part has."""
    parts = each(resource.get("component"))
    if not _has_value(resource) and parts and not any(dig(part, "interpretation") for part in parts):
        yield from (f"as a whole: {words}" for one in judgement.interpretations(resource) if (words := wording(one)))


def _has_value(part: Any) -> bool:
    if isinstance(part, dict):
        for name in part:
            if name.startswith("value") and not is_untold(part[name]):
                return True
    return False


def _order(component: Any) -> tuple[str, str]:
    coding = chosen(component.get("code"), (LOINC,))
    return str(dig(coding, "code") or wording(component.get("code"))), str(component)


def remark_of_group(entry: Entry) -> list[Record]:
    """What the head of a panel remarks or judges of the whole, as its value; nothing if it does neither."""
    resource = entry.resource
    judged = (wording(one) for one in judgement.interpretations(resource))
    words = remarks(resource, judged)
    if words is None or resource.get("status") in TAKEN_BACK:
        return []
    told = {name: part for name, part in resource.items() if name not in ("note", "interpretation", "component")}
    item = replace(entry.item, resource={**told, "valueString": cut(words, NOTE_CHARS_MAX)})
    return observations(replace(entry, item=item))


def only_groups(resource: Resource) -> bool:
    """Whether an Observation has no value of its own but names others, as the head of a panel does."""
    parts = (resource, *each(resource.get("component")))
    return bool(each(resource.get("hasMember"))) and not any(_has_value(part) for part in parts)


def _why_empty(resource: Resource) -> str:
    told = next((value for name, value in resource.items() if name.startswith("value")), None)
    absent = wording(resource.get("dataAbsentReason")) or (str(told)[:60] if told is not None else None)
    return f"it has no value ({absent})" if absent else "it has no value"


def _observation(part: Any, entry: Entry, number: int | None) -> Record:
    resource = entry.resource
    moment = resource.get("effectiveDateTime") or resource.get("effectiveInstant")
    period = resource.get("effectivePeriod")
    moment = moment or dig(period, "start") or dig(period, "end") or dig(resource, "effectiveTiming", "event", 0)
    observed_at = entry.dates.moment(moment or resource.get("issued"), "effectiveDateTime", "observed_at")
    if observed_at is None:
        raise BadValue(NO_TIME)
    value = quantities.value_of(part)
    code = pressures.named(understood(part.get("code")), part.get("code"))
    code = pressures.of_whole(code, resource.get("code")) if number is not None else code
    assay = _assay(code, resource, value)
    about = dict(entry.about)
    entry.about |= value.said | {
        "codings": code.kept,
        "range": judgement.range_words(part, value),
        "judged": judgement.words_of(part),
    }
    if value.remark is not None:
        entry.about["note"] = "; ".join(filter(None, (about.get("note"), value.remark)))
    values = {"value_number": value.number, "value_text": value.text, "unit": value.unit, "observed_at": observed_at}
    record = entry.record(
        "observation",
        (assay.code, stamp(observed_at)),
        values,
        part=number,
        assay=assay,
        rank=(value.text if value.number is None else value.number,),
        judged=judgement.judged(part, value),
    )
    entry.about = about
    return record


def _assay(code: Understood, resource: Resource, value: Value) -> AssayText:
    words, coding, _ = code
    if words is None:
        raise BadValue("its code is empty: it needs a text, a display or a code")
    system = system_of(coding) if coding is not None else TEXT_ALONE
    # A code without its system may be anybody's: only one with the same words is the same test.
    system = _kept_system(system, words)
    name = text(dig(coding, "code"), 64, "code") or words[:64]
    categories = [status_of({"c": c}, "c") or wording(c) for c in each(resource.get("category"))]
    category = text(next(filter(None, categories), None), 64, "category") or _usual_category(system, name, value)
    shown = _shared_words(coding) if system is None else None
    return AssayText(name, required((shown or words)[:400], 400, "code"), value.unit, category, system)


def _kept_system(system: str | None, words: str) -> str | None:
    """As a test's row names it: nothing for LOINC."""
    if system is None:
        return f"no system: {words}"[:200]
    return None if system == LOINC else system[:200]


def _shared_words(coding: Any) -> str | None:
    """LOINC's own words: a test is shared by all who have its code, and these come before those of one laboratory."""
    shared = dig(coding, "display")
    return shared if isinstance(shared, str) and shared.strip() else None


def _usual_category(system: str | None, code: str, value: Value) -> str:
    """The category of a test that came without one: of a value whose usual range we know, where it is measured."""
    if system is not None or (code, value.unit or "") not in RANGES:
        return CATEGORY_WITHOUT_NAME
    return "vital-signs" if code in VITAL_SIGNS else "laboratory"


def exported(row: Row, assay: Row) -> Resource:
    """One value of ours as an Observation; references are made by the caller."""
    parts, unit = said.read(row["said"]), row["unit"]
    sides = {
        side: _bound(row[f"ref_{side}"], unit, parts) for side in ("low", "high") if row[f"ref_{side}"] is not None
    }
    ranges = bare({**sides, "text": parts.get("range")})
    flag = row["interpretation"]
    is_known = flag in judgement.GRAVEST
    flagged = concept(None, f"{TERMINOLOGY}/v3-ObservationInterpretation", flag) if is_known else concept(flag)
    return {
        "resourceType": "Observation",
        "status": parts.get("status", "final"),
        "category": [_category(assay["category"])],
        "code": coded(row, assay["name"], *_coding(assay)),
        "effectiveDateTime": dated(row, "observed_at"),
        **exported_values.value(row, parts),
        "interpretation": [one for one in (flagged, concept(parts.get("judged"))) if one],
        "referenceRange": [ranges] if ranges else [],
        **_measured_so(parts),
    }


def _category(name: str) -> Resource | None:
    """A category by FHIR's code, if it is one of these; else in words."""
    return concept(None, f"{TERMINOLOGY}/observation-category", name) if name in CATEGORIES else concept(name)


def _measured_so(parts: Mapping[str, Any]) -> Resource:
    specimen = parts.get("specimen")
    return {
        "note": [{"text": parts["note"]}] if parts.get("note") else [],
        "bodySite": told_concept(parts.get("site")),
        "method": told_concept(parts.get("method")),
        "specimen": {"display": specimen["text"]} if specimen else None,
    }


def _coding(assay: Row) -> tuple[str | None, str | None]:
    """System and code of a test; one that came with words alone has none."""
    return (None, None) if assay["system"] == TEXT_ALONE else (assay["system"] or LOINC, assay["code"])


def _bound(value: Decimal, unit: str | None, parts: Mapping[str, Any]) -> Resource:
    return bare({"value": numeral(value), **exported_values.unit_parts(unit, parts)})
