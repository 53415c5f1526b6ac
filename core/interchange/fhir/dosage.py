"""FHIR Dosage: every step of it in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from core.interchange.fhir import course_length
from core.interchange.fhir.bundles import dig, each
from core.interchange.fhir.concepts import has_words, is_hl7, wording
from core.interchange.source_values import text

PERIODS = {"s": "second", "min": "minute", "h": "hour", "d": "day", "wk": "week", "mo": "month", "a": "year"}
TIMINGS = {
    "QD": "once a day", "BID": "twice a day", "TID": "3 times a day", "QID": "4 times a day", "QOD": "every other day",
    "AM": "every morning", "PM": "every afternoon", "BED": "at bedtime", "WK": "once a week", "MO": "once a month",
    "Q1H": "every hour", "Q2H": "every 2 hours", "Q3H": "every 3 hours", "Q4H": "every 4 hours",
    "Q6H": "every 6 hours", "Q8H": "every 8 hours",
}  # fmt: skip
TIMES = {"1": "once", "2": "twice"}
WHEN = {
    "MORN": "in the morning", "NOON": "at noon", "AFT": "in the afternoon", "EVE": "in the evening",
    "NIGHT": "at night", "HS": "at bedtime", "WAKE": "on waking", "C": "with meals", "CM": "with breakfast",
    "CD": "with lunch",
    "CV": "with dinner", "AC": "before meals", "ACM": "before breakfast", "ACD": "before lunch", "ACV": "before dinner",
    "PC": "after meals", "PCM": "after breakfast", "PCD": "after lunch", "PCV": "after dinner",
}  # fmt: skip
DAYS = {"mon": "Monday", "tue": "Tuesday", "wed": "Wednesday", "thu": "Thursday", "fri": "Friday", "sat": "Saturday"}
DAYS |= {"sun": "Sunday"}
AS_NEEDED = ("as needed", "as required", "when needed", "when required", "if needed", "if required", "prn")
CHARS_MAX = 2_000


def columns(dosages: Any) -> dict[str, str | None]:
    """Dose, frequency, route and instructions of a medicine; of several steps, all stand in the instructions."""
    steps = sorted((step for step in each(dosages) if isinstance(step, dict)), key=_sequence)
    if len(steps) > 1:
        told = "; then ".join(filter(None, (_told(step).removeprefix("then ") for step in steps)))
        routes = {wording(step.get("route")) for step in steps}
        route = routes.pop() if len(routes) == 1 else None
        return {"dose": None, "frequency": None, "route": text(route, 60, "route"), "instructions": _bounded(told)}
    step = steps[0] if steps else None
    extra = "; ".join(filter(None, (dig(step, "text"), *_additions(step))))
    return {
        "dose": text(_dose(step), 120, "doseQuantity"),
        "frequency": text(_frequency(step), 120, "timing"),
        "route": text(wording(dig(step, "route")), 60, "route"),
        "instructions": _bounded(extra),
    }


def _bounded(words: str) -> str | None:
    return text(words, CHARS_MAX, "dosageInstruction")


def _sequence(step: Any) -> int:
    sequence = dig(step, "sequence")
    return sequence if isinstance(sequence, int) else 0


def _told(step: Any) -> str:
    written = dig(step, "text")
    parts = [written] if isinstance(written, str) else [_dose(step), _frequency(step)]
    return ", ".join(filter(None, (*parts, *_additions(step))))


def plain(value: Any) -> str:
    """A number without trailing zeros."""
    if value is None or isinstance(value, bool | dict | list):
        return ""
    shown = f"{value:f}" if hasattr(value, "as_tuple") else str(value)
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def amount(quantity: Any) -> str:
    """A Quantity in words, its comparator first."""
    unit = dig(quantity, "unit") or dig(quantity, "code")
    # UCUM's unity: "1 1" reads as eleven.
    unit = None if unit == "1" else unit
    return " ".join(filter(None, (dig(quantity, "comparator"), plain(dig(quantity, "value")), unit)))


def span(bounds: Any) -> str:
    """A Range in words."""
    low, high = amount(dig(bounds, "low")), amount(dig(bounds, "high"))
    if low and high:
        unit = dig(bounds, "low", "unit") or dig(bounds, "low", "code")
        return f"{low.removesuffix(f' {unit}') if unit and high.endswith(str(unit)) else low} to {high}"
    return f"at least {low}" if low else f"up to {high}" if high else ""


def ratio(value: Any) -> str:
    """A Ratio in words."""
    over, under = amount(dig(value, "numerator")), amount(dig(value, "denominator"))
    return f"{over} per {under.removeprefix('1 ')}" if over and under else over


def _dose(step: Any) -> str:
    rates = [(rate, told) for rate in each(dig(step, "doseAndRate")) if (told := _amounts(rate))]
    # What was ordered and what was calculated are not two doses to be given.
    named = len({told for _, told in rates}) > 1
    return ", ".join(dict.fromkeys(_of_kind(rate, told) if named else told for rate, told in rates))


def _of_kind(rate: Any, told: str) -> str:
    kind = wording(dig(rate, "type"))
    return f"{told} ({kind.lower()})" if kind else told


def _amounts(rate: Any) -> str:
    dose = amount(dig(rate, "doseQuantity")) or span(dig(rate, "doseRange"))
    speed = amount(dig(rate, "rateQuantity")) or span(dig(rate, "rateRange")) or ratio(dig(rate, "rateRatio"))
    return ", ".join(dict.fromkeys(filter(None, (dose, speed))))


def _frequency(step: Any) -> str:
    timing, repeat = dig(step, "timing"), dig(step, "timing", "repeat")
    words = _timing_words(dig(timing, "code"))
    often = words or _repeat(repeat)
    needed = _as_needed(step)
    events = " and ".join(str(at)[:16].replace("T", " ") for at in each(dig(timing, "event")))
    often = often or (f"on {events}" if events else "")
    return ", ".join(filter(None, (often, _when(repeat), _length(repeat) or _beside(step), needed)))


def _timing_words(code: Any) -> str | None:
    """How often in words; HL7's own codes of it (GTSAbbreviation) come without any."""
    known = (TIMINGS.get(str(dig(one, "code"))) for one in each(dig(code, "coding")) if is_hl7(one))
    return wording(code) if has_words(code) else next(filter(None, known), None) or wording(code)


def _repeat(repeat: Any) -> str:
    count, most = plain(dig(repeat, "frequency")), plain(dig(repeat, "frequencyMax"))
    period, longest = plain(dig(repeat, "period")), plain(dig(repeat, "periodMax"))
    unit = PERIODS.get(str(dig(repeat, "periodUnit")))
    if not period or unit is None:
        return ""
    count = count or "1"
    often = f"{count} to {most} times" if most and most != count else TIMES.get(count, f"{count} times")
    if period == "1" and not longest:
        return f"{often} a {unit}"
    return f"{often} every {period}{f' to {longest}' if longest else ''} {unit}s"


def _when(repeat: Any) -> str:
    days = [DAYS[day] for day in each(dig(repeat, "dayOfWeek")) if day in DAYS]
    hours = [str(at)[:5] for at in each(dig(repeat, "timeOfDay"))]
    moments = [WHEN.get(str(code), str(code)) for code in each(dig(repeat, "when"))]
    offset = plain(dig(repeat, "offset"))
    if offset and moments:
        moments[0] = f"{offset} minutes {moments[0]}"
    told = [" and ".join(moments), f"on {', '.join(days)}" if days else "", f"at {', '.join(hours)}" if hours else ""]
    return " ".join(filter(None, told))


def _length(repeat: Any) -> str:
    length = lasting(dig(repeat, "boundsDuration"))
    if length:
        return f"for {length}"
    bounds = span(dig(repeat, "boundsRange"))
    return f"for {bounds}" if bounds else ""


def _beside(step: Any) -> str:
    length = lasting(course_length.usage(step))
    return f"for {length}" if length else ""


def lasting(duration: Any) -> str:
    """A Duration in words; empty without one."""
    count, named = plain(dig(duration, "value")), str(dig(duration, "unit") or dig(duration, "code") or "")
    unit = PERIODS.get(course_length.unit_of(duration) or "") or named.removesuffix("s")
    return f"{count} {unit}{'' if count == '1' else 's'}" if count else ""


def _as_needed(step: Any) -> str:
    what = wording(dig(step, "asNeededCodeableConcept"))
    if what:
        return what if what.lower().startswith(AS_NEEDED) else f"as needed for {what}"
    return "as needed" if dig(step, "asNeededBoolean") is True else ""


def _additions(step: Any) -> list[str]:
    written = str(dig(step, "text") or "").lower()
    parts = [*_instructions(step), *_limits(step), _as_needed(step) if written else ""]
    return [part for part in parts if part and part.lower() not in written]


def _instructions(step: Any) -> Iterator[str]:
    yield from (wording(extra) or "" for extra in each(dig(step, "additionalInstruction")))
    yield str(dig(step, "patientInstruction") or "")
    yield from (f"{name}: {told}" for name in ("site", "method") if (told := wording(dig(step, name))))


def _limits(step: Any) -> list[str]:
    a_period, at_a_time = ratio(dig(step, "maxDosePerPeriod")), amount(dig(step, "maxDosePerAdministration"))
    ever = amount(dig(step, "maxDosePerLifetime"))
    limits = ((a_period, ""), (at_a_time, " at a time"), (ever, " in a lifetime"))
    return [f"at most {most}{when}" for most, when in limits if most]
