"""Reasons as a clinician reads them: everyday names, days, units as shown."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache

from core.verification.cited import Cited
from core.verification.vocabulary import ASSAYS, EVERYDAY

_LABEL = re.compile(r"(?<!\s)\s*+\((?:disorder|finding|situation|procedure|substance|organism|product)\)$")
_SHORT = {
    "hba1c": "HbA1c",
    "egfr": "eGFR",
    "bmi": "BMI",
    "ldl": "LDL",
    "hdl": "HDL",
    "alt": "ALT",
    "ast": "AST",
    "inr": "INR",
    "tsh": "TSH",
    "wbc": "white cell count",
    "rbc": "red cell count",
}


def name(row: Cited) -> str:
    if row.assay in ASSAYS:
        return _SHORT.get(row.assay or "", EVERYDAY[row.assay or ""])
    written = next(
        (
            str(row.fields[f])
            for f in ("short_name", "name", "medication", "substance", "description")
            if row.fields.get(f)
        ),
        row.type,
    )
    return _LABEL.sub("", written)


@lru_cache(maxsize=4096)
def day(found: date | None) -> str:
    return f"{found.day} {found:%B %Y}" if found else "no day"


def sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
