"""What a part of a sentence takes from the parts before it, and how far beyond a limit a result lies."""

from __future__ import annotations

import pytest

from core.verification import Row, Verdict
from tests.unit.verification.made_rows import check, medicine, result, row

COUNTS = [
    result(name, value, unit, day, *limits, code=code)
    for name, code, unit, limits, values in (
        ("Erythrocytes [#/volume] in Blood", "789-8", "10*6/uL", (4.0, 6.0), (5.3, 5.1)),
        ("Hemoglobin [Mass/volume] in Blood", "718-7", "g/dL", (12, 17), (16.1, 15.1)),
    )
    for value, day in zip(values, ("2016-01-09", "2021-02-06"), strict=True)
]
CREATININE = [
    result("Creatinine [Mass/volume] in Blood", value, "mg/dL", day, 0.5, 1.2, code="38483-4")
    for value, day in ((0.9, "2019-03-01"), (1.2, "2019-09-01"), (1.7, "2020-03-24"))
]
PLATELETS = [
    result("Platelets [#/volume] in Blood by Automated count", value, "10*3/uL", day, 150, 400, code="777-3")
    for value, day in ((449.5, "2012-09-10"), (425.7, "2017-10-09"), (255.3, "2019-10-09"))
]
GLUCOSE = [
    result("Glucose [Mass/volume] in Blood", value, "mg/dL", day, 70, 140, code="2339-0")
    for value, day in ((69.7, "2020-03-24"), (69.8, "2021-03-30"))
]
PARACETAMOL = [
    medicine("Acetaminophen 325 MG Oral Tablet", f"{year}-07-21", f"{year}-08-02") for year in ("2012", "2013")
]
ARREST = row("visit", **{"class": "emergency"}, description="Cardiac Arrest", started_at="2019-03-25T15:04:00Z",
             ended_at="2019-03-25T16:04:00Z")  # fmt: skip


@pytest.mark.parametrize(
    ("text", "rows", "is_right"),
    [
        ("Red cells 5.3 and Hb 16.1 in 2016; 5.1 and 15.1 in 2021.", COUNTS, True),
        ("Red cells 5.3 and Hb 16.1 in 2016; 15.1 and 5.1 in 2021.", COUNTS, False),
        ("Red cells 5.3 and Hb 16.1 in 2016; 5.1 and 15.1 in 2020.", COUNTS, False),
        ("Creatinine 0.9, 1.2 and 1.7; only the last is above range.", CREATININE, True),
        ("Creatinine 0.9, 1.2 and 1.7; only the first is above range.", CREATININE, False),
        ("Creatinine 1.7 mg/dL on 24 March 2020, 0.5 above the upper limit.", CREATININE[2:], True),
        ("Creatinine 1.7 mg/dL on 24 March 2020, 0.7 above the upper limit.", CREATININE[2:], False),
        ("Creatinine 0.9 mg/dL on 1 March 2019, 0.5 above the upper limit.", CREATININE[:1], False),
        ("Platelets were high at 449.5 in 2012 and again at 425.7 in 2017.", PLATELETS, True),
        ("Platelets were high at 449.5 in 2012 and again at 255.3 in 2019.", PLATELETS, False),
        ("Glucose just below range in both 2020 and 2021 (69.7, 69.8).", GLUCOSE, True),
        ("Glucose just below range in both 2020 and 2021 (69.8, 69.7).", GLUCOSE, False),
        ("Paracetamol was given in both 2012 and 2013.", PARACETAMOL, True),
        ("Paracetamol was given in both 2012 and 2014.", PARACETAMOL, False),
        ("Emergency visit for cardiac arrest, 25 March 2019, one hour.", [ARREST], True),
        ("Emergency visit for cardiac arrest, 25 March 2019, three hours.", [ARREST], False),
    ],
)
def test_right_beside_wrong(text: str, rows: list[Row], is_right: bool) -> None:
    assert (check(text, *rows).verdict is Verdict.SUPPORTED) == is_right


def test_a_part_that_may_be_of_more_tests_contradicts_nothing() -> None:
    text = "Red cells 5.3 and Hb 16.1 in 2016; then 5.1 in 2021."
    assert check(text, *COUNTS).verdict is not Verdict.CONTRADICTED


WEIGHED = result("Body Weight", 83.19, "kg", "2024-08-15", code="29463-7")
BORN = row("patient", name="Cleo Friesen", sex="male", birth_date="1925-12-18")
HOSPICE = row("visit", description="Admission to hospice (procedure)", started_at="2020-08-26T09:41:00Z",
              ended_at="2020-08-26T09:56:00Z")  # fmt: skip


@pytest.mark.parametrize(
    ("text", "source", "verdict"),
    [
        ("Weight was 83.2 kg on 15 August 2024.", WEIGHED, Verdict.SUPPORTED),
        ("Weight was 83.1 kg on 15 August 2024.", WEIGHED, Verdict.NOT_ADDRESSED),
        ("Weight was 83.0 kg on 15 August 2024.", WEIGHED, Verdict.CONTRADICTED),
        ("A man born on 18 Dec 25.", BORN, Verdict.SUPPORTED),
        ("A man born on 18 Dec 26.", BORN, Verdict.CONTRADICTED),
        ("A man born on 18 December 2025.", BORN, Verdict.CONTRADICTED),
        ("Hospice admission on 26/8/20. Death certified four weeks later.", HOSPICE, Verdict.NOT_ADDRESSED),
    ],
)
def test_a_digit_cut_off_a_century_and_a_distance_contradict_nothing(text: str, source: Row, verdict: Verdict) -> None:
    assert check(text, source).verdict is verdict
