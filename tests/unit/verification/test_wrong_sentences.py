"""Wrong sentences, each a right one with one thing turned: code bears none of them out."""

from __future__ import annotations

import pytest

from core.verification import Row
from tests.unit.verification.made_record import cases
from tests.unit.verification.made_rows import check, medicine

CASES = cases(
    """
sys0 dia0 sys1 dia1 | BP 148/92 on 19/8/25, up to 122/78 by Feb 2026.
sys0 dia0 sys1 dia1 | BP has come down from 122/78 in August 2025 to 148/92 in February 2026, now in range.
sys0 dia0 sys1 dia1 | Raised BP in February 2026 (148/92 mmHg), normal since.
sys0 dia0 | BP was 92 over 148 in August 2025.
sys0 dia0 sys1 dia1 | Latest BP 148/92, within target range.
bmi0 bmi1 | BMI creeping down: 29.4 in 2024, 30.2 in 2026.
bmi0 bmi1 | BMI 30.2 in Mar 2024 (29.4 in Feb 2026); both above range.
weight0 weight1 | Weight up 8 kg since March 2024, now 92.3 kg.
weight0 weight1 | Weight up 3.9 kg since March 2025, now 92.3 kg.
hb0 hb1 | Hb low at 11.2 in March 2024, still low (13.6) by August 2025.
hb0 hb1 | Hb 13.6 (10/3/24), 11.2 (19/8/25).
a1c0 a1c1 a1c2 | HbA1c improving: 5.8% Feb 25, 6.8% Aug 25, 7.9% Feb 26.
a1c0 a1c1 a1c2 | A1c 5.8 → 6.8 → 7.9 over the past year.
a1c0 a1c2 | HbA1c still raised at 5.8% in February 2026.
a1c0 a1c1 a1c2 | HbA1c 7.9, 6.8 and 5.8% on the last four tests.
k cr0 | Low potassium (1.41 mmol/L) and raised creatinine (3.1 mg/dL) on 19 Aug 2025.
k cr0 egfr0 | U&E Aug 2025: K 3.1 high, Cr 1.41 low, eGFR 54.
cr0 cr1 | Creatinine has gone out of range (1.41 to 1.02 mg/dL).
egfr0 egfr1 | eGFR 69 in August 2025, falling to 54 in February 2026.
ldl0 | LDL 141, below the limit of 100, in Aug 2025.
platelets wcc | Platelets 12.3 and WCC 301 in August 2025.
platelets wcc | White cells normal at 12.3, platelets up at 301.
htn hctz | Hypertension since 2016 on hydrochlorothiazide 25 mg.
htn hctz | Hypertension (2012), on HCTZ 12.5mg.
t2dm metformin | T2DM (May 2016) treated with metformin 500 mg TDS.
t2dm metformin | Type 2 diabetic since 2016, metformin 850 bd.
t2dm metformin | Metformin started a year after the diabetes was diagnosed.
metformin htn | Takes metformin 500mg twice a day by mouth for hypertension.
metformin warfarin | On metformin and warfarin.
metformin warfarin simvastatin | Current meds: metformin 500 mg bd, warfarin 5 mg, simvastatin 20 mg nocte.
simvastatin | Simvastatin 20 mg in the morning since Feb 2013.
warfarin | Warfarin continues.
warfarin | Warfarin started 15/3/20.
metformin | Off metformin since May 2016.
warfarin | Warfarin discontinued in March 2020 after 10 months.
metformin | Previously took metformin.
naproxen | Naproxen 220 mg, 1 Sep to 1 Nov 2011.
fracture | Broke wrist Sept 2011, healed by mid-Nov.
fracture | Forearm fracture in September 2011, not yet healed.
bronchitis0 bronchitis1 | Acute bronchitis three times: January 2019 and February 2022.
bronchitis0 bronchitis1 | Two episodes of acute bronchitis (Jan 2019, Feb 2021), both resolved.
bronchitis0 bronchitis1 | Acute bronchitis Jan 2019 and again Feb 2022; both ongoing.
sinusitis | Viral sinusitis in December 2021, settled within three days.
sinusitis | Bacterial sinusitis in December 2021.
attendance | Attended A&E on 5 Jan 2019 with pneumonia.
attendance | Two A&E attendances, in January 2019, for bronchitis.
checkup0 checkup1 | Last check-up 10 March 2024.
checkup1 checkup0 | Three check-ups on record, March 2024 and February 2026.
pregnancy | Normal pregnancy March to December 2019.
stroke | Had a stroke in Oct 2019.
htn t2dm af stroke | PMH: HTN, T2DM, AF, MI (2020).
penicillin | Allergic to penicillin V (anaphylaxis).
nuts mites | Allergic to nuts and house dust mite, both recorded June 2003, both high criticality.
nuts | Not allergic to nuts.
person | Man born 12 September 1968.
person htn checkup1 | 47-year-old woman with hypertension.
note | Cough x3 weeks, no fever.
note | Cough x3 days, with fever.
note | Smokes twenty a day.
note | Chest not clear.
note | Advised to return if better in a week.
note | Paracetamol 500 mg was taken.
a1c0 a1c1 a1c2 | The mean HbA1c was 7.9%.
a1c0 a1c1 a1c2 | HbA1c ranged from 6.8% to 7.9%.
hb0 k | Hb 11.2 and K 3.1 on 19 Aug 2025.
k hb0 | On 19 Aug 2025 K was 3.1, Hb 11.2.
a1c0 a1c1 a1c2 | HbA1c has been normal since August 2025.
a1c0 a1c1 a1c2 | HbA1c became normal in August 2025.
a1c0 a1c2 | HbA1c has not recovered.
a1c0 a1c2 | HbA1c went from 5.8% to 7.9%.
a1c0 a1c1 a1c2 | HbA1c rose from 7.9% to 6.8% and fell to 5.8%.
weight0 weight1 | Weight, down to 88.4 kg in March 2024, had risen by 9 kg to 92.3 kg.
person htn | Hypertension since age 34.
warfarin | Warfarin was last used in July 2018.
metformin | Metformin was last used in May 2016.
metformin0 metformin1 | Metformin has been stopped since 4 May 2020.
metformin metformin1 | Metformin was reduced from 500 mg to 1 g on 4 May 2020.
metformin metformin1 | Metformin was doubled from 1 g to 500 mg on 4 May 2020.
simvastatin | Atorva 20 mg nocte.
penicillin | No known allergies.
mixed | No known allergies.
bronchitis0 naproxen | Acute bronchitis in January 2019 was treated with naproxen.
sys0 dia0 | The systolic was 92 and the diastolic 148.
a1c0 a1c1 a1c2 | HbA1c normalised: 5.8% in February 2025, 7.9% in February 2026.
methotrexate | Methotrexate 10 mg is taken once a day.
metformin | Metformin can be crushed.
attendance | Seen in A&E in January 2019, February 2022 and March 2023 with bronchitis.
weight0 weight1 | Weight rose from 88.4 kg to 92.3 kg between March 2024 and February 2025.
a1c0 a1c1 a1c2 | After falling from 7.9% to 6.8%, HbA1c fell again to 6.8%.
bmi0 bmi1 | After rising to 30.2 in February 2026, BMI rose again to 29.4.
a1c1 a1c2 | HbA1c readings of February 2026 and August 2025 were high.
a1c1 a1c2 | In February 2026 and in August 2025 HbA1c results were high.
warfarin naproxen | Naproxen was stopped on 8 July 2018, the day warfarin was stopped.
"""
)


@pytest.mark.parametrize(("text", "rows"), CASES, ids=[case[0] for case in CASES])
def test_flagged(text: str, rows: list[Row]) -> None:
    assert check(text, *rows).flagged


@pytest.mark.parametrize("verb", ["cleared", "settled", "resolved", "healed"])
def test_an_illness_is_not_healed_because_its_medicine_ended(verb: str) -> None:
    cream = medicine("Hydrocortisone 1 % cream", "2023-09-08", "2023-09-15", "completed", reason="Eczema")
    assert check(f"Eczema {verb} with hydrocortisone.", cream).flagged
