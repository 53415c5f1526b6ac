"""Several results in one sentence: whose day, whose reading, and in what order each is told."""

from __future__ import annotations

import pytest

from core.verification import Row, Verdict
from tests.unit.verification.made_rows import check, result

DAYS = ("2025-11-20", "2026-03-25", "2026-11-24")
CREATININE = [
    result("Creatinine [Mass/volume] in Blood", value, "mg/dL", day, 0.5, 1.1, code="38483-4")
    for value, day in zip((1.0, 3.0, 1.3), DAYS, strict=True)
]
HAEMOGLOBIN = [
    result("Hemoglobin [Mass/volume] in Blood", value, "g/dL", day, 12, 16, code="718-7")
    for value, day in ((15.7, DAYS[0]), (11.4, DAYS[2]))
]
PLATELETS = [
    result("Platelets [#/volume] in Blood by Automated count", value, "10*3/uL", day, 150, 400, code="777-3")
    for value, day in ((231.8, DAYS[0]), (145.4, DAYS[2]))
]
LDL = [
    result("Low Density Lipoprotein Cholesterol", value, "mg/dL", day, 0, 130, code="18262-6")
    for value, day in ((109.5, DAYS[0]), (78.7, DAYS[2]))
]
CHOLESTEROL = [
    result("Cholesterol [Mass/volume] in Serum or Plasma", value, "mg/dL", day, 0, 240, code="2093-3")
    for value, day in ((196.1, DAYS[0]), (166.5, DAYS[2]))
]
LATER, BOTH, LIPIDS = CREATININE[1:], [*HAEMOGLOBIN, *PLATELETS], [*LDL, *CHOLESTEROL]
RISE = "Creatinine was 3.0 mg/dL on 25 March 2026, up from 1.0 mg/dL four months earlier"


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        (f"{RISE}, and had come down to 1.3 mg/dL by 24 November 2026, still above the limit of 1.1.", CREATININE),
        ("Latest creatinine 1.3 on 24 November 2026; before that 3.0 in March 2026 and 1.0 in 2025.", CREATININE),
        ("Creatinine rose from 1.0 to 3.0 in March 2026 before falling again to 1.3 in November 2026.", CREATININE),
        ("Creatinine peaked at 3.0 mg/dL on 25 March 2026, against 1.0 in 2025 and 1.3 in November 2026.", CREATININE),
        ("Creatinine in November 2025, March 2026 and November 2026 was 1.0, 3.0 and 1.3 mg/dL.", CREATININE),
        ("Creatinine was high in March 2026 and again in November 2026 (3.0 and 1.3 mg/dL).", LATER),
        ("Creatinine was above range on both occasions, at 3.0 and, on 24 November 2026, 1.3 mg/dL.", LATER),
        ("Creatinine was lower on 24 November 2026 than on 25 March 2026 (1.3 against 3.0).", LATER),
        ("Creatinine 1.3 24/11/26 (was 3.0 8/12 ago)", LATER),
        ("Creatinine 3.0 then 1.3, both high", LATER),
        ("Hb 15.7->11.4, plt 232->145, both now low.", BOTH),
        ("LDL was 78.7 mg/dL on 24 November 2026; on the same day total cholesterol was 166.5 mg/dL.", LIPIDS),
        ("LDL cholesterol and total cholesterol were 109.5 and 196.1 in 2025 and 78.7 and 166.5 in 2026.", LIPIDS),
    ],
)  # fmt: skip
def test_each_value_has_its_day_and_its_place(text: str, rows: list[Row]) -> None:
    assert not check(text, *rows).reasons


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        (f"{RISE}, and had come down to 1.2 mg/dL by 24 November 2026.", CREATININE),
        (f"{RISE}, and had gone up to 1.3 mg/dL by 24 November 2026.", CREATININE),
        ("Latest creatinine 1.3 on 24 November 2026; before that 3.0 in 2025 and 1.0 in March 2026.", CREATININE),
        ("Creatinine in November 2025, March 2026 and November 2026 was 1.0, 1.3 and 3.0 mg/dL.", CREATININE),
        ("Creatinine was low in March 2026 and again in November 2026 (3.0 and 1.3 mg/dL).", LATER),
        ("Creatinine was lower on 24 November 2026 than on 25 March 2026 (3.0 against 1.3).", LATER),
        ("Creatinine 1.3 24/11/26 (was 3.0 6/12 ago)", LATER),
        ("Creatinine 1.3 then 3.0, both high", LATER),
        ("Hb 15.7->11.4, plt 232->145, both now high.", BOTH),
        ("LDL was 78.7 mg/dL on 24 November 2026; on the same day total cholesterol was 196.1 mg/dL.", LIPIDS),
        ("LDL cholesterol and total cholesterol were 196.1 and 109.5 in 2025 and 78.7 and 166.5 in 2026.", LIPIDS),
    ],
)  # fmt: skip
def test_another_day_value_or_order_is_flagged(text: str, rows: list[Row]) -> None:
    assert check(text, *rows).verdict is not Verdict.SUPPORTED


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("Creatinine, high at 3.0 in both March and April 2026, was 1.0 in 2025.", Verdict.NOT_ADDRESSED),
        ("Hb fell by 4.3 g/dL, yet stayed within 11 to 16.", Verdict.SUPPORTED),
        ("Hb stayed within 11-16 g/dL.", Verdict.SUPPORTED),
        ("Hb stayed within 12 to 16.", Verdict.CONTRADICTED),
    ],
)
def test_both_of_three_and_two_limits(text: str, verdict: Verdict) -> None:
    assert check(text, *(CREATININE if "Creatinine" in text else HAEMOGLOBIN)).verdict is verdict
