"""FHIR Immunization and Procedure: what was done, as statements of the record."""

from __future__ import annotations

from typing import Any

from core.interchange.fhir.annotations import noted, sites
from core.interchange.fhir.bundles import dig, each
from core.interchange.fhir.concepts import UNTOLD, all_named, is_absence, kept, wording
from core.interchange.fhir.condition import onset_words
from core.interchange.fhir.entry import NO_STATUS, Entry, Retracted
from core.interchange.source_rows import Record
from core.interchange.source_values import BadValue
from core.models import StatementKind

SUBPOTENT = "subpotent: it may not protect"
UNTIL = "until "
REPORTED_BY = "reported by: "
UNKNOWN_WORDS = ("unknown", "not known", "n/a", "not applicable")
DONE = ("completed", "in-progress", "stopped", "unknown", "on-hold")


def immunization(entry: Entry) -> Record:
    """An Immunization; one that was not done says so. Raises Retracted."""
    resource = entry.resource
    when = resource.get("occurrenceDateTime") or resource.get("recorded")
    reason = wording(resource.get("statusReason"))
    protocol = dig(resource, "protocolApplied", 0)
    dose = dig(protocol, "doseNumberPositiveInt") or dig(protocol, "doseNumberString")
    origin = wording(resource.get("reportOrigin"))
    weak = SUBPOTENT if resource.get("isSubpotent") is True else None
    details = [
        *_reasons(entry),
        weak,
        f"dose {dose}" if dose else None,
        resource.get("occurrenceString"),
        f"{REPORTED_BY}{origin}" if origin else None,
        *_reactions(entry),
        *_notes(resource),
    ]
    return _done(entry, StatementKind.IMMUNIZATION, resource.get("vaccineCode"), when, [reason, *details])


def procedure(entry: Entry) -> Record:
    """A Procedure that was done or begun; one that was not done says so. Raises Retracted."""
    resource = entry.resource
    when = resource.get("performedDateTime") or dig(resource, "performedPeriod", "start")
    where = sites(resource)
    ages = {"onsetAge": resource.get("performedAge"), "onsetRange": resource.get("performedRange")}
    outcome = wording(resource.get("outcome"))
    told = [f"outcome: {outcome}" if outcome else None]
    told += [f"complication: {words}" for one in each(resource.get("complication")) if (words := wording(one))]
    when_told = resource.get("performedString") or onset_words(ages)
    ended = str(dig(resource, "performedPeriod", "end") or "")[:10]
    until = f"{UNTIL}{ended}" if ended and ended != str(when)[:10] else None
    details = [
        wording(resource.get("statusReason")),
        until,
        *_reasons(entry),
        when_told,
        where["text"] if where else None,
        *told,
        *_notes(resource),
    ]
    return _done(entry, StatementKind.PROCEDURE, resource.get("code"), when, details)


def _reactions(entry: Entry) -> list[str]:
    """What the vaccination was followed by: an anaphylaxis is told nowhere else."""
    details = [dig(one, "detail") for one in each(entry.resource.get("reaction"))]
    words = [dig(one, "display") or wording(dig(entry.resolver.content(one), "code")) for one in details]
    return [f"reaction: {told}" for told in words if isinstance(told, str)]


def _reasons(entry: Entry) -> list[str]:
    words = entry.reason()
    return [f"reason: {words.replace('; ', ', ')}"] if words else []


def _notes(resource: dict[str, Any]) -> list[str]:
    return [f"note: {words}" for words in noted(resource)]


def _status(entry: Entry) -> str:
    """Its status. Raises Retracted if it is withdrawn or only prepared; BadValue if it is nothing that was done."""
    status = str(entry.resource.get("status"))
    if status == "entered-in-error":
        raise Retracted("its status is entered-in-error")
    if status == "preparation":
        raise Retracted("its status is preparation, so it has not been done")
    if status not in (*DONE, "not-done"):
        raise BadValue(NO_STATUS if status == "None" else f"status '{status[:30]}' is nothing that was done")
    return status


def _done(entry: Entry, kind: StatementKind, code: Any, when: Any, details: list[Any]) -> Record:
    status = _status(entry)
    entry.about["codings"] = kept(code)
    words = all_named(code)
    if _is_nameless(code, words):
        raise BadValue("its code says only that it is not known: it names nothing that was done or not done")
    if words is not None and is_absence(code):
        return entry.statement(StatementKind.NEGATION, words, when)
    told = [*([] if status == "completed" else [status.replace("-", " ")]), *(d for d in details if isinstance(d, str))]
    return entry.statement(kind, words, when, "; ".join(told) or None)


def _is_nameless(code: Any, words: str | None) -> bool:
    """Whether a code says why there is none, and words nothing more: "Unknown" given or not given is no statement."""
    found = each(dig(code, "coding"))
    untold = bool(found) and all(dig(one, "system") in UNTOLD for one in found)
    return untold and (words is None or words.strip().lower() in UNKNOWN_WORDS)
