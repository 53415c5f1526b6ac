"""FHIR Encounter."""

from __future__ import annotations

from core.interchange.fhir.bundles import References, Resource, dig, wording
from core.interchange.fhir.child import code_of, patient_of, reason_of
from core.interchange.fhir.patient import CareTeam
from core.interchange.source_rows import Record, stamp
from core.interchange.source_values import BadValue, identifier, instant, optional_instant, required, text
from core.interchange.summary import Place
from core.models import VisitStatus

BEGUN = {"finished": VisitStatus.CLOSED} | dict.fromkeys(
    ("arrived", "triaged", "in-progress", "onleave", "unknown"), VisitStatus.OPEN
)
CLASSES = {"ACUTE": "IMP", "NONAC": "IMP", "OBSENC": "EMER", "SS": "AMB"}


def encounter(resource: Resource, place: Place, references: References, team: CareTeam) -> Record:
    """An Encounter that has begun."""
    status = BEGUN.get(str(resource.get("status")))
    if status is None:
        raise BadValue(f"status '{str(resource.get('status'))[:30]}' is no visit that has begun")
    started_at = instant(dig(resource, "period", "start"), "period.start")
    ended_at = optional_instant(dig(resource, "period", "end"), "period.end")
    if ended_at is not None and ended_at < started_at:
        raise BadValue("period.end is before period.start")
    if ended_at is None and status is VisitStatus.CLOSED:
        ended_at = started_at
    kind, class_code = dig(resource, "type", 0), text(dig(resource, "class", "code"), 64, "class") or "AMB"
    clinic = team.clinic(resource.get("serviceProvider"), place)
    values = {
        "class_code": CLASSES.get(class_code, class_code),
        "status": (VisitStatus.CLOSED if ended_at else VisitStatus.OPEN).value,
        "description": required(wording(kind) or "Visit", 400, "type"),
        "reason": text(reason_of(resource, references), 400, "reasonCode"),
        "started_at": started_at,
        "ended_at": ended_at,
    }
    return Record(
        "visit",
        place,
        (stamp(started_at), code_of(kind) or ""),
        values,
        patient=patient_of(resource, references),
        clinic=clinic,
        practitioner=team.practitioner(dig(resource, "participant", 0, "individual"), clinic, place),
        source_id=identifier(resource.get("id"), "id"),
        rank=(ended_at, values["description"]),
    )
