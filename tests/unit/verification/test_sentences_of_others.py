"""Kinds of sentences that people write who never saw the grammar: each right beside wrong."""

from __future__ import annotations

import pytest

from core.verification import Row, Verdict
from tests.unit.verification.made_record import RECORD, cases
from tests.unit.verification.made_rows import check, condition, medicine, note, result, row

ROWS = RECORD | {
    "capsules": medicine("Doxycycline 100 MG Oral Capsule", "2024-03-01", dose="1", frequency="twice a day"),
    "pen": medicine("0.3 ML Epinephrine 1 MG/ML Auto-Injector", "2014-06-02"),
    "chewable": medicine("Cetirizine 5 MG Chewable Tablet", "2014-06-02"),
    "pill0": medicine("Sprintec 28 Day Pack", "2022-05-01", "2023-04-28", "stopped"),
    "pill1": medicine("Sprintec 28 Day Pack", "2023-05-01", "2024-04-28", "stopped"),
    "pill2": medicine("Sprintec 28 Day Pack", "2024-05-01"),
    "patch": medicine("168 HR Ethinyl Estradiol / norelgestromin Transdermal System", "2026-01-05"),
    "misspelt": medicine("Atorvastetin 40 MG Oral Tablet", "2021-02-01"),
    "gout": condition("Gout", "2019-06-14"),
    "allopurinol": medicine("Allopurinol 100 MG Oral Tablet", "2019-06-14", reason="Gout"),
    "amlodipine": medicine("amLODIPine 5 MG Oral Tablet", "2022-04-20", reason="Hypertension"),
    "lisinopril": medicine("lisinopril 10 MG Oral Tablet", "2022-04-20", reason="Hypertension"),
    "audit": result("Total score [AUDIT-C]", 5, "{score}", "2020-11-05", code="75626-2"),
    "drinking": condition("Alcohol misuse", "2020-11-05"),
    "prediabetes": condition("Prediabetes", "2019-04-02"),
    "rhinitis": condition("Perennial allergic rhinitis", "2008-07-18", "2023-08-29"),
    "eczema": condition("Atopic dermatitis", "2004-09-06", "2021-09-15"),
    "fragility": condition("Pathological fracture due to osteoporosis (disorder)", "2023-05-01"),
    "osteoporosis": condition("Osteoporosis (disorder)", "2020-01-05"),
    "anaemia": condition("Anemia (disorder)", "2024-03-10"),
    "falls": result(
        "Fall risk level [Morse Fall Scale]", "Low Risk (MFS Score 0 - 24)", None, "2021-09-02", code="59461-4"
    ),
    "smoking": result("Tobacco smoking status", "Never smoker", None, "2026-02-03", code="72166-2"),
    "certified": row("visit", **{"class": "AMB"}, description="Death Certification", started_at="2026-03-04T01:00:00Z"),
    "cause": result(
        "Cause of Death [US Standard Certificate of Death]", "Pneumonia", None, "2026-03-04", code="69453-9"
    ),
    "stay": row(
        "visit",
        **{"class": "IMP"},
        description="Encounter inpatient",
        started_at="2018-02-03T01:00:00Z",
        ended_at="2018-02-06T01:00:00Z",
    ),
    "letter": note(
        "# Medications\nlisinopril 10 mg oral tablet; amoxicillin 250 mg / clavulanate 125 mg oral tablet\n\n"
        "# Assessment and Plan\n\n## Plan\nPatient was given the following immunizations: influenza, split virus.\n"
        "To be given: tetanus toxoid.\n\nThe following procedures were conducted:\n- spirometry",
        "2019-05-02",
    ),
    "mould": row("allergy", substance="Mold (organism)", status="active", recorded_on="2003-06-07"),
}


RIGHT = cases(
    """
person htn | Hypertension dx at 43 (April 2012).
person htn | Hypertension was diagnosed at 43.
person seen | Ng Min Wen, born on 12 September 1968, was 53 when she was seen for viral sinusitis on 3 December 2021.
person checkup1 | Ng Min Wen was 57 at her check-up on 3 February 2026.
sys1 dia1 | This lady's blood pressure on 3 February 2026 was 122/78.
pen chewable | An epinephrine auto-injector and cetirizine 5 mg chewable tablets were both prescribed on 2 June 2014.
gout allopurinol | Gout dx Jun 2019, on allopurinol 100 mg since.
capsules | Doxycycline 100 mg, one capsule twice a day.
capsules | Doxycycline 100 mg, 1 capsule bd, since 1 March 2024.
pill0 pill1 pill2 | Sprintec was prescribed in May 2022, May 2023 and May 2024; only the most recent is active.
misspelt | Atorvastatin 40 mg since February 2021.
obesity | Obesity (BMI 30 or above) has been on the record since January 2015.
nuts mould | Allergic to nuts and mould. No reactions documented.
nuts | Nut allergy, reaction not recorded.
drinking audit | Alcohol misuse (Nov 2020), AUDIT-C was 5 at the time.
hctz amlodipine lisinopril | On triple therapy: HCTZ 25, amlodipine 5, lisinopril 10.
osteoporosis | OP since Jan 2020.
prediabetes a1c2 | Pre-DM (Apr 2019): HbA1c 5.8% Feb 2026.
anaemia hb0 hb1 | Anaemia Mar 2024 (Hb 11.2), Hb 13.6 at last check Aug 2025.
seen sinusitis | She was seen on 3 December 2021 for viral sinusitis, which had resolved by 24 December 2021.
seen sinusitis | Seen with viral sinusitis on 3 December 2021; the infection resolved on 24 December 2021.
weight0 weight1 | Her weight was 92.3 kg in February 2026, about 4 kg more than in March 2024.
a1c0 a1c1 a1c2 | HbA1c: 7.9%, 6.8% and 5.8%, the only one of the three within range.
falls | Low falls risk in September 2021.
falls | Risk of falls was low on 2 September 2021.
smoking | The most recent smoking status, from 3 February 2026, is never smoker.
certified cause | Death certification took place on 4 March 2026, with pneumonia as the cause of death.
stay | The inpatient stay that began on 3 February 2018 ended on 6 February 2018.
stay | Admitted to hospital on 3 February 2018 and discharged three days later.
eczema rhinitis | Eczema cleared in 2021 and perennial rhinitis in 2023.
eczema rhinitis | Eczema and perennial allergic rhinitis have both resolved (Sept 2021 and Aug 2023).
htn t2dm | Hypertension and type 2 diabetes began in 2012 and 2016 respectively.
pill0 patch | Her current contraception is the norelgestromin patch, prescribed in January 2026.
hctz amlodipine lisinopril | Three antihypertensives (HCTZ, lisinopril, amlodipine).
person smoking | Ng Min Wen is a woman who has never smoked.
person simvastatin | Simvastatin 20 mg every night, first prescribed in February 2013 when she was 44.
stroke fracture | Stroke in October 2020, about nine years after the fracture of the forearm.
fragility | Fragility fracture in May 2023.
letter | According to the note, spirometry was done and the medications were lisinopril 10 mg and co-amoxiclav.
letter | He received an influenza immunisation on 2 May 2019.
sys0 dia0 sys1 dia1 | BP 148/92 on 19/8/2025.
htn | 2. Hypertension since April 2012.
htn | (3) Hypertension since 20 Apr 12.
nuts | Nut allergy; no reaction is described.
simvastatin | Simvastatin 20 mg since February 2013; no reason for it is recorded on the prescription.
simvastatin | Simvastatin 20 mg since February 2013, no indication given.
sinusitis | Viral sinusitis on 3 December 2021 resolved within four weeks.
""",
    ROWS,
)
WRONG = cases(
    """
person htn | Hypertension dx at 44 (April 2012).
person htn | Hypertension was diagnosed at 53.
person seen | Ng Min Wen was 52 when she was seen for viral sinusitis on 3 December 2021.
person checkup1 | Ng Min Wen was 58 at her check-up on 3 February 2026.
person sys1 dia1 | This gentleman's blood pressure on 3 February 2026 was 122/78.
pen chewable | An epinephrine auto-injector and cetirizine 5 mg capsules were both prescribed on 2 June 2014.
pen chewable | A chewable epinephrine and cetirizine 5 mg were both prescribed on 2 June 2014.
htn allopurinol | Hypertension dx Apr 2012, on allopurinol 100 mg since.
capsules | Doxycycline 100 mg, two capsules twice a day.
metformin | Metformin 500 mg, two tablets twice daily.
allopurinol | Allopurinol 100 mg, one tablet.
pill0 pill1 pill2 | Only the first of these prescriptions of Sprintec is active.
pill2 simvastatin | Only the most recent of these prescriptions is active.
misspelt | Pravastatin 40 mg since February 2021.
obesity | Obesity (BMI 40 or above) has been on the record since January 2015.
t2dm | Type 2 or above diabetes has been on the record since May 2016.
penicillin | Allergic to penicillin V. No reactions documented.
nuts | Allergic to nuts, no reactions.
drinking audit | Alcohol misuse (Nov 2020), AUDIT-C was 6 at the time.
htn | OP since April 2012.
t2dm a1c2 | Pre-DM (May 2016): HbA1c 5.8% Feb 2026.
anaemia hb0 hb1 | Anaemia Mar 2024 (Hb 13.6), Hb 13.6 at last check Aug 2025.
seen sinusitis | She was seen on 3 December 2021 for viral sinusitis, which had resolved by 10 December 2021.
seen sinusitis | She was seen on 24 December 2021 for viral sinusitis, which had resolved by 24 December 2021.
seen sinusitis | She was seen for viral sinusitis, which is still active.
fracture | Fracture of forearm on 1 September 2011; the infection resolved on 15 November 2011.
weight0 weight1 | Her weight was 92.3 kg in February 2026, about 6 kg more than in March 2024.
weight0 weight1 | Her weight was 92.3 kg in February 2026, about 4 kg less than in March 2024.
a1c0 a1c1 a1c2 | HbA1c: 7.9%, 6.8% and 5.8%, the only one of the three above range.
a1c0 a1c1 | HbA1c was 7.9% in February 2025 and 6.8% in August 2025, the only one above range.
falls | Moderate falls risk in September 2021.
falls | High risk of falls on 2 September 2021.
smoking | The most recent smoking status, from 3 February 2025, is never smoker.
smoking | The most recent smoking status, from 3 February 2026, is former smoker.
certified cause | Death certification took place on 4 March 2026, with stroke as the cause of death.
stay | Admitted to hospital on 3 February 2018 and discharged nine days later.
eczema rhinitis | Eczema cleared in 2023 and perennial rhinitis in 2021.
eczema rhinitis | Eczema and perennial allergic rhinitis have both resolved (Aug 2023 and Sept 2021).
htn t2dm | Hypertension and type 2 diabetes began in 2016 and 2012 respectively.
pill0 patch | Her current contraception is Sprintec, prescribed in May 2022.
pill0 patch | Her contraception is Sprintec, prescribed in May 2022.
hctz lisinopril | Three antihypertensives (HCTZ, lisinopril).
hctz metformin | Two antihypertensives (HCTZ, metformin).
person smoking | Ng Min Wen is a woman who has stopped smoking.
person simvastatin | Simvastatin 20 mg every night, first prescribed in February 2013 when she was 54.
stroke fracture | Stroke in October 2020, about seven years after the fracture of the forearm.
fracture | Fragility fracture of the forearm in September 2011.
stay | The inpatient stay that began on 3 February 2018 ended on 9 February 2018.
stay | The inpatient stay that began on 6 February 2018 ended on 6 February 2018.
letter | According to the note of 2 May 2019, the allergies were lisinopril 10 mg and co-amoxiclav.
letter | According to the note of 2 May 2019, the medications were lisinopril 20 mg and co-amoxiclav.
letter | He received tetanus toxoid on 2 May 2019.
hctz amlodipine | On triple therapy: HCTZ 25, amlodipine 5.
htn | 2. Hypertension since 21 Apr 12.
penicillin | Penicillin allergy; no reaction is described.
allopurinol | Allopurinol 100 mg since June 2019; no reason for it is recorded on the prescription.
allopurinol | Allopurinol 100 mg since June 2019, no indication given.
simvastatin | No reason to stop simvastatin 20 mg is recorded.
sinusitis | Viral sinusitis on 3 December 2021 resolved within two weeks.
hctz amlodipine lisinopril | On dual therapy: HCTZ 25, amlodipine 5, lisinopril 10.
""",
    ROWS,
)


@pytest.mark.parametrize(("text", "rows"), RIGHT)
def test_a_right_sentence_of_another_writer_is_borne_out(text: str, rows: list[Row]):
    found = check(text, *rows)
    assert found.verdict is Verdict.SUPPORTED, [finding.reason for finding in found.findings]


@pytest.mark.parametrize(("text", "rows"), WRONG)
def test_its_wrong_twin_is_never_borne_out(text: str, rows: list[Row]):
    assert check(text, *rows).verdict is not Verdict.SUPPORTED
