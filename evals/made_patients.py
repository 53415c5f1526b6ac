"""A small made population for the suites: enough kinds of rows to make every kind of claim about them."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any, NamedTuple

from core.verification import Row

PATIENTS = 40


class Test(NamedTuple):
    """A test whose made values scatter around `middle` by `spread`, to `decimals` places."""

    name: str
    code: str
    unit: str | None
    low: float | None
    high: float | None
    middle: float
    spread: float
    decimals: int


ASSAYS = (
    Test("Hemoglobin A1c", "4548-4", "%", 4.0, 6.0, 7.0, 1.6, 1),
    Test("Creatinine", "2160-0", "umol/L", 60, 105, 95, 35, 0),
    Test("Estimated glomerular filtration rate", "62238-1", "mL/min/{1.73_m2}", 60, None, 70, 20, 0),
    Test("Potassium", "2823-3", "mmol/L", 3.5, 5.1, 4.4, 0.7, 1),
    Test("Sodium", "2951-2", "mmol/L", 135, 145, 139, 5, 0),
    Test("LDL cholesterol", "39469-2", "mmol/L", None, 3.4, 3.2, 0.9, 1),
    Test("Haemoglobin", "718-7", "g/dL", 12.0, 16.0, 13.1, 1.8, 1),
    Test("Platelets", "777-3", "10*3/uL", 150, 400, 240, 90, 0),
    Test("Body weight", "29463-7", "kg", None, None, 72, 14, 1),
    Test("Systolic blood pressure", "8480-6", "mm[Hg]", 90, 130, 134, 16, 0),
    Test("Glucose", "14749-6", "mmol/L", 3.9, 7.8, 7.2, 2.2, 1),
    Test("INR", "6301-6", None, 0.8, 1.2, 1.4, 0.5, 1),
)
MEDICINES = (
    ("Metformin", "500 mg", "twice daily"),
    ("Amlodipine", "5 mg", "once daily"),
    ("Atorvastatin", "20 mg", "at night"),
    ("Lisinopril", "10 mg", "once daily"),
    ("Omeprazole", "20 mg", "every morning"),
    ("Paracetamol", "1 g", "as needed"),
    ("Gliclazide", "80 mg", "twice daily"),
    ("Salbutamol inhaler", "100 mcg", "as needed"),
    ("Warfarin", "3 mg", "daily"),
    ("Amoxicillin", "250 mg", "three times a day"),
)
CONDITIONS = (
    "Essential hypertension",
    "Type 2 diabetes mellitus",
    "Asthma",
    "Hyperlipidaemia",
    "Osteoarthritis of left knee",
    "Cataract of right eye",
    "Fracture of left forearm",
    "Sprain of right ankle",
    "Gout",
    "Atrial fibrillation",
    "Migraine",
    "Chronic kidney disease stage 3",
    "Acute bronchitis",
    "Otitis media of left ear",
)
ALLERGIES = (
    ("Penicillin", "rash", "mild"),
    ("Shellfish", "anaphylaxis", "severe"),
    ("Latex", "itching", "mild"),
    ("Aspirin", "wheezing", "moderate"),
    ("Peanut", "vomiting", "moderate"),
    ("House dust mite", None, None),
)
VISITS = (
    ("Follow-up visit", "outpatient", "Essential hypertension"),
    ("Emergency room admission", "emergency", "Asthma"),
    ("General examination", "wellness", None),
    ("Hospital stay", "inpatient", "Acute bronchitis"),
)
LAST_DAY = date(2026, 5, 31)


def patients(seed: int, count: int = PATIENTS) -> dict[int, list[Row]]:
    """Each patient's rows; the same for the same seed."""
    rng = random.Random(seed)  # noqa: S311 - test material, no secret
    return {n: _patient(rng, n) for n in range(1, count + 1)}


def _patient(rng: random.Random, n: int) -> list[Row]:
    sex = rng.choice(("male", "female"))
    born = _day(rng, 30000, 9000)
    rows = [("patient", {"name": f"Patient {n}", "sex": sex, "birth_date": born.isoformat()})]
    rows += [row for assay in rng.sample(ASSAYS, 7) for row in _results(rng, assay)]
    rows += [("prescription", _prescription(rng, *medicine)) for medicine in rng.sample(MEDICINES, 3)]
    rows += [("condition", _condition(rng, name)) for name in rng.sample(CONDITIONS, 4)]
    rows += [("allergy", _allergy(rng, *allergy)) for allergy in rng.sample(ALLERGIES, 2)]
    rows += [("visit", _visit(rng, *visit)) for visit in rng.sample(VISITS, 2)]
    return [Row(f"{kind}:{n * 1000 + i}", kind, n, fields) for i, (kind, fields) in enumerate(rows)]


def _day(rng: random.Random, most: int, least: int = 0) -> date:
    return LAST_DAY - timedelta(days=rng.randint(least, most))


def _results(rng: random.Random, test: Test) -> list[tuple[str, dict[str, Any]]]:
    days = sorted({_day(rng, 900) for _ in range(3)})
    values = [round(max(test.middle / 4, rng.gauss(test.middle, test.spread)), test.decimals) for _ in days]
    fixed = {"name": test.name, "code": test.code, "unit": test.unit, "ref_low": test.low, "ref_high": test.high}
    return [
        ("observation", fixed | {"value": value, "observed_at": f"{day}T02:10:00Z", "interpretation": None})
        for day, value in zip(days, values, strict=True)
    ]


def _prescription(rng: random.Random, medicine: str, dose: str, frequency: str) -> dict[str, Any]:
    start, stop = sorted((_day(rng, 900, 20), _day(rng, 900, 20)))
    status = rng.choice(("active", "completed", "stopped"))
    return {
        "medication": medicine,
        "dose": dose,
        "frequency": frequency,
        "status": status,
        "started_on": start.isoformat(),
        "stopped_on": None if status == "active" else stop.isoformat(),
    }


def _condition(rng: random.Random, name: str) -> dict[str, Any]:
    onset, resolved = sorted((_day(rng, 3000, 20), _day(rng, 3000, 20)))
    status = rng.choice(("active", "resolved"))
    return {
        "name": name,
        "code": None,
        "status": status,
        "onset_on": onset.isoformat(),
        "resolved_on": resolved.isoformat() if status == "resolved" else None,
    }


def _allergy(rng: random.Random, substance: str, reaction: str | None, severity: str | None) -> dict[str, Any]:
    return {
        "substance": substance,
        "reaction": reaction,
        "criticality": None,
        "severity": severity,
        "status": "active",
        "recorded_on": _day(rng, 3000).isoformat(),
    }


def _visit(rng: random.Random, description: str, kind: str, reason: str | None) -> dict[str, Any]:
    day = _day(rng, 900)
    return {
        "description": description,
        "reason": reason,
        "class": kind,
        "started_at": f"{day}T01:00:00Z",
        "ended_at": f"{day}T02:00:00Z",
    }
