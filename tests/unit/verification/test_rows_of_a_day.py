"""Counts of the rows of one day, extremes on days without a year, and changes towards a range or away from it."""

from __future__ import annotations

import pytest

from core.verification import Row, Verdict
from tests.unit.verification.made_rows import ANY_FLAG, LEFT_TO_MODEL, check, medicine, result

RENEWED = [
    medicine("Hydrochlorothiazide 25 MG Oral Tablet", "2026-10-07"),
    medicine("lisinopril 10 MG Oral Tablet", "2026-10-07"),
    medicine("Hydrochlorothiazide 25 MG Oral Tablet", "2025-10-01", "2026-10-07", "stopped"),
    medicine("lisinopril 10 MG Oral Tablet", "2025-10-01", "2026-10-07", "stopped"),
    medicine("amLODIPine 2.5 MG Oral Tablet", "2025-10-01", "2026-10-07", "stopped"),
]  # fmt: skip
INR = [
    result("INR in Platelet poor plasma by Coagulation assay", value, "{INR}", day, 2, 3, code="6301-6")
    for value, day in ((2.4, "2026-07-08"), (5.6, "2026-09-30"), (2.6, "2026-10-07"))
]
WARFARIN = medicine("Warfarin 1 mg tablet", "2016-02-15")
SODIUM = [
    result("Sodium", value, "mmol/L", day, 135, 145, code="2947-0")
    for value, day in ((128, "2026-07-13"), (134, "2026-10-14"))
]
HIGH_SODIUM = [
    result("Sodium", value, "mmol/L", day, 135, 145, code="2947-0")
    for value, day in ((150, "2026-07-13"), (156, "2026-10-14"))
]

RIGHT = [
    ("Two antihypertensives renewed on 7 October 2026: HCTZ 25 mg and lisinopril 10 mg.", RENEWED),
    ("On warfarin since February 2016; INR peaked at 5.6 on 30 September.", [WARFARIN, *INR]),
    ("Sodium improved from 128 to 134 mmol/L.", SODIUM),
    ("Sodium worsened from 150 to 156 mmol/L.", HIGH_SODIUM),
]
WRONG = [
    ("Three antihypertensives renewed on 7 October 2026: HCTZ 25 mg and lisinopril 10 mg.", RENEWED),
    ("Two antihypertensives renewed on 1 October 2026: HCTZ 25 mg and lisinopril 10 mg.", RENEWED),
    ("On warfarin since February 2016; INR peaked at 2.6 on 7 October.", [WARFARIN, *INR]),
    ("On warfarin since February 2016; INR peaked at 5.6 on 30 August.", [WARFARIN, *INR]),
    ("Sodium worsened from 128 to 134 mmol/L.", SODIUM),
    ("Sodium improved from 150 to 156 mmol/L.", HIGH_SODIUM),
]
NOT_CONTRADICTED = [
    ("Three antihypertensives in all, last changed in October 2026.", RENEWED),
    ("INR peaked at 5.6 on 30 September.", INR[1:2]),
    ("On warfarin since February 2016, INR peaked at 5.6 on 30 September.", [WARFARIN, *INR]),
]


@pytest.mark.parametrize(("text", "rows"), RIGHT)
def test_what_the_rows_bear_out(text: str, rows: list[Row]) -> None:
    assert check(text, *rows).verdict is Verdict.SUPPORTED


@pytest.mark.parametrize(("text", "rows"), WRONG)
def test_what_they_do_not(text: str, rows: list[Row]) -> None:
    assert check(text, *rows).verdict in ANY_FLAG


@pytest.mark.parametrize(("text", "rows"), NOT_CONTRADICTED)
def test_what_they_do_not_speak_against(text: str, rows: list[Row]) -> None:
    assert check(text, *rows).verdict in LEFT_TO_MODEL
