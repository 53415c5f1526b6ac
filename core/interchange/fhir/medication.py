"""FHIR MedicationRequest."""

from __future__ import annotations

from typing import Any

from core.interchange.fhir.bundles import References, Resource, dig, wording
from core.interchange.fhir.child import child_record, code_of, reason_of
from core.interchange.source_rows import Record, stamp
from core.interchange.source_values import BadValue, day, instant, required, text
from core.interchange.summary import Place
from core.models import PrescriptionStatus

PRESCRIBED = {
    "active": PrescriptionStatus.ACTIVE,
    "on-hold": PrescriptionStatus.ACTIVE,
    "unknown": PrescriptionStatus.ACTIVE,
    "completed": PrescriptionStatus.COMPLETED,
    "stopped": PrescriptionStatus.STOPPED,
    "cancelled": PrescriptionStatus.STOPPED,
}
PERIODS = {"h": "hour", "d": "day", "wk": "week", "mo": "month"}
TIMES = {1: "once", 2: "twice"}


def prescription(resource: Resource, place: Place, references: References) -> Record:
    """A MedicationRequest that was given."""
    status = PRESCRIBED.get(str(resource.get("status")))
    if status is None:
        raise BadValue(f"status '{str(resource.get('status'))[:30]}' is no order that was given")
    medication = resource.get("medicationCodeableConcept")
    if medication is None:
        medication = dig(references.resource(resource.get("medicationReference"), resource), "code")
    started_at = instant(resource.get("authoredOn"), "authoredOn")
    values: dict[str, Any] = {
        "code": code_of(medication, "rxnorm"),
        "medication": required(wording(medication), 400, "medication"),
        **_dosage(dig(resource, "dosageInstruction", 0)),
        "reason": text(reason_of(resource, references), 400, "reasonCode"),
        "status": status.value,
        "started_on": started_at.date(),
        "stopped_on": None,
    }
    end = dig(resource, "dispenseRequest", "validityPeriod", "end")
    if end is not None and status is not PrescriptionStatus.ACTIVE:
        values["stopped_on"] = max(day(end, "validityPeriod.end"), values["started_on"])
    natural = (values["code"] or values["medication"], stamp(started_at))
    return child_record("prescription", resource, place, references, natural=natural, values=values, rank=None)


def _dosage(instruction: Any) -> dict[str, str | None]:
    dose = dig(instruction, "doseAndRate", 0, "doseQuantity")
    amount = " ".join(str(part) for part in (dig(dose, "value"), dig(dose, "unit")) if part is not None)
    return {
        "dose": text(amount.replace(".0 ", " ").removesuffix(".0"), 120, "doseQuantity"),
        "frequency": text(_frequency(instruction), 120, "timing"),
        "route": text(wording(dig(instruction, "route")), 60, "route"),
        "instructions": text(dig(instruction, "text"), 2_000, "dosageInstruction.text"),
    }


def _frequency(instruction: Any) -> str | None:
    repeat = dig(instruction, "timing", "repeat")
    count, period, unit = dig(repeat, "frequency"), dig(repeat, "period"), PERIODS.get(str(dig(repeat, "periodUnit")))
    words = wording(dig(instruction, "timing", "code"))
    if isinstance(words, str):
        return words
    if not isinstance(count, int) or period is None or unit is None:
        return "as needed" if dig(instruction, "asNeededBoolean") is True else None
    often = TIMES.get(count, f"{count} times")
    return f"{often} a {unit}" if period == 1 else f"{often} every {str(period).removesuffix('.0')} {unit}s"
