"""Claims about results: values, units, dates, ranges, blood pressures, scores and answers."""

from __future__ import annotations

import pytest

from core.verification import Row, Verdict
from tests.unit.verification.made_rows import ANY_FLAG as F
from tests.unit.verification.made_rows import LEFT_TO_MODEL as M
from tests.unit.verification.made_rows import check, hba1c, result

S, C, N = (frozenset({v}) for v in (Verdict.SUPPORTED, Verdict.CONTRADICTED, Verdict.NOT_ADDRESSED))
A1C = hba1c(8.9, "2026-05-03")
GLUCOSE = result("Glucose", 87.2, "mg/dL", "2018-05-21", 70, 140, code="2339-0")
EGFR = result("Estimated glomerular filtration rate", 58, "mL/min/{1.73_m2}", "2026-01-20", 60, None, code="62238-1")
SYSTOLIC = result("Systolic Blood Pressure", 131.0, "mm[Hg]", "2021-08-23", 90, 130, code="8480-6")
DIASTOLIC = result("Diastolic Blood Pressure", 87.0, "mm[Hg]", "2021-08-23", 60, 90, code="8462-4")
NO_UNIT = result("INR", 1.3, None, "2021-02-03", code="6301-6")
PAIN = result(
    "Pain severity - 0-10 verbal numeric rating [Score] - Reported", 2.0, "{score}", "2021-08-23", code="72514-3"
)
SMOKING = result("Tobacco smoking status NHIS", "Never smoker", "", "2021-08-23", code="72166-2")
VIRUS = result("SARS-CoV-2 RNA Pnl Resp NAA+probe", "Detected (qualifier value)", None, "2020-03-12", code="94531-1")
REFUGEE = result("Are you a refugee?", "No", None, "2021-08-23")
LDL = result("Low Density Lipoprotein Cholesterol", 85.5, "mg/dL", "2018-05-21", None, 130, code="18262-6")
HDL = result("High Density Lipoprotein Cholesterol", 75.6, "mg/dL", "2018-05-21", 40, None, code="2085-9")
PLATELETS = result(
    "Platelets [#/volume] in Blood by Automated count", 150.6, "10*3/uL", "2018-05-21", 150, 400, code="777-3"
)
FEVER = result("Body temperature", 38.9, "Cel", "2021-08-23", 36, 37.5, code="8310-5")
WEIGHT = result("Body Weight", 82.4, "kg", "2019-01-05", code="29463-7")

CASES: list[tuple[str, frozenset[Verdict], tuple[Row, ...]]] = [
    ("HbA1c was 8.9 % on 3 May 2026.", S, (A1C,)),
    ("Glycated haemoglobin 8.9% (May 3, 2026)", S, (A1C,)),
    ("Hemoglobin A1c/Hemoglobin.total in Blood was 8.9 % on 2026-05-03.", S, (A1C,)),
    ("HbA1c was about 9 % in May 2026.", S, (A1C,)),
    ("HbA1c was 9.8 % on 3 May 2026.", C, (A1C,)),
    ("HbA1c was 8.9 % on 3 May 2025.", C, (A1C,)),
    ("HbA1c was 8.9 % on 31 February 2026.", C, (A1C,)),
    ("Haemoglobin was 8.9 on 3 May 2026.", N, (A1C,)),
    ("HbA1c was 74 mmol/mol.", S, (A1C,)),
    ("HbA1c was 8.9 mmol/mol.", C, (A1C,)),
    ("HbA1c of 8.9 % is above the reference range (4.0-6.0 %).", S, (A1C,)),
    ("HbA1c of 8.9 % is above the reference range (4.0-7.0 %).", C, (A1C,)),
    ("HbA1c was normal at 8.9 %.", C, (A1C,)),
    ("HbA1c was not elevated.", C, (A1C,)),
    ("HbA1c was over 8 %.", S, (A1C,)),
    ("HbA1c was below 8 %.", C, (A1C,)),
    ("Blood glucose was 4.8 mmol/L.", S, (GLUCOSE,)),
    ("Blood glucose was 87.2 mmol/L.", C, (GLUCOSE,)),
    ("Fasting glucose was 87.2 mg/dL.", N, (GLUCOSE,)),
    ("eGFR 58, mildly reduced.", S, (EGFR,)),
    ("eGFR 58, normal.", C, (EGFR,)),
    ("eGFR 58, elevated.", C, (EGFR,)),
    ("eGFR 58 suggests kidney disease.", N, (EGFR,)),
    ("BP 131/87 mmHg on 23 August 2021", S, (SYSTOLIC, DIASTOLIC)),
    ("BP 87/131 mmHg", C, (SYSTOLIC, DIASTOLIC)),
    ("BP 131/87 mmHg", N, (SYSTOLIC,)),
    ("Systolic and diastolic pressures were 131 and 87 mmHg respectively.", S, (SYSTOLIC, DIASTOLIC)),
    ("Systolic and diastolic pressures were 87 and 131 mmHg respectively.", C, (SYSTOLIC, DIASTOLIC)),
    ("INR was 1.3.", S, (NO_UNIT,)),
    ("INR was high at 1.3.", N, (NO_UNIT,)),
    ("INR was 1.3 mmol/L.", F, (NO_UNIT,)),
    ("Pain score 2/10.", S, (PAIN,)),
    ("Pain score 7 out of 10.", C, (PAIN,)),
    ("The patient has never smoked.", S, (SMOKING,)),
    ("The patient is a former smoker.", F, (SMOKING,)),
    ("The SARS-CoV-2 test was positive.", S, (VIRUS,)),
    ("SARS-CoV-2 RNA was not detected.", F, (VIRUS,)),
    ("The patient is not a refugee.", M, (REFUGEE,)),
    ("The patient is a refugee.", F, (REFUGEE,)),
    ("LDL was 85.5 mg/dL and HDL 75.6 mg/dL.", S, (LDL, HDL)),
    ("LDL was 75.6 mg/dL and HDL 85.5 mg/dL.", C, (LDL, HDL)),
    ("HDL was 85.5 mg/dL.", N, (LDL,)),
    ("The platelet count was 150.6 x10^9/L.", S, (PLATELETS,)),
    ("The platelet count was 150,600/uL.", S, (PLATELETS,)),
    ("Platelets were low at 150.6 x10^3/µL.", C, (PLATELETS,)),
    ("Temperature was 102.0 °F.", S, (FEVER,)),
    ("Temperature was 38.9 °F.", C, (FEVER,)),
    ("Body weight was 181.7 lb.", S, (WEIGHT,)),
    ("Body weight was 82.4 lb.", C, (WEIGHT,)),
]  # fmt: skip


@pytest.mark.parametrize(("text", "verdicts", "rows"), CASES, ids=[case[0] for case in CASES])
def test_verdict(text: str, verdicts: frozenset[Verdict], rows: tuple[Row, ...]) -> None:
    found = check(text, *rows)
    assert found.verdict in verdicts, found.reasons
    assert found.flagged == bool(found.reasons)


def test_a_finding_points_at_the_words_it_is_about() -> None:
    text = "HbA1c was 9.8 % on 3 May 2026."
    (wrong,) = check(text, A1C).findings
    assert wrong.span is not None
    assert text[slice(*wrong.span)] == "HbA1c was 9.8 % on 3 May 2026"
    assert (wrong.row_ref, wrong.quote) == (A1C.ref, "8.9%")
    assert wrong.reason == "HbA1c was 8.9% on 3 May 2026."


def test_spans_count_the_claim_as_written() -> None:
    text = "HbA1c\u00a0was 9.8\u202f% on 3\u00a0May 2026 — İ."
    spans = {text[slice(*f.span)] for f in check(text, A1C).findings if f.span}
    assert spans == {"HbA1c\u00a0was 9.8\u202f% on 3\u00a0May 2026", "İ"}
