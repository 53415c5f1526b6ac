"""The value of an Observation: number, text and unit, and what an export needs to say it again as it came."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from core.interchange.fhir.bundles import dig
from core.interchange.fhir.code_names import UCUM
from core.interchange.fhir.concepts import kept, wording
from core.interchange.fhir.dosage import amount, span
from core.interchange.source_values import NUMBER_MAX, STEP, TEXT_CHARS_MAX, BadValue, number, required, text
from core.interchange.usual_ranges import RANGES

# Spellings of UCUM units that differ in nothing but letters' case or a name: no factor lies between them.
SPELLINGS = {
    "mg/dl": "mg/dL", "g/dl": "g/dL", "mmol/l": "mmol/L", "umol/l": "umol/L", "µmol/l": "umol/L", "μmol/l": "umol/L",
    "mg/l": "mg/L", "g/l": "g/L", "u/l": "U/L", "iu/l": "[iU]/L", "mmhg": "mm[Hg]", "mm hg": "mm[Hg]", "bpm": "/min",
    "beats/min": "/min", "beats/minute": "/min", "breaths/min": "/min", "breaths/minute": "/min", "percent": "%",
    "degrees c": "Cel", "°c": "Cel", "ng/ml": "ng/mL", "pg/ml": "pg/mL", "meq/l": "meq/L", "nmol/l": "nmol/L",
    "pmol/l": "pmol/L", "ug/l": "ug/L", "µg/l": "ug/L", "μg/l": "ug/L", "mcg/l": "ug/L", "ng/l": "ng/L",
    "ng/dl": "ng/dL", "ug/dl": "ug/dL", "µg/dl": "ug/dL", "mcg/dl": "ug/dL", "mcg/ml": "ug/mL", "iu/ml": "[iU]/mL",
    "miu/l": "m[iU]/L", "miu/ml": "m[iU]/mL", "10^9/l": "10*9/L", "x10^9/l": "10*9/L", "10e9/l": "10*9/L",
    "x10*9/l": "10*9/L", "x 10^9/l": "10*9/L", "10^12/l": "10*12/L", "x10^12/l": "10*12/L", "10e12/l": "10*12/L",
    "x10*12/l": "10*12/L", "x 10^12/l": "10*12/L", "10^3/ul": "10*3/uL", "x10^3/ul": "10*3/uL", "10e3/ul": "10*3/uL",
    "10^6/ul": "10*6/uL", "x10^6/ul": "10*6/uL", "10e6/ul": "10*6/uL", "cells/ul": "{cells}/uL", "kg/m^2": "kg/m2",
    "kg/m²": "kg/m2", "mm/hr": "mm/h", "sec": "s", "seconds": "s", "deg c": "Cel", "degc": "Cel", "celsius": "Cel",
    "[degf]": "[degF]", "°f": "[degF]", "deg f": "[degF]", "degf": "[degF]", "/minute": "/min",
}  # fmt: skip
UCUM_NAMES = (UCUM, "https://unitsofmeasure.org", "urn:oid:2.16.840.1.113883.6.8")
LITRE = re.compile(r"(?<=[/mudcnpf])l(?=$|[/.{])|^l(?=$|/)")
COUNTED = re.compile(r"^\{[^{}]*\}(?=/)")
SLASH = re.compile(r"\s*/\s*")
# Units that are told by two names of one size.
SAME = {
    "10*3/uL": "10*9/L", "10*6/uL": "10*12/L", "ng/mL": "ug/L", "ug/mL": "mg/L", "mg/mL": "g/L", "pg/mL": "ng/L",
    "[iU]/L": "U/L", "[iU]/mL": "U/mL", "m[iU]/mL": "[iU]/L", "u[iU]/mL": "m[iU]/L",
}  # fmt: skip
KNOWN = frozenset((*SPELLINGS.values(), *SAME, *SAME.values(), *(unit for _, unit in RANGES), "L/L", "mmol/mol"))
COMPARATORS = (None, "<", "<=", ">=", ">")


@dataclass(slots=True)
class Value:
    """One value; `bound` is the number behind a comparator, or the number itself; `remark` is what is odd about it."""

    number: Decimal | None = None
    text: str | None = None
    unit: str | None = None
    comparator: str | None = None
    bound: Decimal | None = None
    said: dict[str, Any] = field(default_factory=dict)
    remark: str | None = None


def value_of(part: dict[str, Any]) -> Value:
    """The value of an Observation or component. Raises BadValue for a form that is not taken."""
    names = [name for name in part if name.startswith("value") and not name.startswith("_")]
    if len(names) != 1:
        raise BadValue("it has more than one value" if names else "it has no value")
    make = FORMS.get(names[0])
    if make is None:
        raise BadValue(f"{names[0]} is not taken: send a quantity, code, text, number, range, ratio, period or time")
    return make(part[names[0]])


def unit_of(quantity: Any) -> str | None:
    """The unit by its UCUM code, so that two spellings of one unit are one; else its words."""
    return _unit_as_told(quantity)[0]


def _unit_as_told(quantity: Any) -> tuple[str | None, bool]:
    """The unit, and whether its code is another."""
    words = _differing(quantity)
    return (words, True) if words is not None else (_coded(quantity), False)


def _differing(quantity: Any) -> str | None:
    """The unit in words, where it is a known one and not the one of its code: a reader sees the words."""
    words, code = dig(quantity, "unit"), dig(quantity, "code")
    if not words or not code or words == code:
        return None
    told, coded = _spelled(text(words, 60, "unit")), _coded(quantity)
    differs = told in KNOWN and coded in KNOWN and SAME.get(told or "", told) != SAME.get(coded or "", coded)
    return told if differs else None


def _coded(quantity: Any) -> str | None:
    code, words = dig(quantity, "code"), dig(quantity, "unit")
    if code and str(dig(quantity, "system")).lower().rstrip("/") in UCUM_NAMES and not (code == "1" and words):
        return _spelled(text(code, 60, "unit"))
    return _spelled(text(words or code, 60, "unit"))


@lru_cache(maxsize=2_000)
def _spelled(unit: str | None) -> str | None:
    if unit is None:
        return None
    # What is counted says nothing of the unit, and UCUM has the litre as "l" and as "L".
    unit = SLASH.sub("/", unit)
    plain = COUNTED.sub("", SPELLINGS.get(unit.lower(), unit))
    return LITRE.sub("L", plain)


def _quantity(quantity: Any) -> Value:
    unit, differs = _unit_as_told(quantity)
    value = _measured(quantity, unit)
    if differs:
        value.remark = f"its unit is told as {unit} and coded as {_coded(quantity)}"
    return value


def _measured(quantity: Any, unit: str | None) -> Value:
    raw, comparator = dig(quantity, "value"), dig(quantity, "comparator")
    if comparator not in COMPARATORS:
        raise BadValue(f"comparator '{str(comparator)[:20]}' is none that we know")
    if raw is None:
        raise BadValue("valueQuantity is not a number: it has no value")
    exact = _exact(raw)
    said = {name: dig(quantity, name) for name in ("system", "code")} | {"comparator": comparator}
    said["unit"] = words if (words := dig(quantity, "unit")) != unit else None
    rounded = number(raw, "valueQuantity")
    said["exact"] = f"{exact:f}" if f"{exact:f}" != f"{rounded:f}" else None
    if comparator is not None:
        return Value(None, f"{comparator} {exact:f}"[:60], unit, str(comparator), exact, said)
    if exact != 0 and abs(exact) < STEP * 1000 and exact != rounded:
        # Rounded to six places it would be another number.
        return Value(None, f"{exact:f}"[:60], unit, None, exact, said)
    return Value(rounded, None, unit, None, rounded, said)


def _exact(raw: Any) -> Decimal:
    try:
        value = Decimal(str(raw).strip())
    except InvalidOperation:
        raise BadValue(f"valueQuantity '{str(raw)[:40]}' is not a number") from None
    if not value.is_finite() or abs(value) >= NUMBER_MAX:
        raise BadValue(f"valueQuantity '{str(raw)[:40]}' is not a number that we can keep")
    return value


def _concept(concept: Any) -> Value:
    return Value(text=required((wording(concept) or "")[:TEXT_CHARS_MAX], TEXT_CHARS_MAX, "valueCodeableConcept"),
                 said={"value_codings": kept(concept)})  # fmt: skip


def _words(raw: Any) -> Value:
    return Value(text=required(raw, TEXT_CHARS_MAX, "value"))


def _range(raw: Any) -> Value:
    return Value(text=required(span(raw), TEXT_CHARS_MAX, "valueRange"), said={"range_value": _plain(raw)})


def _ratio(raw: Any) -> Value:
    over, under = dig(raw, "numerator"), dig(raw, "denominator")
    if dig(over, "value") is None or dig(under, "value") is None:
        raise BadValue("valueRatio lacks its numerator or denominator")
    units = dig(over, "unit") or dig(under, "unit") or dig(over, "code") or dig(under, "code")
    mark = " / " if units else ":"
    return Value(text=f"{amount(over)}{mark}{amount(under)}"[:TEXT_CHARS_MAX], said={"ratio_value": _plain(raw)})


def _period(raw: Any) -> Value:
    start, end = dig(raw, "start"), dig(raw, "end")
    told = " ".join(filter(None, (f"from {start}" if start else "", f"to {end}" if end else "")))
    return Value(text=required(told, TEXT_CHARS_MAX, "valuePeriod"), said={"period_value": _plain(raw)})


def _integer(raw: Any) -> Value:
    kept_number = number(raw, "valueInteger")
    return Value(kept_number, bound=kept_number, said={"form": "integer"})


def _yes_or_no(raw: Any) -> Value:
    return Value(text="yes" if raw else "no", said={"form": "boolean"})


def _plain(value: Any) -> Any:
    """A value as JSON has it, numbers as text."""
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    return f"{value:f}" if isinstance(value, Decimal) else value


FORMS: dict[str, Callable[[Any], Value]] = {
    "valueQuantity": _quantity,
    "valueInteger": _integer,
    "valueBoolean": _yes_or_no,
    "valueCodeableConcept": _concept,
    "valueString": _words,
    "valueDateTime": _words,
    "valueTime": _words,
    "valueRange": _range,
    "valueRatio": _ratio,
    "valuePeriod": _period,
}
