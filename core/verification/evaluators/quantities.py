"""Quantities compared as they are written: by unit, sign, and the precision of the digits."""

from __future__ import annotations

from core.verification.grammar.chunk import Quantity
from core.verification.vocabulary import ASSAYS, Unit

_EXACT = (
    {"celsius", "fahrenheit"},
    {"charge concentration", "substance concentration"},
    {"degrees", "celsius"},
    {"degrees", "fahrenheit"},
)
# The factor and the offset from one kind of unit to another; mmol/mol and % are of HbA1c.
_LINEAR = {
    ("celsius", "degrees"): (1.0, 0.0),
    ("fahrenheit", "degrees"): (1.0, 0.0),
    ("celsius", "fahrenheit"): (9 / 5, 32.0),
    ("fahrenheit", "celsius"): (5 / 9, -32 * 5 / 9),
    ("percent", "mmol/mol"): (10.929, -2.15 * 10.929),
    ("mmol/mol", "percent"): (1 / 10.929, 2.15),
}
# A whole number may stand for a value that it misses by no more than this share: 2 is no rounding of 2.4.
WHOLE_NUMBERS_MAX = 0.08
_UNITLESS = frozenset({"score", "unit"})


def converted(value: float, unit: Unit | None, to: Unit | None, assay: str | None = None) -> float | None:
    """A row's value in the unit that the claim writes; None where they cannot be compared."""
    if to is None or unit is None:
        return value if to is None or to.kind in _UNITLESS or (unit is None and to.kind == "percent") else None
    if unit.kind == to.kind:
        return value * unit.size / to.size
    return _special(value, unit, to, assay)


def _special(value: float, unit: Unit, to: Unit, assay: str | None) -> float | None:
    kinds = (unit.kind, to.kind)
    if kinds in _LINEAR:
        factor, offset = _LINEAR[kinds]
        return value * factor + offset
    if set(kinds) == {"charge concentration", "substance concentration"}:
        return value * unit.size / to.size
    return _by_molar_mass(value, unit, to, ASSAYS[assay].molar_mass if assay in ASSAYS else None)


def _by_molar_mass(value: float, unit: Unit, to: Unit, mass: float | None) -> float | None:
    if not mass:
        return None
    if (unit.kind, to.kind) == ("mass concentration", "substance concentration"):
        return value * unit.size / mass * 1000 / to.size
    if (unit.kind, to.kind) == ("substance concentration", "mass concentration"):
        return value * unit.size / 1000 * mass / to.size
    return None


def same(said: Quantity, value: float, unit: Unit | None, assay: str | None = None) -> bool | None:
    """Whether a row's value is what the claim says, rounded as it is written; None if the units do not compare."""
    found = converted(value, unit, said.unit, assay)
    if found is None:
        return None
    slack = 1e-9 + abs(said.value) * 1e-9
    if said.sign:
        return _compared(said, found, slack)
    if said.step == 0.5 and abs(found - said.value) > WHOLE_NUMBERS_MAX * abs(found):
        return False
    exact = said.unit is None or unit is None or said.unit.kind == unit.kind or {said.unit.kind, unit.kind} in _EXACT
    return abs(found - said.value) <= (said.step if exact else max(said.step, 0.006 * abs(said.value))) + slack


def _compared(said: Quantity, found: float, slack: float) -> bool:
    """By the sign of what is said. A whole number out of ten is rounded as such."""
    apart = abs(found - said.value) - slack
    return {
        ">": found > said.value + slack,
        ">=": found >= said.value - slack - said.step,
        "≤": found <= said.value + slack,
        "≥": found >= said.value - slack,
        "<": found < said.value - slack,
        "<=": found <= said.value + slack + said.step,
        "of ten": apart <= said.step,
        "~": apart <= max(said.step, 0.05 * abs(said.value)),
    }.get(said.sign, False)


def lasts(said: Quantity, days: float) -> bool:
    """Whether a length of time is what was said, as near as its unit and its number tell."""
    if said.unit is None:
        return False
    total = said.value * said.unit.size
    if said.sign in ("<", "<="):
        return days <= total + 1
    if said.sign == ">=":
        return days >= total - max(1.0, 0.02 * total)
    size = said.unit.size
    if (said.value, size, days) == (1, 1, 0):
        return True  # from a day to the same day
    least = 0.35 * size if size < 1 else 0.5 if size == 1 and said.value < 7 else 1.0
    return abs(days - total) <= max(least, 0.35 * size if size > 1 else 0.0, 0.04 * total)
