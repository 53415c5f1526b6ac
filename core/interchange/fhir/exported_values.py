"""The value of an observation as FHIR writes it: as it came in where another system said it, else as ours."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from core.interchange.fhir.code_names import UCUM
from core.models.said_shapes import NUMERAL

Resource = dict[str, Any]
KEPT_WHOLE = {"range_value": "valueRange", "ratio_value": "valueRatio", "period_value": "valuePeriod"}


def bare(resource: Resource) -> Resource:
    """The resource without elements that say nothing; FHIR allows no null."""
    return {name: value for name, value in resource.items() if value not in (None, [], {})}


def numeral(value: Decimal) -> int | float:
    """A number as JSON has it."""
    return int(value) if value == value.to_integral_value() else float(value)


def unit_parts(unit: str | None, parts: Mapping[str, Any]) -> Resource:
    """Unit, system and code of a Quantity; a unit that came without a code gets none."""
    if "system" in parts or "code" in parts:
        return bare({"unit": parts.get("unit", unit), "system": parts.get("system"), "code": parts.get("code")})
    if parts:
        return bare({"unit": parts.get("unit", unit)})
    return bare({"unit": unit, "system": UCUM if unit else None, "code": unit})


def value(row: Mapping[str, Any], parts: Mapping[str, Any]) -> Resource:
    """The value[x] of an Observation."""
    for name, element in KEPT_WHOLE.items():
        if name in parts:
            return {element: _numbers(parts[name])}
    number, words = row["value_number"], row["value_text"]
    if "form" in parts and (number is not None or parts["form"] != "integer"):
        return {"valueInteger": int(number)} if parts["form"] == "integer" else {"valueBoolean": words == "yes"}
    if "value_codings" in parts:
        codings = [bare({"system": one[0], "code": one[1], "display": one[2]}) for one in parts["value_codings"]]
        return {"valueCodeableConcept": bare({"coding": codings, "text": words})}
    return _quantity(row, parts)


def _quantity(row: Mapping[str, Any], parts: Mapping[str, Any]) -> Resource:
    """A number with its unit; words that hold none as they are."""
    number, words = row["value_number"], row["value_text"]
    exact, comparator = parts.get("exact"), parts.get("comparator")
    told = exact or (numeral(number) if number is not None else _last_numeral(words))
    if told is None or (number is None and exact is None and comparator is None):
        return {"valueString": words}
    return {"valueQuantity": bare({"comparator": comparator, "value": _number(told)}) | unit_parts(row["unit"], parts)}


def _last_numeral(words: str | None) -> str | None:
    """Of `>= 4.0` the number."""
    last = (words or "").split()[-1:]
    return last[0] if last and NUMERAL.fullmatch(last[0]) else None


def _number(told: str | float) -> int | float:
    """As it came: "4.0" was measured more closely than "4"."""
    if not isinstance(told, str):
        return told
    return float(told) if "." in told else int(told)


def _is_numeral(part: Any) -> bool:
    return isinstance(part, str) and NUMERAL.fullmatch(part) is not None


def _numbers(kept: Any) -> Any:
    """A kept value with its numbers as JSON has them."""
    if isinstance(kept, dict):
        return {
            name: numeral(Decimal(part)) if name == "value" and _is_numeral(part) else _numbers(part)
            for name, part in kept.items()
        }
    return kept
