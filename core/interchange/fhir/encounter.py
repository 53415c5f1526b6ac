"""FHIR Encounter."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from core.interchange.fhir.bundles import dig
from core.interchange.fhir.care_givers import CareGivers
from core.interchange.fhir.code_names import SNOMED
from core.interchange.fhir.concepts import code_of, codings, kept, wording
from core.interchange.fhir.entry import NO_STATUS, Entry, Retracted, identifier
from core.interchange.source_rows import Record, stamp
from core.interchange.source_values import BadValue, required, text
from core.models import VisitStatus

BEGUN = {"finished": VisitStatus.CLOSED} | dict.fromkeys(
    ("arrived", "triaged", "in-progress", "onleave", "unknown"), VisitStatus.OPEN
)
CLASSES = {"ACUTE": "IMP", "NONAC": "IMP", "OBSENC": "EMER", "SS": "AMB"}


def encounter(entry: Entry, givers: CareGivers) -> Record:
    """An Encounter that has begun. Raises Retracted."""
    resource = entry.resource
    status = _status(str(resource.get("status")))
    started_at, ended_at = _times(entry)
    if ended_at is None and status is VisitStatus.CLOSED:
        ended_at = started_at
    kind, told = dig(resource, "type", 0), codings({"coding": [resource.get("class")]})
    class_code = (text(told[0]["code"], 64, "class") if told else None) or "AMB"
    clinic = givers.clinic(entry, resource.get("serviceProvider"))
    entry.about["codings"] = kept(kind)
    values: dict[str, Any] = {
        "class_code": CLASSES.get(class_code, class_code),
        "status": (VisitStatus.CLOSED if ended_at else VisitStatus.OPEN).value,
        "description": required(_words(kind, resource)[:400], 400, "type"),
        "reason": text(entry.reason(), 400, "reasonCode"),
        "started_at": started_at,
        "ended_at": ended_at,
    }
    return entry.record(
        "visit",
        (stamp(started_at), code_of(kind, (SNOMED,)) or ""),
        values,
        visit=None,
        clinic=clinic,
        practitioner=givers.practitioner(entry, resource.get("participant"), clinic),
        source_id=identifier(entry.identity or "", "id"),
        rank=(ended_at, values["description"]),
    )


def _status(status: str) -> VisitStatus:
    if status == "entered-in-error":
        raise Retracted("its status is entered-in-error")
    if status in ("cancelled", "planned"):
        raise Retracted(f"it was {status}, so it is no visit that has begun")
    found = BEGUN.get(status)
    if found is None:
        raise BadValue(NO_STATUS if status == "None" else f"status '{status[:30]}' is no visit that has begun")
    return found


def _times(entry: Entry) -> tuple[datetime, datetime | None]:
    period = entry.resource.get("period")
    started_at = entry.dates.moment(dig(period, "start"), "period.start", "started_at")
    ended_at = entry.dates.moment(dig(period, "end"), "period.end", "ended_at")
    if started_at is None and ended_at is not None:
        entry.dates.partial["started_at"] = entry.dates.partial.get("ended_at", "day")
        started_at = ended_at
    if started_at is None:
        raise BadValue("it has no period, so nobody knows when it was")
    if ended_at is not None and ended_at < started_at:
        if not entry.dates.partial:
            raise BadValue("period.end is before period.start")
        ended_at = started_at
    return started_at, ended_at


def _words(kind: Any, resource: dict[str, Any]) -> str:
    return wording(kind) or wording(resource.get("serviceType")) or "Visit"
