"""The assays that generated visits measure, with the ranges for each sex and age worked out once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from functools import cache

from core.interchange.source_rows import AssayText
from core.interchange.usual_ranges import usual_for


class A(IntEnum):
    """What is measured, in the order of ASSAYS."""

    SYSTOLIC = 0
    DIASTOLIC = 1
    PULSE = 2
    TEMPERATURE = 3
    WEIGHT = 4
    HEIGHT = 5
    BMI = 6
    HBA1C = 7
    GLUCOSE = 8
    CREATININE = 9
    EGFR = 10
    CHOLESTEROL = 11
    TRIGLYCERIDES = 12
    HDL = 13
    LDL = 14
    POTASSIUM = 15
    SODIUM = 16
    HAEMOGLOBIN = 17
    TSH = 18
    ALT = 19


_VITAL, _LAB = "vital-signs", "laboratory"
_EGFR_NAME = "Glomerular filtration rate/1.73 sq M.predicted by Creatinine-based formula (CKD-EPI 2021)"
ASSAYS = (
    AssayText("8480-6", "Systolic blood pressure", "mm[Hg]", _VITAL),
    AssayText("8462-4", "Diastolic blood pressure", "mm[Hg]", _VITAL),
    AssayText("8867-4", "Heart rate", "/min", _VITAL),
    AssayText("8310-5", "Body temperature", "Cel", _VITAL),
    AssayText("29463-7", "Body weight", "kg", _VITAL),
    AssayText("8302-2", "Body height", "cm", _VITAL),
    AssayText("39156-5", "Body mass index (BMI) [Ratio]", "kg/m2", _VITAL),
    AssayText("4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood", "%", _LAB),
    AssayText("14749-6", "Glucose [Moles/volume] in Serum or Plasma", "mmol/L", _LAB),
    AssayText("14682-9", "Creatinine [Moles/volume] in Serum or Plasma", "umol/L", _LAB),
    AssayText("98979-8", _EGFR_NAME, "mL/min/{1.73_m2}", _LAB),
    AssayText("14647-2", "Cholesterol [Moles/volume] in Serum or Plasma", "mmol/L", _LAB),
    AssayText("14927-8", "Triglyceride [Moles/volume] in Serum or Plasma", "mmol/L", _LAB),
    AssayText("14646-4", "Cholesterol in HDL [Moles/volume] in Serum or Plasma", "mmol/L", _LAB),
    AssayText("39469-2", "Cholesterol in LDL [Moles/volume] in Serum or Plasma by calculation", "mmol/L", _LAB),
    AssayText("2823-3", "Potassium [Moles/volume] in Serum or Plasma", "mmol/L", _LAB),
    AssayText("2951-2", "Sodium [Moles/volume] in Serum or Plasma", "mmol/L", _LAB),
    AssayText("718-7", "Hemoglobin [Mass/volume] in Blood", "g/dL", _LAB),
    AssayText("3016-3", "Thyrotropin [Units/volume] in Serum or Plasma", "mIU/L", _LAB),
    AssayText("1742-6", "Alanine aminotransferase [Enzymatic activity/volume] in Serum or Plasma", "U/L", _LAB),
)


@dataclass(frozen=True, slots=True)
class Band:
    """An assay for a sex and age: the bounds as numbers (infinite where open) and its columns as COPY text."""

    low: float
    high: float
    critical_low: float
    critical_high: float
    columns: str

    def interpret(self, value: float) -> str:
        """HL7's code, as COPY text; `\\N` where there is no range."""
        if self.low <= value <= self.high:
            return "N" if self.bounded else "\\N"
        if value < self.low:
            return "LL" if value < self.critical_low else "L"
        return "HH" if value > self.critical_high else "H"

    @property
    def bounded(self) -> bool:
        return self.low != float("-inf") or self.high != float("inf")


@cache
def bands(sex: str, age: int) -> tuple[Band, ...]:
    """All assays for a person of this sex and age."""
    born = date(2000, 1, 1)
    on = date(2000 + age, 7, 1)
    return tuple(_band(assay, sex, born, on) for assay in ASSAYS)


def _band(assay: AssayText, sex: str, born: date, on: date) -> Band:
    usual = usual_for(assay.code, assay.unit, sex, born, on)
    sides = (None,) * 4 if usual is None else (usual.low, usual.high, usual.critical_low, usual.critical_high)
    open_sides = (float("-inf"), float("inf")) * 2
    low, high, critical_low, critical_high = (
        infinite if side is None else float(side) for side, infinite in zip(sides, open_sides, strict=True)
    )
    shown = "\t".join("\\N" if side is None else str(side) for side in sides[:2])
    return Band(low, high, critical_low, critical_high, f"{assay.unit}\t{shown}")
