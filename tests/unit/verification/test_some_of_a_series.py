"""What only some results of a series are, what none of them passes, and by how much it changed."""

from __future__ import annotations

import pytest

from core.verification import Row, Verdict
from tests.unit.verification.made_rows import ANY_FLAG, check, condition, medicine, note, result, row

WEIGHT = [
    result("Body Weight", value, "kg", day, code="29463-7")
    for value, day in ((89.0, "2018-01-20"), (95.4, "2020-02-01"), (98.7, "2022-02-12"))
]
SYSTOLIC = [
    result("Systolic Blood Pressure", value, "mm[Hg]", day, 90, 130, code="8480-6")
    for value, day in ((136.0, "2012-02-09"), (102.0, "2013-02-14"), (127.0, "2014-02-20"))
]
EGFR = [
    result("Estimated Glomerular Filtration Rate", value, "mL/min/{1.73_m2}", day, 60, None, code="33914-3")
    for value, day in ((93.3, "2019-08-14"), (64.5, "2020-08-19"))
]
MEDICINES = [
    medicine("lisinopril 10 MG Oral Tablet", "2022-02-12"), medicine("amLODIPine 2.5 MG Oral Tablet", "2022-02-12"),
    medicine("Hydrochlorothiazide 25 MG Oral Tablet", "2022-02-12"),
]  # fmt: skip
PAIN = [condition("Chronic pain", "2010-02-05"), condition("Asthma", "2010-10-22")]
CLAVICLE = [condition("Fracture of clavicle", "2015-06-27", "2015-09-25")]
OF_MEDICINES = "Takes lisinopril 10 mg, amlodipine 2.5 mg and hydrochlorothiazide 25 mg, all {} begun in February 2022."

RIGHT = [
    ("Systolic pressure was above 130 only once, 136 in February 2012.", SYSTOLIC),
    ("Systolic pressure was high only in 2012 (136).", SYSTOLIC),
    ("The only systolic reading above 130 was 136 in 2012.", SYSTOLIC),
    ("Systolic has not exceeded 136 at any check.", SYSTOLIC),
    ("Systolic was never below 102 (136, 102, 127).", SYSTOLIC),
    ("Systolic 102 and 127, a year apart.", SYSTOLIC[1:]),
    ("Weight up almost 10 kg in four years, from 89.0 kg in January 2018 to 98.7 kg in February 2022.", WEIGHT),
    ("Weight climbed steadily from 89.0 kg in 2018 to 98.7 kg in 2022, a gain of 9.7 kg.", WEIGHT),
    ("Weight rose 3.3 kg between the 2020 and 2022 checks.", WEIGHT),
    ("eGFR fell by almost 30 points in a year, from 93.3 to 64.5, though still above 60.", EGFR),
    ("Weight 89.0 → 95.4 → 98.7 (2018/2020/2022).", WEIGHT),
    (OF_MEDICINES.format("three"), MEDICINES),
    ("Chronic pain since February 2010 and asthma since October of that year.", PAIN),
    ("Clavicle fracture in June 2015, healed by 30 September 2015.", CLAVICLE),
]  # fmt: skip
WRONG = [
    ("Systolic pressure was above 125 only once, 136 in February 2012.", SYSTOLIC),
    ("Systolic pressure was high only in 2013 (102).", SYSTOLIC),
    ("The only systolic reading above 120 was 136 in 2012.", SYSTOLIC),
    ("Systolic has not exceeded 130 at any check.", SYSTOLIC),
    ("Systolic was never below 110 (136, 102, 127).", SYSTOLIC),
    ("Systolic was never above 130.", SYSTOLIC),
    ("Systolic 102 and 127, five years apart.", SYSTOLIC[1:]),
    ("Weight up almost 20 kg in four years, from 89.0 kg in January 2018 to 98.7 kg in February 2022.", WEIGHT),
    ("Weight climbed steadily from 89.0 kg in 2018 to 98.7 kg in 2022, a gain of 6.4 kg.", WEIGHT),
    ("Weight fell 3.3 kg between the 2020 and 2022 checks.", WEIGHT),
    ("Weight rose 6.4 kg between the 2020 and 2022 checks.", WEIGHT),
    ("eGFR fell by almost 30 points in three years, from 93.3 to 64.5.", EGFR),
    ("Weight 89.0 → 95.4 → 98.7 (2020/2018/2022).", WEIGHT),
    (OF_MEDICINES.format("four"), MEDICINES),
    ("Chronic pain since February 2010 and asthma since November of that year.", PAIN),
    ("Clavicle fracture in June 2015, healed by 1 September 2015.", CLAVICLE),
]


@pytest.mark.parametrize(("text", "rows"), RIGHT)
def test_what_a_series_bears_out(text: str, rows: list[Row]) -> None:
    assert check(text, *rows).verdict is Verdict.SUPPORTED


@pytest.mark.parametrize(("text", "rows"), WRONG)
def test_what_it_does_not(text: str, rows: list[Row]) -> None:
    assert check(text, *rows).verdict in ANY_FLAG


def test_only_of_a_time_counts_results_that_are_not_cited() -> None:
    again = result("Systolic Blood Pressure", 141.0, "mm[Hg]", "2013-08-14", 90, 130, code="8480-6")
    text = "Systolic pressure was high only in 2012 (136)."
    assert check(text, *SYSTOLIC, also=(again,)).verdict in ANY_FLAG


GIVEN = [
    medicine("Alteplase 100 MG Injection", "2020-07-26", "2020-07-26"),
    medicine("Clopidogrel 75 MG Oral Tablet", "2020-07-26", "2020-07-26"),
]
SINUSITIS = [
    condition("Viral sinusitis (disorder)", "2016-07-08", "2016-07-30"),
    condition("Viral sinusitis (disorder)", "2017-05-04", "2017-05-12"),
]
APPENDIX = [row("patient", name="Elvia Feil", sex="female", birth_date="1960-05-03"),
            condition("History of appendectomy", "1964-05-07")]  # fmt: skip
LATEX = row("allergy", substance="Latex (substance)", reaction="Wheal (finding)", status="active", severity="mild")
NO_ALLERGIES = note("# Allergies\nNo Known Allergies.", "2026-06-03")
COUNTS = [
    result("Leukocytes [#/volume] in Blood by Automated count", value, "10*3/uL", day, 4, 10, code="6690-2")
    for value, day in ((3.8, "2020-05-18"), (5.6, "2021-05-18"))
]


@pytest.mark.parametrize(
    ("text", "rows", "is_right"),
    [
        ("Alteplase 100 mg and clopidogrel 75 mg on 26 July 2020.", GIVEN, True),
        ("Alteplase 100 mg and clopidogrel 75 mg on 25 July 2020.", GIVEN, False),
        ("Alteplase 100 mg and clopidogrel 75 mg since 26 July 2020.", GIVEN, False),
        ("Viral sinusitis twice: July 2016 (three weeks) and May 2017 (eight days).", SINUSITIS, True),
        ("Viral sinusitis twice: July 2016 (eight days) and May 2017 (three weeks).", SINUSITIS, False),
        ("Appendicectomy aged 4.", APPENDIX, True),
        ("Appendicectomy aged 14.", APPENDIX, False),
        ("Latex allergy (latex = wheal), but the June 2026 note says no known allergies.", [LATEX, NO_ALLERGIES], True),
        ("Latex allergy (latex = anaphylaxis).", [LATEX], False),
        ("White counts 3.8 and 5.6, the first low, the second normal.", COUNTS, True),
        ("White counts 3.8 and 5.6, the first normal, the second low.", COUNTS, False),
    ],
)  # fmt: skip
def test_a_day_a_length_an_age_and_a_reading_find_what_they_are_of(text: str, rows: list[Row], is_right: bool) -> None:
    assert (check(text, *rows).verdict is Verdict.SUPPORTED) == is_right


@pytest.mark.parametrize(("value", "verdict"), [(3.0, Verdict.NOT_ADDRESSED), (1.0, Verdict.CONTRADICTED)])
def test_slightly_is_a_judgement_until_it_is_grossly_wrong(value: float, verdict: Verdict) -> None:
    low = result("Leukocytes [#/volume] in Blood by Automated count", value, "10*3/uL", "2020-05-18", 4, 10)
    assert check(f"The white count of {value} on 18 May 2020 was slightly low.", low).verdict is verdict
