"""Units and their conversion, between units of one kind and, for an assay, between kinds."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from core.verification.tables.assays import ASSAYS
from core.verification.tables.units import UNITS


class Unit(NamedTuple):
    kind: str
    size: float


_BY_SPELLING = {
    spelling.replace(" ", ""): Unit(kind, size) for kind, of in UNITS.items() for spelling, size in of.items()
}
_MOLAR_MASS = {assay.key: assay.molar_mass for assay in ASSAYS if assay.molar_mass}
_MONOVALENT = {"sodium", "potassium", "chloride", "bicarbonate", "carbon dioxide"}
_DIVALENT = {"calcium", "magnesium"}
_ANNOTATION = re.compile(r"\{[^{}]*\}")
_SAME = {frozenset(("celsius", "degrees")), frozenset(("fahrenheit", "degrees"))}
# The IFCC's master equation for HbA1c, and temperatures.
_BETWEEN: dict[tuple[str, str], Callable[[float], float]] = {
    ("percent", "mmol/mol"): lambda value: (value - 2.152) / 0.09148,
    ("mmol/mol", "percent"): lambda value: value * 0.09148 + 2.152,
    ("celsius", "fahrenheit"): lambda value: value * 9 / 5 + 32,
    ("fahrenheit", "celsius"): lambda value: (value - 32) * 5 / 9,
}


@lru_cache(maxsize=4096)
def parse(spelling: str | None) -> Unit | None:
    """A unit as written (UCUM or everyday); None if there is none, kind "unknown" if it is not in the table."""
    if not spelling:
        return None
    text = (
        spelling.strip()
        .lower()
        .replace(" ", "")
        .replace("µ", "u")
        .replace("μ", "u")
        .replace("×", "x")
        .replace("²", "2")
    )
    if text in ("", "null", "none"):
        return None
    found = _BY_SPELLING.get(text) or _BY_SPELLING.get(_ANNOTATION.sub("", text))
    if found:
        return found
    if not _ANNOTATION.sub("", text):
        return Unit("score", 1)
    return Unit("unknown: " + text, 1)


def convert(value: float, unit: Unit, to: Unit, assay: str | None = None) -> float | None:
    """`value` in another unit; None if the two cannot be compared for this assay."""
    if unit.kind == to.kind:
        return value * unit.size / to.size
    pair = (unit.kind, to.kind)
    if pair in _BETWEEN and (assay == "hba1c" or "celsius" in pair):
        return _BETWEEN[pair](value)
    if frozenset(pair) in _SAME:
        return value
    return _by_substance(value, unit, to, assay)


def _by_substance(value: float, unit: Unit, to: Unit, assay: str | None) -> float | None:
    pair = (unit.kind, to.kind)
    charge = 1 if assay in _MONOVALENT else 2 if assay in _DIVALENT else None
    if charge and set(pair) == {"substance concentration", "charge concentration"}:
        return (
            value * unit.size * charge / to.size
            if unit.kind.startswith("sub")
            else value * unit.size / charge / to.size
        )
    molar_mass = _MOLAR_MASS.get(assay or "")
    if molar_mass and pair == ("mass concentration", "substance concentration"):
        return value * unit.size / molar_mass * 1000 / to.size
    if molar_mass and pair == ("substance concentration", "mass concentration"):
        return value * unit.size / 1000 * molar_mass / to.size
    return None
