"""A number as a claim writes it, and whether a row's number bears it out."""

from typing import NamedTuple

from core.verification import units
from core.verification.prose import value_of
from core.verification.text import Token

# A rounded number still has to be near: creatinine 1.4 is not "1".
ROUNDING_MAX = 0.05
APPROXIMATE = 0.05
CONVERSION_SLACK = 0.002
_ROUGHLY = frozenset({"about", "around", "approximately", "approx", "roughly", "nearly", "almost", "circa"})


class Quantity(NamedTuple):
    value: float
    decimals: int
    unit: units.Unit | None
    unit_text: str
    roughly: bool
    sign: str  # one of < > ≤ ≥ or nothing

    def agrees(self, actual: float, converted: bool = False) -> bool:
        """Whether `actual`, in this quantity's unit, is what the claim wrote, to the precision it wrote."""
        apart = abs(self.value - actual)
        size = abs(actual)
        allowed = 0.5 * 10.0**-self.decimals + 1e-9
        if self.roughly:
            return apart <= max(allowed, APPROXIMATE * size)
        if converted:
            return apart <= max(allowed, CONVERSION_SLACK * size)
        return apart <= allowed and (apart <= ROUNDING_MAX * size or apart < 1e-9)


def read(token: Token, before: list[str]) -> Quantity:
    """The quantity of a number token; `before` are the words before it, nearest first."""
    match = token.match
    digits = match["digits"].replace(",", ".") if match["digits"].count(",") == 1 else match["digits"]
    fraction = digits.rpartition(".")[2] if "." in digits else ""
    if "," in match["digits"] and len(fraction) == 3:
        fraction = ""
    sign = match["more"] or ""
    roughly = sign in ("~", "±") or any(word in _ROUGHLY for word in before[:2])
    signs = {"<=": "≤", ">=": "≥"}
    unit = match["unit"] or ""
    return Quantity(
        value_of(token),
        len(fraction),
        units.parse(unit),
        unit,
        roughly,
        signs.get(sign, sign if sign in "<>≤≥" else ""),
    )


def in_unit_of(
    quantity: Quantity, value: float, unit: units.Unit | None, assay: str | None
) -> tuple[float, bool] | None:
    """A row's value in the claim's unit and whether it was converted; None if the two cannot be compared."""
    if quantity.unit is None:
        return value, False
    if unit is None:
        return (value, False) if quantity.unit.kind in ("score", "dose form") else None
    if unit == quantity.unit:
        return value, False
    if value == 0 and unit.kind == quantity.unit.kind:
        return None  # nought is nought in any unit: only the row's own unit tells
    converted = units.convert(value, unit, quantity.unit, assay)
    if converted is None:
        return None
    return converted, unit.kind != quantity.unit.kind or unit.size != quantity.unit.size
