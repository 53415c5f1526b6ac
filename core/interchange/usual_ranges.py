"""Usual ranges of the common labs and vitals by LOINC code and unit, for sex and age.

Adult figures follow Singapore public laboratories and the Ministry of Health's clinical practice guidelines, children's
the usual paediatric tables; rounded. They are stored in `reference_range` when an assay is first made; each
observation keeps the range that held for it.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import NamedTuple

from core.queries.reference_ranges import UsualRange, age_on

F, M = "female", "male"
ADULT = 18


class Usual(NamedTuple):
    """A range for [age_from, age_to) years; None leaves a side open. Text, so that no digit is lost."""

    low: str | None
    high: str | None
    critical_low: str | None = None
    critical_high: str | None = None
    sex: str | None = None
    age_from: int = 0
    age_to: int = 200

    def bounds(self) -> UsualRange:
        """The same as numbers."""
        return UsualRange(*(None if side is None else Decimal(side) for side in self[:4]))


def _any(
    low: str | None, high: str | None, critical_low: str | None = None, critical_high: str | None = None
) -> tuple[Usual, ...]:
    return (Usual(low, high, critical_low, critical_high),)


def _adults(
    low: str | None, high: str | None, critical_low: str | None = None, critical_high: str | None = None
) -> tuple[Usual, ...]:
    return (Usual(low, high, critical_low, critical_high, None, ADULT),)


def _by_sex(female: tuple[str, str], male: tuple[str, str], child: tuple[str, str]) -> tuple[Usual, ...]:
    return (
        Usual(*female, sex=F, age_from=ADULT),
        Usual(*male, sex=M, age_from=ADULT),
        Usual(*child, age_to=ADULT),
    )


_SODIUM = _any("135", "145", "120", "160")
_POTASSIUM = _any("3.5", "5.1", "2.5", "6.5")
_CHLORIDE = _any("96", "108", "80", "120")
_BICARBONATE = _any("20", "31", "10", "40")
_GLUCOSE_MG = _any("70", "140", "45", "450")
_GLUCOSE_MMOL = _any("3.9", "7.8", "2.5", "25")
_CREATININE_MG = _by_sex(("0.5", "0.9"), ("0.7", "1.2"), ("0.2", "0.8"))
_UREA = _any("7", "20", None, "100")
_CALCIUM = _any("8.5", "10.5", "6.5", "13")
_EGFR = (Usual("60", None, "15", age_from=ADULT),)
_HAEMATOCRIT = _by_sex(("36", "46"), ("40", "50"), ("33", "44"))
_SATURATION = _any("95", None, "88")

RANGES: dict[tuple[str, str], tuple[Usual, ...]] = {
    ("8480-6", "mm[Hg]"): (
        Usual("90", "130", "70", "180", age_from=ADULT),
        Usual("80", "120", age_from=3, age_to=ADULT),
    ),
    ("8462-4", "mm[Hg]"): (
        Usual("60", "85", "40", "120", age_from=ADULT),
        Usual("45", "80", age_from=3, age_to=ADULT),
    ),
    ("8867-4", "/min"): (
        Usual("60", "100", "40", "150", age_from=12),
        Usual("70", "130", age_from=2, age_to=12),
        Usual("80", "160", age_to=2),
    ),
    ("9279-1", "/min"): (
        Usual("12", "20", "8", "30", age_from=12),
        Usual("18", "30", age_from=2, age_to=12),
        Usual("24", "50", age_to=2),
    ),
    ("8310-5", "Cel"): _any("36.0", "37.5", "34", "40"),
    ("2708-6", "%"): _SATURATION,
    ("2713-6", "%"): _SATURATION,
    ("39156-5", "kg/m2"): _adults("18.5", "22.9"),
    ("4548-4", "%"): _any("4.0", "6.0", None, "14"),
    ("2339-0", "mg/dL"): _GLUCOSE_MG,
    ("2345-7", "mg/dL"): _GLUCOSE_MG,
    ("15074-8", "mmol/L"): _GLUCOSE_MMOL,
    ("14749-6", "mmol/L"): _GLUCOSE_MMOL,
    ("38483-4", "mg/dL"): _CREATININE_MG,
    ("2160-0", "mg/dL"): _CREATININE_MG,
    ("14682-9", "umol/L"): _by_sex(("44", "80"), ("62", "106"), ("20", "70")),
    ("33914-3", "mL/min"): _EGFR,
    ("33914-3", "mL/min/{1.73_m2}"): _EGFR,
    ("62238-1", "mL/min/{1.73_m2}"): _EGFR,
    ("98979-8", "mL/min/{1.73_m2}"): _EGFR,
    ("14959-1", "mg/g"): _any(None, "30"),
    ("6299-2", "mg/dL"): _UREA,
    ("3094-0", "mg/dL"): _UREA,
    ("49765-1", "mg/dL"): _CALCIUM,
    ("17861-6", "mg/dL"): _CALCIUM,
    ("2947-0", "mmol/L"): _SODIUM,
    ("2951-2", "mmol/L"): _SODIUM,
    ("6298-4", "mmol/L"): _POTASSIUM,
    ("2823-3", "mmol/L"): _POTASSIUM,
    ("2069-3", "mmol/L"): _CHLORIDE,
    ("2075-0", "mmol/L"): _CHLORIDE,
    ("20565-8", "mmol/L"): _BICARBONATE,
    ("2028-9", "mmol/L"): _BICARBONATE,
    ("2093-3", "mg/dL"): _any(None, "200"),
    ("14647-2", "mmol/L"): _any(None, "5.2"),
    ("2571-8", "mg/dL"): _any(None, "150", None, "1000"),
    ("14927-8", "mmol/L"): _any(None, "1.7", None, "11.3"),
    ("18262-6", "mg/dL"): _any(None, "130"),
    ("39469-2", "mmol/L"): _any(None, "3.4"),
    ("2085-9", "mg/dL"): _any("40", None),
    ("14646-4", "mmol/L"): _any("1.0", None),
    ("6690-2", "10*3/uL"): (
        Usual("4.0", "10.0", "1.0", "50", age_from=ADULT),
        Usual("4.5", "14.5", age_to=ADULT),
    ),
    ("789-8", "10*6/uL"): _by_sex(("3.8", "4.8"), ("4.5", "5.5"), ("3.9", "5.3")),
    ("718-7", "g/dL"): (
        Usual("12.0", "16.0", "7", "20", F, ADULT),
        Usual("13.0", "17.0", "7", "20", M, ADULT),
        Usual("11.0", "15.5", "7", "20", age_to=ADULT),
    ),
    ("4544-3", "%"): _HAEMATOCRIT,
    ("20570-8", "%"): _HAEMATOCRIT,
    ("787-2", "fL"): _adults("80", "100"),
    ("785-6", "pg"): _adults("27", "33"),
    ("786-4", "g/dL"): _any("32", "36"),
    ("21000-5", "fL"): _any("39", "46"),
    ("788-0", "%"): _any("11.5", "14.5"),
    ("777-3", "10*3/uL"): _any("150", "400", "30", "1000"),
    ("2885-2", "g/dL"): _any("6.0", "8.3"),
    ("1751-7", "g/dL"): _any("3.5", "5.0"),
    ("10834-0", "g/L"): _any("20", "35"),
    ("1975-2", "mg/dL"): _adults("0.2", "1.2", None, "12"),
    ("6768-6", "U/L"): _adults("40", "130"),
    ("1742-6", "U/L"): _any("7", "40", None, "1000"),
    ("1920-8", "U/L"): _any("10", "40", None, "1000"),
    ("2276-4", "ug/L"): _by_sex(("12", "150"), ("30", "400"), ("7", "140")),
    ("3016-3", "mIU/L"): _any("0.4", "4.2", None, "50"),
    ("1988-5", "mg/L"): _any(None, "10"),
    ("14804-9", "U/L"): _adults("135", "250"),
    ("89579-7", "pg/mL"): _any(None, "26"),
    ("33762-6", "pg/mL"): _adults(None, "125"),
    ("48065-7", "ug/mL"): _any(None, "0.5"),
    ("19123-9", "mg/dL"): _any("1.6", "2.6", "1.0", "4.7"),
    ("2744-1", "[pH]"): _any("7.35", "7.45", "7.2", "7.6"),
    ("2019-8", "mm[Hg]"): _any("35", "45"),
    ("2703-7", "mm[Hg]"): _any("75", "100", "40"),
}


def usual_for(code: str, unit: str | None, sex: str, birth_on: date, day: date) -> UsualRange | None:
    """The range of a test for a person on a day, or None if we know none."""
    rows = RANGES.get((code, unit or ""))
    if rows is None:
        return None
    age = age_on(birth_on, day)
    for row in rows:
        if row.sex in (None, sex) and row.age_from <= age < row.age_to:
            return row.bounds()
    return None
