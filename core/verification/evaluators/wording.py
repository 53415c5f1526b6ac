"""Reasons as a clinician reads them: everyday names, days, units as shown."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache

from core.verification.cited import Cited
from core.verification.vocabulary import ASSAYS, EVERYDAY

_LABEL = re.compile(r"(?<!\s)\s*+\((?:disorder|finding|situation|procedure|substance|organism|product)\)$")
# Names that are written with capitals, or that are too short to be understood.
_WRITTEN = {
    "hba1c": "HbA1c", "egfr": "eGFR", "pco2": "pCO2", "po2": "pO2", "ph": "pH", "fio2": "FiO2", "ck": "creatine kinase",
    "wbc": "white cell count", "rbc": "red cell count", "mpv": "mean platelet volume", "alp": "alkaline phosphatase",
    "pdw": "platelet distribution width", "systolic": "systolic blood pressure",
    "diastolic": "diastolic blood pressure",
    "saturation": "oxygen saturation", "nt-probnp": "NT-proBNP", "cha2ds2 vasc": "CHA2DS2-VASc", "hark": "HARK score",
    "pain": "pain score", "morse": "Morse fall score", "prapare": "PRAPARE score",
}  # fmt: skip
_CAPITALS = frozenset(
    {
        "ldl", "hdl", "alt", "ast", "ggt", "ldh", "crp", "tibc", "bnp", "pt", "inr", "tsh", "psa", "b12", "acr",
        "mcv", "mch", "mchc", "rdw", "bmi", "phq-2", "phq-9", "gad-7", "mmse", "lvef", "qaly", "daly", "qols",
        "esr", "afp", "ca125", "cea", "fev1", "fvc", "cd4", "pth", "lh", "fsh", "hcg", "aptt", "vldl", "das28",
        "gcs", "epds", "c3", "c4", "dast-10", "audit-c", "fev1/fvc",
    }
)  # fmt: skip


def name(row: Cited) -> str:
    if row.assay in ASSAYS:
        everyday = EVERYDAY[row.assay or ""]
        return _WRITTEN.get(everyday) or (everyday.upper() if everyday in _CAPITALS else everyday)
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
    """With a capital at its head, unless its first word has its own: "eGFR", "pH"."""
    first = text.partition(" ")[0]
    return text if first != first.lower() else text[:1].upper() + text[1:]


def bare(name_of_kind: str) -> str:
    """A name without what kind of thing its terminology says it is of."""
    return _LABEL.sub("", name_of_kind)
