"""Kinds that writers used who had not seen the code: series, counts, courses of an illness, ages and notes."""

from __future__ import annotations

import pytest

from core.verification import Row, Verdict
from tests.unit.verification.made_rows import check, condition, medicine, note, result, row

BP = [
    result(f"{part} Blood Pressure", value, "mm[Hg]", day, *limits, code=code)
    for part, code, limits, values in (
        ("Systolic", "8480-6", (90, 130), (121, 162, 178)),
        ("Diastolic", "8462-4", (60, 85), (80, 103, 115)),
    )
    for value, day in zip(values, ("2005-12-22", "2006-12-28", "2008-01-03"), strict=True)
]
LDL = [
    result("LDL Cholesterol", value, "mg/dL", day, None, 130, code="18262-6")
    for value, day in ((148.6, "2019-12-06"), (76.6, "2020-10-27"), (93.7, "2020-12-05"))
]
A1C = [
    result("Hemoglobin A1c/Hemoglobin.total in Blood", value, "%", day, 4.0, 6.0, code="4548-4")
    for value, day in ((6.3, "2018-07-30"), (6.24, "2019-08-05"), (6.22, "2020-08-10"))
]
EF = [
    result("Left ventricular Ejection fraction", value, "%", "2008-06-25", code="10230-1") for value in (38.2, 45.2)
]  # fmt: skip
HB = [
    result("Hemoglobin [Mass/volume] in Blood", value, "g/dL", day, 12, 17, code="718-7")
    for value, day in ((10.8, "2017-06-02"), (17.3, "2019-11-09"))
]
MOLARS = row(
    "visit", description="Encounter Inpatient", reason="Impacted molars", started_at="2016-06-26T09:53:00Z",
    ended_at="2016-06-27T10:08:00Z",
)  # fmt: skip
ED = row("visit", description="Emergency Room Admission", started_at="2011-06-22T07:00:00Z")
CLAVICLE = condition("Fracture of clavicle", "2011-06-22", "2011-07-22")
UTI = condition("Escherichia coli urinary tract infection", "2020-12-02", "2021-01-10")
NITRO = medicine(
    "Nitrofurantoin 50 MG Oral Capsule", "2020-12-27", "2021-01-10", reason="Escherichia coli urinary tract infection"
)
LIPIDS = condition("Hyperlipidemia", "2020-04-13")
STATIN = medicine("Simvastatin 10 MG Oral Tablet", "2020-05-04", reason="Hyperlipidemia")
HE = row("patient", name="Leo Hand", sex="male", birth_date="1963-12-03")
INITIAL = row("visit", description="Prenatal initial visit", started_at="2019-01-19T05:17:00Z")
LATER = row("visit", description="Prenatal visit", started_at="2019-02-16T05:17:00Z")
FORMER = row("observation", name="Tobacco smoking status NHIS", code="72166-2", value="Former smoker",
            observed_at="2019-07-20T02:00:00Z")  # fmt: skip
CREATININE = result("Creatinine [Mass/volume] in Blood", 1.39, "mg/dL", "2019-07-20", 0.5, 1.2, code="38483-4")
ANKLE = condition("Sprain of ankle", "2015-07-16", "2015-08-06")
PLANS = note("Tired since spring.\nRepeat count in three months.\nFolic acid started. Scan booked for 12 weeks.")
ADVICE = note("Normal nerve examination.\nAdvised rest and fluids.")
THROAT = note("Sore throat 3 days, no cough.")


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("Blood pressure was high on the last two readings.", BP),
        ("Blood pressure was above range at each of the last two readings.", BP),
        ("LDL normal on the last two readings.", LDL),
        ("LDL 149 / 77 / 94.", LDL),
        ("HbA1c has been high on every occasion since 2018, most recently 6.2 on 10 August 2020.", A1C),
        ("HbA1c has stayed just above range at 6.2 to 6.3 %.", A1C),
        ("Two ejection fractions are recorded on 25 June 2008: 38 % and 45 %.", EF),
        ("He stayed in hospital overnight for impacted molars.", [MOLARS]),
        ("A clavicle fracture in June 2011 was managed in the emergency department.", [CLAVICLE, ED]),
        ("E coli UTI Dec 2020, Rx nitrofurantoin", [UTI, NITRO]),
        ("57M in January 2021", [HE]),
        ("Sore throat 3/7, no cough", [THROAT]),
        ("The initial prenatal visit was on 19 January 2019.", [INITIAL]),
        ("The first antenatal appointment took place on 19 January 2019.", [INITIAL]),
        ("He used to smoke but has stopped.", [FORMER]),
        ("Creatinine of 1.39 mg/dL was somewhat above the upper limit of normal.", [CREATININE]),
        ("It took three weeks for the sprained ankle to get better.", [ANKLE]),
        (
            "Hyperlipidaemia was diagnosed on 13 April 2020 and three weeks later simvastatin was begun.",
            [LIPIDS, STATIN],
        ),
        ("The plan was to repeat the count after three months.", [PLANS]),
        ("The nerve examination was normal and she was advised rest and fluids.", [ADVICE]),
    ],
)
def test_borne_out(text: str, rows: list[Row]) -> None:
    found = check(text, *rows)
    assert found.verdict is Verdict.SUPPORTED, found.reasons


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("Blood pressure was high on the last three readings.", BP),
        ("Blood pressure was high on the last four readings.", BP),
        ("The last two readings of LDL were 149 and 77.", LDL),
        ("LDL has been normal on every occasion, most recently 94 mg/dL.", LDL),
        ("LDL 149 / 77 / 95.", LDL),
        ("HbA1c has stayed at 6.1 to 6.3 %.", A1C),
        ("Three ejection fractions are recorded on 25 June 2008: 38 % and 45 %.", EF),
        ("He stayed in hospital overnight for impacted molars.", [UTI, ED]),
        ("E coli UTI Nov 2020, Rx nitrofurantoin", [UTI, NITRO]),
        ("E coli UTI, Rx nitrofurantoin", [UTI, NITRO]),
        ("Simvastatin 10 mg was begun on the day that hyperlipidaemia was diagnosed.", [LIPIDS, STATIN]),
        ("58M in January 2021", [HE]),
        ("Sore throat 3/52, no cough", [THROAT]),
        ("The first prenatal visit was on 16 February 2019.", [LATER]),
        ("It took six weeks for the sprained ankle to get better.", [ANKLE]),
        (
            "Hyperlipidaemia was diagnosed on 13 April 2020 and five weeks later simvastatin was begun.",
            [LIPIDS, STATIN],
        ),
        ("The count was repeated after three months.", [PLANS]),
        ("The count was repeated in three months.", [PLANS]),
        ("A scan was done at twelve weeks.", [PLANS]),
        ("She rested and took fluids.", [ADVICE]),
    ],
)
def test_never_borne_out(text: str, rows: list[Row]) -> None:
    assert check(text, *rows).flagged


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("Blood pressure was high at each of the last two readings: 162/103 and 178/115.", BP),
        ("Haemoglobin recovered from 10.8 g/dL in June 2017 to 17.3 g/dL in November 2019.", HB),
    ],
)
def test_right_and_never_contradicted(text: str, rows: list[Row]) -> None:
    assert check(text, *rows).verdict is not Verdict.CONTRADICTED
