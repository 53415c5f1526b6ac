"""How long a course of medicine lasts: by dates, a length or single moments, in its dosage or in an extension."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

from core.interchange.fhir.bundles import Resource, dig, each

DAYS = {"s": 1 / 86_400, "min": 1 / 1_440, "h": 1 / 24, "d": 1, "wk": 7, "mo": 31, "a": 366}
DAYS_MAX = 40_000
WORDS = {"day": "d", "week": "wk", "month": "mo", "year": "a", "yr": "a", "hour": "h", "hr": "h", "minute": "min"}
PERIODS = {
    "day": "d", "tag": "d", "tage": "d", "tagen": "d", "jour": "d", "día": "d", "dia": "d", "giorni": "d", "dag": "d",
    "dagen": "d", "week": "wk", "woche": "wk", "wochen": "wk", "semaine": "wk", "semana": "wk", "settimane": "wk",
    "weken": "wk", "month": "mo", "monat": "mo", "monate": "mo", "moi": "mo", "mese": "mo", "maanden": "mo",
}  # fmt: skip
_LASTING = re.compile(
    r"(?:\b(?:for|x|für|über|pendant|durante|por|per|gedurende|voor)\b|×)\s*(\d{1,3})\s*"
    rf"({'|'.join(sorted(PERIODS, key=len, reverse=True))})s?\b(?!\s*(?:a|per|each|every|before|prior|of|in|pro|par)\b)"
)
# What begins again, or goes on otherwise, does not end with the days that are named.
_AGAIN = re.compile(
    r"\b(?:then|repeat\w*|off|cycle|each|every (?:month|week|other)|dann|puis|luego|alternat\w*|stop|hold|pause)\b"
)
# How countries name an extension that tells a course, such as Japan's JP_MedicationDosage_UsageDuration.
COURSE = ("periodofuse", "useperiod", "useduration", "durationofuse", "usageduration", "usageperiod", "doseperiod",
          "durationoftreatment", "treatmentduration", "treatmentperiod", "therapyduration")  # fmt: skip


def told_end(steps: list[Any]) -> str | None:
    """The latest day that the steps name as their end, as FHIR writes it; None unless each names one."""
    ends = [_end(step) for step in steps]
    return max(end for end in ends if end) if ends and all(ends) else None


def told_start(steps: list[Any]) -> str | None:
    """The first day that the steps name as their beginning; None unless each names one."""
    starts = [dig(_period(step), "start") for step in steps]
    return min(map(str, starts)) if starts and all(starts) else None


def told_beside(resource: Resource) -> Any:
    """The Period of the course that an extension of a whole order tells, or None."""
    return next((dig(one, "valuePeriod") for one in _extensions(resource) if "valuePeriod" in one), None)


def days(resource: Resource, steps: list[Any]) -> timedelta | None:
    """How long the whole or all steps last at most, one after the other; None unless each tells its length."""
    beside = [_quantity(usage(element)) for element in (resource, *steps)]
    lengths = beside[:1] if beside[0] else [_days(step) or told for step, told in zip(steps, beside[1:], strict=True)]
    if not lengths or not all(lengths):
        return None
    # Of a medicine for every other day, an extension may count the days of taking alone: the supply lasts longer.
    supply = _quantity(_supply(resource)) if any(beside) else None
    return _bounded(max(sum(filter(None, lengths)), supply or 0))


def in_words(steps: list[Any]) -> timedelta | None:
    """How long the one step lasts that says so in its words alone: "1 capsule every 6 hours for 5 days"."""
    step = steps[0] if len(steps) == 1 else None
    told = [dig(step, "text"), dig(step, "patientInstruction"), dig(step, "timing", "code", "text")]
    told += [dig(one, "text") for one in each(dig(step, "additionalInstruction"))]
    words = "; ".join(one.lower() for one in told if isinstance(one, str))
    found = {(int(count), PERIODS[unit]) for count, unit in _LASTING.findall(words)}
    if len(found) != 1 or _AGAIN.search(words):
        return None
    count, unit = found.pop()
    return _bounded(math.ceil(count * DAYS[unit]))


def supplied(resource: Resource) -> timedelta | None:
    """How long what may be given out lasts, repeats in; None if nobody told it."""
    times = dig(resource, "dispenseRequest", "numberOfRepeatsAllowed") or 0
    length = _quantity(_supply(resource))
    first = _quantity(dig(resource, "dispenseRequest", "initialFill", "duration")) or 0
    return _bounded(first + length * (1 + times)) if length and isinstance(times, int) else None


def usage(step: Any) -> Any:
    """The Duration that an extension of a dosage tells, or None."""
    return next((dig(one, "valueDuration") for one in _extensions(step) if "valueDuration" in one), None)


def unit_of(quantity: Any) -> str | None:
    """UCUM's code of a unit of time, or None."""
    for told in (dig(quantity, "code"), dig(quantity, "unit")):
        plain = str(told or "").strip().removesuffix("(s)")
        if plain in DAYS:
            return plain
        if (code := WORDS.get(plain.lower().removesuffix("s"))) is not None:
            return code
    return None


def _bounded(count: int) -> timedelta | None:
    return timedelta(days=count) if 0 < count < DAYS_MAX else None


def _supply(resource: Resource) -> Any:
    return dig(resource, "dispenseRequest", "expectedSupplyDuration")


def _period(step: Any) -> Any:
    return dig(step, "timing", "repeat", "boundsPeriod") or told_beside(step)


def _end(step: Any) -> str | None:
    end = dig(_period(step), "end")
    if end is None and dig(step, "timing", "repeat") is None:
        end = max((str(event) for event in each(dig(step, "timing", "event"))), default=None)
    return str(end) if end is not None else None


def _extensions(element: Any) -> Iterator[Any]:
    """The extensions of a dosage or an order that tell a course."""
    for one in each(dig(element, "extension")):
        name = "".join(filter(str.isalpha, str(dig(one, "url")).rsplit("/", 1)[-1])).lower()
        if any(told in name for told in COURSE):
            yield one


def _days(step: Any) -> int | None:
    repeat = dig(step, "timing", "repeat")
    return _quantity(dig(repeat, "boundsDuration")) or _quantity(dig(repeat, "boundsRange", "high"))


def _quantity(quantity: Any) -> int | None:
    """Days, begun ones too."""
    value, unit = dig(quantity, "value"), unit_of(quantity)
    if not isinstance(value, int | Decimal | float) or unit is None or not 0 < value < DAYS_MAX:
        return None
    return math.ceil(float(value) * DAYS[unit])
