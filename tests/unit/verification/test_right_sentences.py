"""Right sentences as clinicians and drafters write them: code bears each out by itself."""

from __future__ import annotations

import pytest

from core.verification import Row
from tests.unit.verification.made_record import cases
from tests.unit.verification.made_rows import check

CASES = cases(
    """
sys0 dia0 sys1 dia1 | BP 148/92 on 19/8/25, down to 122/78 by Feb 2026.
sys0 dia0 sys1 dia1 | BP: 148/92 (Aug 25) → 122/78 (Feb 26).
sys0 dia0 sys1 dia1 | BP has come down from 148/92 in August 2025 to 122/78 in February 2026, now in range.
sys0 dia0 sys1 dia1 | BP was raised at 148/92 in Aug 2025 but normal (122/78) at the latest check in Feb 2026.
sys0 dia0 sys1 dia1 | Raised BP in August 2025 (148/92 mmHg), normal since.
sys0 dia0 | Systolic 148, diastolic 92, both raised, Aug 2025.
sys0 dia0 | BP was 148 over 92 in August 2025.
sys0 sys1 | Systolic BP fell 26 mmHg between Aug 2025 and Feb 2026.
sys0 sys1 | Systolic pressure has improved, 148 to 122.
sys1 dia1 | Latest BP 122/78, within target range.
sys1 dia1 | At the Feb 2026 visit BP was 122/78.
bmi0 bmi1 | BMI 30.2 in Feb 2026 (29.4 in Mar 2024); both above range.
bmi0 bmi1 | BMI creeping up: 29.4 in 2024, 30.2 in 2026.
bmi0 bmi1 | BMI has gone from 29.4 to 30.2 over two years, above the normal range throughout.
bmi1 | Overweight, BMI 30.2.
weight0 weight1 | Gained about 4 kg over two years (88.4 → 92.3 kg).
weight0 weight1 | Weight up 3.9 kg since March 2024, now 92.3 kg.
weight0 weight1 | Weight is up from 88.4 kg in March 2024 to 92.3 kg in February 2026.
weight1 | He weighed 92.3kg at the last check.
weight1 | Weighs 92 kg.
weight1 bmi1 | Wt 92.3 kg, BMI 30.2 (high).
hb0 hb1 | Hb low at 11.2 in March 2024, back to normal (13.6) by August 2025.
hb0 hb1 | Anaemic in March 2024 with Hb 11.2; recovered to 13.6 by Aug 2025.
hb0 hb1 | Hb has recovered from 11.2 to 13.6.
hb0 hb1 | Haemoglobin normalised: 11.2 g/dL (low) in 2024, 13.6 in 2025.
hb0 hb1 | Hb 11.2 (10/3/24), 13.6 (19/8/25).
a1c0 a1c1 a1c2 | HbA1c improving: 7.9% Feb 25, 6.8% Aug 25, 5.8% Feb 26.
a1c0 a1c1 a1c2 | HbA1c down from 7.9% (Feb 2025) to 6.8% (Aug 2025) and 5.8% (Feb 2026), now within range.
a1c0 a1c1 a1c2 | A1c 7.9 → 6.8 → 5.8 over the past year.
a1c0 a1c1 a1c2 | HbA1c 7.9, 6.8 and 5.8% on the last three tests.
a1c2 | The most recent HbA1c (Feb 2026) was normal at 5.8%.
a1c2 | HbA1c came back normal in February 2026.
a1c0 a1c1 | HbA1c still raised at 6.8% in August 2025 though better than 7.9% in February.
a1c0 a1c1 | HbA1c dropped by 1.1 points in six months to 6.8%.
k | K 3.1, low.
k | K+ was low at 3.1 on 19/08/2025.
k | Hypokalaemia (K 3.1) in Aug 2025.
k cr0 | Low potassium (3.1 mmol/L) and raised creatinine (1.41 mg/dL) on 19 Aug 2025.
k cr0 egfr0 | U&E Aug 2025: K 3.1 low, Cr 1.41 high, eGFR 54.
cr0 cr1 | Creatinine 1.41 in Aug 2025, settling to 1.02 by Feb 2026.
cr0 cr1 | Creatinine has come back into range (1.41 to 1.02 mg/dL).
egfr0 egfr1 | eGFR 54 in August 2025, recovering to 69 in February 2026.
egfr0 egfr1 | Renal function better: eGFR up from 54 to 69.
egfr0 | Reduced eGFR of 54 in Aug 2025.
egfr0 egfr1 | Kidney function was below range in August 2025 (eGFR 54) and has since normalised (69 in Feb 2026).
ldl0 ldl1 | LDL 141, above the limit of 100, in Aug 2025; down to 88 by Feb 2026.
ldl0 ldl1 | LDL fell by 53 mg/dL to 88.
pain0 pain1 | Pain 3/10 in Aug 2025, 1/10 in Feb 2026.
pain0 pain1 | Pain score down from 3.4 to 1.2.
platelets wcc | Platelets 301 and WCC 12.3 (raised) in August 2025.
platelets wcc | White cells up at 12.3, platelets normal at 301.
hb1 platelets wcc | FBC Aug 2025: Hb 13.6, plts 301, WCC 12.3.
fever | Febrile at 38.4 on 19 Aug 2025.
fever | Temp 38.4°C, raised.
fever | Temp of 38.4 in August 2025.
htn hctz | HTN since 2012 on hydrochlorothiazide 25 mg.
htn hctz | Hypertension (2012), on HCTZ 25mg.
htn hctz | Known hypertensive, diagnosed April 2012, takes HCTZ.
htn | Long-standing hypertension, first recorded in 2012.
htn | Hypertension was diagnosed on 20 April 2012 and remains active.
t2dm metformin | T2DM (May 2016) treated with metformin 500 mg BD.
t2dm metformin | Type 2 diabetic since 2016, metformin 500 bd.
metformin t2dm | Takes metformin 500mg twice a day by mouth for diabetes.
metformin | Metformin 500 mg BD PO since 9/5/16, ongoing.
metformin | On metformin, started May 2016.
metformin hctz | On metformin and HCTZ.
metformin hctz simvastatin | Current meds: metformin 500 mg bd, HCTZ 25 mg, simvastatin 20 mg nocte.
metformin hctz simvastatin | Current medications include metformin, hydrochlorothiazide and simvastatin.
simvastatin | Simvastatin 20 mg at night since Feb 2013.
simvastatin | Simvastatin 20 mg nocte, ongoing since 1/2/13.
af warfarin | AF 2018; warfarin 5 mg July 2018 to March 2020, now stopped.
af warfarin | Warfarin was given for AF from 8 July 2018 until 15 March 2020.
af warfarin | Was on warfarin 5 mg for AF, stopped March 2020.
warfarin | Warfarin stopped 15/3/20.
warfarin | No longer takes warfarin (stopped in March 2020).
warfarin | Warfarin discontinued in March 2020 after 20 months.
warfarin | Previously took warfarin.
warfarin | Off warfarin since March 2020.
naproxen | Had a month of naproxen 220 mg in September 2011.
naproxen | Naproxen 220 mg, 1 Sep to 1 Oct 2011.
fracture | Broke forearm Sept 2011, healed by mid-Nov.
fracture naproxen | Forearm fracture in September 2011 (resolved November 2011), treated with naproxen.
fracture | Fractured forearm 1 September 2011, resolved 15 November 2011.
amoxiclav bronchitis0 | Co-amoxiclav given for acute bronchitis in Jan 2019, two-week course.
amoxiclav | Two-week course of co-amoxiclav in January 2019 for bronchitis, completed.
bronchitis0 bronchitis1 | Acute bronchitis twice: January 2019 and February 2022.
bronchitis0 bronchitis1 | Two episodes of acute bronchitis (Jan 2019, Feb 2022), both resolved.
bronchitis0 bronchitis1 | Acute bronchitis Jan 2019 and again Feb 2022; both cleared.
sinusitis | Viral sinusitis in December 2021, settled within three weeks.
sinusitis | Viral sinusitis 3–24 Dec 2021.
sinusitis | Sinusitis in Dec 2021 has cleared.
seen sinusitis | Seen for sinusitis on 3/12/21.
attendance | Attended A&E on 5 Jan 2019 with acute bronchitis.
attendance amoxiclav | ED attendance 5/1/19: acute bronchitis, given co-amoxiclav.
attendance | One A&E attendance, in January 2019, for bronchitis.
checkup1 | Last check-up 3 Feb 2026.
checkup1 checkup0 | Check-ups in March 2024 and February 2026.
checkup1 checkup0 | Two check-ups on record, March 2024 and February 2026.
checkup1 sys1 dia1 bmi1 | Check-up February 2026: BP 122/78, BMI 30.2.
pregnancy | Normal pregnancy March to November 2019.
pregnancy | Pregnant in 2019, ended November.
pregnancy | One previous pregnancy, 2019.
obesity | Obese (BMI 30+) since 2015.
obesity | Obesity recorded since January 2015 and still active.
asthma salbutamol | Childhood asthma since 1999, salbutamol inhaler.
asthma salbutamol | Asthma from childhood (1999); uses a salbutamol inhaler.
stroke | Had a stroke in Oct 2020.
stroke | Stroke, October 2020.
stroke | CVA 10/10/2020.
htn t2dm af stroke | PMH: HTN, T2DM, AF, stroke (2020).
htn t2dm af | PMHx hypertension 2012, T2DM 2016, AF 2018.
htn t2dm af | Background of hypertension, type 2 diabetes and atrial fibrillation.
htn t2dm af | Three long-term conditions: hypertension, type 2 diabetes and AF.
htn t2dm af | Has hypertension and diabetes; AF since 2018.
penicillin | Allergic to penicillin V (rash).
penicillin | Penicillin V allergy: moderate skin rash, high criticality.
penicillin | Pen V allergy - rash.
penicillin nuts mites | Allergies: penicillin V, nuts, house dust mite.
nuts mites | Allergic to nuts and house dust mite, both recorded June 2003, both low criticality.
nuts | Nut allergy on file since 2003.
nuts mites | Nut and dust mite allergies, active.
person | Woman born 12 September 1968.
person | Ng Min Wen, female, DOB 12/9/68.
person htn checkup1 | 57-year-old woman with hypertension.
note | She reported a 3-day cough, worse at night, without fever.
note | Cough x3 days, no fever.
note | Note of 19 Aug 2025: 3 days of cough, chest clear.
note | Smokes ten a day.
note | Advised to return if no better in a week.
sys0 dia0 | BP was 148 over 92 in August 2025.
a1c0 a1c1 a1c2 | The mean HbA1c was 6.8%.
a1c0 a1c1 a1c2 | HbA1c ranged from 5.8% to 7.9%.
a1c0 a1c1 a1c2 | HbA1c has been falling since February 2025.
hb1 k | Hb 13.6 and K 3.1 on 19 Aug 2025.
person htn | Hypertension since age 43.
warfarin | Warfarin: off since 15/3.
metformin metformin1 | Metformin was increased from 500 mg to 1 g on 4 May 2020.
metformin metformin1 | Metformin was doubled to 1 g twice a day in May 2020.
simvastatin | Simva 20 mg nocte.
"""
)


@pytest.mark.parametrize(("text", "rows"), CASES, ids=[case[0] for case in CASES])
def test_borne_out(text: str, rows: list[Row]) -> None:
    assert check(text, *rows).reasons == ()
