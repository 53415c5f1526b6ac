"""Values that no living person has, by LOINC code and unit: a typed value outside these bounds is a slip.

Source: our own choice, WHICH NO CLINICIAN HAS REVIEWED YET; the page that refuses a value says so.

Each bound lies well beyond our critical values
(core/interchange/usual_ranges.py) and beyond the extremes of intensive care, so that a true value is never refused;
a test that is not listed has no bounds.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple


class Bounds(NamedTuple):
    """The least and the greatest value in the assay's unit, both allowed."""

    low: Decimal
    high: Decimal


def _bounds(low: str, high: str) -> Bounds:
    return Bounds(Decimal(low), Decimal(high))


_PRESSURE, _CREATININE_MG, _POTASSIUM, _SODIUM = (
    _bounds("10", "400"),
    _bounds("0.05", "50"),
    _bounds("0.5", "15"),
    _bounds("80", "220"),
)
_PERCENT, _EGFR, _GLUCOSE_MG, _GLUCOSE_MMOL = (
    _bounds("0", "100"),
    _bounds("0", "250"),
    _bounds("5", "3000"),
    _bounds("0.3", "170"),
)
_CALCIUM_MG, _UREA_MG, _CHLORIDE, _BICARBONATE = (
    _bounds("2", "30"),
    _bounds("0.5", "400"),
    _bounds("40", "180"),
    _bounds("1", "70"),
)
_LIPID_MG, _LIPID_MMOL, _ENZYME = _bounds("1", "3000"), _bounds("0.02", "80"), _bounds("0", "100000")

BOUNDS: dict[tuple[str, str], Bounds] = {
    ("8480-6", "mm[Hg]"): _PRESSURE,
    ("8462-4", "mm[Hg]"): _bounds("0", "300"),
    ("8867-4", "/min"): _bounds("0", "400"),
    ("9279-1", "/min"): _bounds("0", "150"),
    ("8310-5", "Cel"): _bounds("13", "47"),
    ("2708-6", "%"): _PERCENT,
    ("2713-6", "%"): _PERCENT,
    ("29463-7", "kg"): _bounds("0.2", "700"),
    ("8302-2", "cm"): _bounds("15", "280"),
    ("39156-5", "kg/m2"): _bounds("5", "250"),
    ("4548-4", "%"): _bounds("1", "30"),
    ("2339-0", "mg/dL"): _GLUCOSE_MG,
    ("2345-7", "mg/dL"): _GLUCOSE_MG,
    ("15074-8", "mmol/L"): _GLUCOSE_MMOL,
    ("14749-6", "mmol/L"): _GLUCOSE_MMOL,
    ("38483-4", "mg/dL"): _CREATININE_MG,
    ("2160-0", "mg/dL"): _CREATININE_MG,
    ("14682-9", "umol/L"): _bounds("4", "4500"),
    ("33914-3", "mL/min"): _EGFR,
    ("33914-3", "mL/min/{1.73_m2}"): _EGFR,
    ("62238-1", "mL/min/{1.73_m2}"): _EGFR,
    ("98979-8", "mL/min/{1.73_m2}"): _EGFR,
    ("6299-2", "mg/dL"): _UREA_MG,
    ("3094-0", "mg/dL"): _UREA_MG,
    ("49765-1", "mg/dL"): _CALCIUM_MG,
    ("17861-6", "mg/dL"): _CALCIUM_MG,
    ("2947-0", "mmol/L"): _SODIUM,
    ("2951-2", "mmol/L"): _SODIUM,
    ("6298-4", "mmol/L"): _POTASSIUM,
    ("2823-3", "mmol/L"): _POTASSIUM,
    ("2069-3", "mmol/L"): _CHLORIDE,
    ("2075-0", "mmol/L"): _CHLORIDE,
    ("20565-8", "mmol/L"): _BICARBONATE,
    ("2028-9", "mmol/L"): _BICARBONATE,
    ("2093-3", "mg/dL"): _LIPID_MG,
    ("14647-2", "mmol/L"): _LIPID_MMOL,
    ("2571-8", "mg/dL"): _bounds("1", "30000"),
    ("14927-8", "mmol/L"): _bounds("0.02", "340"),
    ("18262-6", "mg/dL"): _LIPID_MG,
    ("39469-2", "mmol/L"): _LIPID_MMOL,
    ("2085-9", "mg/dL"): _bounds("1", "400"),
    ("14646-4", "mmol/L"): _bounds("0.02", "11"),
    ("718-7", "g/dL"): _bounds("0.5", "30"),
    ("4544-3", "%"): _PERCENT,
    ("20570-8", "%"): _PERCENT,
    ("6690-2", "10*3/uL"): _bounds("0", "2000"),
    ("777-3", "10*3/uL"): _bounds("0", "6000"),
    ("1751-7", "g/dL"): _bounds("0.3", "10"),
    ("1742-6", "U/L"): _ENZYME,
    ("1920-8", "U/L"): _ENZYME,
    ("2744-1", "[pH]"): _bounds("6", "8.5"),
}


def bounds_of(code: str, unit: str | None) -> Bounds | None:
    """The bounds of an assay, or None if none are known."""
    return BOUNDS.get((code, unit or ""))
