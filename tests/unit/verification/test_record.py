"""Claims about medicines, conditions, allergies, visits and the person."""

from __future__ import annotations

import pytest

from core.verification import Row, Verdict
from tests.unit.verification.made_rows import ANY_FLAG as F
from tests.unit.verification.made_rows import LEFT_TO_MODEL as M
from tests.unit.verification.made_rows import check, condition, medicine, row

S, C, N = (frozenset({v}) for v in (Verdict.SUPPORTED, Verdict.CONTRADICTED, Verdict.NOT_ADDRESSED))
PENICILLIN = medicine("Penicillin V Potassium 250 MG Oral Tablet", "2022-01-20", "2022-01-30")
AMLODIPINE = medicine("amLODIPine 2.5 MG Oral Tablet", "2003-06-12")
LISINOPRIL = medicine("lisinopril 10 MG Oral Tablet", "2002-06-06", dose="10 mg", frequency="once daily")
PERCOCET = medicine(
    "Acetaminophen 325 MG / Oxycodone Hydrochloride 10 MG Oral Tablet [Percocet]", "2015-02-01", "2015-02-20"
)
WARFARIN = medicine("Warfarin", "2023-01-01", "2023-06-01", "stopped")
SORE_THROAT = condition("Acute viral pharyngitis (disorder)", "2019-06-29", "2019-07-10")
HYPERTENSION = condition("Hypertension", "2002-06-06")
SUSPECTED = condition("Suspected COVID-19", "2020-03-10", "2020-03-12")
KNEE = condition("Osteoarthritis of left knee", "2015-04-01")
CONCUSSION = condition("Concussion with no loss of consciousness", "2010-01-02", "2010-03-01")
LATEX = row(
    "allergy", substance="Latex (substance)", reaction="Anaphylaxis (disorder)", severity="SEVERE", status="active"
)
MOULD = row("allergy", substance="Mold (organism)", reaction="Allergic skin rash", severity="MILD", status="active")
VISIT = row(
    "visit",
    **{"class": "ambulatory"},
    description="Encounter for symptom",
    reason="Viral sinusitis (disorder)",
    started_at="2023-01-27T16:17:47Z",
)
WOMAN = row("patient", name="Anna12 Lim345", sex="female", birth_date="1984-11-29")

CASES: list[tuple[str, frozenset[Verdict], tuple[Row, ...]]] = [
    ("Penicillin V 250 mg was taken from 20 January to 30 January 2022.", S, (PENICILLIN,)),
    ("Penicillin V Potassium 250 MG Oral Tablet is no longer taken.", S, (PENICILLIN,)),
    ("Penicillin V was stopped from 20 January to 30 January 2022.", F, (PENICILLIN,)),
    ("The patient takes penicillin V.", C, (PENICILLIN,)),
    ("Penicillin V 500 mg was taken in January 2022.", C, (PENICILLIN,)),
    ("Amoxicillin 250 mg was taken in January 2022.", N, (PENICILLIN,)),
    ("Penicillin V was started on 30 January 2022.", C, (PENICILLIN,)),
    ("Penicillin V was taken for a sore throat.", N, (PENICILLIN,)),
    ("The patient is allergic to penicillin V.", N, (PENICILLIN,)),
    ("Warfarin was discontinued on 1 June 2023.", S, (WARFARIN,)),
    ("The warfarin course was completed.", C, (WARFARIN,)),
    ("Lisinopril 10 mg od is ongoing.", S, (LISINOPRIL,)),
    ("Lisinopril 10 mg twice daily.", C, (LISINOPRIL,)),
    ("Amlodipine 2.5 mg once daily.", N, (AMLODIPINE,)),
    ("Norvasc 2.5 mg is active.", S, (AMLODIPINE,)),
    ("Intravenous amlodipine 2.5 mg.", F, (AMLODIPINE,)),
    ("Current medicines are amlodipine 2.5 mg and lisinopril 10 mg.", S, (AMLODIPINE, LISINOPRIL)),
    ("Current medicines are amlodipine 10 mg and lisinopril 2.5 mg.", C, (AMLODIPINE, LISINOPRIL)),
    ("Amlodipine is taken for hypertension.", N, (AMLODIPINE, HYPERTENSION)),
    ("Paracetamol 325 mg with oxycodone 10 mg ended on 20 February 2015.", S, (PERCOCET,)),
    ("Oxycodone 325 mg ended on 20 February 2015.", C, (PERCOCET,)),
    ("Acute viral pharyngitis resolved on 10 July 2019.", S, (SORE_THROAT,)),
    ("Acute viral pharyngitis is ongoing.", C, (SORE_THROAT,)),
    ("The patient has acute viral pharyngitis.", C, (SORE_THROAT,)),
    ("Acute viral pharyngitis since June 2019.", C, (SORE_THROAT,)),
    ("Chronic viral pharyngitis resolved on 10 July 2019.", F, (SORE_THROAT,)),
    ("Known hypertensive since 2002.", S, (HYPERTENSION,)),
    ("High blood pressure, diagnosed on 6 June 2002.", S, (HYPERTENSION,)),
    ("There is no history of hypertension.", C, (HYPERTENSION,)),
    ("Hypertension is well controlled.", N, (HYPERTENSION,)),
    ("The patient should be treated for hypertension.", N, (HYPERTENSION,)),
    ("The patient's mother has hypertension.", N, (HYPERTENSION,)),
    ("COVID-19 was suspected on 10 March 2020.", M, (SUSPECTED,)),
    ("COVID-19 was diagnosed on 10 March 2020.", F, (SUSPECTED,)),
    ("Left knee osteoarthritis since April 2015.", S, (KNEE,)),
    ("Right knee osteoarthritis since April 2015.", F, (KNEE,)),
    ("Concussion without loss of consciousness in January 2010.", S, (CONCUSSION,)),
    ("Concussion with loss of consciousness in January 2010.", F, (CONCUSSION,)),
    ("Allergic to latex (severe anaphylaxis) and mould (mild rash).", S, (LATEX, MOULD)),
    ("Allergic to latex (mild rash) and mould (severe anaphylaxis).", C, (LATEX, MOULD)),
    ("The patient is not allergic to latex.", C, (LATEX,)),
    ("No known drug allergies.", F, (LATEX,)),
    ("The patient takes latex.", N, (LATEX,)),
    ("Seen on 27 January 2023 for viral sinusitis.", S, (VISIT,)),
    ("Seen on 27 January 2023 for acute bronchitis.", N, (VISIT,)),
    ("Admitted to hospital on 27 January 2023.", F, (VISIT,)),
    ("Anna Lim is a woman born on 29 November 1984.", S, (WOMAN,)),
    ("Anna Lim is a man.", C, (WOMAN,)),
    ("He has hypertension.", F, (WOMAN, HYPERTENSION)),
    ("She was 17 when hypertension was diagnosed.", S, (WOMAN, HYPERTENSION)),
    ("She was 27 when hypertension was diagnosed.", C, (WOMAN, HYPERTENSION)),
    ("This 54-year-old has hypertension.", N, (HYPERTENSION,)),
]  # fmt: skip


@pytest.mark.parametrize(("text", "verdicts", "rows"), CASES, ids=[case[0] for case in CASES])
def test_verdict(text: str, verdicts: frozenset[Verdict], rows: tuple[Row, ...]) -> None:
    found = check(text, *rows)
    assert found.verdict in verdicts, found.reasons


def test_rows_not_cited_speak_against_a_claim_never_for_it() -> None:
    assert check("He has hypertension.", HYPERTENSION, also=(WOMAN,)).flagged
    assert check("Lisinopril 10 mg is taken.", HYPERTENSION, also=(LISINOPRIL,)).flagged
