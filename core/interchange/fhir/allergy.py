"""FHIR AllergyIntolerance."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from core.interchange.fhir.annotations import further, remarks
from core.interchange.fhir.bundles import Resource, dig, each
from core.interchange.fhir.code_names import SNOMED
from core.interchange.fhir.concepts import all_named, code_of, is_absence, kept, status_of, wording
from core.interchange.fhir.condition import OVER, SURE, check_statuses, onset_words
from core.interchange.fhir.entry import Entry
from core.interchange.source_rows import Record
from core.interchange.source_values import BadValue, required, text
from core.models import StatementKind

SEVERITIES = ("mild", "moderate", "severe")
# Vendors put SNOMED CT's codes in the place of HL7's, and words in capitals.
SAME_SEVERITY = {"255604002": "mild", "6736007": "moderate", "24484000": "severe", "442452003": "severe",
                 "371923003": "mild", "371924009": "moderate", "399166001": "severe"}  # fmt: skip
CATEGORIES = ("food", "medication", "environment", "biologic")
CRITICALITIES = ("low", "high", "unable-to-assess", None)


def allergy(entry: Entry) -> Record:
    """An AllergyIntolerance; one that is ruled out, or says that there is none, is a statement."""
    resource = entry.resource
    code = resource.get("code")
    verification = status_of(resource, "verificationStatus")
    check_statuses(resource, verification, (*SURE, "unconfirmed", "presumed", "refuted"))
    substances = [wording(dig(reaction, "substance")) for reaction in each(resource.get("reaction"))]
    words = required((all_named(code) or next(filter(None, substances), None) or "")[:400], 400, "code")
    recorded = resource.get("recordedDate")
    entry.about |= {
        "codings": kept(code),
        "type": resource.get("type"),
        "note": remarks(resource, (*further(code), *_more(resource))),
    }
    if verification in ("unconfirmed", "presumed"):
        entry.about["verification"] = verification
    if verification == "refuted":
        return entry.statement(StatementKind.REFUTED, f"Allergy: {words}", recorded)
    if is_absence(code):
        return entry.statement(StatementKind.NEGATION, words, recorded)
    return _allergy(entry, words)


def _more(resource: Resource) -> Iterator[str]:
    """What reactions were like beyond their codes, and when there was one last."""
    for reaction in each(resource.get("reaction")):
        told = (dig(reaction, "description"), *(dig(one, "text") for one in each(dig(reaction, "note"))))
        yield from (" ".join(words.split()) for words in told if isinstance(words, str))
        to = wording(dig(reaction, "substance"))
        yield from (f"reaction to: {to}",) if to and resource.get("code") and to != all_named(resource["code"]) else ()
        severity = dig(reaction, "severity")
        yield from (f"severity: {severity}",) if severity is not None and _severity(reaction) < 0 else ()
    last = resource.get("lastOccurrence")
    if isinstance(last, str):
        yield f"last reaction: {last[:10]}"


def _allergy(entry: Entry, words: str) -> Record:
    resource = entry.resource
    if resource.get("criticality") not in CRITICALITIES:
        raise BadValue(f"criticality '{str(resource.get('criticality'))[:30]}' is none that we know")
    onset_on = entry.dates.day(resource.get("onsetDateTime"), "onsetDateTime", "onset")
    entry.about["onset"] = resource.get("onsetDateTime") if onset_on else onset_words(resource)
    entry.dates.partial.pop("onset", None)
    values: dict[str, Any] = {
        "code": code_of(resource.get("code"), (SNOMED,)),
        "substance": words,
        "category": next((one for one in each(resource.get("category")) if one in CATEGORIES), None),
        "reaction": text("; ".join(_manifestations(resource))[:400], 400, "reaction"),
        "severity": _worst(resource),
        "criticality": text(resource.get("criticality"), 64, "criticality"),
        "status": "inactive" if status_of(resource, "clinicalStatus") in OVER else "active",
        "recorded_on": entry.dates.day(resource.get("recordedDate"), "recordedDate", "recorded_on"),
    }
    natural, rank = (values["code"] or words,), (values["recorded_on"],)
    return entry.record("allergy", natural, values, visit=None, rank=rank)


def _manifestations(resource: Resource) -> list[str]:
    """What happens, the worst reaction first, each once."""
    reactions = sorted(each(resource.get("reaction")), key=_severity, reverse=True)
    words = [wording(part) for reaction in reactions for part in each(dig(reaction, "manifestation"))]
    return list(dict.fromkeys(word for word in words if word))


def _severity(reaction: Any) -> int:
    told = str(dig(reaction, "severity")).strip().lower()
    severity = SAME_SEVERITY.get(told, told)
    return SEVERITIES.index(severity) if severity in SEVERITIES else -1


def _worst(resource: Resource) -> str | None:
    worst = max((_severity(reaction) for reaction in each(resource.get("reaction"))), default=-1)
    return SEVERITIES[worst] if worst >= 0 else None
