"""FHIR MedicationRequest and MedicationStatement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from core.interchange.fhir import dosage
from core.interchange.fhir.bundles import dig, each
from core.interchange.fhir.concepts import RXNORM, code_of, kept, wording
from core.interchange.fhir.entry import Entry, Retracted
from core.interchange.source_rows import Record, stamp
from core.interchange.source_values import BadValue, required, text
from core.models import PrescriptionStatus, StatementKind

ORDERS = ("order", "original-order", "reflex-order", "filler-order", "instance-order")
REQUESTED = {
    "active": PrescriptionStatus.ACTIVE,
    "on-hold": PrescriptionStatus.ON_HOLD,
    "unknown": PrescriptionStatus.UNKNOWN,
    "completed": PrescriptionStatus.COMPLETED,
    "stopped": PrescriptionStatus.STOPPED,
    "cancelled": PrescriptionStatus.STOPPED,
}
STATED = REQUESTED | {"intended": None, "not-taken": None}
TOLD = {"intended": StatementKind.PROPOSAL, "not-taken": StatementKind.NOT_TAKEN}


@dataclass(frozen=True)
class Course:
    """When a medicine begins and ends, as FHIR writes dates; an order may be valid for longer than its course."""

    start: Any
    end: Any
    valid_until: Any


def request(entry: Entry) -> Record:
    """A MedicationRequest: an order is a medicine; what is proposed, or not to be given, is a statement."""
    resource = entry.resource
    status, intent = str(resource.get("status")), str(resource.get("intent"))
    _check_status(status, REQUESTED)
    medicine, words = _medicine(entry)
    entry.about |= {"codings": kept(medicine), "intent": None if intent == "order" else intent}
    if resource.get("doNotPerform") is True:
        return entry.statement(StatementKind.DO_NOT_GIVE, words, resource.get("authoredOn"), status)
    if intent in ("proposal", "plan", "option"):
        return entry.statement(StatementKind.PROPOSAL, words, resource.get("authoredOn"), intent)
    if intent not in (*ORDERS, "None"):
        raise BadValue(f"intent '{intent[:30]}' is none that we know")
    ends = [dig(step, "timing", "repeat", "boundsPeriod", "end") for step in each(resource.get("dosageInstruction"))]
    course_end = max((str(end) for end in ends), default=None) if ends and all(ends) else None
    valid_until = dig(resource, "dispenseRequest", "validityPeriod", "end")
    course = Course(resource.get("authoredOn"), course_end, valid_until)
    return _taken(entry, words, REQUESTED[status], course)


def statement(entry: Entry) -> Record:
    """A MedicationStatement: a medicine that someone says is, was or will be taken."""
    resource = entry.resource
    status = str(resource.get("status"))
    _check_status(status, STATED)
    medicine, words = _medicine(entry)
    entry.about |= {"codings": kept(medicine), "resource": "MedicationStatement"}
    when = resource.get("effectiveDateTime") or dig(resource, "effectivePeriod", "start")
    told = TOLD.get(status)
    if told is not None:
        return entry.statement(told, words, when or resource.get("dateAsserted"), status)
    taken = STATED[status] or PrescriptionStatus.UNKNOWN
    return _taken(entry, words, taken, Course(when, dig(resource, "effectivePeriod", "end"), None))


def _check_status(status: str, known: dict[str, Any]) -> None:
    if status == "entered-in-error":
        raise Retracted("its status is entered-in-error")
    if status not in known:
        raise BadValue(f"status '{status[:30]}' is no order that was given")


def _medicine(entry: Entry) -> tuple[Any, str]:
    """The concept of the medicine and its words. Raises BadValue."""
    resource = entry.resource
    concept, reference = resource.get("medicationCodeableConcept"), resource.get("medicationReference")
    display = None
    if concept is None and reference is not None:
        concept, display = dig(entry.resolver.content(reference), "code"), dig(reference, "display")
    words = wording(concept) or display
    if not isinstance(words, str):
        raise BadValue("it names no medicine: neither a text, a display, a code nor a Medication that was sent with it")
    return concept, required(words[:400], 400, "medication")


def _taken(entry: Entry, words: str, status: PrescriptionStatus, course: Course) -> Record:
    resource = entry.resource
    started_on, ended_on = _days(entry, course)
    if status is PrescriptionStatus.ACTIVE and course.end and ended_on and ended_on < _today(entry):
        status = PrescriptionStatus.COMPLETED
    if "statusReason" in resource:
        entry.about["status_reason"] = wording(resource["statusReason"])
    code = _code(entry)
    values: dict[str, Any] = {
        "code": code,
        "medication": words,
        **dosage.columns(resource.get("dosageInstruction") or resource.get("dosage")),
        "reason": text((entry.reason() or "")[:400], 400, "reasonCode"),
        "status": status.value,
        "started_on": started_on,
        "stopped_on": ended_on,
    }
    natural = (code or words, _stamp(entry, course.start))
    return entry.record("prescription", natural, values)


def _days(entry: Entry, course: Course) -> tuple[date | None, date | None]:
    started_on = entry.dates.day(course.start, "authoredOn", "started_on")
    ended_on = entry.dates.day(course.end or course.valid_until, "end of the course", "stopped_on")
    if started_on is not None and ended_on is not None:
        ended_on = max(started_on, ended_on)
    return started_on, ended_on


def _code(entry: Entry) -> str | None:
    concept = entry.resource.get("medicationCodeableConcept")
    if concept is None:
        concept = dig(entry.resolver.content(entry.resource.get("medicationReference")), "code")
    return code_of(concept, (RXNORM,))


def _stamp(entry: Entry, start: Any) -> str:
    """When it was ordered, as Synthea's CSV has it: to the second."""
    partial = dict(entry.dates.partial)
    at = entry.dates.moment(start, "authoredOn", "started_on")
    entry.dates.partial = partial
    return stamp(at)


def _today(entry: Entry) -> date:
    return datetime.now(entry.dates.zone).date()
