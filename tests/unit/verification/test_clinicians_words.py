"""Kinds of right sentences that clinicians write, with wrong ones of the same form beside them."""

from __future__ import annotations

import pytest

from core.verification import Row, Verdict
from tests.unit.verification.made_rows import ANY_FLAG, check, condition, medicine, result, row

POTASSIUM = [result("Potassium", 5.6, "mmol/L", "2025-03-02", 3.5, 5.1, code="6298-4")]
SODIUM = [result("Sodium", 132.0, "mmol/L", "2025-03-02", 135, 145, code="2947-0")]
CALCIUM = [result("Calcium", 9.4, "mg/dL", "2025-03-02", 8.6, 10.2, code="49765-1")]
PULSE = [result("Heart rate", 104.4, "/min", "2025-03-02", 60, 100, code="8867-4")]
PATIENT = row("patient", name="Ada Stone", sex="female", birth_date="1980-05-04")
ANGINA = [PATIENT, condition("Angina", "2014-09-10")]
GOUT = [PATIENT, condition("Gout", "2021-02-01")]
APPENDIX = [PATIENT, condition("Appendicitis", "1991-08-20", "1991-09-01")]
FERRITIN = [
    result("Ferritin", value, "ng/mL", day, 30, 300, code="2276-4")
    for value, day in ((18.0, "2022-01-10"), (160.0, "2023-01-12"), (160.0, "2024-01-15"))
]
PRESSURES = [
    result(name, value, "mm[Hg]", day, low, high, code=code)
    for top, bottom, day in ((142.0, 92.0, "2023-04-04"), (138.0, 88.0, "2024-04-09"), (126.0, 80.0, "2025-04-15"))
    for name, value, low, high, code in (
        ("Systolic Blood Pressure", top, 90, 130, "8480-6"),
        ("Diastolic Blood Pressure", bottom, 60, 85, "8462-4"),
    )
]
ALLERGIES = [
    row("allergy", substance=name, status="active", recorded_on="2004-09-30", reaction=reaction)
    for name, reaction in (("Latex", None), ("Egg", None), ("Soya", None), ("Peanut", "Rash"))
]
SINUSITIS = [
    row("visit", description="Encounter for symptom", reason="Sinusitis", started_at="2025-03-02T10:00:00Z"),
    condition("Sinusitis", "2025-03-01", "2025-03-15"),
    medicine("Amoxicillin 250 MG Oral Capsule", "2025-03-02", "2025-03-12", reason="Sinusitis"),
]
VISITS = [
    row("visit", description=f"Encounter for {what} (procedure)", started_at=f"{day}T10:00:00Z")
    for what, day in (("problem", "2025-01-10"), ("problem", "2025-03-11"), ("check up", "2025-05-12"))
]
OXYCODONE = [
    medicine("Acetaminophen 325 MG / Oxycodone Hydrochloride 10 MG Oral Tablet [Percocet]", "2026-04-16"),
    medicine("12 HR Oxycodone Hydrochloride 20 MG Extended Release Oral Tablet [Oxycontin]", "2026-05-20"),
]
PARACETAMOL = [
    medicine("Acetaminophen 325 MG Oral Tablet [Tylenol]", "2026-01-10"),
    medicine("Acetaminophen 500 MG Oral Tablet", "2026-02-11"),
]
ASTHMA = [condition("Asthma", "2011-02-03")]

RIGHT = [
    ("Potassium 5.6 on 2 March 2025, 0.5 over range.", POTASSIUM),
    ("Sodium 132 on 2 March 2025, 3 mmol/L below the lower limit.", SODIUM),
    ("Pulse 104 on 2 Mar 2025, 4 bpm over the range.", PULSE),
    ("Sodium 3 mmol/L under range on 2 March 2025.", SODIUM),
    ("Angina Sept 2014, aged only 34.", ANGINA),
    ("Gout since Feb 2021, aged just 40.", GOUT),
    ("Appendicitis aged 11.", APPENDIX),
    ("Last 3 ferritins 18, 160, 160.", FERRITIN),
    ("Last 3 BPs 142/92, 138/88, 126/80.", PRESSURES),
    ("Last 2 BPs 138/88, 126/80.", PRESSURES[2:]),
    ("Ferritin 18 in 2022, low, normal at 160 by January 2024.", FERRITIN),
    ("Sodium 132 in March 2025, low; calcium that day 9.4, normal.", [*SODIUM, *CALCIUM]),
    ("Systolic 142 in 2023, high, normal at 126 by April 2025.", PRESSURES),
    ("Ferritin 160 in 2023 and 2024, up from 18 in 2022.", FERRITIN),
    ("Ferritin 160 in Jan 2023 and Jan 2024, up from 18 in Jan 2022.", FERRITIN),
    ("Systolic 138 in 2024 and 126 in 2025, down from 142 in 2023.", PRESSURES),
    ("Ferritin was 18 and low, later 160.", FERRITIN[:2]),
    ("Systolic was 142 and high, later 138.", PRESSURES[:4]),
    ("Ferritin was 18 and low, then 160 and normal.", FERRITIN[:2]),
    ("No reaction recorded for latex, egg or soya.", ALLERGIES[:3]),
    ("No reaction documented for latex or egg.", ALLERGIES[:2]),
    ("Seen 2/3/25 with sinusitis, amoxicillin 250 mg given, resolved 15 March.", SINUSITIS),
    ("Seen on 2 March 2025 for sinusitis, given amoxicillin, cleared by 15 March 2025.", SINUSITIS),
    ("Visit 2 Mar 2025 with sinusitis, amoxicillin given, since resolved.", SINUSITIS),
    ("Problem visits 10 Jan and 11 Mar 2025.", VISITS),
    ("Two problem visits, 10 January and 11 March 2025.", VISITS[:2]),
    ("Problem visit 11/3/25.", VISITS),
    ("Percocet 10/325 and OxyContin 20 mg, both current.", OXYCODONE),
    ("Percocet from April 2026 and OxyContin from May 2026, both ongoing.", OXYCODONE),
    ("Tylenol 325 mg since January 2026.", PARACETAMOL),
    ("Oxycodone in both Percocet and OxyContin.", OXYCODONE),
]
WRONG = [
    ("Potassium 5.6 on 2 March 2025, 1.5 over range.", POTASSIUM),
    ("Sodium 132 on 2 March 2025, 5 mmol/L below the lower limit.", SODIUM),
    ("Sodium 132 on 2 March 2025, 3 mmol/L above range.", SODIUM),
    ("Pulse 104 on 2 Mar 2025, 14 bpm over the range.", PULSE),
    ("Calcium 0.5 mg/dL over range on 2 March 2025.", CALCIUM),
    ("Angina Sept 2014, aged only 24.", ANGINA),
    ("Gout since Feb 2021, aged just 45.", GOUT),
    ("Appendicitis aged 9.", APPENDIX),
    ("Last 3 BPs 142/92, 138/88, 136/80.", PRESSURES),
    ("Last 4 BPs 142/92, 138/88, 126/80.", PRESSURES),
    ("Last 2 ferritins 18, 160.", FERRITIN),
    ("Ferritin 18 in 2022, low, normal at 124 by January 2024.", FERRITIN),
    ("Ferritin 18 in 2022, low, high at 160 by January 2024.", FERRITIN),
    ("Ferritin 160 in 2023 and 2024, down from 18 in 2022.", FERRITIN),
    ("Ferritin 18 in 2022, up from 160 in 2023 and 2024.", FERRITIN),
    ("Ferritin was 18 and normal, later 160.", FERRITIN[:2]),
    ("Systolic was 142 and normal, later 126.", [*PRESSURES[:2], *PRESSURES[4:]]),
    ("Ferritin was 18 and low, then 160 and low.", FERRITIN[:2]),
    ("No reaction recorded for latex, egg or peanut.", ALLERGIES),
    ("No reaction documented for peanut or egg.", ALLERGIES),
    ("Seen 2/3/25 with sinusitis, amoxicillin 250 mg given, resolved 25 March.", SINUSITIS),
    ("Seen 2/3/25 with sinusitis, amoxicillin 250 mg given, still active.", SINUSITIS),
    ("Seen on 2 March 2025 for sinusitis, given amoxicillin, cleared by 5 March 2025.", SINUSITIS),
    ("Problem visits 10 Jan and 12 May 2025.", VISITS),
    ("Problem visit 12/5/25.", VISITS),
    ("Percocet 20/325 and OxyContin 20 mg, both current.", OXYCODONE),
    ("OxyContin 10 mg since May 2026.", OXYCODONE),
    ("Tylenol 500 mg since February 2026.", PARACETAMOL),
    ("No asthma or gout.", [*ASTHMA, *GOUT]),
    ("No gout, asthma or angina.", ASTHMA),
]


@pytest.mark.parametrize(("sentence", "rows"), RIGHT)
def test_a_right_sentence_is_supported(sentence: str, rows: list[Row]) -> None:
    assert check(sentence, *rows).verdict is Verdict.SUPPORTED


@pytest.mark.parametrize(("sentence", "rows"), WRONG)
def test_a_wrong_sentence_of_the_same_form_is_flagged(sentence: str, rows: list[Row]) -> None:
    assert check(sentence, *rows).verdict in ANY_FLAG
