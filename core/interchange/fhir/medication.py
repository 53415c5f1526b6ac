"""FHIR MedicationRequest and MedicationStatement."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from core.interchange.fhir import course_length, course_standing, dosage, replaced_orders
from core.interchange.fhir.annotations import remarks
from core.interchange.fhir.bundles import Resource, dig, each
from core.interchange.fhir.code_names import RXNORM
from core.interchange.fhir.concepts import all_named, code_of, is_absence, kept, wording
from core.interchange.fhir.course_standing import Course
from core.interchange.fhir.dosage import ratio
from core.interchange.fhir.entry import NO_STATUS, Entry, Retracted
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
REPORTED = "reported to its source, not ordered there"
TOLD = {"intended": StatementKind.PROPOSAL, "not-taken": StatementKind.NOT_TAKEN}


def request(entry: Entry) -> Record:
    """A MedicationRequest: an order is a medicine; what is proposed, or not to be given, is a statement."""
    resource = entry.resource
    status, intent = str(resource.get("status")), str(resource.get("intent"))
    _check_status(status, REQUESTED)
    medicine, words = _medicine(entry)
    reported = REPORTED if resource.get("reportedBoolean") is True or "reportedReference" in resource else None
    entry.about |= {"codings": kept(medicine), "intent": None if intent == "order" else intent}
    replaces = replaced_orders.REPLACES if replaced_orders.replaces(resource) else None
    replaced = replaced_orders.REPLACED if _is_replaced(entry) else None
    entry.about["note"] = remarks(resource, (reported, replaces, replaced, _supply(resource), *_made_of(entry)))
    said = _no_order(resource, medicine, intent)
    if said is not None:
        return entry.statement(said[0], words, resource.get("authoredOn"), *said[1:])
    if intent not in (*ORDERS, "None"):
        raise BadValue(f"intent '{intent[:30]}' is none that we know")
    return _taken(entry, words, _standing(entry, REQUESTED[status]), _course(entry))


def _standing(entry: Entry, status: PrescriptionStatus) -> PrescriptionStatus:
    """How an order stands; one that a newer one replaces is over, whatever it says itself."""
    holds = status in (PrescriptionStatus.ACTIVE, PrescriptionStatus.ON_HOLD)
    return PrescriptionStatus.STOPPED if holds and _is_replaced(entry) else status


def _is_replaced(entry: Entry) -> bool:
    return replaced_orders.is_replaced(entry.resolver.index, entry.identity)


def _no_order(resource: Resource, medicine: Any, intent: str) -> tuple[StatementKind, *tuple[str, ...]] | None:
    """What a request states that is no order: its kind, and the word of the source that makes it so."""
    if is_absence(medicine):
        return (StatementKind.NEGATION,)
    if resource.get("doNotPerform") is True:
        return StatementKind.DO_NOT_GIVE, str(resource.get("status"))
    return (StatementKind.PROPOSAL, intent) if intent in ("proposal", "plan", "option") else None


def _course(entry: Entry) -> Course:
    """The course of an order; it begins when it was written, where nothing else is told."""
    resource = entry.resource
    valid_until = dig(resource, "dispenseRequest", "validityPeriod", "end")
    steps = each(resource.get("dosageInstruction"))
    whole = course_length.told_beside(resource)
    begun = dig(whole, "start") or course_length.told_start(steps)
    entry.about["authored"] = resource.get("authoredOn") if begun else None
    end = dig(whole, "end") or course_length.told_end(steps)
    return Course(begun or resource.get("authoredOn"), end, valid_until, steps)


def statement(entry: Entry) -> Record:
    """A MedicationStatement: a medicine that someone says is, was or will be taken."""
    resource = entry.resource
    status = str(resource.get("status"))
    _check_status(status, STATED)
    medicine, words = _medicine(entry)
    entry.about |= {"codings": kept(medicine), "resource": "MedicationStatement"}
    entry.about["note"] = remarks(resource, _made_of(entry))
    when = resource.get("effectiveDateTime") or dig(resource, "effectivePeriod", "start")
    if is_absence(medicine):
        return entry.statement(StatementKind.NEGATION, words, when or resource.get("dateAsserted"))
    told = TOLD.get(status)
    if told is not None:
        return entry.statement(told, words, when or resource.get("dateAsserted"), status)
    taken = STATED[status] or PrescriptionStatus.UNKNOWN
    steps = each(resource.get("dosage"))
    end = dig(resource, "effectivePeriod", "end") or course_length.told_end(steps)
    return _taken(entry, words, taken, Course(when or course_length.told_start(steps), end, None, steps))


def _check_status(status: str, known: dict[str, Any]) -> None:
    if status in ("entered-in-error", "draft"):
        raise Retracted(f"its status is {status}, so it is no order that was given")
    if status not in known:
        told = f"{NO_STATUS}: it" if status == "None" else f"status '{status[:30]}'"
        raise BadValue(f"{told} is no order that was given")


def _medicine(entry: Entry) -> tuple[Any, str]:
    """The concept of the medicine and its words. Raises BadValue."""
    resource = entry.resource
    concept, reference = resource.get("medicationCodeableConcept"), resource.get("medicationReference")
    display = None
    if concept is None and reference is not None:
        content = entry.resolver.content(reference)
        if dig(content, "status") == "entered-in-error":
            raise BadValue("its Medication was entered in error")
        concept, display = dig(content, "code"), dig(reference, "display") or _ingredients(entry, content)
    words = all_named(concept) or display
    if not isinstance(words, str):
        raise BadValue("it names no medicine: neither a text, a display, a code nor a Medication that was sent with it")
    return concept, required(words[:400], 400, "medication")


def _made_of(entry: Entry) -> Iterator[str]:
    """The form and the strength of a Medication that its own name leaves out: of millilitres nobody knows the dose."""
    reference = entry.resource.get("medicationReference")
    content = entry.resolver.content(reference) if reference is not None else None
    name = (wording(dig(content, "code")) or "").lower()
    if not name:
        return
    form, inside = wording(dig(content, "form")), _ingredients(entry, content)
    yield from (f"form: {form}",) if form and form.lower() not in name else ()
    strengths = (ratio(dig(part, "strength")) for part in each(dig(content, "ingredient")))
    yield from (f"contains: {inside}",) if inside and any(filter(None, strengths)) else ()


def _ingredients(entry: Entry, medicine: Any) -> str | None:
    """A medicine that is mixed, by what is in it."""
    told = []
    for part in each(dig(medicine, "ingredient")):
        reference = dig(part, "itemReference")
        inside = dig(entry.resolver.content(reference), "code") if reference is not None else None
        name = wording(dig(part, "itemCodeableConcept")) or wording(inside) or dig(reference, "display")
        told.append(" ".join(filter(None, (name, ratio(dig(part, "strength"))))) if isinstance(name, str) else "")
    return " + ".join(filter(None, told)) or None


def _taken(entry: Entry, words: str, status: PrescriptionStatus, course: Course) -> Record:
    resource = entry.resource
    started_on, ended_on = _days(entry, course)
    if status is PrescriptionStatus.ACTIVE:
        ends, day = course_standing.lapses(entry, course, started_on, ended_on), course_standing.today(entry)
        status = ends.standing(day)
        entry.about["lapses"] = ends.to_come(day)
    if "statusReason" in resource:
        # One of an order, several of a statement.
        told = resource["statusReason"]
        reasons = filter(None, map(wording, told if isinstance(told, list) else [told]))
        entry.about["status_reason"] = "; ".join(reasons)[:400]
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
    natural = (code or words, _stamp(entry, resource.get("authoredOn") or course.start))
    return entry.record("prescription", natural, values)


def _supply(resource: Resource) -> str | None:
    """How long what is given out lasts, in words."""
    length, again = dosage.lasting(dig(resource, "dispenseRequest", "expectedSupplyDuration")), ""
    repeats = dig(resource, "dispenseRequest", "numberOfRepeatsAllowed")
    if isinstance(repeats, int) and repeats > 0:
        again = f", may be given out again {f'{repeats} times' if repeats > 1 else 'once'}"
    return f"supply for {length}{again}" if length else None


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
