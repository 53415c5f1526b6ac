"""Lists as a small model writes them: a heading, semicolons, what is said in turn, "as of", "has been active since"."""

from __future__ import annotations

import pytest

from core.verification import Row, Verdict
from tests.unit.verification.made_rows import check, condition, medicine, result, row

DAY = "2026-03-02"
SODIUM = result("Sodium", 151.0, "mmol/L", DAY, 135.0, 145.0, code="2951-2")
POTASSIUM = result("Potassium", 3.1, "mmol/L", DAY, 3.5, 5.1, code="2823-3")
CHLORIDE = result("Chloride", 112.0, "mmol/L", DAY, 96.0, 108.0, code="2075-0")
CALCIUM = result("Calcium", 9.1, "mg/dL", DAY, 8.5, 10.5, code="17861-6")
HIGH, ALL = (SODIUM, CHLORIDE), (SODIUM, POTASSIUM, CHLORIDE, CALCIUM)
GOUT, ASTHMA = condition("Gout", "2019-04-01", "2021-06-07"), condition("Asthma", "2012-05-06")
ADRENALINE = medicine("5 ML Epinephrine 0.1 MG/ML Injection", DAY)
SALINE = medicine("2 ML Furosemide 10 MG/ML Injection", DAY)
PATIENT_ROW = row("patient", name="Ada Bell", sex="female", birth_date="1950-01-31")

RIGHT = [
    ("The following results were above the reference range: sodium 151 mmol/L; chloride 112 mmol/L.", HIGH),
    ("The results were as follows: sodium 151 mmol/L; potassium 3.1 mmol/L; calcium 9.1 mg/dL.", ALL),
    ("Above the reference range: sodium 151 mmol/L; within the reference range: calcium 9.1 mg/dL.", ALL),
    ("Sodium was 151 mmol/L and potassium 3.1 mmol/L, which are above and below the reference range.", ALL),
    ("Sodium was 151 mmol/L on 2 March 2026, which is the latest value and above the reference range.", (SODIUM,)),
    ("As of 2 March 2026, sodium and potassium were 151 mmol/L and 3.1 mmol/L, respectively.", ALL),
    ("Sodium was 151 mmol/L; chloride 112 mmol/L; both were above the reference range.", HIGH),
    ("Gout was active from 1 April 2019 until 7 June 2021.", (GOUT,)),
    ("5 ML Epinephrine 0.1 MG/ML Injection and 2 ML Furosemide 10 MG/ML Injection are taken.", (ADRENALINE, SALINE)),
    ("The patient is a woman with a date of birth of 31 January 1950.", (PATIENT_ROW,)),
    ("Active conditions include asthma (since 6 May 2012), with gout resolved on 7 June 2021.", (ASTHMA, GOUT)),
    ("Active conditions: asthma (since 6 May 2012), previously gout (1 April 2019 to 7 June 2021).", (ASTHMA, GOUT)),
    ("Active conditions: asthma (since 6 May 2012); resolved: gout (1 April 2019 to 7 June 2021).", (ASTHMA, GOUT)),
    ("Resolved conditions: gout (1 April 2019 to 7 June 2021).", (GOUT,)),
    ("The patient is recorded as having asthma, which has been active since 6 May 2012.", (ASTHMA,)),
]
WRONG = [
    ("The following results were above the reference range: sodium 151 mmol/L; calcium 9.1 mg/dL.", ALL),
    ("Above the reference range: sodium 151 mmol/L, potassium 3.1 mmol/L.", ALL),
    ("Sodium was 151 mmol/L and potassium 3.1 mmol/L, which are below and above the reference range.", ALL),
    ("Sodium was 151 mmol/L; calcium 9.1 mg/dL; both were within the reference range.", ALL),
    ("As of 3 March 2026, sodium and potassium were 151 mmol/L and 3.1 mmol/L, respectively.", ALL),
    ("Gout was active from 1 April 2019 until 7 July 2021.", (GOUT,)),
    ("The patient is recorded as having gout, which has been active since 1 April 2019.", (GOUT,)),
    ("Resolved conditions: gout (1 April 2019 to 7 June 2021); asthma.", (ASTHMA, GOUT)),
    ("Active conditions: asthma (since 6 May 2012) and gout (1 April 2019 to 7 June 2021).", (ASTHMA, GOUT)),
    ("The patient had gout, which has been active since 1 April 2019.", (GOUT,)),
    ("5 ML Epinephrine 0.1 MG/ML Injection and 4 ML Furosemide 10 MG/ML Injection are taken.", (ADRENALINE, SALINE)),
    ("The patient is a woman with a date of birth of 31 January 1905.", (PATIENT_ROW,)),
]


@pytest.mark.parametrize(("text", "rows"), RIGHT)
def test_what_a_heading_or_a_turn_says_is_borne_out(text: str, rows: tuple[Row, ...]) -> None:
    assert check(text, *rows).verdict is Verdict.SUPPORTED


@pytest.mark.parametrize(("text", "rows"), WRONG)
def test_what_a_heading_or_a_turn_says_of_each_is_compared_with_each(text: str, rows: tuple[Row, ...]) -> None:
    assert check(text, *rows).verdict is not Verdict.SUPPORTED
