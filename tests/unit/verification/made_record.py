"""One record, and sentences about it: a line names the rows that a sentence cites, then says it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.verification import Row
from tests.unit.verification.made_rows import condition, medicine, note, row


def _result(name: str, short: str, value: float, unit: str, day: str, *rest: Any) -> Row:
    """A result with its range, its mark and its LOINC code."""
    low, high, mark, code = rest
    named = {"name": name, "short_name": short, "code": code}
    ranged = {"ref_low": low, "ref_high": high, "interpretation": mark}
    return row("observation", **named, value=value, unit=unit, observed_at=f"{day}T02:10:00Z", **ranged)


RECORD: dict[str, Row] = {
    "sys0": _result(
        "Systolic blood pressure", "Blood pressure, systolic", 148.2, "mm[Hg]", "2025-08-19", 90, 130, "H", "8480-6"
    ),
    "dia0": _result(
        "Diastolic blood pressure", "Blood pressure, diastolic", 91.7, "mm[Hg]", "2025-08-19", 60, 85, "H", "8462-4"
    ),
    "sys1": _result(
        "Systolic blood pressure", "Blood pressure, systolic", 122.4, "mm[Hg]", "2026-02-03", 90, 130, "N", "8480-6"
    ),
    "dia1": _result(
        "Diastolic blood pressure", "Blood pressure, diastolic", 78.1, "mm[Hg]", "2026-02-03", 60, 85, "N", "8462-4"
    ),
    "bmi0": _result("Body mass index (BMI) [Ratio]", "BMI", 29.4123, "kg/m2", "2024-03-10", 18.5, 22.9, "H", "39156-5"),
    "bmi1": _result("Body mass index (BMI) [Ratio]", "BMI", 30.2345, "kg/m2", "2026-02-03", 18.5, 22.9, "H", "39156-5"),
    "weight0": _result("Body weight", "Weight", 88.41, "kg", "2024-03-10", None, None, None, "29463-7"),
    "weight1": _result("Body weight", "Weight", 92.34, "kg", "2026-02-03", None, None, None, "29463-7"),
    "hb0": _result(
        "Hemoglobin [Mass/volume] in Blood", "Haemoglobin", 11.2, "g/dL", "2024-03-10", 13, 17, "L", "718-7"
    ),
    "hb1": _result(
        "Hemoglobin [Mass/volume] in Blood", "Haemoglobin", 13.6, "g/dL", "2025-08-19", 13, 17, "N", "718-7"
    ),
    "a1c0": _result("Hemoglobin A1c/Hemoglobin.total in Blood", "HbA1c", 7.9, "%", "2025-02-14", 4, 6, "H", "4548-4"),
    "a1c1": _result("Hemoglobin A1c/Hemoglobin.total in Blood", "HbA1c", 6.8, "%", "2025-08-19", 4, 6, "H", "4548-4"),
    "a1c2": _result("Hemoglobin A1c/Hemoglobin.total in Blood", "HbA1c", 5.8, "%", "2026-02-03", 4, 6, "N", "4548-4"),
    "k": _result(
        "Potassium [Moles/volume] in Blood", "Potassium", 3.1, "mmol/L", "2025-08-19", 3.5, 5.1, "L", "6298-4"
    ),
    "cr0": _result(
        "Creatinine [Mass/volume] in Blood", "Creatinine", 1.41, "mg/dL", "2025-08-19", 0.7, 1.2, "H", "38483-4"
    ),
    "cr1": _result(
        "Creatinine [Mass/volume] in Blood", "Creatinine", 1.02, "mg/dL", "2026-02-03", 0.7, 1.2, "N", "38483-4"
    ),
    "egfr0": _result(
        "Glomerular filtration rate/1.73 sq M.predicted",
        "eGFR",
        54.3,
        "mL/min/{1.73_m2}",
        "2025-08-19",
        60,
        None,
        "L",
        "33914-3",
    ),
    "egfr1": _result(
        "Glomerular filtration rate/1.73 sq M.predicted",
        "eGFR",
        68.9,
        "mL/min/{1.73_m2}",
        "2026-02-03",
        60,
        None,
        "N",
        "33914-3",
    ),
    "ldl0": _result(
        "Low Density Lipoprotein Cholesterol",
        "LDL cholesterol",
        141.2,
        "mg/dL",
        "2025-08-19",
        None,
        100,
        "H",
        "18262-6",
    ),
    "ldl1": _result(
        "Low Density Lipoprotein Cholesterol", "LDL cholesterol", 88.1, "mg/dL", "2026-02-03", None, 100, "N", "18262-6"
    ),
    "pain0": _result(
        "Pain severity - 0-10 verbal numeric rating [Score] - Reported",
        "Pain score",
        3.4,
        "{score}",
        "2025-08-19",
        None,
        None,
        None,
        "72514-3",
    ),
    "pain1": _result(
        "Pain severity - 0-10 verbal numeric rating [Score] - Reported",
        "Pain score",
        1.2,
        "{score}",
        "2026-02-03",
        None,
        None,
        None,
        "72514-3",
    ),
    "platelets": _result(
        "Platelets [#/volume] in Blood by Automated count",
        "Platelets",
        301.2,
        "10*3/uL",
        "2025-08-19",
        150,
        400,
        "N",
        "777-3",
    ),
    "wcc": _result(
        "Leukocytes [#/volume] in Blood by Automated count",
        "White cell count",
        12.3,
        "10*3/uL",
        "2025-08-19",
        4,
        11,
        "H",
        "6690-2",
    ),
    "fever": _result("Body temperature", "Temperature", 38.4, "Cel", "2025-08-19", 36, 37.5, "H", "8310-5"),
    "htn": condition("Hypertension", "2012-04-20"),
    "t2dm": condition("Diabetes mellitus type 2 (disorder)", "2016-05-02"),
    "sinusitis": condition("Viral sinusitis (disorder)", "2021-12-03", "2021-12-24"),
    "bronchitis0": condition("Acute bronchitis (disorder)", "2019-01-05", "2019-01-19"),
    "bronchitis1": condition("Acute bronchitis (disorder)", "2022-02-07", "2022-02-14"),
    "af": condition("Atrial Fibrillation", "2018-07-07"),
    "fracture": condition("Fracture of forearm", "2011-09-01", "2011-11-15"),
    "pregnancy": condition("Normal pregnancy", "2019-03-01", "2019-11-20"),
    "obesity": condition("Body mass index 30+ - obesity (finding)", "2015-01-10"),
    "asthma": condition("Childhood asthma", "1999-05-05"),
    "stroke": condition("Stroke", "2020-10-10"),
    "metformin": medicine(
        "Metformin 500 MG Oral Tablet",
        "2016-05-09",
        dose="500 mg",
        frequency="twice daily",
        route="by mouth",
        reason="Diabetes mellitus type 2 (disorder)",
    ),
    "hctz": medicine("Hydrochlorothiazide 25 MG", "2012-04-20", reason="Hypertension"),
    "warfarin": medicine(
        "Warfarin Sodium 5 MG Oral Tablet", "2018-07-08", "2020-03-15", "stopped", reason="Atrial Fibrillation"
    ),
    "naproxen": medicine("Naproxen sodium 220 MG Oral Tablet", "2011-09-01", "2011-10-01", "completed"),
    "amoxiclav": medicine(
        "Amoxicillin 250 MG / Clavulanate 125 MG Oral Tablet",
        "2019-01-05",
        "2019-01-19",
        "completed",
        reason="Acute bronchitis (disorder)",
    ),
    "salbutamol": medicine(
        "200 ACTUAT Albuterol 0.09 MG/ACTUAT Metered Dose Inhaler", "1999-05-05", reason="Childhood asthma"
    ),
    "simvastatin": medicine("Simvastatin 20 MG Oral Tablet", "2013-02-01", dose="20 mg", frequency="every night"),
    "penicillin": row(
        "allergy",
        substance="Penicillin V",
        reaction="Skin rash",
        severity="moderate",
        criticality="high",
        status="active",
        recorded_on="2001-02-03",
        category="medication",
    ),
    "nuts": row(
        "allergy",
        substance="Allergy to nut",
        status="active",
        recorded_on="2003-06-07",
        criticality="low",
        category="food",
    ),
    "mites": row(
        "allergy",
        substance="House dust mite allergy",
        status="active",
        recorded_on="2003-06-07",
        criticality="low",
        category="environment",
    ),
    "attendance": row(
        "visit",
        **{"class": "EMER"},
        description="Emergency room admission (procedure)",
        reason="Acute bronchitis (disorder)",
        started_at="2019-01-05T03:00:00Z",
        ended_at="2019-01-05T05:00:00Z",
    ),
    "checkup1": row(
        "visit",
        **{"class": "AMB"},
        description="Encounter for check up (procedure)",
        started_at="2026-02-03T02:00:00Z",
        ended_at="2026-02-03T02:30:00Z",
    ),
    "checkup0": row(
        "visit",
        **{"class": "AMB"},
        description="Encounter for check up (procedure)",
        started_at="2024-03-10T02:00:00Z",
        ended_at="2024-03-10T02:30:00Z",
    ),
    "seen": row(
        "visit",
        **{"class": "AMB"},
        description="Encounter for symptom",
        reason="Viral sinusitis (disorder)",
        started_at="2021-12-03T02:00:00Z",
        ended_at="2021-12-03T02:15:00Z",
    ),
    "person": row("patient", name="Ng Min Wen", sex="female", birth_date="1968-09-12"),
    "note": note(
        "Cough for 3 days, worse at night. No fever. Chest clear.\n"
        "Temp 37.1 C. Feeling tired. Smokes 10 a day.\n"
        "Plan: paracetamol 500 mg as needed, return if no better in a week.",
        "2025-08-19",
    ),
    "metformin1": medicine("Metformin 1 G Oral Tablet", "2020-05-04", dose="1 g", frequency="twice daily"),
    "metformin0": medicine("Metformin 500 MG Oral Tablet", "2016-05-09", "2020-05-04", "stopped"),
    "methotrexate": medicine(
        "Methotrexate 2.5 mg tablet",
        "2025-11-25",
        dose="10 mg",
        frequency="once a week, on Sunday",
        instructions="Never daily.",
    ),
    "mixed": row("allergy", substance="No known allergies. Penicillin V", status="active"),
}


def cases(lines: str, rows: Mapping[str, Row] = RECORD) -> list[tuple[str, list[Row]]]:
    """Each line of a text as a sentence with its rows, by their names among `rows`."""
    parts = [line.split(" | ") for line in lines.strip().splitlines()]
    return [(text, [rows[name] for name in names.split()]) for names, text in parts]
